//! `/installer` and `/diagnostic` (product.md §17).

use std::time::Duration;

use serenity::http::Http;

use super::components::Press;
use super::{Chain, Context, Data, author, reply};
use crate::discord::survey;
use crate::domain::installation::Survey;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::diagnostic::{self, Vital};
use crate::usecases::{App, installation};

/// How long the server is looked at before an answer does without: whoever asks is waiting.
const PATIENCE: Duration = Duration::from_secs(20);

/// Mettre en place le serveur : vérifier les permissions, créer ce qui manque
#[poise::command(slash_command, rename = "installer")]
pub(super) async fn installer(ctx: Context<'_>) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let (actor, reply) = (author(ctx), reply(ctx));
    installation::may_install(app, actor).await?;
    reply.defer(true).await?;
    let survey = look(app, reply.http()).await;
    let found = installation::find(app, actor, survey.as_ref()).await?;
    // Before the wish is written: the answer to it must not be overwritten by this one.
    if let Err(error) = reply.edit(&texts::installation::begun(found.checkup.as_ref())).await {
        tracing::warn!(error = %Chain(&error), "an installation begins unannounced");
    }
    installation::install(app, actor, &found, reply.token(), app.clock.now()).await?;
    Ok(())
}

/// Voir si tout va bien : permissions, limites de Discord, file d’attente, sauvegardes
#[poise::command(slash_command, rename = "diagnostic")]
pub(super) async fn diagnostic(ctx: Context<'_>) -> Result<(), Failure> {
    let data = ctx.data();
    let (actor, reply) = (author(ctx), reply(ctx));
    diagnostic::may_diagnose(&data.app, actor).await?;
    reply.defer(true).await?;
    let survey = look(&data.app, reply.http()).await;
    let report = diagnostic::report(&data.app, actor, survey.as_ref(), vital(data), data.app.clock.now()).await?;
    reply.edit(&texts::diagnostic::show(&report)).await?;
    Ok(())
}

/// «Actualiser».
pub(super) async fn refresh(press: &Press<'_>) -> Outcome<()> {
    let data = press.data;
    diagnostic::may_diagnose(&data.app, press.actor).await?;
    press.reply.defer_update().await?;
    let survey = look(&data.app, press.reply.http()).await;
    let now = data.app.clock.now();
    let report = diagnostic::report(&data.app, press.actor, survey.as_ref(), vital(data), now).await?;
    press.reply.update(&texts::diagnostic::show(&report)).await?;
    Ok(())
}

/// «Recharger les textes».
pub(super) async fn reload(press: &Press<'_>) -> Outcome<()> {
    let app = &press.data.app;
    let faults = diagnostic::reload_texts(app, press.actor, app.clock.now()).await?;
    press.reply.send(&texts::diagnostic::reloaded(&faults)).await?;
    Ok(())
}

/// The server at this moment; `None` when Discord does not answer.
async fn look(app: &App, http: &Http) -> Option<Survey> {
    let guild = app.guild()?;
    match tokio::time::timeout(PATIENCE, survey::look(http, guild)).await {
        Ok(Ok(survey)) => Some(survey),
        Ok(Err(failure)) => {
            tracing::warn!(error = %failure, "the server could not be looked at for an answer");
            None
        }
        Err(_) => None,
    }
}

/// How the process is.
fn vital(data: &Data) -> Vital {
    let vitals = &data.vitals;
    let loops = vitals.loops.loops().into_iter().map(|(name, status)| {
        // A loop ails when its last step did not end well.
        let ails = status
            .last_failure
            .filter(|failed| status.last_success.is_none_or(|done| done < *failed));
        (name.to_owned(), ails)
    });
    Vital {
        started: vitals.started,
        latency: vitals.gateway.latency(),
        unreadable: vitals.gateway.unreadable(),
        loops: loops.collect(),
    }
}
