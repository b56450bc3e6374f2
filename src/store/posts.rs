//! Relays and referents: who holds the post, since when (product.md §2).

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{GroupId, RegionCode, UserId};

/// Someone who holds a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The account.
    pub user: UserId,
    /// Since when.
    pub since: DateTime<Utc>,
}

fn holder(row: &sqlx::sqlite::SqliteRow) -> Result<Holder, StoreError> {
    Ok(Holder {
        user: UserId::from_sql(row.try_get("user_id")?),
        since: from_sql(row.try_get("since")?)?,
    })
}

/// The relays of a group, first named first.
///
/// # Errors
/// When SQLite fails.
pub async fn relays(tx: &mut Tx, group: GroupId) -> Result<Vec<Holder>, StoreError> {
    let rows = sqlx::query("SELECT user_id, since FROM relays WHERE group_id = ? AND until IS NULL ORDER BY since, id")
        .bind(group.0)
        .fetch_all(tx.conn())
        .await?;
    rows.iter().map(holder).collect()
}

/// Whether an account was a relay of a group, and is no longer.
///
/// # Errors
/// When SQLite fails.
pub async fn was_relay(tx: &mut Tx, group: GroupId, user: UserId) -> Result<bool, StoreError> {
    let found: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM relays WHERE group_id = ?1 AND user_id = ?2 AND until IS NOT NULL) \
            AND NOT EXISTS (SELECT 1 FROM relays WHERE group_id = ?1 AND user_id = ?2 AND until IS NULL)",
    )
    .bind(group.0)
    .bind(user.to_sql())
    .fetch_one(tx.conn())
    .await?;
    Ok(found)
}

/// Names a relay; tells whether it is new.
///
/// # Errors
/// When SQLite fails.
pub async fn name_relay(tx: &mut Tx, group: GroupId, user: UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let done = sqlx::query("INSERT INTO relays (group_id, user_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(group.0)
        .bind(user.to_sql())
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a relay's post; tells whether there was one.
///
/// # Errors
/// When SQLite fails.
pub async fn end_relay(tx: &mut Tx, group: GroupId, user: UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE relays SET until = ? WHERE group_id = ? AND user_id = ? AND until IS NULL")
        .bind(to_sql(now))
        .bind(group.0)
        .bind(user.to_sql())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The referents of a région, first named first.
///
/// # Errors
/// When SQLite fails.
pub async fn referents(tx: &mut Tx, region: &RegionCode) -> Result<Vec<Holder>, StoreError> {
    let rows =
        sqlx::query("SELECT user_id, since FROM referents WHERE region = ? AND until IS NULL ORDER BY since, id")
            .bind(&region.0)
            .fetch_all(tx.conn())
            .await?;
    rows.iter().map(holder).collect()
}

/// Every referent in office with his région.
///
/// # Errors
/// When SQLite fails.
pub async fn all_referents(tx: &mut Tx) -> Result<Vec<(RegionCode, Holder)>, StoreError> {
    let rows =
        sqlx::query("SELECT region, user_id, since FROM referents WHERE until IS NULL ORDER BY region, since, id")
            .fetch_all(tx.conn())
            .await?;
    rows.iter()
        .map(|row| Ok((RegionCode(row.try_get("region")?), holder(row)?)))
        .collect()
}

/// Names a referent; tells whether it is new.
///
/// # Errors
/// When SQLite fails.
pub async fn name_referent(
    tx: &mut Tx,
    region: &RegionCode,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query("INSERT INTO referents (region, user_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(&region.0)
        .bind(user.to_sql())
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a referent's post; tells whether there was one.
///
/// # Errors
/// When SQLite fails.
pub async fn end_referent(
    tx: &mut Tx,
    region: &RegionCode,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE referents SET until = ? WHERE region = ? AND user_id = ? AND until IS NULL")
        .bind(to_sql(now))
        .bind(&region.0)
        .bind(user.to_sql())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The accounts of the national team that are on the server, from the mirror.
///
/// # Errors
/// When SQLite fails.
pub async fn nationals(tx: &mut Tx) -> Result<Vec<UserId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT user_id FROM roster WHERE national = 1 AND present = 1 AND bot = 0 ORDER BY user_id",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(UserId::from_sql).collect())
}
