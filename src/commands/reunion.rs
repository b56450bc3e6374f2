//! `/reunion`, and the answers to the question about public holidays (product.md §11).

use chrono::NaiveDate;

use super::components::{Press, Submission};
use super::{Context, author, reply};
use crate::domain::view::Message;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::meeting;

/// La réunion des nouveaux arrivants
#[poise::command(
    slash_command,
    rename = "reunion",
    subcommands("prochaine", "annuler", "deplacer"),
    subcommand_required
)]
pub(super) async fn reunion(_: Context<'_>) -> Result<(), Failure> {
    Ok(())
}

/// Savoir quand a lieu la prochaine réunion, et la faire rappeler
#[poise::command(slash_command, rename = "prochaine")]
async fn prochaine(ctx: Context<'_>) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let coming = meeting::coming(app, author(ctx), app.clock.now()).await?;
    reply(ctx).send(&texts::meeting::coming(&coming)).await?;
    Ok(())
}

/// Annuler une réunion, et l’annoncer
#[poise::command(slash_command, rename = "annuler")]
async fn annuler(
    ctx: Context<'_>,
    #[description = "Le jour de la réunion : JJ/MM/AAAA"]
    #[max_length = 40]
    date: String,
    #[description = "Pourquoi : ce motif est annoncé tel quel"]
    #[max_length = 200]
    motif: Option<String>,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = meeting::cancel(app, author(ctx), &date, motif.as_deref(), app.clock.now()).await?;
    reply(ctx).send(&cancelled(&done)).await?;
    Ok(())
}

/// Déplacer une réunion, ou rétablir une réunion annulée, et l’annoncer
#[poise::command(slash_command, rename = "deplacer")]
async fn deplacer(
    ctx: Context<'_>,
    #[description = "Le jour de la réunion : JJ/MM/AAAA"]
    #[max_length = 40]
    date: String,
    #[description = "Le nouveau jour, avec l’heure si elle change : JJ/MM/AAAA HH:MM"]
    #[max_length = 40]
    nouvelle: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let done = meeting::reschedule(app, author(ctx), &date, &nouvelle, app.clock.now()).await?;
    reply(ctx)
        .send(&texts::meeting::moved(&done.before, &done.after, done.told))
        .await?;
    Ok(())
}

fn cancelled(done: &meeting::Cancelled) -> Message {
    texts::meeting::cancelled(&done.before, done.reason.as_deref(), done.next, done.told)
}

/// «Maintenir».
pub(super) async fn keep(press: &Press<'_>, day: NaiveDate) -> Outcome<()> {
    let app = &press.data.app;
    let kept = meeting::keep(app, press.actor, day, app.clock.now()).await?;
    press.reply.update(&texts::meeting::kept(&kept)).await?;
    Ok(())
}

/// «Annuler cette réunion».
pub(super) async fn call_off(press: &Press<'_>, day: NaiveDate) -> Outcome<()> {
    let app = &press.data.app;
    let done = meeting::call_off(app, press.actor, day, app.clock.now()).await?;
    press.reply.update(&cancelled(&done)).await?;
    Ok(())
}

/// «Déplacer»: asks for the new date.
pub(super) async fn ask_date(press: &Press<'_>, day: NaiveDate) -> Outcome<()> {
    let app = &press.data.app;
    let found = meeting::ask_date(app, press.actor, day, app.clock.now()).await?;
    press
        .reply
        .open(&texts::meeting::move_form(day, found.starts_at))
        .await?;
    Ok(())
}

/// The new date was typed.
pub(super) async fn put_off(submission: &Submission<'_>, day: NaiveDate) -> Outcome<()> {
    let app = &submission.data.app;
    let typed = submission.field(texts::meeting::NEW_DATE);
    let done = meeting::put_off(app, submission.actor, day, typed, app.clock.now()).await?;
    let message = texts::meeting::moved(&done.before, &done.after, done.told);
    if submission.from_message {
        submission.reply.update(&message).await?;
    } else {
        submission.reply.send(&message).await?;
    }
    Ok(())
}
