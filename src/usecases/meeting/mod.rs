//! The newcomers' meeting (product.md §11): which one comes next, what the national team makes of it, who is reminded.
//!
//! Regular meetings come from the rule of the settings, in civil time; the table holds the coming ones, and whatever was
//! decided of any. What Discord shows of it is the work of [`crate::meetings`], what people read that of `texts::meeting`.

mod change;
mod due;
mod holiday;
mod told;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::authority::Actor;
use super::{App, places};
use crate::domain::calendar::{Occurrence, Standing, agenda};
use crate::domain::ids::ChannelId;
use crate::domain::meeting_event::EventSpec;
use crate::domain::place::Place as Channel;
use crate::error::Outcome;
use crate::store::{StoreError, Tx, meeting_events, meeting_subscribers, meetings};
use crate::texts;
use crate::texts::meeting::{Coming, Place};

pub use change::{Cancelled, Moved, cancel, reschedule};
pub use due::step;
pub use holiday::{ask_date, call_off, keep, put_off};
pub use told::{changed, question, reminder};

/// How far ahead a meeting is looked for: over a year, so that a whole year called off still shows the next one.
const FAR: TimeDelta = TimeDelta::days(400);
/// How many coming meetings the event of the next one is chosen from: enough for one under way and those after it.
const CANDIDATES: usize = 3;

/// The meetings that end after `from` and start before `until`, cancelled ones included, in order of start.
///
/// # Errors
/// When the database fails.
pub async fn between(
    app: &App,
    tx: &mut Tx,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Occurrence>, StoreError> {
    let stored = meetings::since(tx, from).await?;
    let stored: Vec<Occurrence> = stored.into_iter().map(|known| known.occurrence).collect();
    Ok(agenda(&app.settings.meeting.rule, &stored, from, until))
}

/// The next meeting that is held: it has not begun. None when a whole year was called off.
///
/// # Errors
/// When the database fails.
pub async fn next(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<Occurrence>, StoreError> {
    let agenda = between(app, tx, now, now + FAR).await?;
    Ok(agenda.into_iter().find(|one| one.is_held() && one.starts_at > now))
}

/// Where the meeting is held: as `[reunion] lieu` says, else in the meeting channel, else on the server.
///
/// # Errors
/// When the database fails.
pub async fn place(app: &App, tx: &mut Tx) -> Result<Place, StoreError> {
    if let Some(words) = &app.settings.meeting.place {
        return Ok(Place::Written(words.clone()));
    }
    let channel = places::channel(app, tx, &Channel::Meeting).await?;
    Ok(match (app.guild(), channel) {
        (Some(guild), Some(channel)) => Place::Channel(guild, channel),
        _ => Place::Server,
    })
}

/// Where reminders and changes are posted: `[salons] rappels`, else the meeting channel; none before either.
///
/// # Errors
/// When the database fails.
pub async fn channel(app: &App, tx: &mut Tx) -> Result<Option<ChannelId>, StoreError> {
    match app.settings.channels.reminders {
        Some(id) => Ok(Some(ChannelId(id))),
        None => places::channel(app, tx, &Channel::Meeting).await,
    }
}

/// What `/reunion prochaine` shows to this account.
///
/// # Errors
/// When the database fails.
pub async fn coming(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<Coming> {
    let mut tx = app.store.read().await?;
    let agenda = between(app, &mut tx, now, now + FAR).await?;
    let next = agenda.iter().copied().find(|one| one.is_held() && one.starts_at > now);
    let mut cancelled = Vec::new();
    for one in &agenda {
        let before = next.is_none_or(|next| one.starts_at < next.starts_at);
        if !one.is_held() && before && cancelled.len() < CANDIDATES {
            let known = meetings::get(&mut tx, one.day).await?;
            cancelled.push((*one, known.and_then(|known| known.reason)));
        }
    }
    let event = match (app.guild(), next) {
        (Some(guild), Some(next)) => {
            let bound = meeting_events::load(&mut tx, guild).await?;
            bound.get(&next.day).copied().flatten().map(|id| (guild, id))
        }
        _ => None,
    };
    Ok(Coming {
        next,
        place: place(app, &mut tx).await?,
        event,
        cancelled,
        running: agenda.iter().any(|one| one.is_held() && one.starts_at <= now),
        subscribed: meeting_subscribers::since(&mut tx, actor.user).await?.is_some(),
    })
}

/// What the Discord event is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// The events of the meetings that are held and have not ended, soonest first.
    pub upcoming: Vec<EventSpec>,
    /// The days of those that were called off.
    pub cancelled: BTreeSet<NaiveDate>,
}

/// What the Discord event of the next meeting should be, on this server.
///
/// # Errors
/// When the database fails.
pub async fn events(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<Events, StoreError> {
    let agenda = between(app, tx, now, now + FAR).await?;
    let location = place(app, tx).await?.location();
    let upcoming = agenda
        .iter()
        .filter(|one| one.is_held())
        .take(CANDIDATES)
        .map(|one| EventSpec {
            day: one.day,
            name: texts::meeting::event_name(),
            description: texts::meeting::event_description(one.day),
            location: location.clone(),
            starts_at: one.starts_at,
            ends_at: one.ends_at,
        })
        .collect();
    let cancelled = agenda
        .iter()
        .filter(|one| one.standing == Standing::Cancelled)
        .map(|one| one.day)
        .collect();
    Ok(Events { upcoming, cancelled })
}
