//! `/relai`, and «Nommer un relai» under announcements (product.md §2, §3).

use serenity::all as serenity;

use super::autocomplete::steered_group;
use super::components::{Press, Submission, stale};
use super::{Context, author, reply, seen};
use crate::domain::ids::GroupId;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::posts::{self, Named};

/// Nommer, retirer et connaître les relais locaux
#[poise::command(
    slash_command,
    rename = "relai",
    subcommands("nommer", "retirer", "liste"),
    subcommand_required
)]
pub(super) async fn relai(_: Context<'_>) -> Result<(), Failure> {
    Ok(())
}

/// Nommer un relai local : un ou deux par groupe
#[poise::command(slash_command, rename = "nommer")]
async fn nommer(
    ctx: Context<'_>,
    #[description = "Le groupe qui reçoit un relai"]
    #[autocomplete = "steered_group"]
    groupe: String,
    #[description = "Le membre du serveur qui devient relai"] membre: serenity::User,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = posts::name_relay(
        app,
        author(ctx),
        &groupe,
        &seen(&ctx.interaction.data.resolved, membre.id),
        app.clock.now(),
    )
    .await?;
    reply(ctx).send(&named(&done)).await?;
    Ok(())
}

fn named(done: &Named) -> crate::domain::view::Message {
    if done.already {
        texts::posts::already_relay(&done.name, &done.of)
    } else {
        texts::posts::relay_named(&done.name, &done.of)
    }
}

/// Retirer la fonction de relai local
#[poise::command(slash_command, rename = "retirer")]
async fn retirer(
    ctx: Context<'_>,
    #[description = "Le groupe dont le relai s’en va"]
    #[autocomplete = "steered_group"]
    groupe: String,
    #[description = "Le relai qui s’en va"] membre: serenity::User,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = posts::end_relay(
        app,
        author(ctx),
        &groupe,
        &seen(&ctx.interaction.data.resolved, membre.id),
        app.clock.now(),
    )
    .await?;
    let message = if done.held {
        texts::posts::relay_ended(&done.name, &done.of, done.vacant)
    } else {
        texts::posts::not_relay(&done.name, &done.of)
    };
    reply(ctx).send(&message).await?;
    Ok(())
}

/// Voir les relais locaux, et les groupes qui n’en ont pas
#[poise::command(slash_command, rename = "liste")]
async fn liste(ctx: Context<'_>) -> Result<(), Failure> {
    let lines = posts::relays(&ctx.data().app, author(ctx)).await?;
    reply(ctx).send(&texts::posts::relay_list(&lines, 0)).await?;
    Ok(())
}

/// «Précédent» and «Suivant», under the list.
pub(super) async fn turn(press: &Press<'_>, page: u32) -> Outcome<()> {
    let lines = posts::relays(&press.data.app, press.actor).await?;
    press.reply.update(&texts::posts::relay_list(&lines, page)).await?;
    Ok(())
}

/// «Nommer un relai»: on the server members can be chosen; in a DM a name is typed.
pub(super) async fn ask(press: &Press<'_>, group: GroupId) -> Outcome<()> {
    let group = posts::may_name_relay(&press.data.app, press.actor, group).await?;
    if press.on_server {
        press
            .reply
            .send(&texts::posts::choose_member(group.id, &group.name))
            .await?;
    } else {
        press.reply.open(&texts::posts::type_member(group.id)).await?;
    }
    Ok(())
}

/// One of several groups announced together was chosen.
pub(super) async fn pick(press: &Press<'_>) -> Outcome<()> {
    let group = press
        .values
        .first()
        .and_then(|value| value.parse().ok())
        .ok_or_else(stale)?;
    ask(press, group).await
}

/// A member was chosen.
pub(super) async fn chosen(press: &Press<'_>, group: GroupId) -> Outcome<()> {
    let app = &press.data.app;
    let account = press.chosen.first().ok_or_else(stale)?;
    let done = posts::name_relay(app, press.actor, &group.to_string(), account, app.clock.now()).await?;
    press.reply.update(&named(&done)).await?;
    Ok(())
}

/// A Discord name was typed.
pub(super) async fn typed(submission: &Submission<'_>, group: GroupId) -> Outcome<()> {
    let app = &submission.data.app;
    let typed = submission.field("pseudo");
    let done = posts::name_relay_typed(app, submission.actor, group, typed, app.clock.now()).await?;
    submission.reply.send(&named(&done)).await?;
    Ok(())
}
