//! What the national team makes of a meeting: `/reunion annuler`, `/reunion deplacer` (product.md §11).

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{App, FAR, between, channel, due, next};
use crate::domain::calendar::{Occurrence, Standing, TypedDate, civil, paris_date, parse_date, parse_date_time};
use crate::domain::notice::{Notice, Recipient};
use crate::error::{Outcome, Refusal, UserError};
use crate::store::journal::{self, Entry};
use crate::store::{StoreError, Tx, meeting_subscribers, meetings};
use crate::texts;
use crate::texts::meeting::{REASON_MAX, Told};
use crate::usecases::authority::{self, Actor};

/// How far ahead a meeting can be changed: more is a slip of the finger.
const YEAR: TimeDelta = TimeDelta::days(366);
/// The least time between a move and the new start: an announcement that comes later serves nobody.
const NOTICE: TimeDelta = TimeDelta::minutes(10);
/// How many other meetings are named when none is held on a day.
const NEAREST: usize = 2;

/// What came of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// The meeting as it was.
    pub before: Occurrence,
    /// Why, tidied.
    pub reason: Option<String>,
    /// The meeting that follows.
    pub next: Option<DateTime<Utc>>,
    /// Where it is told.
    pub told: Told,
}

/// What came of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The meeting as it was, called off perhaps.
    pub before: Occurrence,
    /// The meeting as it is.
    pub after: Occurrence,
    /// Where it is told.
    pub told: Told,
}

/// Calls off the meeting of a typed day.
///
/// # Errors
/// Reserved to the national team; a date that is unreadable, past, too far, without meeting; called off already.
pub async fn cancel(
    app: &App,
    actor: Actor,
    date: &str,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Outcome<Cancelled> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let reason = tidy(reason)?;
    let found = find(app, &mut tx, typed(date)?, now).await?;
    if !found.is_held() {
        return refuse(Refusal::Conflict, texts::meeting::already_cancelled(&found));
    }
    let done = apply_cancel(app, &mut tx, actor, &found, reason, now).await?;
    tx.commit().await?;
    Ok(done)
}

/// Holds the meeting of a typed day at another time. One that was called off is held again.
///
/// # Errors
/// Reserved to the national team; a date that is unreadable, past, too far, without meeting; a new time that is the present
/// one, past or too near, too far, on the day of another meeting.
pub async fn reschedule(app: &App, actor: Actor, date: &str, new: &str, now: DateTime<Utc>) -> Outcome<Moved> {
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let found = find(app, &mut tx, typed(date)?, now).await?;
    let done = apply_move(app, &mut tx, actor, &found, new, now).await?;
    tx.commit().await?;
    Ok(done)
}

/// Calls off a meeting that is held, and tells it.
pub(super) async fn apply_cancel(
    app: &App,
    tx: &mut Tx,
    actor: Actor,
    before: &Occurrence,
    reason: Option<String>,
    now: DateTime<Utc>,
) -> Outcome<Cancelled> {
    let after = Occurrence {
        standing: Standing::Cancelled,
        ..*before
    };
    let told = apply(app, tx, actor, before, &after, reason.as_deref(), now).await?;
    let next = next(app, tx, now).await?.map(|next| next.starts_at);
    Ok(Cancelled {
        before: *before,
        reason,
        next,
        told,
    })
}

/// Holds a meeting at a typed time, and tells it.
pub(super) async fn apply_move(
    app: &App,
    tx: &mut Tx,
    actor: Actor,
    before: &Occurrence,
    new: &str,
    now: DateTime<Utc>,
) -> Outcome<Moved> {
    let rule = &app.settings.meeting.rule;
    let new: TypedDate =
        parse_date_time(new).map_err(|fault| UserError::new(Refusal::Invalid, texts::dates::fault(fault)))?;
    let starts_at = new.instant(rule.time);
    if starts_at < now + NOTICE {
        return refuse(Refusal::Invalid, texts::meeting::too_soon(starts_at));
    }
    if starts_at > now + YEAR {
        return refuse(Refusal::Invalid, texts::meeting::too_far(new.date));
    }
    if before.is_held() && before.starts_at == starts_at {
        return refuse(Refusal::Conflict, texts::meeting::same(before));
    }
    let midnight = civil(new.date, NaiveTime::MIN);
    let others = between(app, tx, midnight, midnight + TimeDelta::days(2)).await?;
    let same_day = |one: &&Occurrence| one.is_held() && one.day != before.day && paris_date(one.starts_at) == new.date;
    if let Some(other) = others.iter().find(same_day) {
        return refuse(Refusal::Conflict, texts::meeting::taken(other));
    }
    let usual = rule.holds(before.day) && rule.on(before.day).starts_at == starts_at;
    let after = Occurrence {
        day: before.day,
        starts_at,
        ends_at: starts_at + rule.duration,
        standing: if usual { Standing::Regular } else { Standing::Moved },
    };
    let told = apply(app, tx, actor, before, &after, None, now).await?;
    Ok(Moved {
        before: *before,
        after,
        told,
    })
}

/// Writes a change with its consequences: the journal, the announcement, the reminders that the announcement replaces.
async fn apply(
    app: &App,
    tx: &mut Tx,
    actor: Actor,
    before: &Occurrence,
    after: &Occurrence,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Outcome<Told> {
    // Those who ask for reminders have been told of the meeting, or are about to come to it.
    let is_next = next(app, tx, now).await?.is_some_and(|next| next.day == before.day);
    let was_told = meetings::was_told(tx, before).await?;
    let concerns = is_next || was_told || before.standing != Standing::Regular;
    let revision = meetings::change(tx, after, reason, actor.user, now).await?;
    for reminder in app.settings.meeting.rule.reminders(&after.meeting()) {
        // Reminders that would be late already are replaced by the announcement.
        if after.is_held() && reminder.due <= now {
            meetings::reminded(tx, after, reminder.kind, false, now).await?;
        }
    }
    let entry = Entry {
        actor: Some(actor.user),
        event: if after.is_held() {
            "meeting.moved"
        } else {
            "meeting.cancelled"
        },
        before: Some(&state(before)),
        after: Some(&state(after)),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    let notice = Notice::MeetingChanged {
        day: before.day,
        before: before.starts_at,
        held_again: !before.is_held(),
        revision,
    };
    Ok(announce(app, tx, &notice, (before.day, revision), concerns, now).await?)
}

/// Tells the channel of a change, and those who ask for reminders when it concerns them.
async fn announce(
    app: &App,
    tx: &mut Tx,
    notice: &Notice,
    (day, revision): (NaiveDate, u32),
    concerns: bool,
    now: DateTime<Utc>,
) -> Result<Told, StoreError> {
    let fact = format!("meeting-changed:{day}:{revision}");
    let channel = channel(app, tx).await?;
    if let Some(channel) = channel {
        due::tell(tx, Recipient::Channel(channel), &fact, notice, now).await?;
    }
    let people = if concerns {
        meeting_subscribers::all(tx).await?
    } else {
        Vec::new()
    };
    for user in &people {
        due::tell(tx, Recipient::User(*user), &fact, notice, now).await?;
    }
    Ok(Told {
        channel,
        people: people.len(),
    })
}

/// The state of a meeting, as the journal keeps it.
fn state(occurrence: &Occurrence) -> String {
    let at = occurrence.starts_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    match occurrence.standing {
        Standing::Cancelled => format!("cancelled {at}"),
        Standing::Regular | Standing::Moved => at,
    }
}

/// The meeting of a day, called off or not: the one held on it, else the one that is usually.
async fn find(app: &App, tx: &mut Tx, date: NaiveDate, now: DateTime<Utc>) -> Outcome<Occurrence> {
    let today = paris_date(now);
    if date < today {
        return refuse(Refusal::Invalid, texts::meeting::past(date));
    }
    let midnight = civil(today, NaiveTime::MIN);
    if civil(date, NaiveTime::MIN) > midnight + YEAR {
        return refuse(Refusal::Invalid, texts::meeting::too_far(date));
    }
    let agenda = between(app, tx, midnight, midnight + FAR).await?;
    let on = |one: &&Occurrence| paris_date(one.starts_at) == date;
    let found = agenda
        .iter()
        .find(|one| one.is_held() && on(one))
        .or_else(|| agenda.iter().find(on))
        .or_else(|| agenda.iter().find(|one| one.day == date));
    let Some(found) = found else {
        let mut held: Vec<Occurrence> = agenda
            .into_iter()
            .filter(|one| one.is_held() && one.starts_at > now)
            .collect();
        held.sort_by_key(|one| (paris_date(one.starts_at) - date).num_days().abs());
        held.truncate(NEAREST);
        held.sort_by_key(|one| one.starts_at);
        return refuse(Refusal::NotFound, texts::meeting::none_that_day(date, &held));
    };
    // One that was called off can be held again, later that day.
    if found.is_held() && found.starts_at <= now {
        return refuse(Refusal::Conflict, texts::meeting::started(found));
    }
    Ok(*found)
}

fn typed(date: &str) -> Outcome<NaiveDate> {
    parse_date(date).map_err(|fault| UserError::new(Refusal::Invalid, texts::dates::fault(fault)).into())
}

/// The reason as it is announced: on one line; none when nothing was typed.
fn tidy(reason: Option<&str>) -> Outcome<Option<String>> {
    let reason = reason.map(|typed| typed.split_whitespace().collect::<Vec<_>>().join(" "));
    match reason.filter(|reason| !reason.is_empty()) {
        Some(long) if long.chars().count() > REASON_MAX => refuse(Refusal::Invalid, texts::meeting::reason_too_long()),
        reason => Ok(reason),
    }
}

pub(super) fn refuse<T>(kind: Refusal, text: String) -> Outcome<T> {
    Err(UserError::new(kind, text).into())
}
