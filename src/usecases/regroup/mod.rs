//! Groups merged and split (product.md §3): shown first as they would be, then done in one transaction, undone for 30 days.
//!
//! What is shown before «Confirmer» is no estimate: the change is made in a transaction that is then dropped. A participation
//! goes on in the other group with its date and its consent, only its number is new, so that nothing is counted twice; the
//! emptied group keeps its past, its statutes and its space, which its members go on reading.
//!
//! Changes that touch one group are undone in the reverse order of their making; what has happened since in other ways stands.

pub mod merge;
pub mod split;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::authority::Actor;
use super::notify;
use super::posts::RELAYS_MAX;
use crate::domain::bindings::Room;
use crate::domain::ids::{GroupId, JournalId, UserId};
use crate::domain::notice::{Class, Notice, Recipient};
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::groups::{self, Group};
use crate::store::journal::{self, Entry};
use crate::store::outbox::{self, NewMessage};
use crate::store::{StoreError, Tx, bindings, posts, regroup};
use crate::texts;

/// What became of the relays of a group that was emptied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Carried {
    /// They were relays of the other group too.
    both: Vec<UserId>,
    /// They are relays of the other group now.
    moved: Vec<UserId>,
    /// The other group has two already: their post ends.
    relieved: Vec<UserId>,
}

fn refuse(kind: Refusal, text: String) -> Failure {
    UserError::new(kind, text).into()
}

/// The line of the journal of a change between two groups, filed under one of them.
async fn note(
    tx: &mut Tx,
    actor: Actor,
    event: &str,
    under: &Group,
    before: &str,
    after: &str,
    now: DateTime<Utc>,
) -> Result<JournalId, StoreError> {
    let entry = Entry {
        actor: Some(actor.user),
        event,
        group: Some(under.id),
        region: Some(&under.region),
        before: Some(before),
        after: Some(after),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await
}

/// Names a relay, or ends the post, with the line that tells it.
async fn post(
    tx: &mut Tx,
    actor: Actor,
    group: &Group,
    user: UserId,
    named: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let done = if named {
        posts::name_relay(tx, group.id, user, now).await?
    } else {
        posts::end_relay(tx, group.id, user, now).await?
    };
    if !done {
        return Ok(());
    }
    let account = user.to_string();
    let entry = Entry {
        actor: Some(actor.user),
        event: if named { "relay.named" } else { "relay.ended" },
        group: Some(group.id),
        region: Some(&group.region),
        before: (!named).then_some(account.as_str()),
        after: named.then_some(account.as_str()),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(())
}

/// The relays of an emptied group go on in the other one as long as it has room for them, first named first (product.md §2:
/// two at most).
async fn carry_relays(
    tx: &mut Tx,
    actor: Actor,
    from: &Group,
    to: &Group,
    now: DateTime<Utc>,
) -> Result<Carried, StoreError> {
    let mut there: Vec<UserId> = accounts(tx, to.id).await?;
    let mut carried = Carried::default();
    for user in accounts(tx, from.id).await? {
        post(tx, actor, from, user, false, now).await?;
        if there.contains(&user) {
            carried.both.push(user);
        } else if there.len() < RELAYS_MAX {
            post(tx, actor, to, user, true, now).await?;
            there.push(user);
            carried.moved.push(user);
        } else {
            carried.relieved.push(user);
        }
    }
    Ok(carried)
}

/// The accounts of a group's relays, first named first.
async fn accounts(tx: &mut Tx, group: GroupId) -> Result<Vec<UserId>, StoreError> {
    Ok(posts::relays(tx, group)
        .await?
        .into_iter()
        .map(|holder| holder.user)
        .collect())
}

/// Closes the transfers that lead nowhere any longer, each with its line in the journal; gives how many.
async fn close_transfers(tx: &mut Tx, actor: Actor, group: &Group, now: DateTime<Utc>) -> Result<u32, StoreError> {
    let closed = regroup::close_pointless(tx, now).await?;
    for person in &closed {
        let entry = Entry {
            actor: Some(actor.user),
            event: "transfer.dropped",
            group: Some(group.id),
            person: Some(*person),
            region: Some(&group.region),
            ..Entry::default()
        };
        journal::write(tx, &entry, now).await?;
    }
    Ok(u32::try_from(closed.len()).unwrap_or(u32::MAX))
}

/// Refuses an undo while a later merge or split touches one of these groups: each is undone in its turn.
async fn refuse_later(tx: &mut Tx, line: JournalId, groups: [GroupId; 2]) -> Outcome<()> {
    if regroup::later(tx, line, groups).await?.is_some() {
        return Err(refuse(Refusal::Conflict, texts::regroup::undo_the_later_first()));
    }
    Ok(())
}

fn changed_since() -> Failure {
    refuse(Refusal::Conflict, texts::inscrits::changed_since())
}

/// A group that is there and is not merged into another.
async fn there(tx: &mut Tx, group: GroupId) -> Outcome<Group> {
    groups::get(tx, group).await?.ok_or_else(changed_since)
}

/// Tells the relays of some groups, the referents of their régions, and those whose post has ended.
async fn tell_posts(
    tx: &mut Tx,
    line: JournalId,
    notice: &Notice,
    of: [&Group; 2],
    relieved: &[UserId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let fact = format!("regroup:{line}");
    for group in of {
        notify::relays(tx, group.id, &fact, notice, now).await?;
        notify::referents(tx, &group.region, &fact, notice, now).await?;
    }
    for user in relieved {
        notify::user(tx, *user, Class::Access, &fact, notice, now).await?;
    }
    Ok(())
}

/// Tells the members of a group in its `discussion`; tells whether it has one.
async fn tell_space(
    tx: &mut Tx,
    line: JournalId,
    notice: &Notice,
    group: GroupId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Some(channel) = bindings::room(tx, group, Room::Discussion).await? else {
        return Ok(false);
    };
    let to = Recipient::Channel(channel);
    let key = format!("regroup:{line}>{to}");
    let message = NewMessage {
        key: &key,
        class: Class::Access,
        to,
        notice,
        due: now,
    };
    outbox::enqueue(tx, &message, now).await?;
    Ok(true)
}

/// Tells each member on Discord who has passed by this line, by DM.
async fn tell_members(tx: &mut Tx, line: JournalId, notice: &Notice, now: DateTime<Utc>) -> Result<(), StoreError> {
    let fact = format!("regroup:{line}");
    for user in regroup::accounts(tx, line).await? {
        notify::user(tx, user, Class::Access, &fact, notice, now).await?;
    }
    Ok(())
}
