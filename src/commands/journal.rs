//! `/journal` (product.md §2, §19).

use serenity::all as serenity;

use super::autocomplete::steered_group;
use super::components::Press;
use super::{Context, author, reply, suggest};
use crate::domain::action::JournalAt;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::history;

/// Lire ce qui a été fait, par qui et quand, et défaire ce qui peut l’être
#[poise::command(slash_command, rename = "journal")]
pub(super) async fn journal(
    ctx: Context<'_>,
    #[description = "Seulement ce groupe"]
    #[autocomplete = "steered_group"]
    groupe: Option<String>,
    #[description = "Seulement cette personne : membre du groupe choisi, ou mail ou téléphone complet"]
    #[autocomplete = "personne"]
    personne: Option<String>,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let page = history::open(
        app,
        author(ctx),
        groupe.as_deref(),
        personne.as_deref(),
        app.clock.now(),
    )
    .await?;
    reply(ctx).send(&texts::journal::page(&page)).await?;
    Ok(())
}

async fn personne(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    let group = suggest::other_option(ctx, "groupe");
    suggest::answer(history::suggest(&ctx.data().app, author(ctx), partial, group).await)
}

/// «Plus récent» and «Plus ancien».
pub(super) async fn turn(press: &Press<'_>, at: JournalAt) -> Outcome<()> {
    let app = &press.data.app;
    let page = history::turn(app, press.actor, at, app.clock.now()).await?;
    press.reply.update(&texts::journal::page(&page)).await?;
    Ok(())
}
