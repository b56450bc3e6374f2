//! The relay's lists and cards (product.md §5).
//!
//! A list is decided on rows without identities; only the ten people of a page are opened. Opening a card takes the lease that
//! keeps two relays from calling the same person, and leaves the line that tells who read a phone or a mail.

use chrono::{DateTime, Utc};

use super::authority::{self, Actor, Authority};
use super::{App, access, charter};
use crate::domain::action::ListAt;
use crate::domain::contact::{CallState, Filter, Pace, take_lease, why_empty};
use crate::domain::fold::fold;
use crate::domain::ids::{PersonId, UserId};
use crate::domain::territory::{PostalCode, TerritoryKey};
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::calls::{self, Listed};
use crate::store::groups::{self, Group};
use crate::store::people::{self, Person};
use crate::store::{StoreError, Tx, names, territories};
use crate::texts;
use crate::texts::contacts::{Attempt, Card, Colleague, Held, Line, Page};
use crate::texts::templates::Versioned;

/// How many people a page shows (product.md §5).
pub const PER_PAGE: usize = 10;
/// How many attempts a card reads.
const ATTEMPTS: u32 = 10;

/// What a relay asked for, or the charter that comes first, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gated<T> {
    /// To be accepted first.
    Charter(Versioned),
    /// What was asked for.
    Open(T),
}

/// The durations in force.
#[must_use]
pub fn pace(app: &App) -> Pace {
    app.settings.calls.into()
}

/// Reads what an actor may do, refuses whoever is relay of no group, and gives the charter when it was not accepted yet.
pub(super) async fn enter(app: &App, tx: &mut Tx, actor: Actor) -> Outcome<Gated<Authority>> {
    let authority = authority::of(tx, actor).await?;
    authority.require_relay()?;
    let text = app.texts().charter();
    if charter::accepted(tx, &text, actor.user).await? {
        Ok(Gated::Open(authority))
    } else {
        Ok(Gated::Charter(text))
    }
}

/// «J’accepte la charte».
///
/// # Errors
/// Reserved to relays.
pub async fn accept_charter(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_relay()?;
    charter::accept(&mut tx, &app.texts().charter(), actor.user, now).await?;
    tx.commit_quietly().await?;
    Ok(())
}

/// A page of one of the relay's lists; a page past the end is the last one.
///
/// # Errors
/// Reserved to relays.
pub async fn list(app: &App, actor: Actor, at: ListAt, now: DateTime<Utc>) -> Outcome<Gated<Page>> {
    let mut tx = app.store.read().await?;
    let authority = match enter(app, &mut tx, actor).await? {
        Gated::Open(authority) => authority,
        Gated::Charter(text) => return Ok(Gated::Charter(text)),
    };
    let pace = pace(app);
    let everyone = calls::list(&mut tx, &authority.relays).await?;
    let mut shown: Vec<&Listed> = everyone
        .iter()
        .filter(|listed| at.filter.shows(&listed.contact, actor.user, &pace, now))
        .collect();
    shown.sort_by_cached_key(|listed| order(at.filter, listed));
    let left_out = (at.filter == Filter::ToCall)
        .then(|| why_empty(everyone.iter().map(|listed| listed.contact), actor.user, &pace, now));
    let elsewhere = left_out.map_or(0, |left_out| left_out.leased);
    let empty = left_out.filter(|_| shown.is_empty());
    let pages = u32::try_from(shown.len().div_ceil(PER_PAGE).max(1)).unwrap_or(u32::MAX);
    let at = at.at(at.page.min(pages - 1));
    let on_page: Vec<&Listed> = shown
        .iter()
        .copied()
        .skip(at.page as usize * PER_PAGE)
        .take(PER_PAGE)
        .collect();
    let ids: Vec<PersonId> = on_page.iter().map(|listed| listed.id).collect();
    let people = people::some(&mut tx, &ids).await?;
    let mut lines = Vec::with_capacity(people.len());
    for person in people {
        if let Some(listed) = on_page.iter().find(|listed| listed.id == person.id) {
            lines.push(line(&mut tx, actor.user, &person, listed, now).await?);
        }
    }
    Ok(Gated::Open(Page {
        at,
        pages,
        total: shown.len(),
        lines,
        elsewhere,
        empty,
    }))
}

/// Appointments first, by day; then whoever was never called, by date of sign-up; then by the last call. Members latest first,
/// refusals latest first.
fn order(filter: Filter, listed: &Listed) -> (i64, i64, i64, PersonId) {
    let days = |day: Option<chrono::NaiveDate>| {
        day.map_or(i64::MAX, |day| i64::from(chrono::Datelike::num_days_from_ce(&day)))
    };
    let appointment = days(listed.contact.state.call_back());
    let called = listed.contact.last_call.map_or(i64::MIN, |at| at.timestamp());
    let signed_up = days(listed.signed_up_on);
    match filter {
        Filter::ToCall | Filter::CallBack => (appointment, called, signed_up, listed.id),
        Filter::Validated => {
            let since = listed.member.map_or(0, |member| member.validated_at.timestamp());
            (-since, 0, 0, listed.id)
        }
        Filter::Refused => (called.saturating_neg(), 0, 0, listed.id),
        Filter::All => (signed_up, 0, 0, listed.id),
    }
}

async fn line(
    tx: &mut Tx,
    reader: UserId,
    person: &Person,
    listed: &Listed,
    now: DateTime<Utc>,
) -> Result<Line, StoreError> {
    let held = match listed.contact.lease {
        Some(lease) if listed.member.is_none() && now < lease.until => {
            let until = lease.until;
            if lease.holder == reader {
                Some(Held::ByYou { until })
            } else {
                Some(Held::By {
                    whom: colleague(tx, lease.holder).await?,
                    until,
                })
            }
        }
        _ => None,
    };
    Ok(Line {
        id: person.id,
        name: person.short(),
        postal_code: person.place.postal_code.clone(),
        state: listed.contact.state,
        last_call: listed.contact.last_call,
        member_since: listed.member.map(|member| member.validated_at),
        held,
        without_phone: !listed.contact.has_phone || listed.contact.number_blocked,
    })
}

/// A relay, as shown to another person.
pub(super) async fn colleague(tx: &mut Tx, user: UserId) -> Result<Colleague, StoreError> {
    Ok(Colleague {
        user,
        name: names::display_name(tx, user).await?,
    })
}

/// A person of the relay's own, with what the lists know and the group through which he is.
#[derive(Debug, Clone)]
pub(super) struct Own {
    /// The person, whose identity is known.
    pub(super) person: Person,
    /// What the lists know.
    pub(super) listed: Listed,
    /// The group of which the person is a member, else the one whose relays call.
    pub(super) group: Group,
}

/// A person out of scope, or who is not on file: the same words (product.md §2).
pub(super) fn person_not_found() -> Failure {
    UserError::new(Refusal::NotFound, texts::refusals::person_not_found()).into()
}

/// A person of the relay's own: a member of one of his groups, or somebody of their territories who is member of none.
pub(super) async fn own(tx: &mut Tx, authority: &Authority, id: PersonId) -> Outcome<Own> {
    let person = people::get(tx, id).await?.filter(|person| person.identity.is_some());
    let (Some(person), Some(listed)) = (person, calls::get(tx, id).await?) else {
        return Err(person_not_found());
    };
    let group = match (listed.member, person.place.territory) {
        (Some(member), _) => Some(member.group),
        (None, Some(territory)) => groups::of_place(tx, territory, person.place.insee.as_deref()).await?,
        (None, None) => None,
    };
    let group = match group.filter(|group| authority.relays(*group)) {
        Some(group) => groups::get(tx, group).await?,
        None => None,
    };
    let group = group.ok_or_else(person_not_found)?;
    Ok(Own { person, listed, group })
}

/// The person of an option: an id as suggested, else a name that only one of the relay's people bears, for whoever sends what
/// was typed without choosing in the list.
pub(super) async fn find(tx: &mut Tx, authority: &Authority, typed: &str) -> Outcome<Own> {
    if let Ok(id) = typed.trim().parse::<PersonId>() {
        return own(tx, authority, id).await;
    }
    let wanted = fold(typed);
    let mut bearers = people::of_groups(tx, &authority.relays)
        .await?
        .into_iter()
        .filter(|person| {
            person
                .identity
                .as_ref()
                .is_some_and(|identity| identity.fold() == wanted)
        })
        .map(|person| person.id);
    match (bearers.next(), bearers.next()) {
        (Some(only), None) => own(tx, authority, only).await,
        _ => Err(person_not_found()),
    }
}

/// Opens the card of one person, and keeps this person for the relay.
///
/// # Errors
/// Reserved to relays; not found out of scope; refused while another relay has the card open.
pub async fn open(app: &App, actor: Actor, id: PersonId, at: ListAt, now: DateTime<Utc>) -> Outcome<Gated<Card>> {
    let mut tx = app.store.write().await?;
    let authority = match enter(app, &mut tx, actor).await? {
        Gated::Open(authority) => authority,
        Gated::Charter(text) => return Ok(Gated::Charter(text)),
    };
    let own = own(&mut tx, &authority, id).await?;
    let card = card(app, &mut tx, &authority, own, at, now).await?;
    // A lease and a reading: nothing that the loops look at.
    tx.commit_quietly().await?;
    Ok(Gated::Open(card))
}

/// The card of a person of the relay's own. Takes the lease; notes that a phone or a mail was read, once for each lease.
pub(super) async fn card(
    app: &App,
    tx: &mut Tx,
    authority: &Authority,
    own: Own,
    at: ListAt,
    now: DateTime<Utc>,
) -> Outcome<Card> {
    let Own { person, listed, group } = own;
    let never = calls::must_not_be_called(tx, person.id).await?;
    let (kept_until, renewed) = if listed.member.is_some() || never {
        (None, false)
    } else {
        let lease = free(tx, app, authority.user, &listed, now).await?;
        calls::keep(tx, person.id, lease).await?;
        let held = listed
            .contact
            .lease
            .is_some_and(|held| held.holder == authority.user && now < held.until);
        (Some(lease.until), held)
    };
    let identity = person.identity.as_ref().ok_or_else(person_not_found)?;
    let phone = identity
        .phone
        .as_ref()
        .filter(|_| !never && !listed.contact.number_blocked);
    let mail = identity.mail.as_ref().filter(|_| !never);
    if !renewed && (phone.is_some() || mail.is_some()) {
        access::coordinates(tx, authority.user, Some(group.id), person.id, now).await?;
    }
    let (attempts, attempts_total) = attempts(tx, authority.user, person.id).await?;
    let undo = app.settings.validation.relay_undo;
    Ok(Card {
        id: person.id,
        at,
        name: identity.full(),
        short: identity.short(),
        phone: phone.map(|phone| (phone.national(), phone.e164().to_owned())),
        mail: mail.map(|mail| mail.as_str().to_owned()),
        place: place(app, tx, &person).await?,
        postal_code: person.place.postal_code,
        group: group.name,
        signed_up_on: person.signed_up_on,
        state: listed.contact.state,
        never,
        number_blocked: listed.contact.number_blocked,
        member_since: listed.member.map(|member| member.validated_at),
        annullable: listed
            .member
            .filter(|member| now < member.validated_at + undo)
            .map(|member| member.membership),
        kept_until,
        attempts,
        attempts_total,
    })
}

/// The lease that this relay takes on a person; refused while another relay holds one.
pub(super) async fn free(
    tx: &mut Tx,
    app: &App,
    relay: UserId,
    listed: &Listed,
    now: DateTime<Utc>,
) -> Outcome<crate::domain::contact::Lease<UserId>> {
    match take_lease(listed.contact.lease, relay, &pace(app), now) {
        Ok(lease) => Ok(lease),
        Err(other) => {
            let whom = colleague(tx, other.holder).await?;
            Err(UserError::new(Refusal::Conflict, texts::contacts::held_by(&whom, other.until)).into())
        }
    }
}

/// The latest attempts, as the reader sees them.
async fn attempts(tx: &mut Tx, reader: UserId, person: PersonId) -> Result<(Vec<Attempt>, u32), StoreError> {
    let (rows, total) = calls::attempts(tx, person, ATTEMPTS).await?;
    let mut known: Vec<Colleague> = Vec::new();
    let mut attempts = Vec::with_capacity(rows.len());
    for row in rows {
        let by = if row.by == reader {
            None
        } else if let Some(colleague) = known.iter().find(|colleague| colleague.user == row.by) {
            Some(colleague.clone())
        } else {
            let found = colleague(tx, row.by).await?;
            known.push(found.clone());
            Some(found)
        };
        attempts.push(Attempt {
            at: row.at,
            by,
            outcome: row.outcome,
            call_back_on: row.call_back_on,
            note: row.note,
        });
    }
    Ok((attempts, total))
}

/// «Lunel, Hérault», beside the postal code.
async fn place(app: &App, tx: &mut Tx, person: &Person) -> Result<Option<String>, StoreError> {
    let Ok(code) = PostalCode::parse(&person.place.postal_code) else {
        return Ok(None);
    };
    let key = match person.place.territory {
        Some(territory) => territories::get(tx, territory)
            .await?
            .map(|row| TerritoryKey::new(row.basin, row.departement)),
        None => None,
    };
    Ok(app.atlas().place_label(code, key.as_ref()))
}

/// Where the rules say that a person stands: «ne plus appeler» stays what it is for a member too.
pub(super) fn standing(listed: &Listed, never: bool) -> CallState {
    if never {
        CallState::DoNotCall
    } else {
        listed.contact.state
    }
}
