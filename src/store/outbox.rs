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

/// The two queues: direct messages are paced, posts in channels are not (product.md §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Direct messages.
    Direct {
        /// Whether welcomes may go too: their daily number is limited.
        welcomes: bool,
    },
    /// Posts in channels.
    Posts {
        /// Whether the national team has a channel: else what is for it waits to be turned into direct messages.
        team: bool,
    },
}

impl Lane {
    /// The pattern of the targets of this lane, and the least urgent class that may go.
    fn bounds(self) -> (&'static str, i64) {
        match self {
            Lane::Direct { welcomes: true } => ("user:*", Class::Welcome as i64),
            Lane::Direct { welcomes: false } => ("user:*", Class::Digest as i64),
            Lane::Posts { team: true } => ("channel:*", Class::Welcome as i64),
            Lane::Posts { team: false } => ("channel:[0-9]*", Class::Welcome as i64),
        }
    }
}

/// A row leased for delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The row.
    pub id: OutboxId,
    /// The fact and whom it is told to.
    pub key: String,
    /// How urgent.
    pub class: Class,
    /// To whom.
    pub to: Recipient,
    /// What.
    pub notice: Notice,
    /// How many deliveries failed before.
    pub attempts: u32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was first leased, if this is not the first time: it may have been sent since then.
    pub tried_at: Option<DateTime<Utc>>,
}

/// Leases the most urgent due row of a lane for `lease`; a row whose lease ran out (the process died) is due again. A row
/// that this version cannot read is set aside.
///
/// # Errors
/// When SQLite fails.
pub async fn lease_next(
    tx: &mut Tx,
    lane: Lane,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Leased>, StoreError> {
    let (pattern, least) = lane.bounds();
    loop {
        let row = sqlx::query(
            "SELECT id, key, class, target, notice, attempts, created_at, tried_at FROM outbox \
             WHERE done_at IS NULL AND due_at <= ?1 AND (lease_until IS NULL OR lease_until <= ?1) \
               AND target GLOB ?2 AND class <= ?3 \
             ORDER BY class, due_at, id LIMIT 1",
        )
        .bind(to_sql(now))
        .bind(pattern)
        .bind(least)
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id = OutboxId(row.try_get("id")?);
        sqlx::query("UPDATE outbox SET lease_until = ?, tried_at = coalesce(tried_at, ?) WHERE id = ?")
            .bind(to_sql(now + lease))
            .bind(to_sql(now))
            .bind(id.0)
            .execute(tx.conn())
            .await?;
        let (Ok(to), Ok(notice), Some(class)) = (
            row.try_get::<&str, _>("target")?.parse(),
            serde_json::from_str(row.try_get("notice")?),
            Class::from_sql(row.try_get("class")?),
        ) else {
            tracing::error!(outbox.id = %id, "a message that cannot be read is set aside");
            settle(tx, id, "unreadable", None, None, now).await?;
            continue;
        };
        return Ok(Some(Leased {
            id,
            key: row.try_get("key")?,
            class,
            to,
            notice,
            attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
            created_at: from_sql(row.try_get("created_at")?)?,
            tried_at: row.try_get::<Option<i64>, _>("tried_at")?.map(from_sql).transpose()?,
        }));
    }
}

/// A row that nobody delivers at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The row.
    pub id: OutboxId,
    /// The fact and whom it is told to.
    pub key: String,
    /// How urgent.
    pub class: Class,
    /// What.
    pub notice: Notice,
}

impl From<&Leased> for Waiting {
    fn from(row: &Leased) -> Self {
        Self {
            id: row.id,
            key: row.key.clone(),
            class: row.class,
            notice: row.notice.clone(),
        }
    }
}

/// The rows for a recipient that were not delivered, nor leased, oldest first. One that this version cannot read is left out.
///
/// # Errors
/// When SQLite fails.
pub async fn waiting_for(tx: &mut Tx, to: Recipient) -> Result<Vec<Waiting>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, key, class, notice FROM outbox WHERE done_at IS NULL AND lease_until IS NULL AND target = ? ORDER BY id",
    )
    .bind(to.to_string())
    .fetch_all(tx.conn())
    .await?;
    let mut waiting = Vec::with_capacity(rows.len());
    for row in &rows {
        if let (Ok(notice), Some(class)) = (
            serde_json::from_str(row.try_get("notice")?),
            Class::from_sql(row.try_get("class")?),
        ) {
            waiting.push(Waiting {
                id: OutboxId(row.try_get("id")?),
                key: row.try_get("key")?,
                class,
                notice,
            });
        }
    }
    Ok(waiting)
}

/// Ends every lease: only one process holds the database, so those that are left belong to one that died.
///
/// # Errors
/// When SQLite fails.
pub async fn release_all(tx: &mut Tx) -> Result<u64, StoreError> {
    let done = sqlx::query("UPDATE outbox SET lease_until = NULL WHERE lease_until IS NOT NULL AND done_at IS NULL")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

/// Marks every waiting message as perhaps sent since it was written: an older copy of the database was put back.
///
/// # Errors
/// When SQLite fails.
pub async fn doubt_all(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET tried_at = coalesce(tried_at, created_at) WHERE done_at IS NULL")
        .execute(tx.conn())
        .await?;
    Ok(())
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
    settle(tx, id, outcome, code, place, now).await
}

async fn settle(
    tx: &mut Tx,
    id: OutboxId,
    outcome: &str,
    code: Option<i64>,
    place: Option<(u64, u64)>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
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

/// Sets aside every row that was due before `before` and not delivered: news that nobody needs any more. Gives their
/// number. For a database whose past was written at once (the sandbox).
///
/// # Errors
/// When SQLite fails.
pub async fn drop_older(tx: &mut Tx, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE outbox SET done_at = ?, outcome = 'dropped', lease_until = NULL WHERE done_at IS NULL AND due_at < ?",
    )
    .bind(to_sql(now))
    .bind(to_sql(before))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Records a failed delivery, to be tried again at `retry`.
///
/// # Errors
/// When SQLite fails.
pub async fn postpone(tx: &mut Tx, id: OutboxId, retry: DateTime<Utc>, code: Option<i64>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET attempts = attempts + 1, due_at = ?, code = ?, lease_until = NULL WHERE id = ? AND done_at IS NULL",
    )
    .bind(not_before(retry))
    .bind(code)
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The first whole second that is not before an instant: what is put off is never tried early.
fn not_before(at: DateTime<Utc>) -> i64 {
    to_sql(at) + i64::from(at.timestamp_subsec_nanos() > 0)
}

/// Puts a row off without counting a failure: what it tells is not so yet, or the whole queue rests.
///
/// # Errors
/// When SQLite fails.
pub async fn put_off(tx: &mut Tx, id: OutboxId, until: DateTime<Utc>, code: Option<i64>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET due_at = ?, code = coalesce(?, code), lease_until = NULL WHERE id = ? AND done_at IS NULL",
    )
    .bind(not_before(until))
    .bind(code)
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When the next row of a lane is due (or its lease ends), for the loop's timer.
///
/// # Errors
/// When SQLite fails.
pub async fn next_due(tx: &mut Tx, lane: Lane) -> Result<Option<DateTime<Utc>>, StoreError> {
    let (pattern, least) = lane.bounds();
    let at: Option<i64> = sqlx::query_scalar(
        "SELECT min(max(due_at, coalesce(lease_until, 0))) FROM outbox \
         WHERE done_at IS NULL AND target GLOB ? AND class <= ?",
    )
    .bind(pattern)
    .bind(least)
    .fetch_one(tx.conn())
    .await?;
    at.map(from_sql).transpose()
}

/// Where the last message to this recipient went; `None` when none was ever sent.
///
/// # Errors
/// When SQLite fails.
pub async fn last_place(tx: &mut Tx, to: Recipient) -> Result<Option<u64>, StoreError> {
    let channel: Option<Option<i64>> =
        sqlx::query_scalar("SELECT channel FROM outbox WHERE target = ? AND outcome = 'sent' ORDER BY id DESC LIMIT 1")
            .bind(to.to_string())
            .fetch_optional(tx.conn())
            .await?;
    Ok(channel.flatten().map(i64::cast_unsigned))
}

/// How many direct messages of a class were sent since then. A mention in a channel is none.
///
/// # Errors
/// When SQLite fails.
pub async fn sent_since(tx: &mut Tx, class: Class, since: DateTime<Utc>) -> Result<u32, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM outbox WHERE outcome = 'sent' AND class = ? AND done_at >= ? AND target LIKE 'user:%'",
    )
    .bind(class as i64)
    .bind(to_sql(since))
    .fetch_one(tx.conn())
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// When a direct message was last tried or delivered, as far as is written: the pace holds over a restart.
///
/// # Errors
/// When SQLite fails.
pub async fn last_direct(tx: &mut Tx) -> Result<Option<DateTime<Utc>>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar(
        "SELECT max(max(coalesce(tried_at, 0), coalesce(done_at, 0))) FROM outbox \
         WHERE tried_at IS NOT NULL AND target LIKE 'user:%'",
    )
    .fetch_one(tx.conn())
    .await?;
    at.map(from_sql).transpose()
}

/// The state of the queues, for `/diagnostic`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Messages that wait.
    pub waiting: u32,
    /// Those of them that failed at least once.
    pub failing: u32,
    /// When the oldest of these was written.
    pub oldest_failing: Option<DateTime<Utc>>,
    /// Discord's code for that one, when there was an answer.
    pub code: Option<i64>,
}

/// Reads the state of the queues.
///
/// # Errors
/// When SQLite fails.
pub async fn gauge(tx: &mut Tx) -> Result<Gauge, StoreError> {
    // The feeds of the référents have a queue of their own, which is no other matter to whoever asks.
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL) + \
                (SELECT count(*) FROM feed_events WHERE told_at IS NULL) AS waiting, \
                (SELECT count(*) FROM outbox WHERE done_at IS NULL AND (attempts > 0 OR code IS NOT NULL)) + \
                (SELECT count(*) FROM feed_messages WHERE state IN ('stale', 'showing') AND attempts > 0) AS failing",
    )
    .fetch_one(tx.conn())
    .await?;
    let oldest = sqlx::query(
        "SELECT created_at, code FROM outbox WHERE done_at IS NULL AND (attempts > 0 OR code IS NOT NULL) \
         UNION ALL \
         SELECT coalesce(tried_at, opened_at), code FROM feed_messages WHERE state IN ('stale', 'showing') AND attempts > 0 \
         ORDER BY 1 LIMIT 1",
    )
    .fetch_optional(tx.conn())
    .await?;
    let mut gauge = Gauge {
        waiting: u32::try_from(row.try_get::<i64, _>("waiting")?).unwrap_or(u32::MAX),
        failing: u32::try_from(row.try_get::<i64, _>("failing")?).unwrap_or(u32::MAX),
        ..Gauge::default()
    };
    if let Some(oldest) = oldest {
        gauge.oldest_failing = Some(from_sql(oldest.try_get("created_at")?)?);
        gauge.code = oldest.try_get("code")?;
    }
    Ok(gauge)
}
