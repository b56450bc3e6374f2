//! «Défaire»: what a line of the journal tells can be undone for 30 days (product.md §3, §4).

use chrono::{DateTime, Utc};

use super::App;
use super::authority::{self, Actor};
use super::{group_changes, ladder, merging, regroup};
use crate::domain::ids::JournalId;
use crate::error::{Outcome, Refusal, UserError};
use crate::store::Tx;
use crate::store::undos::{self, Kind, Standing};
use crate::texts;

/// What an undo does, in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Undone {
    /// Before it is done: what it would change.
    pub will: String,
    /// Once it is done.
    pub done: String,
}

impl std::fmt::Debug for Undone {
    /// Without the words, which may name a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Undone").finish_non_exhaustive()
    }
}

/// What undoing a line would change, before anything is: it is done in a transaction that is then dropped.
///
/// # Errors
/// As [`undo`].
pub async fn preview(app: &App, actor: Actor, line: JournalId, now: DateTime<Utc>) -> Outcome<String> {
    let mut tx = app.store.write().await?;
    Ok(carry_out(&mut tx, app, actor, line, now).await?.will)
}

/// Undoes what a line of the journal tells; gives the sentence that says so.
///
/// # Errors
/// Reserved to the national team; too late, done already, or changed since.
pub async fn undo(app: &App, actor: Actor, line: JournalId, now: DateTime<Utc>) -> Outcome<String> {
    let mut tx = app.store.write().await?;
    let undone = carry_out(&mut tx, app, actor, line, now).await?;
    tx.commit().await?;
    Ok(undone.done)
}

async fn carry_out(tx: &mut Tx, app: &App, actor: Actor, line: JournalId, now: DateTime<Utc>) -> Outcome<Undone> {
    authority::of(tx, actor).await?.require_national()?;
    let refuse = |text: String| UserError::new(Refusal::Conflict, text);
    let kept = match undos::standing(tx, line, now).await? {
        Standing::Open(kept) => kept,
        Standing::Done(at) => return Err(refuse(texts::inscrits::undone_already(at)).into()),
        Standing::TooLate => return Err(refuse(texts::inscrits::too_late(app.settings.data.undo.num_days())).into()),
        Standing::Never => return Err(refuse(texts::inscrits::never_undone()).into()),
    };
    let undone = match kept.kind {
        Kind::PeopleMerged => merging::undo(tx, actor, line, &kept, now).await?,
        Kind::GroupRenamed => group_changes::undo_rename(tx, actor, line, &kept, now).await?,
        Kind::GroupArchived => group_changes::undo_archive(tx, actor, line, &kept, now).await?,
        Kind::GroupsMerged => regroup::merge::undo(tx, app, actor, line, &kept, now).await?,
        Kind::GroupSplit => regroup::split::undo(tx, app, actor, line, &kept, now).await?,
    };
    undos::spend(tx, line, actor.user, now).await?;
    ladder::declare_ripe(tx, &app.rules(), Some(actor.user), now).await?;
    Ok(undone)
}
