//! What waits for the national team: people without a territory, and pairs who may be one person (product.md §4).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::people::{self, Person};
use super::{StoreError, Tx, to_sql};
use crate::domain::duplicates::Doubt;
use crate::domain::ids::{PersonId, UserId};

/// People without a territory, oldest first, from `skip` on.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn to_place(tx: &mut Tx, skip: u32, limit: u32) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        people::columns!(),
        " FROM people p WHERE p.territory_id IS NULL AND p.erased_at IS NULL AND p.merged_into IS NULL \
         ORDER BY p.id LIMIT ? OFFSET ?"
    ))
    .bind(limit)
    .bind(skip)
    .fetch_all(tx.conn())
    .await?;
    let vault = Arc::clone(tx.vault());
    rows.iter().map(|row| people::person(&vault, row)).collect()
}

/// A pair to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The older record.
    pub a: PersonId,
    /// The younger record.
    pub b: PersonId,
    /// Why they may be one person.
    pub why: Doubt,
}

/// The pairs that nobody has decided on, whose two records are still there.
macro_rules! open_pairs {
    () => {
        "FROM duplicate_pairs d JOIN people a ON a.id = d.a JOIN people b ON b.id = d.b WHERE d.verdict IS NULL \
         AND a.erased_at IS NULL AND a.merged_into IS NULL AND b.erased_at IS NULL AND b.merged_into IS NULL"
    };
}

/// How many pairs wait.
///
/// # Errors
/// When SQLite fails.
pub async fn pairs(tx: &mut Tx) -> Result<u32, StoreError> {
    let n: i64 = sqlx::query_scalar(concat!("SELECT count(*) ", open_pairs!()))
        .fetch_one(tx.conn())
        .await?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The pair of that rank, from 0, oldest first.
///
/// # Errors
/// When SQLite fails.
pub async fn pair(tx: &mut Tx, rank: u32) -> Result<Option<Pair>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT d.a, d.b, d.reason ",
        open_pairs!(),
        " ORDER BY d.found_at, d.a, d.b LIMIT 1 OFFSET ?"
    ))
    .bind(rank)
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Pair {
            a: PersonId(row.try_get("a")?),
            b: PersonId(row.try_get("b")?),
            why: Doubt::from_code(row.try_get("reason")?).ok_or(StoreError::Row {
                table: "duplicate_pairs",
                what: "reason",
            })?,
        })
    })
    .transpose()
}

/// Writes what was decided of a pair, which need not have been found before; tells whether it was open.
///
/// # Errors
/// When SQLite fails.
pub async fn decide(
    tx: &mut Tx,
    one: PersonId,
    other: PersonId,
    same: bool,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO duplicate_pairs (a, b, reason, found_at, verdict, decided_at, decided_by) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6) \
         ON CONFLICT (a, b) DO UPDATE SET verdict = ?5, decided_at = ?4, decided_by = ?6 WHERE verdict IS NULL OR ?5 = 'same'",
    )
    .bind(one.min(other).0)
    .bind(one.max(other).0)
    .bind(Doubt::SamePersonTwice.code())
    .bind(to_sql(now))
    .bind(if same { "same" } else { "distinct" })
    .bind(by.to_sql())
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Opens a pair again, after an undo.
///
/// # Errors
/// When SQLite fails.
pub async fn reopen(tx: &mut Tx, one: PersonId, other: PersonId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE duplicate_pairs SET verdict = NULL, decided_at = NULL, decided_by = NULL WHERE a = ? AND b = ?",
    )
    .bind(one.min(other).0)
    .bind(one.max(other).0)
    .execute(tx.conn())
    .await?;
    Ok(())
}
