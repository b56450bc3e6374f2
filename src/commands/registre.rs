//! `/registre` (product.md §8).

use super::components::Press;
use super::{Context, author, reply};
use crate::domain::ids::GroupId;
use crate::domain::view::Message;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::register::{self, Shown};

/// Le registre des membres de votre groupe
#[poise::command(slash_command, rename = "registre", subcommands("voir", "exporter"))]
pub(super) async fn registre(_: Context<'_>) -> Result<(), Failure> {
    // Discord never calls a command that has subcommands.
    Ok(())
}

/// Lire le registre des membres de votre groupe
#[poise::command(slash_command, rename = "voir")]
async fn voir(ctx: Context<'_>) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let shown = register::show(app, author(ctx), app.clock.now()).await?;
    reply(ctx).send(&view(shown)).await?;
    Ok(())
}

/// Recevoir le registre de votre groupe dans un fichier, pour les relais
#[poise::command(slash_command, rename = "exporter")]
async fn exporter(ctx: Context<'_>) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let files = register::export(app, author(ctx), app.clock.now()).await?;
    let message = Message {
        files,
        ..Message::text(texts::my_register::exported())
    };
    reply(ctx).send(&message).await?;
    Ok(())
}

fn view(shown: Shown) -> Message {
    match shown {
        Shown::Page {
            group,
            index,
            of,
            message,
        } => texts::my_register::page(message, group, index, of),
        Shown::Choose(groups) => texts::my_register::choose(&groups),
    }
}

/// «Précédent», «Suivant».
pub(super) async fn page(press: &Press<'_>, group: GroupId, index: u32) -> Outcome<()> {
    let app = &press.data.app;
    let shown = register::page(app, press.actor, group, index, app.clock.now()).await?;
    press.reply.update(&view(shown)).await?;
    Ok(())
}

/// The relay of several groups has chosen.
pub(super) async fn pick(press: &Press<'_>) -> Outcome<()> {
    let Some(group) = press.values.first().and_then(|value| value.parse::<GroupId>().ok()) else {
        return Err(super::components::stale());
    };
    page(press, group, 0).await
}
