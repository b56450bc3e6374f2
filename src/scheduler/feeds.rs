//! The feeds of the référents (product.md §12): at most one new message for each région in the time of
//! `[remontees] regroupement_minutes`; what comes in between is added to it by edits.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use super::{LATER, REST, Scheduler, until};
use crate::discord::failure::{ApiFailure, Kind, OLD_EDITS, UNKNOWN_MESSAGE};
use crate::domain::ids::{ChannelId, FeedMessageId, RegionCode};
use crate::domain::place::Place;
use crate::error::Error;
use crate::store::feeds::{self as rows, Event, FeedMessage};
use crate::store::{Tx, posts};
use crate::supervisor::Backoff;
use crate::texts;
use crate::usecases::{feeds, notify, places};

/// The least time between two changes of one message.
const EDIT_PACE: TimeDelta = TimeDelta::seconds(10);
/// The first delay after Discord says that old messages are edited too often (discord.md, error 30046).
const OLD_EDIT_FIRST: TimeDelta = TimeDelta::seconds(10);
/// The longest delay after it.
const OLD_EDIT_LONGEST: TimeDelta = TimeDelta::minutes(15);
/// The most messages shown in one look.
const BATCH: usize = 20;

impl Scheduler {
    /// Gives what happened to the messages of the feeds, posts and edits them; what has no feed goes to direct messages. Gives
    /// how long there is nothing to do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn feeds(&self, now: DateTime<Utc>) -> Result<Duration, Error> {
        notify::spread(&self.app, now).await?;
        let mut later: Vec<DateTime<Utc>> = Vec::new();
        let waiting = {
            let mut tx = self.app.store.read().await?;
            rows::waiting(&mut tx).await?
        };
        for (region, events) in waiting {
            if events.iter().any(|event| event.message.is_none())
                && let Some(at) = self.gather(&region, now).await?
            {
                later.push(at);
            }
        }
        let stale = {
            let mut tx = self.app.store.read().await?;
            rows::stale(&mut tx).await?
        };
        let mut shown = 0;
        for message in stale {
            let paced = message.changed_at.map(|at| at + EDIT_PACE);
            let at = paced.into_iter().chain(message.not_before).max();
            match at.filter(|at| *at > now) {
                Some(at) => later.push(at),
                None if shown == BATCH => later.push(now),
                None => {
                    shown += 1;
                    if let Some(at) = self.show(&message, now).await? {
                        later.push(at);
                    }
                }
            }
        }
        let next = later.into_iter().min();
        Ok(next.map_or(REST, |at| until(at, now).min(REST)))
    }

    /// Gives the waiting events of a région to its open message, or to a new one when the time has come; gives when the rest
    /// may go.
    async fn gather(&self, region: &RegionCode, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let window = self.app.settings.feeds.coalesce;
        let mut tx = self.app.store.write().await?;
        let Some(channel) = places::channel(&self.app, &mut tx, &Place::Feed(region.clone())).await? else {
            // The feed was taken away this instant: told by direct messages at the next look.
            return Ok(Some(now + LATER));
        };
        let waiting: Vec<Event> = rows::waiting(&mut tx)
            .await?
            .into_iter()
            .filter(|(code, _)| code == region)
            .flat_map(|(_, events)| events)
            .filter(|event| event.message.is_none() && feeds::tells(&event.notice))
            .collect();
        let latest = rows::latest(&mut tx, region).await?;
        let mut waiting = waiting.as_slice();
        if let Some(open) = latest.as_ref().filter(|open| takes(open, channel, window, now)) {
            let held = rows::events(&mut tx, open.id).await?;
            let room = feeds::room(&self.app, &mut tx, &held, waiting, now).await?;
            waiting = give(&mut tx, open.id, waiting, room).await?;
        }
        let free = latest.map_or(now, |latest| latest.opened_at + window);
        if !waiting.is_empty() && free <= now {
            let room = feeds::room(&self.app, &mut tx, &[], waiting, now).await?.max(1);
            let new = rows::open(&mut tx, region, channel, now).await?;
            waiting = give(&mut tx, new, waiting, room).await?;
        }
        let next = (!waiting.is_empty()).then(|| free.max(now) + if free <= now { window } else { TimeDelta::zero() });
        tx.commit_quietly().await?;
        Ok(next)
    }

    /// Posts or edits one message; gives when it is to be looked at again.
    async fn show(&self, message: &FeedMessage, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let channel = {
            let mut tx = self.app.store.write().await?;
            // Until it is posted, a message follows its feed.
            let channel = match message.message {
                Some(_) => message.channel,
                None => places::channel(&self.app, &mut tx, &Place::Feed(message.region.clone()))
                    .await?
                    .unwrap_or(message.channel),
            };
            rows::showing(&mut tx, message.id, channel, now).await?;
            tx.commit_quietly().await?;
            channel
        };
        let (events, view) = {
            let mut tx = self.app.store.read().await?;
            let events = rows::events(&mut tx, message.id).await?;
            let view = feeds::message(&self.app, &mut tx, message, &events, now).await?;
            (events, view)
        };
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        let posted = message.message.filter(|id| *id > 0);
        let done = match (posted, view) {
            (None, None) => {
                let mut tx = self.app.store.write().await?;
                rows::told(&mut tx, &ids, now).await?;
                rows::gone(&mut tx, message.id, None).await?;
                tx.commit_quietly().await?;
                return Ok(None);
            }
            (None, Some(view)) => {
                let tried = message.tried_at.filter(|_| message.channel == channel);
                self.courier
                    .publish(channel, &view, &nonce(message), tried)
                    .await
                    .map(|(sent, whole)| (sent.message, whole))
            }
            (Some(id), view) => {
                let view = view.unwrap_or_else(|| texts::feeds::empty(message.id));
                self.courier.edit(channel, id, &view).await.map(|()| (id, true))
            }
        };
        match done {
            Ok((id, whole)) => {
                let at = self.app.clock.now();
                let mut tx = self.app.store.write().await?;
                rows::shown(&mut tx, message.id, id, whole, at).await?;
                if whole {
                    rows::told(&mut tx, &ids, at).await?;
                }
                if self.tell_those_who_act(&mut tx, message, &events, at).await? {
                    // Wakes the other queues.
                    tx.commit().await?;
                } else {
                    tx.commit_quietly().await?;
                }
                Ok((!whole).then_some(at + EDIT_PACE))
            }
            Err(failure) => self.lost(message, failure).await,
        }
    }

    /// What asks for an act is told to the national team too where the feed has no referent to read it. Tells whether it was.
    async fn tell_those_who_act(
        &self,
        tx: &mut Tx,
        message: &FeedMessage,
        events: &[Event],
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let asking: Vec<&Event> = events.iter().filter(|event| feeds::asks(&event.notice)).collect();
        if asking.is_empty() || !posts::referents(tx, &message.region).await?.is_empty() {
            return Ok(false);
        }
        for event in asking {
            notify::national(tx, &event.key, &event.notice, now).await?;
        }
        Ok(true)
    }

    /// Notes a failure: tried again later, or, where Discord will not have it, told by direct messages.
    async fn lost(&self, message: &FeedMessage, failure: ApiFailure) -> Result<Option<DateTime<Utc>>, Error> {
        let now = self.app.clock.now();
        let code = failure.code.or(failure.status.map(i64::from));
        let mut tx = self.app.store.write().await?;
        match failure.kind {
            Kind::Transient | Kind::TokenRefused => {
                let delay = Backoff::after(self.app.settings.retry, message.attempts);
                let mut delay = TimeDelta::from_std(delay).unwrap_or(LATER);
                if failure.code == Some(OLD_EDITS) {
                    let doubled = OLD_EDIT_FIRST * (1 << message.attempts.min(10));
                    delay = delay.max(doubled).min(OLD_EDIT_LONGEST);
                }
                tracing::warn!(feed.id = %message.id, error = %failure, retry.seconds = delay.num_seconds(), "a feed could not be shown yet");
                rows::failed(&mut tx, message.id, now + delay, code).await?;
                tx.commit_quietly().await?;
                Ok(Some(now + delay))
            }
            Kind::Missing | Kind::Forbidden | Kind::Invalid | Kind::LimitReached => {
                let unread = rows::gone(&mut tx, message.id, code).await?;
                if failure.code == Some(UNKNOWN_MESSAGE) {
                    // Taken away by hand: what nobody has read goes into a new one.
                    tracing::warn!(feed.id = %message.id, events = unread.len(), "a message of a feed was deleted");
                    tx.commit_quietly().await?;
                    return Ok(Some(now));
                }
                tracing::warn!(feed.id = %message.id, error = %failure, "a feed is closed to us: told by direct messages");
                for event in &unread {
                    notify::each_referent(&mut tx, &message.region, &event.key, &event.notice, now).await?;
                }
                let ids: Vec<_> = unread.iter().map(|event| event.id).collect();
                rows::told(&mut tx, &ids, now).await?;
                // Wakes the queue of direct messages.
                tx.commit().await?;
                Ok(None)
            }
        }
    }
}

/// Whether a message takes more: it lies where the feed is, and was not posted too long ago.
fn takes(open: &FeedMessage, channel: ChannelId, window: TimeDelta, now: DateTime<Utc>) -> bool {
    open.message.is_none() || (open.channel == channel && now < open.opened_at + window)
}

/// Gives the first `room` events to a message; gives the others.
async fn give<'a>(tx: &mut Tx, to: FeedMessageId, events: &'a [Event], room: usize) -> Result<&'a [Event], Error> {
    let (mine, rest) = events.split_at(room.min(events.len()));
    if !mine.is_empty() {
        let ids: Vec<_> = mine.iter().map(|event| event.id).collect();
        rows::attach(tx, to, &ids).await?;
    }
    Ok(rest)
}

/// What makes Discord post a message once: the same in whatever process, and no other's.
fn nonce(message: &FeedMessage) -> String {
    let text = format!("feed\n{}\n{}\n{}", message.id, message.region, message.channel);
    let hash = blake3::hash(text.as_bytes());
    let short = hash
        .as_bytes()
        .first_chunk::<15>()
        .map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    // 20 characters; Discord takes 25.
    short.unwrap_or_default()
}
