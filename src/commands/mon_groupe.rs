//! `/mon-groupe` and «Coordonnées du groupe» (product.md §8, §12).

use super::components::Press;
use super::{Context, author, reply};
use crate::domain::ids::GroupId;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::{coordinates, my_group};

/// Où en est votre groupe, ou comment en rejoindre un
#[poise::command(slash_command, rename = "mon-groupe")]
pub(super) async fn mon_groupe(ctx: Context<'_>) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let shown = my_group::show(app, author(ctx), app.clock.now()).await?;
    reply(ctx).send(&texts::my_group::show(&shown)).await?;
    Ok(())
}

/// A page of the coordinates: a new message under the register, the same message when one turns the page.
pub(super) async fn coordinates(press: &Press<'_>, group: GroupId, page: u32) -> Outcome<()> {
    let app = &press.data.app;
    let page = coordinates::open(app, press.actor, group, page, app.clock.now()).await?;
    let message = texts::coordinates::page(&page);
    if press.ephemeral {
        press.reply.update(&message).await?;
    } else {
        press.reply.send(&message).await?;
    }
    Ok(())
}
