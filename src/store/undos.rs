//! What an undo needs: sealed, kept for 30 days or with the person, used once (product.md §16).

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;

use super::vault::{Purpose, VaultError};
use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{GroupId, JournalId, PersonId, UserId};

/// What can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Two records were made one.
    PeopleMerged,
    /// A group got another name.
    GroupRenamed,
    /// A group was archived.
    GroupArchived,
    /// Two groups were made one.
    GroupsMerged,
    /// A part of a group was made a group.
    GroupSplit,
}

impl Kind {
    const ALL: [Kind; 5] = [
        Kind::PeopleMerged,
        Kind::GroupRenamed,
        Kind::GroupArchived,
        Kind::GroupsMerged,
        Kind::GroupSplit,
    ];

    fn key(self) -> &'static str {
        match self {
            Kind::PeopleMerged => "people_merged",
            Kind::GroupRenamed => "group_renamed",
            Kind::GroupArchived => "group_archived",
            Kind::GroupsMerged => "groups_merged",
            Kind::GroupSplit => "group_split",
        }
    }
}

/// Keeps what the undo of a line of the journal needs.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn keep<T: Serialize>(
    tx: &mut Tx,
    line: JournalId,
    kind: Kind,
    of: (Option<PersonId>, Option<GroupId>),
    content: &T,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(content).map_err(|_| VaultError::DoesNotSeal)?);
    let sealed = tx.vault().seal(Purpose::Undo, &plain)?;
    sqlx::query(
        "INSERT INTO undos (journal_id, kind, person_id, group_id, sealed, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(line.0)
    .bind(kind.key())
    .bind(of.0.map(|id| id.0))
    .bind(of.1.map(|id| id.0))
    .bind(sealed)
    .bind(to_sql(until))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What an undo needs, still sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// What can be undone.
    pub kind: Kind,
    /// Until when.
    pub until: DateTime<Utc>,
    sealed: Vec<u8>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Kept {
    /// Opens it.
    ///
    /// # Errors
    /// When the vault fails.
    pub fn open<T: DeserializeOwned>(&self, tx: &Tx) -> Result<T, StoreError> {
        let plain = tx.vault().open(Purpose::Undo, &self.sealed)?;
        serde_json::from_slice(&plain).map_err(|_| StoreError::Vault(VaultError::Malformed))
    }
}

/// What the undo of a line of the journal needs; `None` when it cannot be undone, or no longer.
///
/// # Errors
/// When SQLite fails.
pub async fn get(tx: &mut Tx, line: JournalId, now: DateTime<Utc>) -> Result<Option<Kept>, StoreError> {
    let row = sqlx::query("SELECT kind, sealed, expires_at FROM undos WHERE journal_id = ? AND expires_at > ?")
        .bind(line.0)
        .bind(to_sql(now))
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let kind: &str = row.try_get("kind")?;
    let malformed = StoreError::Row {
        table: "undos",
        what: "kind",
    };
    Ok(Some(Kept {
        kind: Kind::ALL
            .into_iter()
            .find(|known| known.key() == kind)
            .ok_or(malformed)?,
        until: from_sql(row.try_get("expires_at")?)?,
        sealed: row.try_get("sealed")?,
    }))
}

/// Where an undo stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It can be done.
    Open(Kept),
    /// It was done, at that instant.
    Done(DateTime<Utc>),
    /// It was possible, and is no longer: the time has passed, or what it needed was erased with the person.
    TooLate,
    /// There is no such line, or nothing of it can be undone.
    Never,
}

/// The events of the journal that an undo was kept for.
pub const UNDOABLE: [&str; 5] = [
    "person.merged",
    "group.renamed",
    "group.archived",
    "group.merged",
    "group.split",
];

/// Where the undo of a line of the journal stands.
///
/// # Errors
/// When SQLite fails.
pub async fn standing(tx: &mut Tx, line: JournalId, now: DateTime<Utc>) -> Result<Standing, StoreError> {
    if let Some(kept) = get(tx, line, now).await? {
        return Ok(Standing::Open(kept));
    }
    let row =
        sqlx::query("SELECT j.event, u.at FROM journal j LEFT JOIN undone u ON u.journal_id = j.id WHERE j.id = ?")
            .bind(line.0)
            .fetch_optional(tx.conn())
            .await?;
    let Some(row) = row else { return Ok(Standing::Never) };
    Ok(match row.try_get::<Option<i64>, _>("at")? {
        Some(at) => Standing::Done(from_sql(at)?),
        None if UNDOABLE.contains(&row.try_get::<&str, _>("event")?) => Standing::TooLate,
        None => Standing::Never,
    })
}

/// Notes that a line of the journal is undone, and forgets what that needed.
///
/// # Errors
/// When it was undone already (a unique key), or SQLite fails.
pub async fn spend(tx: &mut Tx, line: JournalId, by: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM undos WHERE journal_id = ?")
        .bind(line.0)
        .execute(tx.conn())
        .await?;
    sqlx::query("INSERT INTO undone (journal_id, at, actor) VALUES (?, ?, ?)")
        .bind(line.0)
        .bind(to_sql(now))
        .bind(by.to_sql())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets what can no longer be undone, and with it the details of the records that were merged into others; gives the
/// number of undos forgotten. For the nightly work.
///
/// # Errors
/// When SQLite fails.
pub async fn purge(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM undos WHERE expires_at <= ?")
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "UPDATE people SET sealed = NULL, pseudo_sealed = NULL, mail_index = NULL, phone_index = NULL, name_index = NULL, \
                postal_code = NULL, insee = NULL \
         WHERE merged_into IS NOT NULL AND sealed IS NOT NULL \
           AND NOT EXISTS (SELECT 1 FROM undos u WHERE u.person_id = people.id)",
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
