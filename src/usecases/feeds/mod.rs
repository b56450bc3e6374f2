//! The feeds of the référents (product.md §12): what each event says when its message is posted or edited.
//!
//! Names are read at that instant, so that whoever was erased in the meantime is not named any longer. The scheduler decides
//! when; here it is decided what.

pub mod digest;

use chrono::{DateTime, Utc};

use super::posts::region_name;
use super::{App, notices};
use crate::domain::ids::{GroupId, MembershipId};
use crate::domain::notice::Notice;
use crate::domain::view::Message;
use crate::error::Error;
use crate::store::feeds::{Event, FeedMessage};
use crate::store::memberships::{End, Membership};
use crate::store::{Tx, groups, ladder, memberships, participation, people, posts};
use crate::texts;
use crate::texts::feeds::{Annulled, Line, What};

pub use digest::digest;

/// Whether a feed tells this notice. What it does not know goes to each referent by DM, with its buttons.
#[must_use]
pub fn tells(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::Validated { .. }
            | Notice::Annulled { .. }
            | Notice::StepReached { .. }
            | Notice::GroupsPossible { .. }
            | Notice::WithoutRelay { .. }
            | Notice::RegionDigest { .. }
    ) || is_for_feeds_only(notice)
}

/// Whether this is told in feeds only: before there is one, nobody is disturbed for it.
#[must_use]
pub fn is_for_feeds_only(notice: &Notice) -> bool {
    matches!(notice, Notice::Departed { .. } | Notice::Joined { .. })
}

/// Whether this asks somebody to act: where a feed has no referent to read it, the national team is told too.
#[must_use]
pub fn asks(notice: &Notice) -> bool {
    matches!(notice, Notice::WithoutRelay { .. })
}

/// Whether this is a message of its own.
#[must_use]
pub fn stands_alone(notice: &Notice) -> bool {
    matches!(notice, Notice::RegionDigest { .. })
}

/// How many of `waiting` may join the events that a message has already.
///
/// # Errors
/// When the database fails.
pub async fn room(
    app: &App,
    tx: &mut Tx,
    held: &[Event],
    waiting: &[Event],
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    if held.iter().any(|event| stands_alone(&event.notice)) {
        return Ok(0);
    }
    let alone = waiting.iter().position(|event| stands_alone(&event.notice));
    if alone == Some(0) {
        return Ok(usize::from(held.is_empty()));
    }
    let mut events = held.to_vec();
    events.extend(waiting.iter().take(alone.unwrap_or(waiting.len())).cloned());
    let mut lines = Vec::with_capacity(events.len());
    for event in &events {
        lines.push(line(app, tx, event, &events, now).await?);
    }
    Ok(texts::feeds::room(&lines).saturating_sub(held.len()))
}

/// What a message of a feed says now; `None` when nothing of it is so any longer.
///
/// # Errors
/// When the database fails.
pub async fn message(
    app: &App,
    tx: &mut Tx,
    of: &FeedMessage,
    events: &[Event],
    now: DateTime<Utc>,
) -> Result<Option<Message>, Error> {
    if let [
        Event {
            notice: Notice::RegionDigest { region, since },
            ..
        },
    ] = events
    {
        let digest = digest(app, tx, region, *since, now).await?;
        return Ok(digest.map(|message| texts::feeds::in_feed(message, of.id)));
    }
    let mut lines = Vec::with_capacity(events.len());
    for event in events {
        lines.extend(line(app, tx, event, events, now).await?);
    }
    let region = region_name(&app.atlas(), &of.region);
    Ok((!lines.is_empty()).then(|| texts::feeds::message(of.id, &region, &lines)))
}

/// What one event says now; `None` for what needs no line, or is no longer so.
async fn line(
    app: &App,
    tx: &mut Tx,
    event: &Event,
    beside: &[Event],
    now: DateTime<Utc>,
) -> Result<Option<Line>, Error> {
    let (group, what) = match &event.notice {
        Notice::Validated { membership } => {
            let Some(found) = memberships::get(tx, *membership).await? else {
                return Ok(None);
            };
            let until = found.validated_at + app.settings.validation.referent_undo;
            let what = What::Validated {
                membership: found.id,
                name: name(tx, &found).await?,
                number: found.number,
                relay: found.validated_by,
                until: (found.ended.is_none() && now <= until).then_some(until),
                annulled: annulled(tx, &found).await?,
            };
            (found.group, what)
        }
        Notice::Annulled { membership, .. } => {
            // The line of the validation says it already.
            if beside.iter().any(|other| tells_of(other, *membership)) {
                return Ok(None);
            }
            let Some(found) = memberships::get(tx, *membership).await? else {
                return Ok(None);
            };
            let Some(how) = annulled(tx, &found).await? else {
                return Ok(None);
            };
            let what = What::Annulled {
                name: name(tx, &found).await?,
                number: found.number,
                how,
            };
            (found.group, what)
        }
        Notice::Departed { membership } => {
            let Some(found) = memberships::get(tx, *membership).await? else {
                return Ok(None);
            };
            let Some((_, why)) = found.ended else { return Ok(None) };
            let what = What::Departed {
                name: name(tx, &found).await?,
                why: why.key(),
            };
            (found.group, what)
        }
        Notice::Joined { person, group } => {
            let Some(found) = people::get(tx, *person).await? else {
                return Ok(None);
            };
            (*group, What::Joined { name: found.short() })
        }
        Notice::StepReached { group, step } => {
            let members = ladder::counts(tx, *group).await?.members;
            (*group, What::Step { step: *step, members })
        }
        Notice::WithoutRelay { group } => {
            if !posts::relays(tx, *group).await?.is_empty() {
                return Ok(None);
            }
            let to_call = notices::callable(app, tx, *group, None, now).await?;
            (*group, What::WithoutRelay { id: *group, to_call })
        }
        Notice::GroupsPossible { groups } => {
            let mut waiting = Vec::new();
            for id in groups {
                waiting.extend(notices::possible(app, tx, *id).await?.map(|(group, _)| group));
            }
            return Ok((!waiting.is_empty()).then(|| Line {
                at: event.at,
                group: String::new(),
                what: What::Possible { groups: waiting },
            }));
        }
        _ => return Ok(None),
    };
    Ok(group_name(tx, group).await?.map(|group| Line {
        at: event.at,
        group,
        what,
    }))
}

fn tells_of(event: &Event, membership: MembershipId) -> bool {
    event.notice == Notice::Validated { membership }
}

async fn group_name(tx: &mut Tx, group: GroupId) -> Result<Option<String>, Error> {
    Ok(groups::get(tx, group).await?.map(|group| group.name))
}

/// «Camille D.», or what stands for an erased person.
async fn name(tx: &mut Tx, of: &Membership) -> Result<String, Error> {
    let person = people::get(tx, of.person).await?;
    Ok(person.map_or_else(|| texts::people::erased().to_owned(), |person| person.short()))
}

/// How a validation was annulled, if it was.
async fn annulled(tx: &mut Tx, of: &Membership) -> Result<Option<Annulled>, Error> {
    if !matches!(of.ended, Some((_, End::Annulment))) {
        return Ok(None);
    }
    Ok(Some(Annulled {
        by: participation::ended_by(tx, of.id).await?,
        reason: participation::reason(tx, of.id).await?,
    }))
}
