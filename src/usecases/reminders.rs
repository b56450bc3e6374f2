//! What relays are reminded of: due call-backs in the evening, what is new once a week (product.md §5); and what the week has
//! changed in each région, for its referents (§12).
//!
//! [`step`] puts what is due into the outbox, once, also over a restart; the two other functions say, when a message is sent,
//! what it still has to tell.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

use super::{App, contacts, notify, places};
use crate::domain::calendar::{civil, next_daily, next_weekly, paris_date};
use crate::domain::contact::{CallState, Filter, reminder_due};
use crate::domain::ids::{GroupId, PersonId, RegionCode, UserId};
use crate::domain::notice::{Class, Notice, Recipient};
use crate::domain::place::Place;
use crate::store::outbox::{self, NewMessage};
use crate::store::reminders::{self, CallBack, Round};
use crate::store::{StoreError, Tx, authority, calls, groups, people, posts};
use crate::texts::contacts::Digest;

/// A digest that could not be made within a day of its hour waits for the next week.
const DIGEST_USEFUL: TimeDelta = TimeDelta::hours(24);

/// Puts into the outbox what is due; tells whether anything was written.
///
/// # Errors
/// When the database fails; nothing was written then.
pub async fn step(app: &App, now: DateTime<Utc>) -> Result<bool, StoreError> {
    // Most of the time nothing is due: that is found out without the writer.
    let mut tx = app.store.read().await?;
    let due = due_call_backs(app, &mut tx, now).await?;
    let mut digest = false;
    for weekly in Weekly::all(app) {
        digest |= weekly.due(&mut tx, now).await?.is_some();
    }
    drop(tx);
    if due.is_empty() && !digest {
        return Ok(false);
    }
    let mut tx = app.store.write().await?;
    let mut wrote = remind_call_backs(app, &mut tx, now).await?;
    wrote |= make_digest(app, &mut tx, now).await?;
    wrote |= make_region_digests(app, &mut tx, now).await?;
    if wrote {
        tx.commit().await?;
    } else {
        tx.commit_quietly().await?;
    }
    Ok(wrote)
}

/// When [`step`] is next worth calling, for the loop's timer.
#[must_use]
pub fn next(app: &App, now: DateTime<Utc>) -> DateTime<Utc> {
    Weekly::all(app)
        .into_iter()
        .map(|weekly| next_weekly(now, weekly.day, weekly.time))
        .fold(next_daily(now, app.settings.calls.reminder), DateTime::min)
}

/// The call-backs to remind now.
async fn due_call_backs(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<CallBack>, StoreError> {
    let pace = contacts::pace(app);
    let mut due = reminders::call_backs(tx, paris_date(now)).await?;
    due.retain(|call| reminder_due(CallState::CallBack { on: call.on }, false, &pace, now));
    Ok(due)
}

/// Reminds each relay of his appointments in one message: those he made himself while he is relay of the group, and those of
/// relays who have left, which are everyone's.
async fn remind_call_backs(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let relays = reminders::relays(tx).await?;
    let of_group = |group: GroupId| {
        relays
            .iter()
            .filter(move |(_, groups)| groups.contains(&group))
            .map(|(user, _)| *user)
    };
    let mut told = BTreeMap::<UserId, Vec<CallBack>>::new();
    for call in due_call_backs(app, tx, now).await? {
        let Some(group) = call.group else { continue };
        match call.by.filter(|by| of_group(group).any(|user| user == *by)) {
            Some(user) => told.entry(user).or_default().push(call),
            None => of_group(group).for_each(|user| told.entry(user).or_default().push(call)),
        }
    }
    let mut wrote = false;
    for (user, due) in told {
        let notice = Notice::CallBacks {
            people: due.iter().map(|call| call.person).collect(),
        };
        // One message an evening: what becomes due after it waits for the next.
        if enqueue(
            tx,
            user,
            Class::Reminder,
            &format!("call-backs:{}", paris_date(now)),
            &notice,
            now,
        )
        .await?
        {
            wrote = true;
            for call in due {
                reminders::call_back_reminded(tx, call.person, call.on, now).await?;
            }
        }
    }
    Ok(wrote)
}

/// A round made once a week, at an hour of Paris.
#[derive(Debug, Clone, Copy)]
struct Weekly {
    round: Round,
    day: Weekday,
    time: NaiveTime,
}

impl Weekly {
    fn relays(app: &App) -> Self {
        let settings = &app.settings.calls;
        Self {
            round: Round::RelayDigest,
            day: settings.digest_day,
            time: settings.digest_time,
        }
    }

    fn regions(app: &App) -> Self {
        let settings = &app.settings.feeds;
        Self {
            round: Round::RegionDigest,
            day: settings.digest_day,
            time: settings.digest_time,
        }
    }

    fn all(app: &App) -> [Self; 2] {
        [Self::relays(app), Self::regions(app)]
    }

    /// The day of the round that is due and not made, with the instant at which it was due.
    async fn due(self, tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<(NaiveDate, DateTime<Utc>)>, StoreError> {
        let today = paris_date(now);
        let back = u64::from(today.weekday().days_since(self.day));
        let latest = |weeks: u64| {
            let day = today.checked_sub_days(Days::new(back + 7 * weeks)).unwrap_or(today);
            (day, civil(day, self.time))
        };
        let (day, instant) = Some(latest(0))
            .filter(|(_, instant)| *instant <= now)
            .unwrap_or_else(|| latest(1));
        Ok((!reminders::was_made(tx, self.round, day).await?).then_some((day, instant)))
    }

    /// Notes the round that is due as made; gives its day and that of the one before, while it is still useful.
    async fn take(self, tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<(NaiveDate, NaiveDate)>, StoreError> {
        let Some((day, instant)) = self.due(tx, now).await? else {
            return Ok(None);
        };
        reminders::made(tx, self.round, day, now).await?;
        let since = day.checked_sub_days(Days::new(7)).unwrap_or(day);
        Ok((now - instant < DIGEST_USEFUL).then_some((day, since)))
    }
}

/// Tells the referents of each région what the week has changed; a région without group, or with nobody to read, is left out.
async fn make_region_digests(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let Some((day, since)) = Weekly::regions(app).take(tx, now).await? else {
        return Ok(false);
    };
    let regions: BTreeSet<RegionCode> = groups::all(tx)
        .await?
        .into_iter()
        .filter(|group| !group.archived)
        .map(|group| group.region)
        .collect();
    let mut wrote = false;
    for region in regions {
        let feed = places::channel(app, tx, &Place::Feed(region.clone())).await?;
        if feed.is_none() && posts::referents(tx, &region).await?.is_empty() {
            continue;
        }
        let fact = format!("region-digest:{day}");
        let notice = Notice::RegionDigest {
            region: region.clone(),
            since,
        };
        notify::referents(tx, &region, &fact, &notice, now).await?;
        wrote = true;
    }
    Ok(wrote)
}

async fn make_digest(app: &App, tx: &mut Tx, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let Some((day, since)) = Weekly::relays(app).take(tx, now).await? else {
        return Ok(false);
    };
    let mut wrote = false;
    for (user, groups) in reminders::relays(tx).await? {
        if count(app, tx, user, &groups, since, now).await?.is_empty() {
            continue;
        }
        let notice = Notice::RelayDigest { since };
        wrote |= enqueue(tx, user, Class::Digest, &format!("relay-digest:{day}"), &notice, now).await?;
    }
    Ok(wrote)
}

async fn enqueue(
    tx: &mut Tx,
    user: UserId,
    class: Class,
    fact: &str,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let to = Recipient::User(user);
    let key = format!("{fact}>{to}");
    outbox::enqueue(
        tx,
        &NewMessage {
            key: &key,
            class,
            to,
            notice,
            due: now,
        },
        now,
    )
    .await
}

/// Whom a [`Notice::CallBacks`] still names when it is sent: «Prénom N.» and the day of those who still wait for the call and
/// are still this relay's, in order of day. Nobody: the message is to be dropped.
///
/// # Errors
/// When the database fails.
pub async fn call_backs(
    tx: &mut Tx,
    relay: UserId,
    asked: &[PersonId],
    now: DateTime<Utc>,
) -> Result<Vec<(String, NaiveDate)>, StoreError> {
    let groups = authority::functions(tx, relay).await?.relays;
    let today = paris_date(now);
    let mut due: Vec<(NaiveDate, PersonId)> = calls::list(tx, &groups)
        .await?
        .into_iter()
        .filter(|listed| asked.contains(&listed.id))
        .filter_map(|listed| Some((listed.contact.state.call_back().filter(|on| *on <= today)?, listed.id)))
        .collect();
    due.sort_unstable();
    let ids: Vec<PersonId> = due.iter().map(|(_, id)| *id).collect();
    let people = people::some(tx, &ids).await?;
    Ok(due
        .iter()
        .filter_map(|(on, id)| Some((people.iter().find(|person| person.id == *id)?.short(), *on)))
        .collect())
}

/// What a [`Notice::RelayDigest`] tells when it is sent; none when he is no longer relay, or when nothing is left to say.
///
/// # Errors
/// When the database fails.
pub async fn digest(
    app: &App,
    tx: &mut Tx,
    relay: UserId,
    since: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Option<Digest>, StoreError> {
    let groups = authority::functions(tx, relay).await?.relays;
    let digest = count(app, tx, relay, &groups, since, now).await?;
    Ok((!digest.is_empty()).then_some(digest))
}

/// Counts what is new on the lists of these groups.
async fn count(
    app: &App,
    tx: &mut Tx,
    relay: UserId,
    groups: &[GroupId],
    since: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Digest, StoreError> {
    let pace = contacts::pace(app);
    let from = civil(since, app.settings.calls.digest_time);
    let week = paris_date(now).checked_add_days(Days::new(7)).unwrap_or(since);
    let mut digest = Digest::default();
    for listed in calls::list(tx, groups).await? {
        match listed.member {
            Some(member) => digest.validated += usize::from(member.validated_at >= from),
            None => digest.new += usize::from(listed.created_at >= from),
        }
        digest.to_call += usize::from(Filter::ToCall.shows(&listed.contact, relay, &pace, now));
        digest.call_backs += usize::from(listed.contact.state.call_back().is_some_and(|on| on <= week));
    }
    Ok(digest)
}
