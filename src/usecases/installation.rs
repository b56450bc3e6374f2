//! `/installer` (product.md §17): checks the server, writes the wish, and tells what came of it. What is made is made by the
//! reconciler, which follows the last wish; nothing here touches Discord.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::authority::{self, Actor};
use super::{App, places};
use crate::domain::bindings::{Bindings, Key, Setback, Setbacks};
use crate::domain::ids::RoleId;
use crate::domain::installation::{Books, Checkup, Survey, check};
use crate::domain::place::{Place, Shelf};
use crate::error::{Outcome, Refusal, UserError};
use crate::store::installs::{self, Found};
use crate::store::journal::{self, Entry};
use crate::store::meta::{self, Fact};
use crate::store::{StoreError, Tx, bindings, setbacks};
use crate::texts;
use crate::texts::installation::{Item, State, Told};

/// How long the answer can be edited: Discord's tokens live 15 minutes, the last one is left for the call itself.
const ANSWER_LIFE: TimeDelta = TimeDelta::minutes(14);

/// Refuses whoever may not install, before anything is asked of Discord.
///
/// # Errors
/// Reserved to those who may manage the server.
pub async fn may_install(app: &App, actor: Actor) -> Outcome<()> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_manager()
}

/// What is found before anything is made; `survey` is `None` when Discord did not answer.
///
/// # Errors
/// Reserved to those who may manage the server; later, while the server is not known.
pub async fn find(app: &App, actor: Actor, survey: Option<&Survey>) -> Outcome<Found> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_manager()?;
    let bound = bound(app, &mut tx).await?;
    let is_there = |id: u64| {
        survey.is_none_or(|survey| {
            survey.channels.keys().any(|channel| channel.0 == id) || survey.roles.contains_key(&RoleId(id))
        })
    };
    let ours = bound.iter().filter_map(|(key, binding)| Some((*key, binding.id?)));
    let there = ours.filter(|(_, id)| is_there(*id)).map(|(key, _)| key.to_string());
    // A role that people made is only known once it was found.
    let named = survey.iter().flat_map(|survey| &survey.roles);
    let named = named.filter(|(_, role)| role.role.name == app.settings.roles.national);
    Ok(Found {
        there: there.chain(named.map(|(id, _)| role_mark(*id))).collect(),
        checkup: match survey {
            Some(survey) => Some(check(survey, &books(app, &mut tx, &bound).await?)),
            None => None,
        },
    })
}

/// How a role that bore the name of the national team's is noted, beside the keys of what is ours.
fn role_mark(role: RoleId) -> String {
    format!("role {role}")
}

/// Writes the wish; gives its number. `token` opens the answer, which is edited when all is done that can be.
///
/// # Errors
/// Reserved to those who may manage the server.
pub async fn install(app: &App, actor: Actor, found: &Found, token: &str, now: DateTime<Utc>) -> Outcome<i64> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_manager()?;
    let wish = installs::insert(&mut tx, actor.user, found, token, now + ANSWER_LIFE, now).await?;
    // What was refused may pass now: whoever asks again has usually ticked something.
    setbacks::hasten(&mut tx, now).await?;
    let entry = Entry {
        actor: Some(actor.user),
        event: "server.installed",
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    // Wakes the reconciler.
    tx.commit().await?;
    Ok(wish)
}

/// What came of a wish, as far as the reconciler got.
///
/// # Errors
/// When SQLite fails.
pub async fn told(app: &App, tx: &mut Tx, found: &Found) -> Result<Told, StoreError> {
    let bound = bound_in(app, tx).await?;
    let setbacks = setbacks::load(tx).await?;
    let there: BTreeSet<&str> = found.there.iter().map(String::as_str).collect();
    let known = meta::snowflake(tx, Fact::NationalRole).await?.map(RoleId);
    let national = match state(Key::National, &bound, &setbacks, &there) {
        State::Made if known.is_some_and(|role| there.contains(role_mark(role).as_str())) => State::There,
        state => state,
    };
    let items = items(app, &bound, &setbacks, &there);
    let made = items.iter().filter(|item| item.state == State::Made).count();
    let feeds = bound.iter().filter(|(key, binding)| {
        matches!(key, Key::Place(spot) if spot.shelf() == Shelf::Feeds) && binding.id.is_some()
    });
    let (feeds, roles) = (feeds.count(), usize::from(national == State::Made));
    Ok(Told {
        // The limits are told as they are now, not as they were found.
        checkup: found.checkup.clone().map(|checkup| Checkup {
            limits: checkup.limits.after(made, feeds, roles),
            ..checkup
        }),
        national_name: app.settings.roles.national.clone(),
        national,
        items,
    })
}

/// Where the places stand, in the order in which they are made. Nothing waits for a wish that nobody uttered.
fn items(app: &App, bound: &Bindings, setbacks: &Setbacks, there: &BTreeSet<&str>) -> Vec<Item> {
    let mut items = Vec::new();
    let shelves = Shelf::ALL.map(|shelf| (Key::Shelf(shelf), shelf.key().to_owned()));
    let used: BTreeSet<Shelf> = places::to_make(app)
        .iter()
        .filter_map(|(place, _)| Some(place.spot()?.shelf()))
        .collect();
    for (key, name) in shelves {
        if matches!(key, Key::Shelf(shelf) if used.contains(&shelf)) {
            items.push(Item {
                name: places::name(app, &name),
                channel: None,
                state: state(key, bound, setbacks, there),
            });
        }
    }
    for (place, region) in places::all(app) {
        let name = texts::places::label(&place, region.as_deref());
        if let Some(chosen) = places::chosen(app, &place) {
            items.push(Item {
                name,
                channel: Some(chosen),
                state: State::Chosen,
            });
            continue;
        }
        items.extend(item(&place, name, bound, setbacks, there));
    }
    items
}

fn item(place: &Place, name: String, bound: &Bindings, setbacks: &Setbacks, there: &BTreeSet<&str>) -> Option<Item> {
    let spot = place.spot()?;
    let key = Key::Place(spot);
    let own = state(key, bound, setbacks, there);
    // A channel whose category waits, waits for the same reason.
    let state = match own {
        State::Coming => match state(Key::Shelf(spot.shelf()), bound, setbacks, there) {
            State::Waits(setback) => State::Waits(setback),
            _ => State::Coming,
        },
        state => state,
    };
    let id = bound.get(&key).and_then(|binding| binding.id);
    Some(Item {
        name,
        channel: id.map(crate::domain::ids::ChannelId),
        state,
    })
}

/// Where one object stands.
fn state(key: Key, bound: &Bindings, setbacks: &Setbacks, there: &BTreeSet<&str>) -> State {
    let name = key.to_string();
    let edit = format!("{name}:overwrites");
    let waits: Option<Setback> = setbacks.get(&name).or_else(|| setbacks.get(&edit)).copied();
    match (waits, bound.get(&key).and_then(|binding| binding.id)) {
        (Some(setback), _) => State::Waits(setback.kind),
        (None, Some(_)) if there.contains(name.as_str()) => State::There,
        (None, Some(_)) => State::Made,
        (None, None) => State::Coming,
    }
}

/// What is ours on the bound server.
async fn bound(app: &App, tx: &mut Tx) -> Outcome<Bindings> {
    if app.guild().is_none() {
        return Err(UserError::new(Refusal::Later, texts::refusals::starting()).into());
    }
    Ok(bound_in(app, tx).await?)
}

async fn bound_in(app: &App, tx: &mut Tx) -> Result<Bindings, StoreError> {
    match app.guild() {
        Some(guild) => bindings::load(tx, guild).await,
        None => Ok(Bindings::new()),
    }
}

/// What the checks have to know of the books.
///
/// # Errors
/// When SQLite fails.
pub(super) async fn books(app: &App, tx: &mut Tx, bound: &Bindings) -> Result<Books, StoreError> {
    let national = meta::snowflake(tx, Fact::NationalRole).await?.map(RoleId);
    let ours = bound
        .iter()
        .filter(|(key, _)| matches!(key, Key::Duty(_) | Key::Role(_)));
    let ours = ours.filter_map(|(_, binding)| binding.id.map(RoleId));
    Ok(Books {
        roles: ours.chain(national).collect(),
        chosen: places::all(app)
            .into_iter()
            .filter_map(|(place, _)| Some((place.clone(), places::chosen(app, &place)?)))
            .collect(),
        national_name: app.settings.roles.national.clone(),
        national,
    })
}
