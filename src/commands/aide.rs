//! `/aide`.

use super::{Context, author, registration, reply};
use crate::error::Failure;
use crate::texts;
use crate::usecases::help;

/// Ce que vous pouvez faire ici, et vos droits sur vos données
#[poise::command(slash_command, rename = "aide")]
pub(super) async fn aide(ctx: Context<'_>) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let parts = help::parts(app, author(ctx), app.clock.now()).await?;
    reply(ctx)
        .send(&texts::help::show(&parts, &registration::lines()))
        .await?;
    Ok(())
}
