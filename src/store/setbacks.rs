//! What Discord refused or failed: kept across restarts, retried with growing delay, shown by `/diagnostic` (product.md §7).

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::bindings::{Setback, SetbackKind, Setbacks};

/// Every setback, by subject.
///
/// # Errors
/// When SQLite fails, or a row cannot be read.
pub async fn load(tx: &mut Tx) -> Result<Setbacks, StoreError> {
    let rows = sqlx::query("SELECT key, attempts, not_before, first_at, code, kind FROM setbacks")
        .fetch_all(tx.conn())
        .await?;
    let mut setbacks = Setbacks::new();
    for row in rows {
        let kind = SetbackKind::from_key(row.try_get("kind")?).unwrap_or(SetbackKind::Transient);
        let setback = Setback {
            attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
            not_before: from_sql(row.try_get("not_before")?)?,
            first_at: from_sql(row.try_get("first_at")?)?,
            code: row.try_get("code")?,
            kind,
        };
        setbacks.insert(row.try_get("key")?, setback);
    }
    Ok(setbacks)
}

/// Writes a setback; the date of the first failure is kept.
///
/// # Errors
/// When SQLite fails.
pub async fn put(tx: &mut Tx, subject: &str, setback: &Setback, now: DateTime<Utc>) -> Result<(), StoreError> {
    let Setback {
        attempts,
        not_before,
        first_at,
        code,
        kind,
    } = setback;
    sqlx::query(
        "INSERT INTO setbacks (key, attempts, not_before, first_at, last_at, code, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT (key) DO UPDATE SET attempts = ?2, not_before = ?3, last_at = ?5, code = ?6, kind = ?7",
    )
    .bind(subject)
    .bind(attempts)
    // Rounded up: a delay is never cut short by the database's whole seconds.
    .bind(to_sql(*not_before) + i64::from(not_before.timestamp_subsec_nanos() > 0))
    .bind(to_sql(*first_at))
    .bind(to_sql(now))
    .bind(code)
    .bind(kind.key())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets everything that waits be tried again at once: whoever asks for it has changed something.
///
/// # Errors
/// When SQLite fails.
pub async fn hasten(tx: &mut Tx, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE setbacks SET not_before = ?1 WHERE not_before > ?1")
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets a setback: what it was about has been done, or is no longer wanted.
///
/// # Errors
/// When SQLite fails.
pub async fn clear(tx: &mut Tx, subject: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM setbacks WHERE key = ?")
        .bind(subject)
        .execute(tx.conn())
        .await?;
    Ok(())
}
