//! `/aide`.

use super::{Context, author, registration, reply};
use crate::error::Failure;
use crate::texts;
use crate::usecases::help;

/// Ce que vous pouvez faire ici, et vos droits sur vos données
#[poise::command(slash_command, rename = "aide")]
pub(super) async fn aide(ctx: Context<'_>) -> Result<(), Failure> {
    let parts = help::parts(&ctx.data().app, author(ctx)).await?;
    reply(ctx)
        .send(&texts::help::show(&parts, &registration::lines()))
        .await?;
    Ok(())
}
