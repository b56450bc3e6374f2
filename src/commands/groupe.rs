//! `/groupe` (product.md §3).

use super::autocomplete::{basin, steered_group};
use super::components::Press;
use super::{Context, author, reply};
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::{group_changes, groups};

/// Déclarer, lister et connaître les groupes locaux
#[poise::command(
    slash_command,
    rename = "groupe",
    subcommands(
        "declarer",
        "liste",
        "fiche",
        "renommer",
        "super::regroup::fusionner",
        "super::regroup::scinder",
        "archiver"
    ),
    subcommand_required
)]
pub(super) async fn groupe(_: Context<'_>) -> Result<(), Failure> {
    Ok(())
}

/// Déclarer un groupe possible, même avec peu d’inscrits
#[poise::command(slash_command, rename = "declarer")]
async fn declarer(
    ctx: Context<'_>,
    #[description = "Le bassin de vie du groupe"]
    #[autocomplete = "basin"]
    bassin: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = groups::declare(app, author(ctx), &bassin, app.clock.now()).await?;
    let message = if done.already {
        texts::groups::already_declared(&done.group)
    } else {
        texts::groups::declared(&done.group)
    };
    reply(ctx).send(&message).await?;
    Ok(())
}

/// Voir tous les groupes, page par page
#[poise::command(slash_command, rename = "liste")]
async fn liste(ctx: Context<'_>) -> Result<(), Failure> {
    let list = groups::list(&ctx.data().app, author(ctx)).await?;
    reply(ctx).send(&texts::groups::list(&list, 0)).await?;
    Ok(())
}

/// «Précédent» and «Suivant», under the list.
pub(super) async fn turn(press: &Press<'_>, page: u32) -> Outcome<()> {
    let list = groups::list(&press.data.app, press.actor).await?;
    press.reply.update(&texts::groups::list(&list, page)).await?;
    Ok(())
}

/// Connaître un groupe : étape, membres, relais, territoire, espace
#[poise::command(slash_command, rename = "fiche")]
async fn fiche(
    ctx: Context<'_>,
    #[description = "Le groupe à connaître"]
    #[autocomplete = "steered_group"]
    groupe: String,
) -> Result<(), Failure> {
    let sheet = groups::sheet(&ctx.data().app, author(ctx), &groupe).await?;
    reply(ctx).send(&texts::groups::sheet(&sheet)).await?;
    Ok(())
}

/// Donner un autre nom à un groupe
#[poise::command(slash_command, rename = "renommer")]
async fn renommer(
    ctx: Context<'_>,
    #[description = "Le groupe"]
    #[autocomplete = "steered_group"]
    groupe: String,
    #[description = "Son nouveau nom"] nom: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = group_changes::rename(app, author(ctx), &groupe, &nom, app.clock.now()).await?;
    reply(ctx)
        .send(&texts::inscrits::renamed(&done.before, &done.name, done.line))
        .await?;
    Ok(())
}

/// Archiver un groupe : son espace passe en lecture seule, rien n’est supprimé
#[poise::command(slash_command, rename = "archiver")]
async fn archiver(
    ctx: Context<'_>,
    #[description = "Le groupe"]
    #[autocomplete = "steered_group"]
    groupe: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = group_changes::archive(app, author(ctx), &groupe, app.clock.now()).await?;
    reply(ctx)
        .send(&texts::inscrits::archived(&done.name, done.line))
        .await?;
    Ok(())
}
