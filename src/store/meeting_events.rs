//! Which Discord event stands for which meeting: rows of the bindings of kind `event` (product.md §7, §11). A row without an id
//! is an intention, written before the call that makes the event.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Row;

use super::{StoreError, Tx, to_sql};
use crate::domain::ids::{EventId, GuildId};
use crate::domain::meeting_event::{day_of_key, key};

/// Every binding of a meeting in this server.
///
/// # Errors
/// When SQLite fails.
pub async fn load(tx: &mut Tx, guild: GuildId) -> Result<BTreeMap<NaiveDate, Option<EventId>>, StoreError> {
    let rows = sqlx::query("SELECT key, discord_id FROM bindings WHERE guild = ? AND kind = 'event'")
        .bind(guild.to_sql())
        .fetch_all(tx.conn())
        .await?;
    let mut bound = BTreeMap::new();
    for row in &rows {
        // Another part's event is not ours.
        if let Some(day) = day_of_key(row.try_get("key")?) {
            let id: Option<i64> = row.try_get("discord_id")?;
            bound.insert(day, id.map(EventId::from_sql));
        }
    }
    Ok(bound)
}

/// Writes that the event of a meeting is about to be made: what was bound before is gone.
///
/// # Errors
/// When SQLite fails.
pub async fn intend(tx: &mut Tx, guild: GuildId, day: NaiveDate, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO bindings (key, guild, kind, intended_at) VALUES (?1, ?2, 'event', ?3) \
         ON CONFLICT (key) DO UPDATE SET guild = ?2, kind = 'event', discord_id = NULL, intended_at = ?3, bound_at = NULL",
    )
    .bind(key(day))
    .bind(guild.to_sql())
    .bind(to_sql(now))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes which event stands for a meeting.
///
/// # Errors
/// When SQLite fails.
pub async fn bind(
    tx: &mut Tx,
    guild: GuildId,
    day: NaiveDate,
    event: EventId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO bindings (key, guild, kind, discord_id, intended_at, bound_at) VALUES (?1, ?2, 'event', ?3, ?4, ?4) \
         ON CONFLICT (key) DO UPDATE SET guild = ?2, kind = 'event', discord_id = ?3, bound_at = ?4",
    )
    .bind(key(day))
    .bind(guild.to_sql())
    .bind(event.to_sql())
    .bind(to_sql(now))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets the event of a meeting.
///
/// # Errors
/// When SQLite fails.
pub async fn forget(tx: &mut Tx, day: NaiveDate) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM bindings WHERE key = ? AND kind = 'event'")
        .bind(key(day))
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::bindings;
    use crate::store::support_tests::{noon, store};

    #[tokio::test]
    async fn an_intention_is_bound_then_forgotten_and_no_planner_of_spaces_sees_it() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let (guild, monday) = (GuildId(1), "2027-03-29".parse::<NaiveDate>().unwrap());
        intend(&mut tx, guild, monday, noon()).await.unwrap();
        assert_eq!(load(&mut tx, guild).await.unwrap(), BTreeMap::from([(monday, None)]));
        assert_eq!(load(&mut tx, GuildId(2)).await.unwrap(), BTreeMap::new());
        bind(&mut tx, guild, monday, EventId(9), noon()).await.unwrap();
        assert_eq!(
            load(&mut tx, guild).await.unwrap(),
            BTreeMap::from([(monday, Some(EventId(9)))])
        );
        assert!(bindings::load(&mut tx, guild).await.unwrap().is_empty());
        intend(&mut tx, guild, monday, noon()).await.unwrap();
        assert_eq!(load(&mut tx, guild).await.unwrap(), BTreeMap::from([(monday, None)]));
        forget(&mut tx, monday).await.unwrap();
        assert_eq!(load(&mut tx, guild).await.unwrap(), BTreeMap::new());
    }
}
