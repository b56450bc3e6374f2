//! Moves of a member from one group to another, asked by a relay and answered by a relay (product.md §6.5).

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{GroupId, PersonId, TransferId, UserId};

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The person moved.
    Done,
    /// The group that the person is in did not agree.
    Refused,
    /// The person did not agree, or the relay who asked gave up.
    Dropped,
}

impl Closed {
    fn key(self) -> &'static str {
        match self {
            Closed::Done => "done",
            Closed::Refused => "refused",
            Closed::Dropped => "dropped",
        }
    }

    fn from_key(key: &str) -> Result<Closed, StoreError> {
        [Closed::Done, Closed::Refused, Closed::Dropped]
            .into_iter()
            .find(|closed| closed.key() == key)
            .ok_or(StoreError::Row {
                table: "transfers",
                what: "outcome",
            })
    }
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The id.
    pub id: TransferId,
    /// Who would move.
    pub person: PersonId,
    /// From which group.
    pub from: GroupId,
    /// To which group.
    pub to: GroupId,
    /// Which relay asked.
    pub asked_by: UserId,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// When the other group agreed.
    pub accepted_at: Option<DateTime<Utc>>,
    /// How it ended, if it did.
    pub closed: Option<Closed>,
}

fn transfer(row: &SqliteRow) -> Result<Transfer, StoreError> {
    Ok(Transfer {
        id: TransferId(row.try_get("id")?),
        person: PersonId(row.try_get("person_id")?),
        from: GroupId(row.try_get("from_group")?),
        to: GroupId(row.try_get("to_group")?),
        asked_by: UserId::from_sql(row.try_get("asked_by")?),
        asked_at: from_sql(row.try_get("asked_at")?)?,
        accepted_at: row
            .try_get::<Option<i64>, _>("accepted_at")?
            .map(from_sql)
            .transpose()?,
        closed: row
            .try_get::<Option<&str>, _>("outcome")?
            .map(Closed::from_key)
            .transpose()?,
    })
}

/// Asks for a transfer; an open one of the same person between the same groups is given instead of a second. The flag tells
/// whether it is new. An open one to a third group is dropped: the latest wish counts.
///
/// # Errors
/// When SQLite fails.
pub async fn ask(
    tx: &mut Tx,
    person: PersonId,
    from: GroupId,
    to: GroupId,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<(TransferId, bool), StoreError> {
    let open: Option<i64> = sqlx::query_scalar(
        "SELECT id FROM transfers WHERE person_id = ? AND from_group = ? AND to_group = ? AND closed_at IS NULL",
    )
    .bind(person.0)
    .bind(from.0)
    .bind(to.0)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(id) = open {
        return Ok((TransferId(id), false));
    }
    sqlx::query("UPDATE transfers SET closed_at = ?, outcome = 'dropped' WHERE person_id = ? AND closed_at IS NULL")
        .bind(to_sql(now))
        .bind(person.0)
        .execute(tx.conn())
        .await?;
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO transfers (person_id, from_group, to_group, asked_by, asked_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(person.0)
    .bind(from.0)
    .bind(to.0)
    .bind(by.to_sql())
    .bind(to_sql(now))
    .fetch_one(tx.conn())
    .await?;
    Ok((TransferId(id), true))
}

/// A transfer by id.
///
/// # Errors
/// When SQLite fails.
pub async fn get(tx: &mut Tx, id: TransferId) -> Result<Option<Transfer>, StoreError> {
    let row = sqlx::query(
        "SELECT id, person_id, from_group, to_group, asked_by, asked_at, accepted_at, outcome FROM transfers WHERE id = ?",
    )
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?;
    row.as_ref().map(transfer).transpose()
}

/// Notes that the group that the person is in agrees.
///
/// # Errors
/// When SQLite fails.
pub async fn accept(tx: &mut Tx, id: TransferId, by: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transfers SET accepted_at = ?, accepted_by = ? WHERE id = ? AND accepted_at IS NULL AND closed_at IS NULL",
    )
    .bind(to_sql(now))
    .bind(by.to_sql())
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a transfer.
///
/// # Errors
/// When SQLite fails.
pub async fn close(tx: &mut Tx, id: TransferId, how: Closed, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE transfers SET closed_at = ?, outcome = ? WHERE id = ? AND closed_at IS NULL")
        .bind(to_sql(now))
        .bind(how.key())
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
