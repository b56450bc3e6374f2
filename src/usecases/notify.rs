//! Who is told what. The rows are written in the transaction of the fact, by id; the scheduler puts in the words.
//!
//! Until `/installer` has made their channels, the national team and the referents are told by DM (product.md §3).

use chrono::{DateTime, Utc};

use crate::domain::ids::{GroupId, RegionCode, UserId};
use crate::domain::notice::{Class, Notice, Recipient};
use crate::store::outbox::{self, NewMessage};
use crate::store::{StoreError, Tx, posts};

/// Tells one account, by DM. `fact` names the fact: the same fact is told once to the same account.
///
/// # Errors
/// When SQLite fails.
pub async fn user(
    tx: &mut Tx,
    user: UserId,
    class: Class,
    fact: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let to = Recipient::User(user);
    let key = format!("{fact}>{to}");
    outbox::enqueue(
        tx,
        &NewMessage {
            key: &key,
            class,
            to,
            notice,
            due: now,
        },
        now,
    )
    .await?;
    Ok(())
}

/// Tells the national team.
///
/// # Errors
/// When SQLite fails.
pub async fn national(tx: &mut Tx, fact: &str, notice: &Notice, now: DateTime<Utc>) -> Result<(), StoreError> {
    for account in posts::nationals(tx).await? {
        user(tx, account, Class::Access, fact, notice, now).await?;
    }
    Ok(())
}

/// Whether the national team can be told anything: before the bot has met its server, nobody of it is known.
///
/// # Errors
/// When SQLite fails.
pub async fn national_can_be_told(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(!posts::nationals(tx).await?.is_empty())
}

/// Tells the referents of a région; without any, the national team.
///
/// # Errors
/// When SQLite fails.
pub async fn referents(
    tx: &mut Tx,
    region: &RegionCode,
    fact: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let holders = posts::referents(tx, region).await?;
    if holders.is_empty() {
        return national(tx, fact, notice, now).await;
    }
    for holder in holders {
        user(tx, holder.user, Class::Access, fact, notice, now).await?;
    }
    Ok(())
}

/// Tells the relays of a group.
///
/// # Errors
/// When SQLite fails.
pub async fn relays(
    tx: &mut Tx,
    group: GroupId,
    fact: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for holder in posts::relays(tx, group).await? {
        user(tx, holder.user, Class::Access, fact, notice, now).await?;
    }
    Ok(())
}
