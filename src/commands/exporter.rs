//! `/exporter` (product.md §13, §16).

use super::choice::{Choice, Choices};
use super::{Context, author, reply};
use crate::error::Failure;
use crate::texts;
use crate::usecases::export::{self, What};

/// What may be exported, in the option `quoi`.
impl Choices for What {
    fn list() -> &'static [(&'static str, &'static str)] {
        &texts::exports::CHOICES
    }

    fn from_value(value: &str) -> Option<Self> {
        What::from_key(value)
    }
}

/// Recevoir les personnes, les groupes, les validations ou le journal dans un fichier
#[poise::command(slash_command, rename = "exporter")]
pub(super) async fn exporter(
    ctx: Context<'_>,
    #[description = "Ce que le fichier contient"] quoi: Choice<What>,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let (actor, reply) = (author(ctx), reply(ctx));
    export::may_export(app, actor).await?;
    reply.defer(true).await?;
    let done = export::export(app, actor, quoi.0, app.clock.now()).await?;
    let parts = done.files.len();
    for (n, file) in done.files.into_iter().enumerate() {
        // One file a message: together they may pass what one request takes.
        if n == 0 {
            let message = texts::exports::exported(done.what.key(), done.rows, parts, file);
            reply.edit(&message).await?;
        } else {
            reply.follow_up(&texts::exports::part(n + 1, parts, file)).await?;
        }
    }
    Ok(())
}
