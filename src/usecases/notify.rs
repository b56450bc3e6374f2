//! Who is told what. The rows are written in the transaction of the fact, by id; the scheduler puts in the words.
//!
//! Accounts are told by DM. The national team and the referents are told in their channels once these exist, before that by
//! DM (product.md §3): which of the two is found out when the fact is told, by [`spread`] and by the scheduler, so that no use
//! case has to know, and a channel that is made, deleted or forbidden in the meantime loses nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{App, feeds, places};
use crate::domain::ids::{GroupId, MembershipId, RegionCode, UserId};
use crate::domain::notice::{Class, Notice, Recipient};
use crate::domain::place::Place;
use crate::store::outbox::{self, NewMessage};
use crate::store::{StoreError, Tx, feeds as rows, posts};

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
    tell(tx, Recipient::User(user), class, fact, notice, now).await
}

async fn tell(
    tx: &mut Tx,
    to: Recipient,
    class: Class,
    fact: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
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

/// Tells the national team: in its channel, else each of its accounts.
///
/// # Errors
/// When SQLite fails.
pub async fn national(tx: &mut Tx, fact: &str, notice: &Notice, now: DateTime<Utc>) -> Result<(), StoreError> {
    tell(tx, Recipient::National, Class::Access, fact, notice, now).await
}

/// Whether the national team can be told anything: before the bot has met its server, nobody of it is known.
///
/// # Errors
/// When SQLite fails.
pub async fn national_can_be_told(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(!posts::nationals(tx).await?.is_empty())
}

/// Tells the referents of a région: in its feed, else each of them; without any, the national team.
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
    rows::append(tx, region, fact, notice, now).await?;
    Ok(())
}

/// Tells the feed of a région that a participation has ended; to be called by whatever ends one, but an annulment, which is
/// told by itself.
///
/// # Errors
/// When SQLite fails.
pub async fn departed(
    tx: &mut Tx,
    region: &RegionCode,
    membership: MembershipId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let fact = format!("departed:{membership}");
    referents(tx, region, &fact, &Notice::Departed { membership }, now).await
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

/// Tells each account of the national team by DM: it has no channel, or Discord refuses what is posted there.
///
/// # Errors
/// When SQLite fails.
pub async fn each_national(
    tx: &mut Tx,
    class: Class,
    fact: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for account in posts::nationals(tx).await? {
        user(tx, account, class, fact, notice, now).await?;
    }
    Ok(())
}

/// Tells each referent of a région by DM; without any, the national team. Groups that have become possible are told to the
/// national team by whoever declares them, and to a referent of several régions once for each.
///
/// # Errors
/// When SQLite fails.
pub async fn each_referent(
    tx: &mut Tx,
    region: &RegionCode,
    fact: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let holders = posts::referents(tx, region).await?;
    let of_region = format!("{fact}:{region}");
    let fact = match notice {
        Notice::GroupsPossible { .. } => of_region.as_str(),
        _ if holders.is_empty() => return national(tx, fact, notice, now).await,
        _ => fact,
    };
    let class = match notice {
        Notice::RegionDigest { .. } => Class::Digest,
        _ => Class::Access,
    };
    for holder in holders {
        user(tx, holder.user, class, fact, notice, now).await?;
    }
    Ok(())
}

/// Turns into direct messages what waits for referents whose région has no feed, and for a national team without channel.
/// Tells whether anything was written.
///
/// # Errors
/// When SQLite fails; nothing was written then.
pub async fn spread(app: &App, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let idle = {
        // Most looks find nothing to do: that is found out without the writer.
        let mut tx = app.store.read().await?;
        let team = places::channel(app, &mut tx, &Place::National).await?;
        let posts = team.is_some() || outbox::waiting_for(&mut tx, Recipient::National).await?.is_empty();
        posts && rows::waiting(&mut tx).await?.is_empty()
    };
    if idle {
        return Ok(false);
    }
    let mut tx = app.store.write().await?;
    let mut wrote = false;
    // A referent of several régions reads one message about all the groups announced together.
    let mut possible = BTreeMap::<(String, UserId), Vec<GroupId>>::new();
    for (region, events) in rows::waiting(&mut tx).await? {
        let feed = places::channel(app, &mut tx, &Place::Feed(region.clone())).await?;
        for event in events {
            let to_feed = feed.is_some() && feeds::tells(&event.notice);
            if to_feed || event.message.is_some() {
                continue;
            }
            if let Notice::GroupsPossible { groups } = &event.notice {
                for holder in posts::referents(&mut tx, &region).await? {
                    let key = (event.key.clone(), holder.user);
                    possible.entry(key).or_default().extend_from_slice(groups);
                }
            } else if !feeds::is_for_feeds_only(&event.notice) {
                each_referent(&mut tx, &region, &event.key, &event.notice, now).await?;
            }
            rows::told(&mut tx, &[event.id], now).await?;
            wrote = true;
        }
    }
    for ((fact, holder), mut groups) in possible {
        groups.sort_unstable();
        let notice = Notice::GroupsPossible { groups };
        user(&mut tx, holder, Class::Access, &fact, &notice, now).await?;
    }
    if places::channel(app, &mut tx, &Place::National).await?.is_none() {
        for row in outbox::waiting_for(&mut tx, Recipient::National).await? {
            to_nationals(&mut tx, &row, now).await?;
            wrote = true;
        }
    }
    if wrote {
        tx.commit().await?;
    } else {
        tx.commit_quietly().await?;
    }
    Ok(wrote)
}

/// Puts a row meant for the channel of the national team into the outbox of each of its accounts instead.
///
/// # Errors
/// When SQLite fails.
pub async fn to_nationals(tx: &mut Tx, row: &outbox::Waiting, now: DateTime<Utc>) -> Result<(), StoreError> {
    let fact = row.key.rsplit_once('>').map_or(row.key.as_str(), |(fact, _)| fact);
    each_national(tx, row.class, fact, &row.notice, now).await?;
    outbox::finish(tx, row.id, outbox::Delivery::Dropped, now).await
}
