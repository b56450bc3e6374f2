//! Members named in the option `personne`: suggested, then found again, within what the actor may see (product.md §16).
//!
//! A relay chooses among his own members. A referent or the national team sees the members of the group named in the option
//! `groupe`; without it, only a full mail or phone finds someone, by blind index, so that nobody browses a région by name.

use super::App;
use super::authority::{self, Actor, Authority};
use super::validation::suggest::{Suggestion, answers};
use crate::domain::fold::fold;
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::person::{FirstName, Identity, LastName, Mail, Phone};
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::groups::{self, Group};
use crate::store::memberships::{self, Membership};
use crate::store::people::{self, Indexes, Person};
use crate::store::{StoreError, Tx};
use crate::texts;

/// A member within reach of the actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The participation.
    pub membership: Membership,
    /// The person.
    pub person: Person,
    /// The group.
    pub group: Group,
}

/// A person out of scope, or who is not a member: the same words.
fn not_found() -> Failure {
    UserError::new(Refusal::NotFound, texts::refusals::person_not_found()).into()
}

/// Whether the actor may act on the members of this group: one of its relays, a referent of its région, the national team.
#[must_use]
pub fn reaches(authority: &Authority, group: &Group) -> bool {
    authority.relays(group.id) || authority.steers(&group.region)
}

/// The members that answer to what was typed so far, 25 at most.
///
/// # Errors
/// Reserved to relays, referents and the national team.
pub async fn suggest(app: &App, actor: Actor, typed: &str, group: Option<&str>) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    let authority = require(&mut tx, actor).await?;
    let scope = match group.filter(|typed| !typed.trim().is_empty()) {
        Some(typed) => match find_group(&mut tx, &authority, typed).await {
            Ok(group) => vec![group.id],
            Err(Failure::User(_)) => Vec::new(),
            Err(failure) => return Err(failure),
        },
        None => authority.relays.clone(),
    };
    let mut found: Vec<Found> = Vec::new();
    for group in scope {
        found.extend(
            members(&mut tx, group)
                .await?
                .into_iter()
                .filter(|found| answers(&found.person, typed)),
        );
    }
    if found.is_empty() {
        found.extend(by_index(&mut tx, &authority, typed).await?);
    }
    found.sort_by_cached_key(|found| found.person.identity.as_ref().map(Identity::fold));
    Ok(found
        .iter()
        .take(OPTIONS_MAX)
        .map(|found| Suggestion {
            label: texts::people::suggestion(&found.person.short(), &found.group.name),
            value: found.person.id.to_string(),
        })
        .collect())
}

/// The groups within reach whose name answers to what was typed so far, 25 at most: for the option `groupe`.
///
/// # Errors
/// Reserved to relays, referents and the national team.
pub async fn suggest_groups(app: &App, actor: Actor, typed: &str) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    let authority = require(&mut tx, actor).await?;
    Ok(groups_answering(&mut tx, typed, |group| reaches(&authority, group)).await?)
}

/// The groups for which a referent or the national team acts, as [`suggest_groups`]: those that he only relays are left out.
///
/// # Errors
/// Reserved to referents and the national team.
pub async fn suggest_steered(app: &App, actor: Actor, typed: &str) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_referent()?;
    Ok(groups_answering(&mut tx, typed, |group| authority.steers(&group.region)).await?)
}

/// The groups among those allowed of which every typed word begins a word of the name, or of the code of the département.
async fn groups_answering(
    tx: &mut Tx,
    typed: &str,
    allowed: impl Fn(&Group) -> bool,
) -> Result<Vec<Suggestion>, StoreError> {
    let wanted = fold(typed);
    let found = groups::all(tx).await?.into_iter().filter(|group| {
        let name = fold(&format!("{} {}", group.name, group.departement));
        allowed(group)
            && wanted
                .split(' ')
                .all(|word| name.split(' ').any(|own| own.starts_with(word)))
    });
    Ok(found
        .take(OPTIONS_MAX)
        .map(|group| Suggestion {
            label: texts::people::group_suggestion(&group.name, &group.departement),
            value: group.id.to_string(),
        })
        .collect())
}

/// The actor's authority, refused to whoever has none of the three functions.
pub(super) async fn require(tx: &mut Tx, actor: Actor) -> Outcome<Authority> {
    let authority = authority::of(tx, actor).await?;
    if authority.relays.is_empty() && authority.regions.is_empty() && !authority.national {
        return Err(authority::reserved(texts::refusals::RELAYS_AND_REFERENTS));
    }
    Ok(authority)
}

/// The group of the option `groupe`: an id as suggested, else the name of one group within reach.
///
/// # Errors
/// Not found, out of scope or when it does not exist.
pub async fn find_group(tx: &mut Tx, authority: &Authority, typed: &str) -> Outcome<Group> {
    named_group(tx, typed, |group| reaches(authority, group)).await
}

/// As [`find_group`], for a referent or the national team: a group that he only relays is not found.
///
/// # Errors
/// Reserved without the function; not found out of scope or when it does not exist.
pub async fn find_steered(tx: &mut Tx, authority: &Authority, typed: &str) -> Outcome<Group> {
    authority.require_referent()?;
    named_group(tx, typed, |group| authority.steers(&group.region)).await
}

async fn named_group(tx: &mut Tx, typed: &str, allowed: impl Fn(&Group) -> bool) -> Outcome<Group> {
    if let Ok(id) = typed.trim().parse::<GroupId>() {
        let group = groups::get(tx, id).await?;
        return group
            .filter(|group| allowed(group))
            .ok_or_else(authority::group_not_found);
    }
    let wanted = fold(typed);
    let mut named = groups::all(tx)
        .await?
        .into_iter()
        .filter(|group| allowed(group) && fold(&group.name) == wanted);
    match (named.next(), named.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(authority::group_not_found()),
    }
}

/// The member of the option `personne`: an id as suggested, a full mail or phone, or a full name that one member within reach
/// bears; within `group` when it is given.
///
/// # Errors
/// Not found, out of scope or when there is no such member.
pub async fn find_member(tx: &mut Tx, authority: &Authority, typed: &str, group: Option<&Group>) -> Outcome<Found> {
    let in_group = |found: &Found| group.is_none_or(|group| group.id == found.group.id);
    if let Some(id) = as_id(typed) {
        let found = of_person(tx, authority, id).await?;
        return found.filter(in_group).ok_or_else(not_found);
    }
    let mut candidates = by_index(tx, authority, typed).await?;
    if candidates.is_empty() {
        let scope: Vec<GroupId> = group.map_or_else(|| authority.relays.clone(), |group| vec![group.id]);
        let wanted = fold(typed);
        for id in scope {
            candidates.extend(members(tx, id).await?.into_iter().filter(|found| {
                found
                    .person
                    .identity
                    .as_ref()
                    .is_some_and(|known| known.fold() == wanted)
            }));
        }
    }
    candidates.retain(in_group);
    match (candidates.pop(), candidates.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(not_found()),
    }
}

/// A person's id, as our suggestions send it: a phone number is longer, or begins with a nought.
fn as_id(typed: &str) -> Option<PersonId> {
    let typed = typed.trim();
    let plain = (1..=8).contains(&typed.len()) && !typed.starts_with('0') && typed.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| typed.parse().ok()).flatten()
}

/// The present participation of a person, within reach.
async fn of_person(tx: &mut Tx, authority: &Authority, id: PersonId) -> Result<Option<Found>, StoreError> {
    let Some(person) = people::get(tx, id).await? else {
        return Ok(None);
    };
    let Some(membership) = memberships::current(tx, id).await? else {
        return Ok(None);
    };
    let Some(group) = groups::get(tx, membership.group).await? else {
        return Ok(None);
    };
    Ok(reaches(authority, &group).then_some(Found {
        membership,
        person,
        group,
    }))
}

async fn members(tx: &mut Tx, group: GroupId) -> Result<Vec<Found>, StoreError> {
    let Some(group) = groups::get(tx, group).await? else {
        return Ok(Vec::new());
    };
    let rows = memberships::of_group(tx, group.id).await?;
    Ok(rows
        .into_iter()
        .map(|(membership, person)| Found {
            membership,
            person,
            group: group.clone(),
        })
        .collect())
}

/// Members within reach whose mail or phone is exactly what was typed.
async fn by_index(tx: &mut Tx, authority: &Authority, typed: &str) -> Result<Vec<Found>, StoreError> {
    let (mail, phone) = (Mail::parse(typed).ok(), Phone::parse(typed).ok());
    if mail.is_none() && phone.is_none() {
        return Ok(Vec::new());
    }
    // A name that nobody bears: only the mail and the phone are asked for.
    let (Ok(first), Ok(last)) = (FirstName::parse("0"), LastName::parse("0")) else {
        return Ok(Vec::new());
    };
    let wanted = Identity {
        first,
        last,
        phone,
        mail,
    };
    let indexes = Indexes::of(&std::sync::Arc::clone(tx.vault()), &wanted, "");
    let mut found = Vec::new();
    for person in people::alike(tx, &indexes).await? {
        found.extend(of_person(tx, authority, person.id).await?);
    }
    Ok(found)
}
