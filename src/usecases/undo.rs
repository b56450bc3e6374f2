//! «Défaire»: what a line of the journal tells can be undone for 30 days (product.md §3, §4).

use chrono::{DateTime, Utc};

use super::App;
use super::authority::{self, Actor};
use super::{group_changes, ladder, merging};
use crate::domain::ids::JournalId;
use crate::error::{Outcome, Refusal, UserError};
use crate::store::undos::{self, Kind};
use crate::texts;

/// Undoes what a line of the journal tells; gives the sentence that says so.
///
/// # Errors
/// Reserved to the national team; too late, done already, or changed since.
pub async fn undo(app: &App, actor: Actor, line: JournalId, now: DateTime<Utc>) -> Outcome<String> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let Some(kept) = undos::get(&mut tx, line, now).await? else {
        return Err(UserError::new(Refusal::Conflict, texts::inscrits::too_late()).into());
    };
    let said = match kept.kind {
        Kind::PeopleMerged => merging::undo(&mut tx, actor, line, &kept, now).await?,
        Kind::GroupRenamed => group_changes::undo_rename(&mut tx, actor, line, &kept, now).await?,
        Kind::GroupArchived => group_changes::undo_archive(&mut tx, actor, line, &kept, now).await?,
    };
    undos::spend(&mut tx, line).await?;
    ladder::declare_ripe(&mut tx, &app.rules(), Some(actor.user), now).await?;
    tx.commit().await?;
    Ok(said)
}
