//! Two records of one person made one, and made two again for 30 days (product.md §4).
//!
//! The record that stays is the member's, else the one linked to an account, else the older. It loses nothing: what it lacks
//! comes from the other. «Ne plus appeler» said by either is said by both.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::authority::{self, Actor};
use super::undo::Undone;
use super::{App, access, ladder};
use crate::domain::contact::CallState;
use crate::domain::ids::{JournalId, PersonId};
use crate::domain::person::{FirstName, Identity, LastName, Mail, Phone};
use crate::domain::territory::Origin as Placed;
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::journal::{self, Entry};
use crate::store::people::{self, Indexes, Person, Place};
use crate::store::undos::{self, Kind};
use crate::store::{Tx, groups, merges, waiting};
use crate::texts;
use crate::texts::inscrits::{PairView, Side};
use crate::usecases::validation::suggest::Suggestion;

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// How the person is shown: «Camille D.».
    pub name: String,
    /// The line of the journal, by which it is undone.
    pub line: JournalId,
}

/// What an undo of a merge needs: which values of the record that stayed came from the other. No identity: the other record
/// keeps its own until the undo expires.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    gone: PersonId,
    kept: PersonId,
    phone: bool,
    mail: bool,
    #[serde(default)]
    pseudo: bool,
    place: Option<OldPlace>,
    rest: merges::Rest,
    rest_after: merges::Rest,
    calls: Vec<i64>,
    gone_rest: merges::Rest,
}

/// A place, as an undo keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OldPlace {
    postal_code: String,
    insee: Option<String>,
    territory: Option<i64>,
    placed: Option<String>,
}

/// The pair of that rank among those that wait, side by side; what is shown is journaled. `None` when none waits.
///
/// # Errors
/// Reserved to the national team.
pub async fn pair(app: &App, actor: Actor, rank: u32, now: DateTime<Utc>) -> Outcome<Option<PairView>> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let waiting = waiting::pairs(&mut tx).await?;
    if waiting == 0 {
        return Ok(None);
    }
    let rank = rank.min(waiting - 1);
    let Some(pair) = waiting::pair(&mut tx, rank).await? else {
        return Ok(None);
    };
    let mut sides = Vec::with_capacity(2);
    for id in [pair.a, pair.b] {
        let Some(person) = people::get(&mut tx, id).await? else {
            return Ok(None);
        };
        access::coordinates(&mut tx, actor.user, person.member_of, id, now).await?;
        sides.push(side(&mut tx, &person).await?);
    }
    tx.commit_quietly().await?;
    let (Some(right), Some(left)) = (sides.pop(), sides.pop()) else {
        return Ok(None);
    };
    Ok(Some(PairView {
        left,
        right,
        why: pair.why,
        rank,
        waiting,
    }))
}

async fn side(tx: &mut Tx, person: &Person) -> Outcome<Side> {
    let group = match person.member_of {
        Some(group) => groups::get(tx, group).await?.map(|group| group.name),
        None => None,
    };
    let identity = person.identity.as_ref();
    Ok(Side {
        id: person.id,
        name: identity.map_or_else(|| person.short(), Identity::full),
        phone: identity.and_then(|known| known.phone.as_ref()).map(Phone::national),
        mail: identity
            .and_then(|known| known.mail.as_ref())
            .map(|mail| mail.as_str().to_owned()),
        postal_code: person.place.postal_code.clone(),
        signed_up_on: person.signed_up_on,
        state: person.call,
        group,
        linked: person.discord,
    })
}

/// «Pas un doublon»: remembered.
///
/// # Errors
/// Reserved to the national team; decided already.
pub async fn distinct(app: &App, actor: Actor, a: PersonId, b: PersonId, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    if !waiting::decide(&mut tx, a, b, false, actor.user, now).await? {
        return Err(decided());
    }
    let other = b.to_string();
    let entry = Entry {
        actor: Some(actor.user),
        event: "person.distinct",
        person: Some(a),
        after: Some(&other),
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    tx.commit_quietly().await?;
    Ok(())
}

fn decided() -> Failure {
    UserError::new(Refusal::Conflict, texts::inscrits::decided()).into()
}

/// «Même personne», and `/inscrits fusionner`.
///
/// # Errors
/// Reserved to the national team; not found; two members, or two linked accounts.
pub async fn merge(app: &App, actor: Actor, a: PersonId, b: PersonId, now: DateTime<Utc>) -> Outcome<Merged> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let one = people::get(&mut tx, a)
        .await?
        .filter(|person| person.identity.is_some());
    let other = people::get(&mut tx, b)
        .await?
        .filter(|person| person.identity.is_some());
    let (Some(one), Some(other)) = (one, other) else {
        return Err(not_found());
    };
    if one.id == other.id {
        return Err(UserError::new(Refusal::Invalid, texts::inscrits::same_record()).into());
    }
    let (kept, gone) = order(one, other);
    refuse_conflicts(&mut tx, &kept, &gone).await?;
    let merged = write(&mut tx, app, actor, &kept, &gone, now).await?;
    ladder::declare_ripe(&mut tx, &app.rules(), Some(actor.user), now).await?;
    tx.commit().await?;
    Ok(merged)
}

/// The record that stays, then the other.
fn order(one: Person, other: Person) -> (Person, Person) {
    let rank = |person: &Person| (person.member_of.is_none(), person.discord.is_none(), person.id);
    if rank(&one) <= rank(&other) {
        (one, other)
    } else {
        (other, one)
    }
}

async fn refuse_conflicts(tx: &mut Tx, kept: &Person, gone: &Person) -> Outcome<()> {
    if let (Some(here), Some(there)) = (kept.member_of, gone.member_of) {
        let mut names = Vec::new();
        for group in [here, there] {
            names.extend(groups::get(tx, group).await?.map(|group| group.name));
        }
        return Err(UserError::new(Refusal::Conflict, texts::inscrits::two_members(&names)).into());
    }
    if kept.discord.is_some() && gone.discord.is_some() {
        return Err(UserError::new(Refusal::Conflict, texts::inscrits::two_accounts()).into());
    }
    Ok(())
}

async fn write(
    tx: &mut Tx,
    app: &App,
    actor: Actor,
    kept: &Person,
    gone: &Person,
    now: DateTime<Utc>,
) -> Outcome<Merged> {
    let (Some(own), Some(others)) = (&kept.identity, &gone.identity) else {
        return Err(not_found());
    };
    let identity = Identity {
        phone: own.phone.clone().or_else(|| others.phone.clone()),
        mail: own.mail.clone().or_else(|| others.mail.clone()),
        ..own.clone()
    };
    let place = if takes_place(&kept.place, &gone.place) {
        Some(gone.place.clone())
    } else {
        None
    };
    let (rest, gone_rest) = (merges::rest(tx, kept.id).await?, merges::rest(tx, gone.id).await?);
    let rest_after = joined(&rest, &gone_rest);
    // An account is linked to one person at most: it is freed before it is given.
    let freed = merges::Rest {
        account: None,
        linked_at: None,
        ..gone_rest.clone()
    };
    merges::set_rest(tx, gone.id, &freed, now).await?;
    let calls = merges::absorb(tx, gone.id, kept.id, now).await?;
    let pseudo = merges::take_pseudo(tx, gone.id, kept.id).await?;
    if let Some(place) = &place {
        people::set_place(tx, kept.id, place, now).await?;
    }
    let postal_code = &place.as_ref().unwrap_or(&kept.place).postal_code;
    if identity != *own || place.is_some() {
        people::set_identity(tx, kept.id, &identity, postal_code, now).await?;
    }
    merges::set_rest(tx, kept.id, &rest_after, now).await?;
    waiting::decide(tx, kept.id, gone.id, true, actor.user, now).await?;
    let (before, after) = (gone.id.to_string(), kept.id.to_string());
    let entry = Entry {
        actor: Some(actor.user),
        event: "person.merged",
        person: Some(kept.id),
        group: kept.member_of,
        before: Some(&before),
        after: Some(&after),
        ..Entry::default()
    };
    let line = journal::write(tx, &entry, now).await?;
    let undo = Before {
        gone: gone.id,
        kept: kept.id,
        phone: own.phone.is_none() && others.phone.is_some(),
        mail: own.mail.is_none() && others.mail.is_some(),
        pseudo,
        place: place.map(|_| old(&kept.place)),
        rest,
        rest_after,
        calls,
        gone_rest,
    };
    let until = now + app.settings.data.undo;
    undos::keep(tx, line, Kind::PeopleMerged, (Some(gone.id), None), &undo, until).await?;
    Ok(Merged {
        name: kept.short(),
        line,
    })
}

/// Whether the record that stays takes the other's place: it has none, or a guess against a known one, or only the other was
/// placed by hand.
fn takes_place(kept: &Place, gone: &Place) -> bool {
    let Some(of_gone) = gone.placed.filter(|_| gone.territory.is_some()) else {
        return false;
    };
    match kept.placed.filter(|_| kept.territory.is_some()) {
        None => true,
        Some(of_kept) => of_gone > of_kept && (of_kept == Placed::Auto || of_gone == Placed::Manual),
    }
}

fn old(place: &Place) -> OldPlace {
    OldPlace {
        postal_code: place.postal_code.clone(),
        insee: place.insee.clone(),
        territory: place.territory.map(|id| id.0),
        placed: place.placed.map(|placed| placed.as_str().to_owned()),
    }
}

/// What two records say together.
fn joined(kept: &merges::Rest, gone: &merges::Rest) -> merges::Rest {
    let never = CallState::DoNotCall.code();
    let untouched = kept.call_state == CallState::ToCall.code();
    let (call_state, call_back_on) = if gone.call_state == never || (untouched && kept.call_state != never) {
        (gone.call_state.clone(), gone.call_back_on)
    } else {
        (kept.call_state.clone(), kept.call_back_on)
    };
    merges::Rest {
        source: if gone.source == "site" {
            gone.source.clone()
        } else {
            kept.source.clone()
        },
        signed_up_on: [kept.signed_up_on, gone.signed_up_on].into_iter().flatten().min(),
        call_state,
        call_back_on,
        last_call_at: kept.last_call_at.max(gone.last_call_at),
        account: kept.account.or(gone.account),
        linked_at: if kept.account.is_some() {
            kept.linked_at
        } else {
            gone.linked_at
        },
    }
}

/// Undoes a merge: each value that came from the other record goes back, unless it has changed since.
pub(super) async fn undo(
    tx: &mut Tx,
    actor: Actor,
    line: JournalId,
    kept: &undos::Kept,
    now: DateTime<Utc>,
) -> Outcome<Undone> {
    let before: Before = kept.open(tx)?;
    let still = merges::merged_into(tx, before.gone).await? == Some(before.kept);
    let person = people::get(tx, before.kept).await?.filter(|_| still);
    let Some(person) = person else {
        return Err(UserError::new(Refusal::Conflict, texts::inscrits::changed_since()).into());
    };
    let Some(own) = person.identity.clone() else {
        return Err(UserError::new(Refusal::Conflict, texts::inscrits::changed_since()).into());
    };
    let others = merges::identity_of_merged(tx, before.gone).await?;
    let (others_phone, others_mail) = others.map_or((None, None), |others| (others.phone, others.mail));
    let identity = Identity {
        phone: own
            .phone
            .clone()
            .filter(|phone| !(before.phone && Some(phone) == others_phone.as_ref())),
        mail: own
            .mail
            .clone()
            .filter(|mail| !(before.mail && Some(mail) == others_mail.as_ref())),
        ..own.clone()
    };
    let place = before.place.as_ref().map(|old| Place {
        postal_code: old.postal_code.clone(),
        insee: old.insee.clone(),
        territory: old.territory.map(crate::domain::ids::TerritoryId),
        placed: old.placed.as_deref().and_then(|placed| placed.parse().ok()),
    });
    if let Some(place) = &place {
        people::set_place(tx, person.id, place, now).await?;
    }
    let postal_code = &place.as_ref().unwrap_or(&person.place).postal_code;
    if identity != own || place.is_some() {
        people::set_identity(tx, person.id, &identity, postal_code, now).await?;
    }
    let today = merges::rest(tx, person.id).await?;
    merges::set_rest(tx, person.id, &parted(&today, &before.rest, &before.rest_after), now).await?;
    let freed = before
        .gone_rest
        .account
        .filter(|account| before.rest.account.is_none() && today.account == Some(*account));
    let own_rest = merges::Rest {
        account: freed,
        linked_at: freed.and(before.gone_rest.linked_at),
        ..before.gone_rest.clone()
    };
    if before.pseudo {
        merges::give_pseudo_back(tx, before.gone, before.kept).await?;
    }
    merges::release(tx, before.gone, before.kept, &before.calls, now).await?;
    merges::set_rest(tx, before.gone, &own_rest, now).await?;
    waiting::reopen(tx, before.gone, before.kept).await?;
    let told = line.0.to_string();
    let entry = Entry {
        actor: Some(actor.user),
        event: "person.unmerged",
        person: Some(before.kept),
        before: Some(&told),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(Undone {
        will: texts::inscrits::unmerge(&person.short()),
        done: texts::inscrits::unmerged(&person.short()),
    })
}

/// What stays of a record when the other leaves it: what has changed since the merge stands.
fn parted(today: &merges::Rest, before: &merges::Rest, after: &merges::Rest) -> merges::Rest {
    fn pick<T: Clone + PartialEq>(today: &T, before: &T, after: &T) -> T {
        if today == after { before.clone() } else { today.clone() }
    }
    merges::Rest {
        source: pick(&today.source, &before.source, &after.source),
        signed_up_on: pick(&today.signed_up_on, &before.signed_up_on, &after.signed_up_on),
        call_state: pick(&today.call_state, &before.call_state, &after.call_state),
        call_back_on: pick(&today.call_back_on, &before.call_back_on, &after.call_back_on),
        last_call_at: pick(&today.last_call_at, &before.last_call_at, &after.last_call_at),
        account: pick(&today.account, &before.account, &after.account),
        linked_at: pick(&today.linked_at, &before.linked_at, &after.linked_at),
    }
}

fn not_found() -> Failure {
    UserError::new(Refusal::NotFound, texts::refusals::person_not_found()).into()
}

/// The persons of the options `personne` and `avec` of `/inscrits fusionner`, by full mail or phone only: nobody browses the
/// country by name (product.md §16).
///
/// # Errors
/// Reserved to the national team.
pub async fn suggest(app: &App, actor: Actor, typed: &str) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let found = by_index(&mut tx, typed).await?;
    Ok(found
        .iter()
        .take(OPTIONS_MAX)
        .map(|person| Suggestion {
            label: texts::inscrits::suggestion(&person.short(), &person.place.postal_code, person.id),
            value: person.id.to_string(),
        })
        .collect())
}

/// The person of an option: an id as suggested, else a full mail or phone that one record bears.
///
/// # Errors
/// Reserved to the national team; not found, or several.
pub async fn find(app: &App, actor: Actor, typed: &str) -> Outcome<PersonId> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let mut found = by_index(&mut tx, typed).await?;
    if found.is_empty()
        && let Ok(id) = typed.trim().parse::<PersonId>()
    {
        return Ok(people::get(&mut tx, id).await?.ok_or_else(not_found)?.id);
    }
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only.id),
        _ => Err(not_found()),
    }
}

/// Everyone on file whose mail or phone is exactly what was typed.
pub(super) async fn by_index(tx: &mut Tx, typed: &str) -> Outcome<Vec<Person>> {
    let (mail, phone) = (Mail::parse(typed).ok(), Phone::parse(typed).ok());
    // A short number is a record's id, as our suggestions send it.
    let phone = phone.filter(|_| typed.chars().filter(char::is_ascii_digit).count() > 8);
    let (Ok(first), Ok(last), true) = (
        FirstName::parse("0"),
        LastName::parse("0"),
        mail.is_some() || phone.is_some(),
    ) else {
        return Ok(Vec::new());
    };
    let wanted = Identity {
        first,
        last,
        phone,
        mail,
    };
    let indexes = Indexes::of(&std::sync::Arc::clone(tx.vault()), &wanted, "");
    Ok(people::alike(tx, &indexes).await?)
}
