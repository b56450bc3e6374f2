//! The append-only journal: who, when, what, on whom by id, states before → after (product.md §2).

use chrono::{DateTime, Utc};

use sqlx::Row;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{GroupId, JournalId, PersonId, RegionCode, UserId};

/// One line to write. Never a value of an identity: of those only *which* changed.
#[derive(Debug, Clone, Default)]
pub struct Entry<'a> {
    /// Who; `None` for the bot itself or the host's shell.
    pub actor: Option<UserId>,
    /// What, a stable English key such as `membership.validated`.
    pub event: &'a str,
    /// On which group.
    pub group: Option<GroupId>,
    /// On which person.
    pub person: Option<PersonId>,
    /// In which région, so that a referent reads his own.
    pub region: Option<&'a RegionCode>,
    /// The state before.
    pub before: Option<&'a str>,
    /// The state after.
    pub after: Option<&'a str>,
}

/// Writes one line.
///
/// # Errors
/// When SQLite fails.
pub async fn write(tx: &mut Tx, entry: &Entry<'_>, now: DateTime<Utc>) -> Result<JournalId, StoreError> {
    let id = sqlx::query_scalar::<_, i64>(
        "INSERT INTO journal (at, actor, event, group_id, person_id, region, before, after) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(to_sql(now))
    .bind(entry.actor.map(UserId::to_sql))
    .bind(entry.event)
    .bind(entry.group.map(|id| id.0))
    .bind(entry.person.map(|id| id.0))
    .bind(entry.region.map(|code| code.0.as_str()))
    .bind(entry.before)
    .bind(entry.after)
    .fetch_one(tx.conn())
    .await?;
    Ok(JournalId(id))
}

/// One line, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub id: JournalId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who; `None` for the bot itself or the host's shell.
    pub actor: Option<UserId>,
    /// What.
    pub event: String,
    /// On which group.
    pub group: Option<GroupId>,
    /// The state before.
    pub before: Option<String>,
    /// The state after.
    pub after: Option<String>,
}

/// What was done on a person, oldest first.
///
/// # Errors
/// When SQLite fails.
pub async fn of_person(tx: &mut Tx, person: PersonId) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, at, actor, event, group_id, before, after FROM journal WHERE person_id = ? ORDER BY id",
    )
    .bind(person.0)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Line {
                id: JournalId(row.try_get("id")?),
                at: from_sql(row.try_get("at")?)?,
                actor: row.try_get::<Option<i64>, _>("actor")?.map(UserId::from_sql),
                event: row.try_get("event")?,
                group: row.try_get::<Option<i64>, _>("group_id")?.map(GroupId),
                before: row.try_get("before")?,
                after: row.try_get("after")?,
            })
        })
        .collect()
}
