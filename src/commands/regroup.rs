//! `/groupe fusionner` and `/groupe scinder` (product.md §3), and «Défaire».

use super::autocomplete::steered_group;
use super::components::{Press, Submission};
use super::{Context, author, reply};
use crate::domain::action::DraftId;
use crate::domain::ids::JournalId;
use crate::domain::view::Message;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::regroup::{merge, split};
use crate::usecases::undo;

/// Réunir deux groupes : le premier rejoint le second
#[poise::command(slash_command, rename = "fusionner")]
pub(super) async fn fusionner(
    ctx: Context<'_>,
    #[description = "Le groupe qui rejoint l’autre"]
    #[autocomplete = "steered_group"]
    groupe: String,
    #[description = "Le groupe qui l’accueille et qui reste"]
    #[autocomplete = "steered_group"]
    vers: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let (draft, merged) = merge::propose(app, author(ctx), &groupe, &vers, app.clock.now()).await?;
    reply(ctx).send(&texts::regroup::ask_merge(&merged, &draft)).await?;
    Ok(())
}

/// «Confirmer», under what a merge would do.
pub(super) async fn merge(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let merged = merge::confirm(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&texts::regroup::merged(&merged)).await?;
    Ok(())
}

/// «Annuler», under what a merge would do.
pub(super) async fn cancel_merge(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    merge::cancel(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&texts::regroup::cancelled()).await?;
    Ok(())
}

/// Faire d’une partie d’un groupe un groupe à part, commune par commune
#[poise::command(slash_command, rename = "scinder")]
pub(super) async fn scinder(
    ctx: Context<'_>,
    #[description = "Le groupe à scinder"]
    #[autocomplete = "steered_group"]
    groupe: String,
    #[description = "Le nom du nouveau groupe"] nom: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let choosing = split::start(app, author(ctx), &groupe, &nom, app.clock.now()).await?;
    reply(ctx).send(&texts::regroup::choose(&choosing)).await?;
    Ok(())
}

async fn turned(press: &Press<'_>, draft: &DraftId, turn: split::Turn<'_>) -> Outcome<()> {
    let app = &press.data.app;
    let choosing = split::turn(app, press.actor, draft, turn, app.clock.now()).await?;
    press.reply.update(&texts::regroup::choose(&choosing)).await?;
    Ok(())
}

/// «Précédent» and «Suivant», under the communes.
pub(super) async fn turn(press: &Press<'_>, draft: &DraftId, page: u32) -> Outcome<()> {
    turned(press, draft, split::Turn::Page(page)).await
}

/// Communes of a page were chosen.
pub(super) async fn pick(press: &Press<'_>, draft: &DraftId, page: u32) -> Outcome<()> {
    turned(press, draft, split::Turn::Pick(page, &press.values)).await
}

/// «Toutes les communes».
pub(super) async fn all(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    turned(press, draft, split::Turn::Search("")).await
}

/// «Chercher…»: asks for what.
pub(super) async fn open_search(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    press.reply.open(&texts::regroup::search_form(draft)).await?;
    Ok(())
}

/// What is searched was typed.
pub(super) async fn searched(submission: &Submission<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &submission.data.app;
    let turn = split::Turn::Search(submission.field("commune"));
    let choosing = split::turn(app, submission.actor, draft, turn, app.clock.now()).await?;
    let message = texts::regroup::choose(&choosing);
    if submission.from_message {
        submission.reply.update(&message).await?;
    } else {
        submission.reply.send(&message).await?;
    }
    Ok(())
}

/// «Continuer»: what splitting would do.
pub(super) async fn review(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let facts = split::review(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&texts::regroup::ask_split(&facts, draft)).await?;
    Ok(())
}

/// «Confirmer», under what a split would do.
pub(super) async fn split(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let done = split::confirm(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&texts::regroup::split(&done)).await?;
    Ok(())
}

/// «Annuler», under a split.
pub(super) async fn cancel_split(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    split::cancel(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&texts::regroup::cancelled()).await?;
    Ok(())
}

/// «Défaire»: shows what would change, beside the message that bears the button.
pub(super) async fn ask_undo(press: &Press<'_>, line: JournalId) -> Outcome<()> {
    let app = &press.data.app;
    let will = undo::preview(app, press.actor, line, app.clock.now()).await?;
    press.reply.send(&texts::regroup::ask_undo(&will, line)).await?;
    Ok(())
}

/// «Confirmer», under what an undo would change.
pub(super) async fn undone(press: &Press<'_>, line: JournalId) -> Outcome<()> {
    let app = &press.data.app;
    let said = undo::undo(app, press.actor, line, app.clock.now()).await?;
    press.reply.update(&Message::text(said)).await?;
    Ok(())
}

/// «Annuler», under what an undo would change.
pub(super) async fn undo_cancelled(press: &Press<'_>) -> Outcome<()> {
    press.reply.update(&texts::regroup::cancelled()).await?;
    Ok(())
}
