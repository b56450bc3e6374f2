//! What falls due around the meetings, once, also over a restart: the coming ones are stored, their reminders go, the national
//! team is asked about public holidays.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::{App, between, channel};
use crate::domain::calendar::{Occurrence, Reminder, Standing, civil, holiday, paris_date};
use crate::domain::ids::UserId;
use crate::domain::notice::{Class, Notice, Recipient};
use crate::store::outbox::{self, NewMessage};
use crate::store::{StoreError, Tx, meeting_subscribers, meetings, posts};
use crate::usecases::notify;

/// How far ahead the meetings are stored.
const STORED: TimeDelta = TimeDelta::days(42);
/// How far ahead reminders are looked for: the first goes at most two days before its meeting.
const REMINDED: TimeDelta = TimeDelta::days(3);

/// The hour of Paris at which the national team is asked: a message that comes at midnight is not read then.
fn asking_hour() -> NaiveTime {
    NaiveTime::from_hms_opt(9, 0, 0).unwrap_or(NaiveTime::MIN)
}

/// Puts into the outbox what is due; gives when there is something to do next, if that is known.
///
/// # Errors
/// When the database fails; nothing was written then.
pub async fn step(app: &App, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut tx = app.store.read().await?;
    // Most of the time nothing is due: that is found out without the writer.
    let idle = unstored(app, &mut tx, now).await?.is_empty()
        && reminders_due(app, &mut tx, now).await?.is_empty()
        && questions_due(app, &mut tx, now).await?.is_empty();
    let next = next_due(app, &mut tx, now).await?;
    drop(tx);
    if idle {
        return Ok(next);
    }
    let mut tx = app.store.write().await?;
    for change in unstored(app, &mut tx, now).await? {
        match change {
            Change::Put(occurrence) => meetings::put_regular(&mut tx, &occurrence.meeting()).await?,
            Change::Forget(occurrence) => meetings::forget_regular(&mut tx, occurrence.day).await?,
        };
    }
    let mut told = false;
    for (occurrence, reminder) in reminders_due(app, &mut tx, now).await? {
        told |= remind(app, &mut tx, &occurrence, &reminder, now).await?;
    }
    for occurrence in questions_due(app, &mut tx, now).await? {
        told |= ask(&mut tx, &occurrence, now).await?;
    }
    if told {
        tx.commit().await?;
    } else {
        tx.commit_quietly().await?;
    }
    Ok(next)
}

/// What differs between the table and the rule.
enum Change {
    Put(Occurrence),
    Forget(Occurrence),
}

/// The coming meetings that are not stored as the rule has them, and those stored that it no longer has.
async fn unstored(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<Change>, StoreError> {
    let agenda = between(app, tx, now, now + STORED).await?;
    let known: Vec<Occurrence> = meetings::since(tx, now)
        .await?
        .into_iter()
        .map(|known| known.occurrence)
        .collect();
    let to_put = agenda
        .iter()
        .filter(|one| one.standing == Standing::Regular && !known.contains(one))
        .map(|one| Change::Put(*one));
    let rule = &app.settings.meeting.rule;
    let to_forget = known
        .iter()
        .filter(|one| one.standing == Standing::Regular && one.starts_at > now && !rule.holds(one.day))
        .map(|one| Change::Forget(*one));
    Ok(to_put.chain(to_forget).collect())
}

/// The reminders to send now.
async fn reminders_due(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<(Occurrence, Reminder)>, StoreError> {
    let rule = &app.settings.meeting.rule;
    let mut due = Vec::new();
    for one in between(app, tx, now, now + REMINDED).await? {
        if !one.is_held() {
            continue;
        }
        if let Some(reminder) = rule.reminder_due(&one.meeting(), now)
            && !meetings::was_reminded(tx, &one, reminder.kind).await?
        {
            due.push((one, reminder));
        }
    }
    Ok(due)
}

/// Reminds the channel and those who asked; tells whether anybody is told.
async fn remind(
    app: &App,
    tx: &mut Tx,
    occurrence: &Occurrence,
    reminder: &Reminder,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !meetings::reminded(tx, occurrence, reminder.kind, true, now).await? {
        return Ok(false);
    }
    let notice = Notice::MeetingReminder {
        day: occurrence.day,
        starts_at: occurrence.starts_at,
        which: reminder.kind,
    };
    let fact = format!(
        "meeting:{}:{}:{}",
        occurrence.day,
        occurrence.starts_at.timestamp(),
        reminder.kind.key()
    );
    let mut told = false;
    if let Some(channel) = channel(app, tx).await? {
        told |= tell(tx, Recipient::Channel(channel), &fact, &notice, now).await?;
    }
    for user in meeting_subscribers::all(tx).await? {
        told |= tell(tx, Recipient::User(user), &fact, &notice, now).await?;
    }
    Ok(told)
}

/// Tells a channel or an account something about a meeting, once.
pub(super) async fn tell(
    tx: &mut Tx,
    to: Recipient,
    fact: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let message = NewMessage {
        key: &format!("{fact}>{to}"),
        class: Class::Reminder,
        to,
        notice,
        due: now,
    };
    outbox::enqueue(tx, &message, now).await
}

/// When the national team is asked about a meeting, if it is to be.
fn asked_at(app: &App, occurrence: &Occurrence) -> Option<DateTime<Utc>> {
    let days = app.settings.meeting.holiday_notice_days;
    let on = paris_date(occurrence.starts_at);
    if days == 0 || occurrence.standing != Standing::Regular || holiday(on).is_none() {
        return None;
    }
    let day = on.checked_sub_days(Days::new(days.into())).unwrap_or(on);
    Some(civil(day, asking_hour()))
}

/// The meetings about which the national team is to be asked now, as long as somebody can be.
async fn questions_due(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<Occurrence>, StoreError> {
    let mut due = Vec::new();
    for one in ahead_of_holidays(app, tx, now).await? {
        if asked_at(app, &one).is_some_and(|at| at <= now) && is_open(tx, &one).await? {
            due.push(one);
        }
    }
    let nobody = due.is_empty() || nationals(tx).await?.is_empty();
    Ok(if nobody { Vec::new() } else { due })
}

/// The regular meetings to come within the notice that is given of public holidays.
async fn ahead_of_holidays(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<Occurrence>, StoreError> {
    let days = i64::from(app.settings.meeting.holiday_notice_days);
    let mut agenda = between(app, tx, now, now + TimeDelta::days(days + 8)).await?;
    agenda.retain(|one| one.starts_at > now);
    Ok(agenda)
}

/// Whether nothing was asked or decided of a meeting yet.
async fn is_open(tx: &mut Tx, occurrence: &Occurrence) -> Result<bool, StoreError> {
    let known = meetings::get(tx, occurrence.day).await?;
    Ok(known.is_none_or(|known| known.asked_at.is_none() && known.kept_at.is_none() && known.revision == 0))
}

async fn nationals(tx: &mut Tx) -> Result<Vec<UserId>, StoreError> {
    posts::nationals(tx).await
}

/// Asks the national team; true, for somebody is told.
async fn ask(tx: &mut Tx, occurrence: &Occurrence, now: DateTime<Utc>) -> Result<bool, StoreError> {
    meetings::put_regular(tx, &occurrence.meeting()).await?;
    meetings::asked(tx, occurrence.day, now).await?;
    let fact = format!("meeting-holiday:{}", occurrence.day);
    let notice = Notice::MeetingHoliday { day: occurrence.day };
    notify::national(tx, &fact, &notice, now).await?;
    Ok(true)
}

/// The next instant at which something falls due.
async fn next_due(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
    let rule = &app.settings.meeting.rule;
    let reminders = between(app, tx, now, now + TimeDelta::days(15)).await?;
    let reminders = reminders
        .iter()
        .filter(|one| one.is_held())
        .flat_map(|one| rule.reminders(&one.meeting()))
        .map(|reminder| reminder.due);
    let holidays = ahead_of_holidays(app, tx, now).await?;
    let questions = holidays.iter().filter_map(|one| asked_at(app, one));
    Ok(reminders.chain(questions).filter(|at| *at > now).min())
}
