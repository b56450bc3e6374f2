//! `/importer` (product.md §4): the file is looked at first, then imported when «Importer» is pressed.

use std::time::Duration;

use serenity::all as serenity;
use tokio::sync::watch;

use super::components::Press;
use super::reply::Reply;
use super::{Chain, Context, author, reply};
use crate::discord::attachments::{self, Attachment, FetchError};
use crate::domain::action::DraftId;
use crate::domain::import::Progress;
use crate::domain::signup_file::MAX_ATTACHMENT_BYTES;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::texts;
use crate::usecases::import;

/// How long an import runs before its progress is shown: most are done by then.
const FIRST: Duration = Duration::from_secs(1);
/// The least time between two edits of the progress message: Discord limits them.
const PACE: Duration = Duration::from_secs(3);

/// Importer les inscriptions du site : un essai d’abord, puis votre accord
#[poise::command(slash_command, rename = "importer")]
pub(super) async fn importer(
    ctx: Context<'_>,
    #[description = "L’export du site : .csv ou .csv.gz"] fichier: serenity::Attachment,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let (actor, reply) = (author(ctx), reply(ctx));
    import::may_import(app, actor).await?;
    reply.defer(true).await?;
    let attached = Attachment {
        url: fichier.url,
        size: u64::from(fichier.size),
    };
    let bytes = attachments::fetch(&attached, app.settings.api.as_ref(), MAX_ATTACHMENT_BYTES)
        .await
        .map_err(not_fetched)?;
    let staged = import::stage(app, actor, bytes, app.clock.now()).await?;
    let dry_run = staged.dry_run;
    let rejected = dry_run.rejected.map(|rejected| (rejected.csv, rejected.left_out));
    let minutes = app.settings.data.imports.num_minutes();
    reply
        .edit(&texts::imports::dry_run(
            &dry_run.counts,
            &dry_run.possible,
            rejected,
            &staged.draft,
            minutes,
        ))
        .await?;
    Ok(())
}

/// Why a file was not fetched, for whoever attached it.
pub(super) fn not_fetched(error: FetchError) -> Failure {
    let (kind, text) = match error {
        FetchError::ForeignAddress => (Refusal::Invalid, texts::imports::foreign_address()),
        FetchError::TooLarge { limit } => (Refusal::Invalid, texts::imports::too_large(limit)),
        FetchError::Status { .. } | FetchError::Network => {
            tracing::warn!(error = %error, "an attachment was not fetched");
            (Refusal::Later, texts::imports::not_fetched())
        }
    };
    UserError::new(kind, text).into()
}

/// «Importer».
pub(super) async fn confirm(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    press.reply.defer_update().await?;
    let (sender, receiver) = watch::channel(Progress::default());
    let import = async {
        let done = import::confirm(app, press.actor, draft, app.clock.now(), &sender).await;
        // Nobody waits for the progress of what is done.
        drop(sender);
        done
    };
    let (done, ()) = tokio::join!(import, show_progress(&press.reply, receiver));
    match done {
        Ok(done) => {
            press
                .reply
                .edit(&texts::imports::applied(&done.counts, &done.possible))
                .await?
        }
        // The message that bears the buttons says why, and bears them no longer.
        Err(Failure::User(refusal)) => {
            press
                .reply
                .edit(&crate::domain::view::Message::text(refusal.text))
                .await?
        }
        Err(failure) => return Err(failure),
    }
    Ok(())
}

/// Edits the message while the import runs; a lost edit is made good by the next. Returns as soon as the import is done.
async fn show_progress(reply: &Reply<'_>, mut progress: watch::Receiver<Progress>) {
    let mut pace = tokio::time::interval_at(tokio::time::Instant::now() + FIRST, PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while progress.changed().await.is_ok() {
        tokio::select! {
            _ = pace.tick() => {}
            // Never true: this ends when the sender is gone.
            _ = progress.wait_for(|_| false) => return,
        }
        let now = *progress.borrow_and_update();
        if let Err(error) = reply.edit(&texts::imports::progress(now)).await {
            tracing::debug!(error = %Chain(&error), "a progress message was not edited");
        }
    }
}

/// «Annuler».
pub(super) async fn cancel(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    import::cancel(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&texts::imports::cancelled()).await?;
    Ok(())
}
