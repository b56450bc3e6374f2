//! Messages to deliver. The fact and its row commit together; delivery leases, calls, records (architecture: never a
//! transaction across a call).

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::OutboxId;
use crate::domain::notice::{Class, Notice, Recipient};

/// One row to write.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    /// The fact and whom it is told to: a second row with the same key is not written.
    pub key: &'a str,
    /// How urgent.
    pub class: Class,
    /// To whom.
    pub to: Recipient,
    /// What.
    pub notice: &'a Notice,
    /// Not before.
    pub due: DateTime<Utc>,
}

/// Writes a row unless its key is there already; tells whether it was written.
///
/// # Errors
/// When SQLite fails.
pub async fn enqueue(tx: &mut Tx, message: &NewMessage<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let notice = serde_json::to_string(message.notice).map_err(|_| StoreError::Row {
        table: "outbox",
        what: "notice",
    })?;
    let done = sqlx::query(
        "INSERT INTO outbox (key, class, target, notice, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(message.key)
    .bind(message.class as i64)
    .bind(message.to.to_string())
    .bind(notice)
    .bind(to_sql(message.due))
    .bind(to_sql(now))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A row leased for delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The row.
    pub id: OutboxId,
    /// To whom.
    pub to: Recipient,
    /// What.
    pub notice: Notice,
    /// How many deliveries failed before.
    pub attempts: u32,
}

/// Leases the most urgent due row for `lease`; a row whose lease ran out (the process died) is due again.
///
/// # Errors
/// When SQLite fails, or a row cannot be read.
pub async fn lease_next(tx: &mut Tx, now: DateTime<Utc>, lease: TimeDelta) -> Result<Option<Leased>, StoreError> {
    let row = sqlx::query(
        "UPDATE outbox SET lease_until = ?2 WHERE id = ( \
             SELECT id FROM outbox WHERE done_at IS NULL AND due_at <= ?1 \
                AND (lease_until IS NULL OR lease_until <= ?1) \
             ORDER BY class, due_at, id LIMIT 1) \
         RETURNING id, target, notice, attempts",
    )
    .bind(to_sql(now))
    .bind(to_sql(now + lease))
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let malformed = StoreError::Row {
        table: "outbox",
        what: "target or notice",
    };
    let (Ok(to), Ok(notice)) = (
        row.try_get::<&str, _>("target")?.parse(),
        serde_json::from_str(row.try_get("notice")?),
    ) else {
        return Err(malformed);
    };
    let attempts = u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX);
    Ok(Some(Leased {
        id: OutboxId(row.try_get("id")?),
        to,
        notice,
        attempts,
    }))
}

/// How a delivery ended for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Sent, as this message in this channel.
    Sent {
        /// The channel, a DM's included.
        channel: u64,
        /// The message.
        message: u64,
    },
    /// No longer true or no longer useful.
    Dropped,
    /// The person's DMs are closed, or no server is shared (50007, 50278).
    Closed,
    /// Discord refuses for good, with this code.
    Refused(i64),
}

/// Records how a delivery ended.
///
/// # Errors
/// When SQLite fails.
pub async fn finish(tx: &mut Tx, id: OutboxId, how: Delivery, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (outcome, code, place) = match how {
        Delivery::Sent { channel, message } => ("sent", None, Some((channel, message))),
        Delivery::Dropped => ("dropped", None, None),
        Delivery::Closed => ("closed", None, None),
        Delivery::Refused(code) => ("refused", Some(code), None),
    };
    sqlx::query(
        "UPDATE outbox SET done_at = ?, outcome = ?, code = ?, channel = ?, message = ?, lease_until = NULL WHERE id = ?",
    )
    .bind(to_sql(now))
    .bind(outcome)
    .bind(code)
    .bind(place.map(|(channel, _)| channel.cast_signed()))
    .bind(place.map(|(_, message)| message.cast_signed()))
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records a failed delivery, to be tried again at `retry`.
///
/// # Errors
/// When SQLite fails.
pub async fn postpone(tx: &mut Tx, id: OutboxId, retry: DateTime<Utc>, code: Option<i64>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET attempts = attempts + 1, due_at = ?, code = ?, lease_until = NULL WHERE id = ? AND done_at IS NULL",
    )
    .bind(to_sql(retry))
    .bind(code)
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When the next row is due (or its lease ends), for the loop's timer.
///
/// # Errors
/// When SQLite fails.
pub async fn next_due(tx: &mut Tx) -> Result<Option<DateTime<Utc>>, StoreError> {
    let at: Option<i64> =
        sqlx::query_scalar("SELECT min(max(due_at, coalesce(lease_until, 0))) FROM outbox WHERE done_at IS NULL")
            .fetch_one(tx.conn())
            .await?;
    at.map(from_sql).transpose()
}
