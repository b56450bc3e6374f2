//! `/referent` (product.md §2).

use serenity::all as serenity;

use super::autocomplete::region as suggest_region;
use super::{Context, author, reply, seen};
use crate::error::Failure;
use crate::texts;
use crate::usecases::posts;

/// Nommer, retirer et connaître les référents régionaux
#[poise::command(
    slash_command,
    rename = "referent",
    subcommands("nommer", "retirer", "liste"),
    subcommand_required
)]
pub(super) async fn referent(_: Context<'_>) -> Result<(), Failure> {
    Ok(())
}

/// Nommer un référent régional
#[poise::command(slash_command, rename = "nommer")]
async fn nommer(
    ctx: Context<'_>,
    #[description = "La région"]
    #[autocomplete = "suggest_region"]
    region: String,
    #[description = "Le membre du serveur qui devient référent"] membre: serenity::User,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = posts::name_referent(
        app,
        author(ctx),
        &region,
        &seen(&ctx.interaction.data.resolved, membre.id),
        app.clock.now(),
    )
    .await?;
    let message = if done.already {
        texts::posts::already_referent(&done.name, &done.of)
    } else {
        texts::posts::referent_named(&done.name, &done.of)
    };
    reply(ctx).send(&message).await?;
    Ok(())
}

/// Retirer la fonction de référent régional
#[poise::command(slash_command, rename = "retirer")]
async fn retirer(
    ctx: Context<'_>,
    #[description = "La région"]
    #[autocomplete = "suggest_region"]
    region: String,
    #[description = "Le référent qui s’en va"] membre: serenity::User,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = posts::end_referent(
        app,
        author(ctx),
        &region,
        &seen(&ctx.interaction.data.resolved, membre.id),
        app.clock.now(),
    )
    .await?;
    let message = if done.held {
        texts::posts::referent_ended(&done.name, &done.of, done.vacant)
    } else {
        texts::posts::not_referent(&done.name, &done.of)
    };
    reply(ctx).send(&message).await?;
    Ok(())
}

/// Voir les référents de chaque région
#[poise::command(slash_command, rename = "liste")]
async fn liste(ctx: Context<'_>) -> Result<(), Failure> {
    let lines = posts::referents(&ctx.data().app, author(ctx)).await?;
    reply(ctx).send(&texts::posts::referent_list(&lines)).await?;
    Ok(())
}
