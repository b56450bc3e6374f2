//! What the product owns on Discord (product.md §7). Rows are written one by one, right after each call; a row without an id
//! is an intention, written before it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::bindings::{Binding, Bindings, Key, Room};
use crate::domain::ids::{ChannelId, GroupId, GuildId};

/// Every binding of the planner in this server; rows of other parts are passed over.
///
/// # Errors
/// When SQLite fails, or a row cannot be read.
pub async fn load(tx: &mut Tx, guild: GuildId) -> Result<Bindings, StoreError> {
    let rows = sqlx::query(
        "SELECT key, channel, discord_id, hash, pinned, nonce, intended_at, bound_at, edited_at FROM bindings WHERE guild = ?",
    )
    .bind(guild.to_sql())
    .fetch_all(tx.conn())
    .await?;
    let mut bindings = Bindings::new();
    for row in &rows {
        if let Ok(key) = row.try_get::<&str, _>("key")?.parse() {
            bindings.insert(key, binding(row)?);
        }
    }
    Ok(bindings)
}

fn binding(row: &SqliteRow) -> Result<Binding, StoreError> {
    let instant = |column: &str| -> Result<Option<DateTime<Utc>>, StoreError> {
        row.try_get::<Option<i64>, _>(column)?.map(from_sql).transpose()
    };
    Ok(Binding {
        id: row.try_get::<Option<i64>, _>("discord_id")?.map(i64::cast_unsigned),
        channel: row.try_get::<Option<i64>, _>("channel")?.map(ChannelId::from_sql),
        hash: row.try_get("hash")?,
        pinned: row.try_get("pinned")?,
        nonce: row.try_get("nonce")?,
        intended_at: from_sql(row.try_get("intended_at")?)?,
        bound_at: instant("bound_at")?,
        edited_at: instant("edited_at")?,
    })
}

/// Writes the row of a key.
///
/// # Errors
/// When SQLite fails.
pub async fn put(tx: &mut Tx, guild: GuildId, key: Key, binding: &Binding) -> Result<(), StoreError> {
    let Binding {
        id,
        channel,
        hash,
        pinned,
        nonce,
        intended_at,
        bound_at,
        edited_at,
    } = binding;
    sqlx::query(
        "INSERT INTO bindings (key, guild, kind, channel, discord_id, hash, pinned, nonce, intended_at, bound_at, edited_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
         ON CONFLICT (key) DO UPDATE SET guild = ?2, kind = ?3, channel = ?4, discord_id = ?5, hash = ?6, pinned = ?7, \
            nonce = ?8, intended_at = ?9, bound_at = ?10, edited_at = ?11",
    )
    .bind(key.to_string())
    .bind(guild.to_sql())
    .bind(key.kind())
    .bind(channel.map(ChannelId::to_sql))
    .bind(id.map(u64::cast_signed))
    .bind(hash)
    .bind(pinned)
    .bind(nonce)
    .bind(to_sql(*intended_at))
    .bind(bound_at.map(to_sql))
    .bind(edited_at.map(|at| to_sql(next_second(at))))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The database keeps whole seconds: an edit is dated late rather than early, or the next one would come too soon.
fn next_second(at: DateTime<Utc>) -> DateTime<Utc> {
    if at.timestamp_subsec_nanos() == 0 {
        at
    } else {
        at + TimeDelta::seconds(1)
    }
}

/// Forgets the row of a key.
///
/// # Errors
/// When SQLite fails.
pub async fn remove(tx: &mut Tx, key: Key) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM bindings WHERE key = ?")
        .bind(key.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A channel of a group's space, once it exists.
///
/// # Errors
/// When SQLite fails.
pub async fn room(tx: &mut Tx, group: GroupId, room: Room) -> Result<Option<ChannelId>, StoreError> {
    let id: Option<Option<i64>> = sqlx::query_scalar("SELECT discord_id FROM bindings WHERE key = ?")
        .bind(Key::Room(group, room).to_string())
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.flatten().map(ChannelId::from_sql))
}

/// The `discussion` of a group whose space is ready: its channels exist, and its register is posted and pinned. A pin that
/// Discord refuses (the permission lacks) does not keep the members out.
///
/// # Errors
/// When SQLite fails.
pub async fn space_ready(tx: &mut Tx, group: GroupId) -> Result<Option<ChannelId>, StoreError> {
    let page = Key::Page(group, 1).to_string();
    let row = sqlx::query(
        "SELECT (SELECT discord_id FROM bindings WHERE key = ?1) AS discussion, \
                (SELECT discord_id FROM bindings WHERE key = ?2) AS register, \
                (SELECT discord_id FROM bindings WHERE key = ?3) AS documents, \
                EXISTS (SELECT 1 FROM bindings WHERE key = ?4 AND discord_id IS NOT NULL \
                          AND (pinned = 1 OR EXISTS (SELECT 1 FROM setbacks WHERE key = ?4 || ':pin'))) AS posted",
    )
    .bind(Key::Room(group, Room::Discussion).to_string())
    .bind(Key::Room(group, Room::Register).to_string())
    .bind(Key::Room(group, Room::Documents).to_string())
    .bind(page)
    .fetch_one(tx.conn())
    .await?;
    let id = |column: &str| row.try_get::<Option<i64>, _>(column);
    let (Some(discussion), Some(_), Some(_), true) = (
        id("discussion")?,
        id("register")?,
        id("documents")?,
        row.try_get("posted")?,
    ) else {
        return Ok(None);
    };
    Ok(Some(ChannelId::from_sql(discussion)))
}
