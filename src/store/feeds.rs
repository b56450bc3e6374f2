//! The feeds of the référents: what there is to tell in each région, and the messages that tell it (product.md §12).
//!
//! Triggers of the schema make a message stale when a participation that it tells of ends, or a person whom it names is
//! renamed, merged or erased: no use case has to think of it.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, Tx, from_sql, id_list, to_sql};
use crate::domain::ids::{ChannelId, FeedEventId, FeedMessageId, MembershipId, PersonId, RegionCode};
use crate::domain::notice::Notice;

/// One thing to tell in a région.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The row.
    pub id: FeedEventId,
    /// The fact.
    pub key: String,
    /// What.
    pub notice: Notice,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The message that tells it, or will.
    pub message: Option<FeedMessageId>,
}

fn event(row: &SqliteRow) -> Result<Event, StoreError> {
    Ok(Event {
        id: FeedEventId(row.try_get("id")?),
        key: row.try_get("key")?,
        notice: serde_json::from_str(row.try_get("notice")?).map_err(|_| StoreError::Row {
            table: "feed_events",
            what: "notice",
        })?,
        at: from_sql(row.try_get("at")?)?,
        message: row.try_get::<Option<i64>, _>("message_id")?.map(FeedMessageId),
    })
}

/// Whom a notice names, for the messages to follow what becomes of them.
fn subject(notice: &Notice) -> (Option<MembershipId>, Option<PersonId>) {
    match notice {
        Notice::Validated { membership } | Notice::Annulled { membership, .. } | Notice::Departed { membership } => {
            (Some(*membership), None)
        }
        Notice::Joined { person, .. } => (None, Some(*person)),
        _ => (None, None),
    }
}

/// Notes a fact to tell in a région, unless it is noted already; tells whether it was written.
///
/// # Errors
/// When SQLite fails.
pub async fn append(
    tx: &mut Tx,
    region: &RegionCode,
    key: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let text = serde_json::to_string(notice).map_err(|_| StoreError::Row {
        table: "feed_events",
        what: "notice",
    })?;
    let (membership, person) = subject(notice);
    let done = sqlx::query(
        "INSERT INTO feed_events (region, key, notice, at, membership_id, person_id) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (region, key) DO NOTHING",
    )
    .bind(&region.0)
    .bind(key)
    .bind(text)
    .bind(to_sql(now))
    .bind(membership.map(|id| id.0))
    .bind(person.map(|id| id.0))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was told nowhere yet, by région, oldest first. An event that this version cannot read is left where it is.
///
/// # Errors
/// When SQLite fails.
pub async fn waiting(tx: &mut Tx) -> Result<Vec<(RegionCode, Vec<Event>)>, StoreError> {
    let rows = sqlx::query(
        "SELECT region, id, key, notice, at, message_id FROM feed_events WHERE told_at IS NULL ORDER BY region, id",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut regions: Vec<(RegionCode, Vec<Event>)> = Vec::new();
    for row in &rows {
        let Ok(event) = event(row) else {
            tracing::error!(
                event.id = row.try_get::<i64, _>("id")?,
                "an event that cannot be read is left aside"
            );
            continue;
        };
        let region: &str = row.try_get("region")?;
        match regions.last_mut() {
            Some((last, events)) if last.0 == region => events.push(event),
            _ => regions.push((RegionCode(region.to_owned()), vec![event])),
        }
    }
    Ok(regions)
}

/// Notes that events were told.
///
/// # Errors
/// When SQLite fails.
pub async fn told(tx: &mut Tx, events: &[FeedEventId], now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE feed_events SET told_at = ? WHERE id IN (SELECT value FROM json_each(?)) AND told_at IS NULL")
        .bind(to_sql(now))
        .bind(id_list(events.iter().map(|id| id.0)))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// One message of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedMessage {
    /// The row.
    pub id: FeedMessageId,
    /// The région.
    pub region: RegionCode,
    /// Where it lies, or will.
    pub channel: ChannelId,
    /// When it was posted; before that, when it was intended.
    pub opened_at: DateTime<Utc>,
    /// Its id on Discord, once posted; 0 when Discord's answer could not be read.
    pub message: Option<u64>,
    /// When posting it was first tried: it may lie in the channel since then.
    pub tried_at: Option<DateTime<Utc>>,
    /// The last post or edit.
    pub changed_at: Option<DateTime<Utc>>,
    /// How often in a row Discord failed.
    pub attempts: u32,
    /// Not tried again before.
    pub not_before: Option<DateTime<Utc>>,
}

/// The columns of [`FeedMessage`].
macro_rules! columns {
    () => {
        "id, region, channel, opened_at, message, tried_at, changed_at, attempts, not_before"
    };
}

fn message(row: &SqliteRow) -> Result<FeedMessage, StoreError> {
    let instant = |column: &str| row.try_get::<Option<i64>, _>(column)?.map(from_sql).transpose();
    Ok(FeedMessage {
        id: FeedMessageId(row.try_get("id")?),
        region: RegionCode(row.try_get("region")?),
        channel: ChannelId::from_sql(row.try_get("channel")?),
        opened_at: from_sql(row.try_get("opened_at")?)?,
        message: row.try_get::<Option<i64>, _>("message")?.map(i64::cast_unsigned),
        tried_at: instant("tried_at")?,
        changed_at: instant("changed_at")?,
        attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
        not_before: instant("not_before")?,
    })
}

/// The latest message of a région's feed that was not lost.
///
/// # Errors
/// When SQLite fails.
pub async fn latest(tx: &mut Tx, region: &RegionCode) -> Result<Option<FeedMessage>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM feed_messages WHERE region = ? AND state <> 'gone' ORDER BY id DESC LIMIT 1"
    ))
    .bind(&region.0)
    .fetch_optional(tx.conn())
    .await?;
    row.as_ref().map(message).transpose()
}

/// Intends a message.
///
/// # Errors
/// When SQLite fails.
pub async fn open(
    tx: &mut Tx,
    region: &RegionCode,
    channel: ChannelId,
    now: DateTime<Utc>,
) -> Result<FeedMessageId, StoreError> {
    let id: i64 =
        sqlx::query_scalar("INSERT INTO feed_messages (region, channel, opened_at) VALUES (?, ?, ?) RETURNING id")
            .bind(&region.0)
            .bind(channel.to_sql())
            .bind(to_sql(now))
            .fetch_one(tx.conn())
            .await?;
    Ok(FeedMessageId(id))
}

/// Gives events to a message, which is to be shown anew.
///
/// # Errors
/// When SQLite fails.
pub async fn attach(tx: &mut Tx, to: FeedMessageId, events: &[FeedEventId]) -> Result<(), StoreError> {
    sqlx::query("UPDATE feed_events SET message_id = ? WHERE id IN (SELECT value FROM json_each(?))")
        .bind(to.0)
        .bind(id_list(events.iter().map(|id| id.0)))
        .execute(tx.conn())
        .await?;
    sqlx::query("UPDATE feed_messages SET state = 'stale' WHERE id = ? AND state <> 'gone'")
        .bind(to.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The events of a message, oldest first.
///
/// # Errors
/// When SQLite fails.
pub async fn events(tx: &mut Tx, of: FeedMessageId) -> Result<Vec<Event>, StoreError> {
    let rows = sqlx::query("SELECT id, key, notice, at, message_id FROM feed_events WHERE message_id = ? ORDER BY id")
        .bind(of.0)
        .fetch_all(tx.conn())
        .await?;
    rows.iter().map(event).collect()
}

/// The messages that do not show what they should, oldest first.
///
/// # Errors
/// When SQLite fails.
pub async fn stale(tx: &mut Tx) -> Result<Vec<FeedMessage>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM feed_messages WHERE state IN ('stale', 'showing') ORDER BY id"
    ))
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(message).collect()
}

/// Notes that a message is about to be shown in a channel: what changes from now on makes it stale again.
///
/// # Errors
/// When SQLite fails.
pub async fn showing(tx: &mut Tx, id: FeedMessageId, channel: ChannelId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE feed_messages SET state = 'showing', channel = ?, tried_at = coalesce(tried_at, ?) \
         WHERE id = ? AND state <> 'gone'",
    )
    .bind(channel.to_sql())
    .bind(to_sql(now))
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a message was posted or edited. `whole`: it is known to show all that was rendered; otherwise it is one found
/// again after a crash, and is edited next.
///
/// # Errors
/// When SQLite fails.
pub async fn shown(
    tx: &mut Tx,
    id: FeedMessageId,
    as_message: u64,
    whole: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE feed_messages SET opened_at = CASE WHEN message IS NULL THEN ?1 ELSE opened_at END, message = ?2, \
                changed_at = ?1, attempts = 0, not_before = NULL, code = NULL, \
                state = CASE WHEN state = 'showing' AND ?3 THEN 'shown' ELSE 'stale' END \
         WHERE id = ?4 AND state <> 'gone'",
    )
    .bind(to_sql(now))
    .bind(as_message.cast_signed())
    .bind(whole)
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes a failure, to be tried again at `retry`.
///
/// # Errors
/// When SQLite fails.
pub async fn failed(tx: &mut Tx, id: FeedMessageId, retry: DateTime<Utc>, code: Option<i64>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE feed_messages SET state = 'stale', attempts = attempts + 1, not_before = ?, code = ? \
         WHERE id = ? AND state <> 'gone'",
    )
    .bind(to_sql(retry))
    .bind(code)
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a message is no more, or that its channel is closed to us; gives the events that nobody has read, which wait
/// again.
///
/// # Errors
/// When SQLite fails.
pub async fn gone(tx: &mut Tx, id: FeedMessageId, code: Option<i64>) -> Result<Vec<Event>, StoreError> {
    sqlx::query("UPDATE feed_messages SET state = 'gone', code = ? WHERE id = ?")
        .bind(code)
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    let rows = sqlx::query(
        "UPDATE feed_events SET message_id = NULL WHERE message_id = ? AND told_at IS NULL \
         RETURNING id, key, notice, at, message_id",
    )
    .bind(id.0)
    .fetch_all(tx.conn())
    .await?;
    let mut events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    events.sort_by_key(|event| event.id);
    Ok(events)
}
