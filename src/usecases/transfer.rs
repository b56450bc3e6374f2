//! A member moves from one group to another (product.md §6.5): the relay of the new group proposes, a relay of the present
//! one agrees, then the person's consent is asked again, for the new group, and the move is made in one transaction.

use chrono::{DateTime, Utc};

use super::authority::{self, Actor, Authority};
use super::validation::answer;
use super::validation::confirm::{Thread, await_space};
use super::validation::form::consent;
use super::{App, ladder, notify};
use crate::domain::action::DraftId;
use crate::domain::ids::{GroupId, PersonId, TransferId};
use crate::domain::notice::{Class, Notice};
use crate::error::{Error, Failure, Outcome, Refusal, UserError};
use crate::store::groups::{self, Group};
use crate::store::journal::{self, Entry};
use crate::store::memberships::{self, End, NewMembership};
use crate::store::transfers::{self, Closed, Transfer};
use crate::store::{StoreError, Tx, drafts, people, posts};
use crate::texts;
use crate::texts::transfer::Facts;
use crate::texts::valider::Confirmed;

fn refuse(kind: Refusal, text: String) -> Failure {
    UserError::new(kind, text).into()
}

/// The facts of a transfer, for its messages; `None` once its person or a group is gone.
///
/// # Errors
/// When the database fails.
pub async fn facts(tx: &mut Tx, app: &App, id: TransferId) -> Result<Option<Facts>, StoreError> {
    let Some(transfer) = transfers::get(tx, id).await? else {
        return Ok(None);
    };
    let (Some(from), Some(to)) = (
        groups::get(tx, transfer.from).await?,
        groups::get(tx, transfer.to).await?,
    ) else {
        return Ok(None);
    };
    let Some(person) = people::get(tx, transfer.person).await? else {
        return Ok(None);
    };
    Ok(Some(Facts {
        id,
        name: person.short(),
        consent: consent(app, &to.name).question,
        from: from.name,
        to: to.name,
    }))
}

/// «Proposer un transfert»: tells the relays of the group that the person is in; without any, the referent.
///
/// # Errors
/// Reserved to relays; an expired or spent draft; not found when there is nothing to transfer.
pub async fn propose(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<Facts> {
    let mut tx = app.store.write().await?;
    let (person, from, to) = super::validation::confirm::to_transfer(&mut tx, app, actor, draft, now).await?;
    let (id, new) = transfers::ask(&mut tx, person, from, to, actor.user, now).await?;
    if new {
        let (source, target) = both(&mut tx, from, to).await?;
        trace(&mut tx, Some(actor), "transfer.asked", person, &target, now).await?;
        let notice = Notice::TransferAsked { transfer: id };
        let fact = format!("transfer:{id}:asked");
        if posts::relays(&mut tx, from).await?.is_empty() {
            notify::referents(&mut tx, &source.region, &fact, &notice, now).await?;
        } else {
            notify::relays(&mut tx, from, &fact, &notice, now).await?;
        }
    }
    drafts::spend(&mut tx, draft, None, now).await?;
    let facts = facts(&mut tx, app, id).await?.ok_or_else(not_found)?;
    tx.commit().await?;
    Ok(facts)
}

/// Where a transfer stands, for someone of one of its two groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// The group to leave is asked: it can agree or decline.
    Asked(Facts),
    /// The group to join has asked and waits.
    Waiting(Facts),
    /// The group to leave has agreed.
    Agreed(Facts),
    /// The group to join is to ask for the consent again, and make the move.
    Accepted(Facts),
    /// The group to leave has declined.
    Refused(Facts),
    /// The move is made.
    Done(Facts),
}

/// Shows a transfer to whoever reads it on the server, his direct messages being closed. Whoever may do both sees what is to be
/// done now.
///
/// # Errors
/// Reserved to relays and referents; not found out of scope; a transfer that was dropped.
pub async fn see(app: &App, actor: Actor, id: TransferId) -> Outcome<Stand> {
    let mut tx = app.store.read().await?;
    let authority = super::lookup::require(&mut tx, actor).await?;
    let transfer = transfers::get(&mut tx, id).await?.ok_or_else(not_found)?;
    let source = groups::get(&mut tx, transfer.from).await?.ok_or_else(not_found)?;
    let leaves = super::lookup::reaches(&authority, &source);
    let welcomes = authority.relays(transfer.to);
    if !leaves && !welcomes {
        return Err(not_found());
    }
    let facts = facts(&mut tx, app, id).await?.ok_or_else(not_found)?;
    Ok(match (transfer.closed, transfer.accepted_at.is_some()) {
        (Some(Closed::Done), _) => Stand::Done(facts),
        (Some(Closed::Refused), _) => Stand::Refused(facts),
        (Some(Closed::Dropped), _) => return Err(refuse(Refusal::Conflict, texts::transfer::already_answered())),
        (None, true) if welcomes => Stand::Accepted(facts),
        (None, true) => Stand::Agreed(facts),
        (None, false) if leaves => Stand::Asked(facts),
        (None, false) => Stand::Waiting(facts),
    })
}

/// «Accepter le transfert», by the group that the person is in: the relay who asked is told to ask for the consent again.
///
/// # Errors
/// Reserved to relays and referents; not found out of scope; a transfer that is over.
pub async fn accept(app: &App, actor: Actor, id: TransferId, now: DateTime<Utc>) -> Outcome<Facts> {
    let mut tx = app.store.write().await?;
    let (transfer, source) = answerable(&mut tx, actor, id).await?;
    if transfer.accepted_at.is_some() {
        return Err(refuse(Refusal::Conflict, texts::transfer::already_answered()));
    }
    transfers::accept(&mut tx, id, actor.user, now).await?;
    trace(&mut tx, Some(actor), "transfer.accepted", transfer.person, &source, now).await?;
    let notice = Notice::TransferAccepted { transfer: id };
    notify::user(
        &mut tx,
        transfer.asked_by,
        Class::Access,
        &format!("transfer:{id}:accepted"),
        &notice,
        now,
    )
    .await?;
    let facts = facts(&mut tx, app, id).await?.ok_or_else(not_found)?;
    tx.commit().await?;
    Ok(facts)
}

/// «Refuser», by the group that the person is in.
///
/// # Errors
/// As [`accept`].
pub async fn decline(app: &App, actor: Actor, id: TransferId, now: DateTime<Utc>) -> Outcome<Facts> {
    let mut tx = app.store.write().await?;
    let (transfer, source) = answerable(&mut tx, actor, id).await?;
    if transfer.accepted_at.is_some() {
        return Err(refuse(Refusal::Conflict, texts::transfer::already_answered()));
    }
    transfers::close(&mut tx, id, Closed::Refused, now).await?;
    trace(&mut tx, Some(actor), "transfer.refused", transfer.person, &source, now).await?;
    let notice = Notice::TransferRefused { transfer: id };
    notify::user(
        &mut tx,
        transfer.asked_by,
        Class::Access,
        &format!("transfer:{id}:refused"),
        &notice,
        now,
    )
    .await?;
    let facts = facts(&mut tx, app, id).await?.ok_or_else(not_found)?;
    tx.commit().await?;
    Ok(facts)
}

/// «Cette personne accepte», by a relay of the new group: the move, in one transaction.
///
/// # Errors
/// Reserved to relays; not found out of scope; a transfer that is over or not agreed yet; someone who is no longer a member
/// of the group to leave.
pub async fn complete(
    app: &App,
    actor: Actor,
    id: TransferId,
    thread: Option<&Thread>,
    now: DateTime<Utc>,
) -> Outcome<Confirmed> {
    let mut tx = app.store.write().await?;
    let transfer = own(&mut tx, actor, id).await?;
    if transfer.accepted_at.is_none() {
        return Err(refuse(Refusal::Conflict, texts::transfer::not_agreed_yet()));
    }
    let current = memberships::current(&mut tx, transfer.person).await?;
    let Some(current) = current.filter(|current| current.group == transfer.from) else {
        return Err(refuse(Refusal::Conflict, texts::transfer::no_longer_there()));
    };
    let (source, target) = both(&mut tx, transfer.from, transfer.to).await?;
    memberships::end(&mut tx, current.id, End::Transfer, Some(actor.user), now).await?;
    let entry = Entry {
        actor: Some(actor.user),
        event: "membership.ended",
        group: Some(source.id),
        person: Some(transfer.person),
        region: Some(&source.region),
        before: Some("valide"),
        after: Some(End::Transfer.key()),
    };
    journal::write(&mut tx, &entry, now).await?;
    notify::departed(&mut tx, &source.region, current.id, now).await?;
    let version = consent(app, &target.name).version;
    let new = NewMembership {
        person: transfer.person,
        group: target.id,
        by: actor.user,
        consent_version: &version,
    };
    let membership = memberships::insert(&mut tx, &new, now).await?;
    let entry = Entry {
        event: "membership.validated",
        group: Some(target.id),
        region: Some(&target.region),
        before: Some(End::Transfer.key()),
        after: Some("valide"),
        ..entry
    };
    journal::write(&mut tx, &entry, now).await?;
    transfers::close(&mut tx, id, Closed::Done, now).await?;
    let rules = app.rules();
    ladder::settle(&mut tx, &rules, source.id, Some(actor.user), now).await?;
    ladder::settle(&mut tx, &rules, target.id, Some(actor.user), now).await?;
    let notice = Notice::Validated {
        membership: membership.id,
    };
    notify::referents(
        &mut tx,
        &target.region,
        &format!("validated:{}", membership.id),
        &notice,
        now,
    )
    .await?;
    let notice = Notice::TransferDone { transfer: id };
    notify::relays(&mut tx, source.id, &format!("transfer:{id}:done"), &notice, now).await?;
    let confirmed = answer::facts(&mut tx, app, membership.id)
        .await?
        .ok_or(Error::Invariant("a participation just written is not there"))?;
    await_space(&mut tx, &confirmed, actor.user, thread, now).await?;
    tx.commit().await?;
    Ok(confirmed)
}

/// «Abandonner», by a relay of the new group: the person stays where he is.
///
/// # Errors
/// Reserved to relays; not found out of scope; a transfer that is over.
pub async fn drop_it(app: &App, actor: Actor, id: TransferId, now: DateTime<Utc>) -> Outcome<Facts> {
    let mut tx = app.store.write().await?;
    let transfer = own(&mut tx, actor, id).await?;
    let (_, target) = both(&mut tx, transfer.from, transfer.to).await?;
    transfers::close(&mut tx, id, Closed::Dropped, now).await?;
    trace(&mut tx, Some(actor), "transfer.dropped", transfer.person, &target, now).await?;
    let facts = facts(&mut tx, app, id).await?.ok_or_else(not_found)?;
    tx.commit().await?;
    Ok(facts)
}

fn not_found() -> Failure {
    refuse(Refusal::NotFound, texts::transfer::not_found())
}

/// An open transfer that this actor may answer: a relay of the group to leave, a referent of its région, the national team.
async fn answerable(tx: &mut Tx, actor: Actor, id: TransferId) -> Outcome<(Transfer, Group)> {
    let authority = super::lookup::require(tx, actor).await?;
    let transfer = transfers::get(tx, id).await?.ok_or_else(not_found)?;
    let source = groups::get(tx, transfer.from).await?.ok_or_else(not_found)?;
    if !super::lookup::reaches(&authority, &source) {
        return Err(not_found());
    }
    open(&transfer)?;
    Ok((transfer, source))
}

/// An open transfer to a group of which this actor is relay.
async fn own(tx: &mut Tx, actor: Actor, id: TransferId) -> Outcome<Transfer> {
    let authority: Authority = authority::of(tx, actor).await?;
    authority.require_relay()?;
    let transfer = transfers::get(tx, id)
        .await?
        .filter(|found| authority.relays(found.to))
        .ok_or_else(not_found)?;
    open(&transfer)?;
    Ok(transfer)
}

fn open(transfer: &Transfer) -> Outcome<()> {
    match transfer.closed {
        None => Ok(()),
        Some(Closed::Done) => Err(refuse(Refusal::Conflict, texts::transfer::already_done())),
        Some(Closed::Refused | Closed::Dropped) => Err(refuse(Refusal::Conflict, texts::transfer::already_answered())),
    }
}

async fn both(tx: &mut Tx, from: GroupId, to: GroupId) -> Outcome<(Group, Group)> {
    let source = groups::get(tx, from).await?.ok_or_else(not_found)?;
    let target = groups::get(tx, to).await?.ok_or_else(not_found)?;
    Ok((source, target))
}

async fn trace(
    tx: &mut Tx,
    actor: Option<Actor>,
    event: &str,
    person: PersonId,
    group: &Group,
    now: DateTime<Utc>,
) -> Outcome<()> {
    let entry = Entry {
        actor: actor.map(|actor| actor.user),
        event,
        group: Some(group.id),
        person: Some(person),
        region: Some(&group.region),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(())
}
