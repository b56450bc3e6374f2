//! `/rapport-region`, `/rapport-national` and `/couverture` (product.md §12).

use super::autocomplete::region;
use super::components::{Press, stale};
use super::{Context, author, reply};
use crate::domain::report::Scope;
use crate::domain::view::Message;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::App;
use crate::usecases::reports::{self, Asked};

/// Faire le point sur une région : inscrits, membres, groupes, relais
#[poise::command(slash_command, rename = "rapport-region")]
pub(super) async fn rapport_region(
    ctx: Context<'_>,
    #[description = "La région, si vous en suivez plusieurs"]
    #[rename = "region"]
    #[autocomplete = "region"]
    code: Option<String>,
    #[description = "Joindre le détail des groupes dans un fichier"] fichier: Option<bool>,
) -> Result<(), Failure> {
    let (app, reply) = (&ctx.data().app, reply(ctx));
    reply.defer(true).await?;
    let asked = reports::region(app, author(ctx), code.as_deref(), app.clock.now()).await?;
    reply.send(&view(app, asked, fichier.unwrap_or_default()).await).await?;
    Ok(())
}

async fn view(app: &App, asked: Asked, file: bool) -> Message {
    match asked {
        Asked::Report(report) => reports::show(app, &report, file).await,
        Asked::Choose(regions) => texts::reports::choose(&regions, file),
    }
}

/// A référent of several régions, or the national team, has chosen one.
pub(super) async fn chosen(press: &Press<'_>, file: bool) -> Outcome<()> {
    let app = &press.data.app;
    let code = press.values.first().ok_or_else(stale)?;
    press.reply.defer_update().await?;
    let asked = reports::region(app, press.actor, Some(code), app.clock.now()).await?;
    press.reply.update(&view(app, asked, file).await).await?;
    Ok(())
}

/// Faire le point sur toute la France
#[poise::command(slash_command, rename = "rapport-national")]
pub(super) async fn rapport_national(
    ctx: Context<'_>,
    #[description = "Joindre le détail des groupes dans un fichier"] fichier: Option<bool>,
) -> Result<(), Failure> {
    let (app, reply) = (&ctx.data().app, reply(ctx));
    reply.defer(true).await?;
    let report = reports::national(app, author(ctx), app.clock.now()).await?;
    reply
        .send(&reports::show(app, &report, fichier.unwrap_or_default()).await)
        .await?;
    Ok(())
}

/// «Relancer».
pub(super) async fn prompt(press: &Press<'_>, scope: &Scope) -> Outcome<()> {
    let app = &press.data.app;
    let done = reports::prompt(app, press.actor, scope, app.clock.now()).await?;
    press
        .reply
        .send(&texts::reports::prompted(done.now, done.before))
        .await?;
    Ok(())
}

/// Voir la carte des groupes, département par département
#[poise::command(slash_command, rename = "couverture")]
pub(super) async fn couverture(ctx: Context<'_>) -> Result<(), Failure> {
    let (app, reply) = (&ctx.data().app, reply(ctx));
    reply.defer(false).await?;
    reply.send(&reports::coverage(app, app.clock.now()).await?).await?;
    Ok(())
}
