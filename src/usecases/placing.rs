//! People whose postal code leads to no basin: shown so that nobody is invisible, and placed by hand (product.md §4).

use chrono::{DateTime, Utc};

use super::authority::{self, Actor};
use super::{App, ladder};
use crate::domain::ids::{PersonId, RegionCode};
use crate::domain::territory::{Origin as Placed, TerritoryKey};
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::journal::{self, Entry};
use crate::store::people::{self, Person, Place};
use crate::store::{Tx, groups, overview, territories, waiting};
use crate::texts;
use crate::texts::inscrits::{ToPlace, Waiting};

/// People on a page: one select holds them.
const PAGE: u32 = 10;

/// What came of a search for a basin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placing {
    /// One basin answers: the person is there.
    Done(Done),
    /// Several do: someone chooses. Key and label of each.
    Choose(Vec<(String, String)>),
}

/// Someone was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// «Camille D.».
    pub name: String,
    /// «Lunel (Hérault)».
    pub place: String,
    /// The groups that have become possible by this.
    pub declared: Vec<String>,
}

/// A page of the people without a territory.
///
/// # Errors
/// Reserved to the national team.
pub async fn list(app: &App, actor: Actor, page: u32) -> Outcome<ToPlace> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let waiting = overview::to_place(&mut tx).await?;
    let page = page.min(waiting.saturating_sub(1) / PAGE);
    let atlas = app.atlas();
    let people = waiting::to_place(&mut tx, page * PAGE, PAGE).await?;
    Ok(ToPlace {
        waiting,
        page,
        pages: waiting.div_ceil(PAGE).max(1),
        people: people
            .iter()
            .map(|person| Waiting {
                id: person.id,
                name: person.short(),
                postal_code: person.place.postal_code.clone(),
                place: person
                    .place
                    .postal_code
                    .parse()
                    .ok()
                    .and_then(|code| atlas.place_label(code, None)),
            })
            .collect(),
    })
}

/// Whether this person waits to be placed: asked before a form is shown.
///
/// # Errors
/// Reserved to the national team; not found; placed meanwhile.
pub async fn waits(app: &App, actor: Actor, person: PersonId) -> Outcome<()> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    waiting_person(&mut tx, person).await?;
    Ok(())
}

async fn waiting_person(tx: &mut Tx, person: PersonId) -> Outcome<Person> {
    let person = people::get(tx, person)
        .await?
        .filter(|person| person.identity.is_some())
        .ok_or_else(not_found)?;
    if person.place.territory.is_some() {
        return Err(UserError::new(Refusal::Conflict, texts::inscrits::placed_already()).into());
    }
    Ok(person)
}

fn not_found() -> Failure {
    UserError::new(Refusal::NotFound, texts::refusals::person_not_found()).into()
}

/// Places a person in the basin that answers to what was typed (a basin, a commune, a postal code), or asks which.
///
/// # Errors
/// Reserved to the national team; no basin answers; placed meanwhile.
pub async fn search(app: &App, actor: Actor, person: PersonId, typed: &str, now: DateTime<Utc>) -> Outcome<Placing> {
    waits(app, actor, person).await?;
    let atlas = app.atlas();
    let found = atlas.search(typed, OPTIONS_MAX);
    match found.as_slice() {
        [] => Err(UserError::new(Refusal::NotFound, texts::inscrits::no_basin_answers(typed)).into()),
        [only] => Ok(Placing::Done(place(app, actor, person, &only.key, now).await?)),
        several => Ok(Placing::Choose(
            several
                .iter()
                .map(|part| (part.key.to_string(), texts::groups::basin_suggestion(part)))
                .collect(),
        )),
    }
}

/// Places a person by hand; the choice survives any later automatic one.
///
/// # Errors
/// Reserved to the national team; no such basin; placed meanwhile.
pub async fn place(app: &App, actor: Actor, person: PersonId, key: &TerritoryKey, now: DateTime<Utc>) -> Outcome<Done> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let person = waiting_person(&mut tx, person).await?;
    let atlas = app.atlas();
    let part = atlas
        .territory(key)
        .ok_or_else(|| UserError::new(Refusal::NotFound, texts::groups::basin_not_found()))?;
    let region = RegionCode(part.region.clone());
    let territory = territories::ensure(&mut tx, &key.basin, &key.departement, &region, &part.name).await?;
    let placed = Place {
        postal_code: person.place.postal_code.clone(),
        insee: None,
        territory: Some(territory),
        placed: Some(Placed::Manual),
    };
    people::set_place(&mut tx, person.id, &placed, now).await?;
    let after = key.to_string();
    let entry = Entry {
        actor: Some(actor.user),
        event: "person.placed",
        person: Some(person.id),
        region: Some(&region),
        after: Some(&after),
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    let mut declared = Vec::new();
    for group in ladder::declare_ripe(&mut tx, &app.rules(), Some(actor.user), now).await? {
        declared.extend(groups::get(&mut tx, group).await?.map(|group| group.name));
    }
    tx.commit().await?;
    Ok(Done {
        name: person.short(),
        place: part.label(),
        declared,
    })
}
