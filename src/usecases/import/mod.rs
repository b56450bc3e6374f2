//! The website's sign-ups come in (product.md §4).
//!
//! A file is looked at first ([`stage`], [`dry_run`]), then imported ([`confirm`], [`apply`]) in batches of 1,000 lines, each a
//! transaction of its own. A process killed in the middle leaves whole batches behind; importing the file again goes on from
//! there, because a line that was imported has nothing more to say. The last batch declares the groups that have become
//! possible, in its own transaction.

mod book;
mod read;
mod run;

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::App;
use super::authority::{self, Actor};
use crate::domain::action::DraftId;
use crate::domain::ids::{GroupId, UserId};
use crate::domain::import::{Counts, Progress};
use crate::domain::signup_file::MAX_UNPACKED_BYTES;
use crate::error::{Error, Failure, Outcome, Refusal, UserError};
use crate::store::drafts::{self, Draft};
use crate::texts;

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    /// The counts.
    pub counts: Counts,
    /// The parts where a group would become possible, «Lunel (Hérault)», with the number of people signed up.
    pub possible: Vec<(String, u32)>,
    /// The rejected lines as CSV, if any.
    pub rejected: Option<Rejected>,
}

/// The table of rejected lines.
#[derive(Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The CSV; holds what was typed.
    pub csv: Vec<u8>,
    /// Lines that no longer fitted in it.
    pub left_out: u64,
}

impl std::fmt::Debug for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rejected")
            .field("bytes", &self.csv.len())
            .field("left_out", &self.left_out)
            .finish()
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The counts.
    pub counts: Counts,
    /// The groups that have become possible.
    pub declared: Vec<GroupId>,
    /// The same as they are shown, «Lunel (Hérault)», with the number of people signed up; most people first, as in
    /// [`DryRun::possible`].
    pub possible: Vec<(String, u32)>,
    /// The rejected lines as CSV, if any.
    pub rejected: Option<Rejected>,
}

/// A file that waits for its confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// Where it waits, sealed.
    pub draft: DraftId,
    /// What it would do.
    pub dry_run: DryRun,
}

/// The kind of the drafts of this module.
const KIND: &str = "import";

/// What is sealed of a staged file.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The file, compressed, in base64.
    file: String,
}

/// Looks at a file, keeps it sealed for 30 minutes, and says what it would do. National team only.
///
/// # Errors
/// Reserved; a file that cannot be read, with the reason; a database that fails.
pub async fn stage(app: &App, actor: Actor, bytes: Vec<u8>, now: DateTime<Utc>) -> Outcome<Staged> {
    may_import(app, actor).await?;
    let bytes = Arc::new(bytes);
    let dry_run = run::dry(app, Arc::clone(&bytes)).await?;
    let kept = blocking(move || pack(&bytes)).await??;
    let mut tx = app.store.write().await?;
    let draft = drafts::put(&mut tx, actor.user, KIND, &kept, app.settings.data.imports, now).await?;
    tx.commit_quietly().await?;
    Ok(Staged { draft, dry_run })
}

/// Looks at a file for whoever has the shell of the host.
///
/// # Errors
/// A file that cannot be read, with the reason; a database that fails.
pub async fn dry_run(app: &App, bytes: Vec<u8>) -> Outcome<DryRun> {
    run::dry(app, Arc::new(bytes)).await
}

/// Imports a staged file, once: «Importer». `progress` is told after each batch.
///
/// # Errors
/// Reserved; expired; pressed twice; a database that fails, after which importing the file again completes it.
pub async fn confirm(
    app: &App,
    actor: Actor,
    draft: &DraftId,
    now: DateTime<Utc>,
    progress: &watch::Sender<Progress>,
) -> Outcome<Applied> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let kept = open(drafts::get::<Kept>(&mut tx, draft, actor.user, KIND, now).await?)?;
    if !drafts::spend(&mut tx, draft, None, now).await? {
        return Err(already_used());
    }
    tx.commit_quietly().await?;
    let bytes = blocking(move || unpack(&kept)).await??;
    apply(app, Some(actor.user), bytes, now, progress).await
}

/// Forgets a staged file: «Annuler».
///
/// # Errors
/// Reserved; expired or used already; a database that fails.
pub async fn cancel(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    open(drafts::get::<Kept>(&mut tx, draft, actor.user, KIND, now).await?)?;
    drafts::spend(&mut tx, draft, None, now).await?;
    tx.commit_quietly().await?;
    Ok(())
}

/// Imports a file. `by` is `None` for whoever has the shell of the host; the caller has checked who may.
///
/// # Errors
/// A file that cannot be read, with the reason; a database that fails, after which importing the file again completes it.
pub async fn apply(
    app: &App,
    by: Option<UserId>,
    bytes: Vec<u8>,
    now: DateTime<Utc>,
    progress: &watch::Sender<Progress>,
) -> Outcome<Applied> {
    run::real(app, by, Arc::new(bytes), now, progress).await
}

/// Refuses whoever may not import, before anything is fetched.
///
/// # Errors
/// Reserved to the national team.
pub async fn may_import(app: &App, actor: Actor) -> Outcome<()> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()
}

fn open(draft: Option<Draft<Kept>>) -> Outcome<Kept> {
    match draft {
        Some(Draft::Open(kept)) => Ok(kept),
        Some(Draft::Spent(_)) => Err(already_used()),
        None => Err(UserError::new(Refusal::Conflict, texts::imports::expired()).into()),
    }
}

fn already_used() -> Failure {
    UserError::new(Refusal::Conflict, texts::imports::already_used()).into()
}

fn pack(bytes: &[u8]) -> Outcome<Kept> {
    let failed = |source| {
        Failure::Internal(Error::Io {
            doing: "compressing a staged import",
            source,
        })
    };
    // Most files come as they are; one that is compressed already gains nothing and loses nothing.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).map_err(failed)?;
    let packed = zeroize::Zeroizing::new(encoder.finish().map_err(failed)?);
    Ok(Kept {
        file: STANDARD.encode(packed.as_slice()),
    })
}

fn unpack(kept: &Kept) -> Outcome<Vec<u8>> {
    let malformed = || Failure::Internal(Error::Invariant("a staged import does not unpack"));
    let packed = zeroize::Zeroizing::new(STANDARD.decode(&kept.file).map_err(|_| malformed())?);
    let mut bytes = Vec::new();
    let read = flate2::read::GzDecoder::new(packed.as_slice())
        .take(MAX_UNPACKED_BYTES + 1)
        .read_to_end(&mut bytes);
    read.map_err(|_| malformed())?;
    Ok(bytes)
}

/// Runs what takes the processor for long beside the runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Outcome<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Failure::Internal(Error::Invariant("a task of an import panicked")))
}
