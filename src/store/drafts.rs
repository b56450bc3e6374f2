//! What was typed and is not yet done: sealed, short-lived, spent once (product.md §16).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;

use super::vault::{Purpose, VaultError};
use super::{StoreError, Tx, to_sql};
use crate::domain::action::DraftId;
use crate::domain::ids::UserId;

/// Where a draft stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft<T> {
    /// Can be used.
    Open(T),
    /// Was used; what its use made, if anything.
    Spent(Option<i64>),
}

/// Seals and keeps a draft of `user`.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn put<T: Serialize>(
    tx: &mut Tx,
    user: UserId,
    kind: &str,
    content: &T,
    life: TimeDelta,
    now: DateTime<Utc>,
) -> Result<DraftId, StoreError> {
    let mut bytes = [0u8; 12];
    getrandom::fill(&mut bytes).map_err(|_| VaultError::NoRandomness)?;
    let id = URL_SAFE_NO_PAD.encode(bytes);
    let sealed = seal(tx, content)?;
    sqlx::query("INSERT INTO drafts (id, user_id, kind, sealed, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(&id)
        .bind(user.to_sql())
        .bind(kind)
        .bind(sealed)
        .bind(to_sql(now))
        .bind(to_sql(now + life))
        .execute(tx.conn())
        .await?;
    Ok(DraftId(id))
}

/// Reads a draft of `user`; `None` when it expired, was never his, or is of another kind.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn get<T: DeserializeOwned>(
    tx: &mut Tx,
    id: &DraftId,
    user: UserId,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<Option<Draft<T>>, StoreError> {
    let row = sqlx::query(
        "SELECT sealed, spent_at, result FROM drafts WHERE id = ? AND user_id = ? AND kind = ? AND expires_at > ?",
    )
    .bind(&id.0)
    .bind(user.to_sql())
    .bind(kind)
    .bind(to_sql(now))
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.try_get::<Option<i64>, _>("spent_at")?.is_some() {
        return Ok(Some(Draft::Spent(row.try_get("result")?)));
    }
    let sealed: &[u8] = row.try_get("sealed")?;
    let plain = tx.vault().open(Purpose::Draft, sealed)?;
    let content = serde_json::from_slice(&plain).map_err(|_| VaultError::Malformed)?;
    Ok(Some(Draft::Open(content)))
}

/// Replaces what an open draft holds.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn replace<T: Serialize>(tx: &mut Tx, id: &DraftId, content: &T) -> Result<(), StoreError> {
    let sealed = seal(tx, content)?;
    sqlx::query("UPDATE drafts SET sealed = ? WHERE id = ? AND spent_at IS NULL")
        .bind(sealed)
        .bind(&id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Marks a draft as used and forgets what it held; tells whether it was open.
///
/// # Errors
/// When SQLite fails.
pub async fn spend(tx: &mut Tx, id: &DraftId, result: Option<i64>, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE drafts SET spent_at = ?, result = ?, sealed = NULL WHERE id = ? AND spent_at IS NULL")
            .bind(to_sql(now))
            .bind(result)
            .bind(&id.0)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets the drafts that expired; gives their number.
///
/// # Errors
/// When SQLite fails.
pub async fn purge(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM drafts WHERE expires_at <= ?")
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

fn seal<T: Serialize>(tx: &Tx, content: &T) -> Result<Vec<u8>, StoreError> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(content).map_err(|_| VaultError::DoesNotSeal)?);
    Ok(tx.vault().seal(Purpose::Draft, &plain)?)
}
