//! What the national team changes of a group: its name, and whether it is archived; each undone for 30 days (product.md §3).
//! The space follows by itself: names of channels, and reading only once archived.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::authority::{self, Actor};
use super::undo::Undone;
use super::{App, lookup};
use crate::domain::fold::fold;
use crate::domain::ids::{GroupId, JournalId};
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::Tx;
use crate::store::groups::{self, Group};
use crate::store::journal::{self, Entry};
use crate::store::undos::{self, Kind};
use crate::texts;

/// The longest name of a group, in characters: with «ACP» and an emoji before it, a category's name has room for it.
pub const NAME_MAX: usize = 60;

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The name before.
    pub before: String,
    /// The name now.
    pub name: String,
    /// The line of the journal, by which it is undone; `None` when nothing changed.
    pub line: Option<JournalId>,
}

/// What an undo needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    group: GroupId,
    name: String,
    after: String,
}

/// A name as it is kept: trimmed, runs of spaces made one.
pub(super) fn clean(typed: &str) -> Outcome<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars = name.chars().count();
    if chars > NAME_MAX || !name.chars().any(char::is_alphanumeric) || name.chars().any(char::is_control) {
        return Err(UserError::new(Refusal::Invalid, texts::inscrits::group_name(NAME_MAX)).into());
    }
    Ok(name)
}

/// Gives a group another name.
///
/// # Errors
/// Reserved to the national team; not found; a name that is empty, too long, or another group's.
pub async fn rename(app: &App, actor: Actor, group: &str, typed: &str, now: DateTime<Utc>) -> Outcome<Changed> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_national()?;
    let group = lookup::find_steered(&mut tx, &authority, group).await?;
    let name = clean(typed)?;
    refuse_taken(&mut tx, &group, &name).await?;
    if !groups::rename(&mut tx, group.id, &name).await? {
        return Ok(Changed {
            before: group.name.clone(),
            name: group.name,
            line: None,
        });
    }
    let line = note(
        &mut tx,
        actor,
        &group,
        "group.renamed",
        Some(&group.name),
        Some(&name),
        now,
    )
    .await?;
    let kept = Before {
        group: group.id,
        name: group.name.clone(),
        after: name.clone(),
    };
    let until = now + app.settings.data.undo;
    undos::keep(&mut tx, line, Kind::GroupRenamed, (None, Some(group.id)), &kept, until).await?;
    tx.commit().await?;
    Ok(Changed {
        before: group.name,
        name,
        line: Some(line),
    })
}

pub(super) async fn refuse_taken(tx: &mut Tx, group: &Group, name: &str) -> Outcome<()> {
    refuse_bearer(tx, Some(group.id), name).await
}

/// Refuses a name that a group bears, `but` one.
pub(super) async fn refuse_bearer(tx: &mut Tx, but: Option<GroupId>, name: &str) -> Outcome<()> {
    let wanted = fold(name);
    let taken = groups::all(tx)
        .await?
        .into_iter()
        .any(|other| Some(other.id) != but && fold(&other.name) == wanted);
    if taken {
        return Err(UserError::new(Refusal::Conflict, texts::inscrits::name_taken(name)).into());
    }
    Ok(())
}

async fn note(
    tx: &mut Tx,
    actor: Actor,
    group: &Group,
    event: &str,
    before: Option<&str>,
    after: Option<&str>,
    now: DateTime<Utc>,
) -> Outcome<JournalId> {
    let entry = Entry {
        actor: Some(actor.user),
        event,
        group: Some(group.id),
        region: Some(&group.region),
        before,
        after,
        ..Entry::default()
    };
    Ok(journal::write(tx, &entry, now).await?)
}

/// Archives a group: nothing of it is deleted.
///
/// # Errors
/// Reserved to the national team; not found.
pub async fn archive(app: &App, actor: Actor, group: &str, now: DateTime<Utc>) -> Outcome<Changed> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_national()?;
    let group = lookup::find_steered(&mut tx, &authority, group).await?;
    let mut changed = Changed {
        before: group.name.clone(),
        name: group.name.clone(),
        line: None,
    };
    if groups::archive(&mut tx, group.id, Some(now)).await? {
        let line = note(&mut tx, actor, &group, "group.archived", None, None, now).await?;
        let kept = Before {
            group: group.id,
            name: group.name.clone(),
            after: group.name.clone(),
        };
        let until = now + app.settings.data.undo;
        undos::keep(&mut tx, line, Kind::GroupArchived, (None, Some(group.id)), &kept, until).await?;
        tx.commit().await?;
        changed.line = Some(line);
    }
    Ok(changed)
}

/// Gives a group back the name that it had, unless it was renamed since.
pub(super) async fn undo_rename(
    tx: &mut Tx,
    actor: Actor,
    line: JournalId,
    kept: &undos::Kept,
    now: DateTime<Utc>,
) -> Outcome<Undone> {
    let before: Before = kept.open(tx)?;
    let group = groups::get(tx, before.group)
        .await?
        .filter(|group| group.name == before.after);
    let group = group.ok_or_else(changed_since)?;
    refuse_taken(tx, &group, &before.name).await?;
    groups::rename(tx, group.id, &before.name).await?;
    let told = line.0.to_string();
    note(
        tx,
        actor,
        &group,
        "group.rename_undone",
        Some(&told),
        Some(&before.name),
        now,
    )
    .await?;
    Ok(Undone {
        will: texts::inscrits::rename_undo(&group.name, &before.name),
        done: texts::inscrits::rename_undone(&before.name),
    })
}

/// Opens an archived group again.
pub(super) async fn undo_archive(
    tx: &mut Tx,
    actor: Actor,
    line: JournalId,
    kept: &undos::Kept,
    now: DateTime<Utc>,
) -> Outcome<Undone> {
    let before: Before = kept.open(tx)?;
    let group = groups::get(tx, before.group)
        .await?
        .filter(|group| group.archived)
        .ok_or_else(changed_since)?;
    groups::archive(tx, group.id, None).await?;
    let told = line.0.to_string();
    note(tx, actor, &group, "group.archive_undone", Some(&told), None, now).await?;
    Ok(Undone {
        will: texts::inscrits::archive_undo(&group.name),
        done: texts::inscrits::archive_undone(&group.name),
    })
}

fn changed_since() -> Failure {
    UserError::new(Refusal::Conflict, texts::inscrits::changed_since()).into()
}
