//! `/valider`: from a phone call to a membership (product.md §6).
//!
//! The way has three stations, each of which may come after a restart, because what was typed lies in a sealed draft whose
//! name is in every button: [`open`] shows the form, [`form`] checks it and asks for the consent, [`confirm`] writes
//! everything in one transaction. Authority is read anew at each.

pub mod answer;
pub mod confirm;
pub mod form;
pub mod open;
mod place;
pub mod suggest;
mod whom;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::authority::{self, Actor, Authority};
use crate::domain::action::DraftId;
use crate::domain::ids::{GroupId, PersonId, UserId};
use crate::error::{Outcome, Refusal, UserError};
use crate::store::drafts::{self, Draft};
use crate::store::groups::{self, Group};
use crate::store::people::Person;
use crate::store::{StoreError, Tx};
use crate::texts;

/// The kind of these drafts.
const KIND: &str = "valider";
/// How long what was typed is kept (product.md §16).
const LIFE: TimeDelta = TimeDelta::hours(1);

/// The five fields of the form, as they were typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// First name.
    pub first: String,
    /// Last name.
    pub last: String,
    /// Phone.
    pub phone: String,
    /// Mail.
    pub mail: String,
    /// Postal code.
    pub postal_code: String,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl Typed {
    /// What the form of a person on file holds.
    fn of(person: &Person) -> Typed {
        let Some(identity) = &person.identity else {
            return Typed::default();
        };
        Typed {
            first: identity.first.to_string(),
            last: identity.last.to_string(),
            phone: identity
                .phone
                .as_ref()
                .map(crate::domain::person::Phone::national)
                .unwrap_or_default(),
            mail: identity
                .mail
                .as_ref()
                .map(|mail| mail.as_str().to_owned())
                .unwrap_or_default(),
            postal_code: person.place.postal_code.clone(),
        }
    }
}

/// The Discord account given in the option `membre`, as the interaction shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The account.
    pub user: UserId,
    /// Whether it is on the bound server.
    pub present: bool,
    /// Whether it is a program.
    pub bot: bool,
    /// Its display name on the server.
    pub display: String,
    /// Its unique name, without «@».
    pub username: String,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen")
            .field("user", &self.user)
            .field("present", &self.present)
            .finish_non_exhaustive()
    }
}

/// What a draft of a validation holds.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Sheet {
    /// The person on file that the relay chose; none for a local recruit.
    person: Option<PersonId>,
    /// The account to link.
    account: Option<Seen>,
    /// What the form holds.
    typed: Typed,
    /// The group, once it is known which.
    group: Option<GroupId>,
    /// The territory chosen for an ambiguous postal code: its key, as written.
    place: Option<String>,
}

/// Reads an open draft for its owner; a spent one gives what it made.
async fn sheet(tx: &mut Tx, id: &DraftId, user: UserId, now: DateTime<Utc>) -> Outcome<Result<Sheet, Option<i64>>> {
    match drafts::get::<Sheet>(tx, id, user, KIND, now).await? {
        Some(Draft::Open(sheet)) => Ok(Ok(sheet)),
        Some(Draft::Spent(result)) => Ok(Err(result)),
        None => Err(UserError::new(Refusal::Conflict, texts::refusals::draft_expired()).into()),
    }
}

/// Reads a draft that must be open still.
async fn open_sheet(tx: &mut Tx, id: &DraftId, user: UserId, now: DateTime<Utc>) -> Outcome<Sheet> {
    sheet(tx, id, user, now)
        .await?
        .map_err(|_| UserError::new(Refusal::Conflict, texts::valider::closed()).into())
}

/// Reads what an actor may do, and refuses whoever is relay of no group.
async fn relay(tx: &mut Tx, actor: Actor) -> Outcome<Authority> {
    let authority = authority::of(tx, actor).await?;
    authority.require_relay()?;
    Ok(authority)
}

/// The groups in which this relay can validate: his own, but for the archived.
async fn groups_of(tx: &mut Tx, authority: &Authority) -> Result<Vec<Group>, StoreError> {
    let mut found = Vec::with_capacity(authority.relays.len());
    for id in &authority.relays {
        if let Some(group) = groups::get(tx, *id).await?
            && !group.archived
        {
            found.push(group);
        }
    }
    Ok(found)
}
