//! The suggestions of the option `inscrit`: the relay's own contacts (product.md §6).

use super::{relay, whom};
use crate::domain::contact::CallState;
use crate::domain::fold::fold;
use crate::domain::ids::PersonId;
use crate::domain::view::OPTIONS_MAX;
use crate::error::Outcome;
use crate::store::Tx;
use crate::store::people::{self, Person};
use crate::texts;
use crate::usecases::App;
use crate::usecases::authority::{Actor, Authority};

/// One suggestion.
#[derive(Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What is shown: «Prénom N. — 34400 — à appeler», 100 characters at most.
    pub label: String,
    /// What is sent: the id of the person.
    pub value: String,
}

impl std::fmt::Debug for Suggestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suggestion")
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

/// The contacts of this relay that answer to what was typed so far: every typed word begins a word of the name or the postal
/// code, accents and case apart. Members are left out; those still to call come first. 25 at most.
///
/// # Errors
/// Reserved to relays.
pub async fn contacts(app: &App, actor: Actor, typed: &str) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    let authority = relay(&mut tx, actor).await?;
    let mut found: Vec<Person> = people::of_groups(&mut tx, &authority.relays)
        .await?
        .into_iter()
        .filter(|person| person.member_of.is_none() && answers(person, typed))
        .collect();
    found.sort_by_cached_key(|person| (rank(person.call), person.identity.as_ref().map(|known| known.fold())));
    Ok(found.iter().take(OPTIONS_MAX).map(suggestion).collect())
}

/// The suggestion for a contact.
fn suggestion(person: &Person) -> Suggestion {
    let label = texts::valider::suggestion(&person.short(), &person.place.postal_code, person.call);
    Suggestion {
        label,
        value: person.id.to_string(),
    }
}

/// Those to call first, those who refused last.
fn rank(state: CallState) -> u8 {
    match state {
        CallState::ToCall => 0,
        CallState::CallBack { .. } => 1,
        CallState::Unreachable => 2,
        CallState::Refused => 3,
        CallState::DoNotCall | CallState::Validated => 4,
    }
}

/// Whether each word typed begins a word of the person's name or postal code.
#[must_use]
pub fn answers(person: &Person, typed: &str) -> bool {
    let Some(identity) = &person.identity else { return false };
    let known = format!("{} {}", identity.fold(), person.place.postal_code);
    fold(typed)
        .split(' ')
        .all(|word| known.split(' ').any(|own| own.starts_with(word)))
}

/// The person of the option: an id as suggested, else a name that only one contact bears, for whoever sends what was typed
/// without choosing in the list.
pub(super) async fn find(tx: &mut Tx, authority: &Authority, typed: &str) -> Outcome<Person> {
    if let Ok(id) = typed.trim().parse::<PersonId>() {
        return whom::chosen(tx, authority, id).await;
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
        });
    match (bearers.next(), bearers.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(whom::person_not_found()),
    }
}
