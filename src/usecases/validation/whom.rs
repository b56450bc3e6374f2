//! Who is validated: the person on file that was chosen or recognised, and the account to link.

use super::Seen;
use crate::domain::duplicates::{Doubt, Relation, relation};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::person::Identity;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::people::{self, Indexes, Person};
use crate::store::{StoreError, Tx, groups, memberships, names};
use crate::texts;
use crate::usecases::authority::Authority;

/// A person out of scope, or who is not on file: the same words (product.md §2).
pub(super) fn person_not_found() -> Failure {
    UserError::new(Refusal::NotFound, texts::refusals::person_not_found()).into()
}

/// The group whose relays call this person.
pub(super) async fn calling_group(tx: &mut Tx, person: &Person) -> Result<Option<GroupId>, StoreError> {
    match person.place.territory {
        Some(territory) => groups::of_place(tx, territory, person.place.insee.as_deref()).await,
        None => Ok(None),
    }
}

/// The person that the relay chose, if it is one of his own contacts or members.
pub(super) async fn chosen(tx: &mut Tx, authority: &Authority, id: PersonId) -> Outcome<Person> {
    let Some(person) = people::get(tx, id).await?.filter(|person| person.identity.is_some()) else {
        return Err(person_not_found());
    };
    let called_by = calling_group(tx, &person).await?;
    let own = called_by
        .into_iter()
        .chain(person.member_of)
        .any(|group| authority.relays(group));
    if own { Ok(person) } else { Err(person_not_found()) }
}

/// Everyone on file who may be the person that was typed.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// The same person by the rules of product.md §4, a member first, then the oldest; the one chosen by the relay is not
    /// among them.
    pub(super) same: Vec<Person>,
    /// People who may be the same: «à vérifier».
    pub(super) doubtful: Vec<(PersonId, Doubt)>,
}

/// Looks for the person that was typed.
pub(super) async fn matches(
    tx: &mut Tx,
    identity: &Identity,
    postal_code: &str,
    chosen: Option<PersonId>,
) -> Result<Matches, StoreError> {
    let indexes = Indexes::of(&std::sync::Arc::clone(tx.vault()), identity, postal_code);
    let mut found = Matches::default();
    for person in people::alike(tx, &indexes).await? {
        if Some(person.id) == chosen {
            continue;
        }
        let Some(known) = &person.identity else { continue };
        match relation(identity, postal_code, known, &person.place.postal_code) {
            Relation::Same(_) => found.same.push(person),
            Relation::Doubtful(doubt) => found.doubtful.push((person.id, doubt)),
            Relation::Different => {}
        }
    }
    found.same.sort_by_key(|person| (person.member_of.is_none(), person.id));
    Ok(found)
}

/// Where the person is a member already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// The person.
    pub(super) person: PersonId,
    /// The group.
    pub(super) group: GroupId,
    /// Its name.
    pub(super) name: String,
    /// The number in its register.
    pub(super) number: u32,
}

/// The participation that the chosen or recognised person has at present.
pub(super) async fn standing(
    tx: &mut Tx,
    chosen: Option<&Person>,
    matches: &Matches,
) -> Result<Option<Standing>, StoreError> {
    let Some(person) = chosen
        .into_iter()
        .chain(&matches.same)
        .find(|person| person.member_of.is_some())
    else {
        return Ok(None);
    };
    let Some(current) = memberships::current(tx, person.id).await? else {
        return Ok(None);
    };
    let name = groups::get(tx, current.group)
        .await?
        .map(|group| group.name)
        .unwrap_or_default();
    Ok(Some(Standing {
        person: person.id,
        group: current.group,
        name,
        number: current.number,
    }))
}

/// Refuses an account that cannot be linked to `person`, with the reason (product.md §6): a program, someone who is not on
/// this server, an account linked to somebody else, a person linked to another account.
pub(super) async fn linkable(tx: &mut Tx, seen: &Seen, person: Option<&Person>) -> Outcome<()> {
    // The mirror is fresher than the draft, except when it has not met the account yet.
    let mirrored = names::presence(tx, seen.user).await?;
    let present = mirrored.as_ref().map_or(seen.present, |account| account.present);
    let refuse = |text: String| Err(UserError::new(Refusal::Invalid, text).into());
    if seen.bot || mirrored.is_some_and(|account| account.bot) {
        return refuse(texts::valider::account_is_a_program());
    }
    if !present {
        return refuse(texts::valider::account_is_away(&seen.display));
    }
    if let Some(holder) = people::of_account(tx, seen.user).await?
        && person.is_none_or(|person| person.id != holder.id)
    {
        return refuse(texts::valider::account_is_linked(&seen.display));
    }
    if person
        .and_then(|person| person.discord)
        .is_some_and(|linked| linked != seen.user)
    {
        return refuse(texts::valider::person_is_linked());
    }
    Ok(())
}
