//! Finds what is due, puts it into the outbox, and delivers it (product.md §11).
//!
//! Five loops, each with a step that tests call:
//! * [`Scheduler::direct`]: one direct message at a time, most urgent class first, at the pace that Discord bears;
//! * [`Scheduler::posts`]: posts in channels, which are not paced;
//! * [`Scheduler::feeds`]: the feeds of the référents, whose messages grow and are edited (§12);
//! * [`Scheduler::answers`]: the answers to «Confirmer», edited with the link to the space once it is ready (§6.3);
//! * [`Scheduler::rounds`]: reminders and digests that fall due, what is to be forgotten, the nightly work and its backup.
//!
//! A delivery leases its row, renders it, calls, and records: no transaction is held across the call. A process that dies
//! between the call and its record leaves a row that may have been sent: the same nonce, then a look at the channel, keep it
//! from being sent twice.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use serenity::http::Http;

use crate::discord::deliver::{Courier, To};
use crate::discord::failure::{ApiFailure, DIRECT_MESSAGES_TOO_FAST, Kind};
use crate::domain::calendar::{civil, next_daily, paris_date};
use crate::domain::notice::{Class, Notice, Recipient};
use crate::domain::place::Place;
use crate::error::{Error, Failure};
use crate::store::answers::{self, Answer};
use crate::store::backup;
use crate::store::meta::{self, Fact};
use crate::store::outbox::{self, Delivery, Lane, Leased, NewMessage};
use crate::store::{StoreError, Tx, bindings, drafts, installs};
use crate::supervisor::Backoff;
use crate::texts;
use crate::usecases::notices::{self, Rendered};
use crate::usecases::{App, housekeeping, installation, notify, opt_out, places, reminders, validation};

/// How long a row is held for one delivery: longer than the longest one.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// How long there is nothing to do when only a wake or a change gives work.
const REST: Duration = Duration::from_secs(3600);
/// When what is not so yet is looked at again.
const LATER: TimeDelta = TimeDelta::minutes(1);
/// Posts in a row before the loop lets others look.
const BATCH: u32 = 50;
/// How often what is to be forgotten is looked for.
const TIDY: Duration = Duration::from_secs(600);

mod feeds;

/// See the module.
#[derive(Debug)]
pub struct Scheduler {
    app: Arc<App>,
    courier: Courier,
    started: DateTime<Utc>,
    last_direct: Mutex<Option<DateTime<Utc>>>,
    answer_tries: Mutex<u32>,
}

impl Scheduler {
    /// A scheduler for a process that starts now. Leases of the process before are ended: one process holds the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(app: Arc<App>, http: Arc<Http>) -> Result<Self, StoreError> {
        let mut tx = app.store.write().await?;
        let orphans = outbox::release_all(&mut tx).await?;
        let last_direct = outbox::last_direct(&mut tx).await?;
        tx.commit_quietly().await?;
        if orphans > 0 {
            tracing::info!(
                outbox.rows = orphans,
                "deliveries of the process before are taken up again"
            );
        }
        let started = app.clock.now();
        Ok(Self {
            app,
            courier: Courier::new(http),
            started,
            last_direct: Mutex::new(last_direct),
            answer_tries: Mutex::default(),
        })
    }

    /// Sends the next direct message, if one is due and the pace allows it; gives how long there is nothing to do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn direct(&self, now: DateTime<Utc>) -> Result<Duration, Error> {
        let settings = &self.app.settings.direct_messages;
        let (rest, welcomes) = {
            let mut tx = self.app.store.read().await?;
            let rest = meta::instant(&mut tx, Fact::DirectMessagesRest).await?;
            let today = civil(paris_date(now), NaiveTime::MIN);
            let welcomed = outbox::sent_since(&mut tx, Class::Welcome, today).await?;
            (rest, welcomed < settings.welcomes_per_day)
        };
        if let Some(rest) = rest.filter(|rest| *rest > now) {
            return Ok(until(rest, now));
        }
        if let Some(last) = self.paced().filter(|last| *last + settings.pace > now) {
            return Ok(until(last + settings.pace, now));
        }
        let lane = Lane::Direct { welcomes };
        loop {
            let Some(row) = self.lease(lane, now).await? else { break };
            // What is dropped or put off costs Discord nothing: the next one may go at once.
            if self.deliver(&row, now).await? {
                return Ok(settings.pace.to_std().unwrap_or_default());
            }
        }
        let mut tx = self.app.store.read().await?;
        let next = outbox::next_due(&mut tx, lane).await?;
        let tomorrow = paris_date(now)
            .checked_add_days(Days::new(1))
            .map(|day| civil(day, NaiveTime::MIN));
        let next = next.into_iter().chain(tomorrow.filter(|_| !welcomes)).min();
        Ok(next.map_or(REST, |at| until(at, now).min(REST)))
    }

    /// Posts what is due in channels; gives how long there is nothing to do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn posts(&self, now: DateTime<Utc>) -> Result<Duration, Error> {
        let lane = {
            let mut tx = self.app.store.read().await?;
            let channel = places::channel(&self.app, &mut tx, &Place::National).await?;
            Lane::Posts {
                team: channel.is_some(),
            }
        };
        for _ in 0..BATCH {
            let Some(row) = self.lease(lane, now).await? else {
                let mut tx = self.app.store.read().await?;
                let next = outbox::next_due(&mut tx, lane).await?;
                return Ok(next.map_or(REST, |at| until(at, now).min(REST)));
            };
            self.deliver(&row, now).await?;
        }
        Ok(Duration::ZERO)
    }

    fn paced(&self) -> Option<DateTime<Utc>> {
        *self.last_direct.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn lease(&self, lane: Lane, now: DateTime<Utc>) -> Result<Option<Leased>, Error> {
        {
            // Most wakes find nothing: people's writes do not wait for them.
            let mut tx = self.app.store.read().await?;
            if outbox::next_due(&mut tx, lane).await?.is_none_or(|due| due > now) {
                return Ok(None);
            }
        }
        let mut tx = self.app.store.write().await?;
        let row = outbox::lease_next(&mut tx, lane, now, LEASE).await?;
        tx.commit_quietly().await?;
        Ok(row)
    }

    /// Delivers one row and records what came of it; tells whether Discord was asked.
    async fn deliver(&self, row: &Leased, now: DateTime<Utc>) -> Result<bool, Error> {
        let Some(to) = self.destination(row.to).await? else {
            let mut tx = self.app.store.write().await?;
            outbox::put_off(&mut tx, row.id, now, None).await?;
            tx.commit_quietly().await?;
            // All that waits for a team without channel goes together, in the order of the facts.
            notify::spread(&self.app, now).await?;
            return Ok(false);
        };
        let rendered = {
            let mut tx = self.app.store.read().await?;
            if let Recipient::User(user) = row.to
                && let Some(channel) = outbox::last_place(&mut tx, row.to).await?
            {
                self.courier.recall(user, channel);
            }
            if opt_out::unwanted(&mut tx, row.class, row.to, &row.notice).await? {
                Rendered::Dropped
            } else {
                notices::render(&self.app, &mut tx, row.to, &row.notice, now).await?
            }
        };
        let message = match rendered {
            Rendered::Message(message) => message,
            Rendered::Later => {
                let mut tx = self.app.store.write().await?;
                outbox::put_off(&mut tx, row.id, now + LATER, None).await?;
                tx.commit_quietly().await?;
                return Ok(false);
            }
            Rendered::Dropped => {
                self.finish(row, Delivery::Dropped).await?;
                return Ok(false);
            }
        };
        let sent = self.courier.send(to, &message, &nonce(row), row.tried_at).await;
        if let To::User(_) = to {
            *self.last_direct.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.app.clock.now());
        }
        match sent {
            Ok(sent) => {
                let how = Delivery::Sent {
                    channel: sent.channel,
                    message: sent.message,
                };
                self.finish(row, how).await?;
                tracing::debug!(outbox.id = %row.id, "delivered");
            }
            Err(failure) => self.failed(row, failure).await?,
        }
        Ok(true)
    }

    /// Where a message goes; `None` for a national team that has no channel.
    async fn destination(&self, to: Recipient) -> Result<Option<To>, Error> {
        Ok(match to {
            Recipient::User(user) => Some(To::User(user)),
            Recipient::Channel(channel) => Some(To::Channel(channel)),
            Recipient::National => {
                let mut tx = self.app.store.read().await?;
                let channel = places::channel(&self.app, &mut tx, &Place::National).await?;
                channel.map(To::Channel)
            }
        })
    }

    async fn finish(&self, row: &Leased, how: Delivery) -> Result<(), Error> {
        let mut tx = self.app.store.write().await?;
        outbox::finish(&mut tx, row.id, how, self.app.clock.now()).await?;
        tx.commit_quietly().await?;
        Ok(())
    }

    /// Records a failed delivery: tried again later, told elsewhere, or given up.
    async fn failed(&self, row: &Leased, failure: ApiFailure) -> Result<(), Error> {
        let now = self.app.clock.now();
        let mut tx = self.app.store.write().await?;
        if failure.code == Some(DIRECT_MESSAGES_TOO_FAST) {
            let rest = now + self.app.settings.direct_messages.rest;
            tracing::warn!(until = %rest, "Discord says that direct messages are opened too fast: the queue rests");
            meta::set_instant(&mut tx, Fact::DirectMessagesRest, rest).await?;
            outbox::put_off(&mut tx, row.id, rest, failure.code).await?;
            tx.commit_quietly().await?;
            return Ok(());
        }
        if failure.is_closed() {
            outbox::finish(&mut tx, row.id, Delivery::Closed, now).await?;
            self.tell_elsewhere(&mut tx, row, now).await?;
            // Wakes the queue of posts.
            tx.commit().await?;
            return Ok(());
        }
        match failure.kind {
            Kind::Transient | Kind::TokenRefused => {
                let delay = Backoff::after(self.app.settings.retry, row.attempts);
                let retry = now + TimeDelta::from_std(delay).unwrap_or(LATER);
                tracing::warn!(outbox.id = %row.id, error = %failure, retry.seconds = delay.as_secs(), "not delivered");
                outbox::postpone(&mut tx, row.id, retry, failure.code.or(failure.status.map(i64::from))).await?;
            }
            Kind::Missing | Kind::Forbidden | Kind::Invalid | Kind::LimitReached if row.to == Recipient::National => {
                tracing::warn!(outbox.id = %row.id, error = %failure, "the national channel is closed to us: told by direct messages");
                notify::to_nationals(&mut tx, &row.into(), now).await?;
                // Wakes the queue of direct messages.
                tx.commit().await?;
                return Ok(());
            }
            Kind::Missing | Kind::Forbidden | Kind::Invalid | Kind::LimitReached => {
                tracing::warn!(outbox.id = %row.id, error = %failure, "given up");
                let code = failure.code.or(failure.status.map(i64::from)).unwrap_or_default();
                outbox::finish(&mut tx, row.id, Delivery::Refused(code), now).await?;
            }
        }
        tx.commit_quietly().await?;
        Ok(())
    }

    /// Puts a mention in a channel into the outbox, when what the message told may be told there.
    async fn tell_elsewhere(&self, tx: &mut Tx, row: &Leased, now: DateTime<Utc>) -> Result<(), Error> {
        let Recipient::User(user) = row.to else { return Ok(()) };
        let Some(channel) = notices::elsewhere(&self.app, tx, user, &row.notice).await? else {
            return Ok(());
        };
        let notice = Notice::Mention {
            user,
            notice: Box::new(row.notice.clone()),
        };
        let key = format!("{}>mention", row.key);
        let to = Recipient::Channel(channel);
        outbox::enqueue(
            tx,
            &NewMessage {
                key: &key,
                class: row.class,
                to,
                notice: &notice,
                due: now,
            },
            now,
        )
        .await?;
        Ok(())
    }

    /// Edits the answers whose group's space is ready; when an answer can no longer be edited, the relay is told by DM. Gives
    /// how long there is nothing to do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answers(&self, now: DateTime<Utc>) -> Result<Duration, Error> {
        let waiting = {
            let mut tx = self.app.store.read().await?;
            answers::waiting(&mut tx).await?
        };
        let (mut next, mut failed) = self.installations(now).await?;
        for answer in waiting {
            let view = {
                let mut tx = self.app.store.read().await?;
                let ready = bindings::space_ready(&mut tx, answer.group).await?.is_some();
                if !ready && now < answer.expires_at {
                    next = next.into_iter().chain([answer.expires_at]).min();
                    continue;
                }
                let facts = validation::answer::facts(&mut tx, &self.app, answer.membership)
                    .await
                    .map_err(|failure| match failure {
                        Failure::Internal(error) => error,
                        Failure::User(_) => Error::Invariant("reading the facts of an answer refuses nobody"),
                    })?;
                facts
                    .filter(|_| ready && now < answer.expires_at)
                    .map(|facts| texts::valider::confirmed(&facts))
            };
            let told = match view {
                None => false,
                Some(view) => match self.courier.edit_answer(&answer.token, &view).await {
                    Ok(()) => true,
                    Err(failure) if failure.is_transient() => {
                        tracing::warn!(error = %failure, "an answer could not be edited yet");
                        failed = true;
                        continue;
                    }
                    Err(failure) => {
                        tracing::info!(error = %failure, "an answer can no longer be edited");
                        false
                    }
                },
            };
            self.settle(&answer, told, now).await?;
        }
        let retry = {
            let mut tries = self.answer_tries.lock().unwrap_or_else(PoisonError::into_inner);
            *tries = if failed { tries.saturating_add(1) } else { 0 };
            failed.then(|| Backoff::after(self.app.settings.retry, tries.saturating_sub(1)))
        };
        let wait = next.map_or(REST, |at| until(at, now).min(REST));
        Ok(retry.map_or(wait, |retry| retry.min(wait)))
    }

    /// Edits the answers to `/installer` once all is done that can be; gives when the first of those that wait can be edited
    /// no longer, and whether one is to be tried again.
    async fn installations(&self, now: DateTime<Utc>) -> Result<(Option<DateTime<Utc>>, bool), Error> {
        let waiting = {
            let mut tx = self.app.store.read().await?;
            installs::awaited(&mut tx).await?
        };
        let (mut next, mut failed) = (None, false);
        for asked in waiting {
            if let Some(found) = asked.found.as_ref().filter(|_| now < asked.expires_at) {
                if !asked.seen {
                    next = next.into_iter().chain([asked.expires_at]).min();
                    continue;
                }
                let told = {
                    let mut tx = self.app.store.read().await?;
                    installation::told(&self.app, &mut tx, found).await?
                };
                let view = texts::installation::done(&told, |key| places::name(&self.app, key));
                match self.courier.edit_answer(&asked.token, &view).await {
                    Ok(()) => {}
                    Err(failure) if failure.is_transient() => {
                        tracing::warn!(error = %failure, "the answer to /installer could not be edited yet");
                        failed = true;
                        continue;
                    }
                    Err(failure) => {
                        tracing::info!(error = %failure, "the answer to /installer can no longer be edited")
                    }
                }
            }
            let mut tx = self.app.store.write().await?;
            installs::answered(&mut tx, asked.id).await?;
            tx.commit_quietly().await?;
        }
        Ok((next, failed))
    }

    /// Forgets an answer with its token; when the relay has not read the link in it, a DM will bring it.
    async fn settle(&self, answer: &Answer, told: bool, now: DateTime<Utc>) -> Result<(), Error> {
        let mut tx = self.app.store.write().await?;
        answers::delete(&mut tx, answer.id).await?;
        if told {
            tx.commit_quietly().await?;
            return Ok(());
        }
        let notice = Notice::SpaceReady { group: answer.group };
        let fact = format!("space-ready:{}", answer.group);
        notify::user(&mut tx, answer.user, Class::Access, &fact, &notice, now).await?;
        // Wakes the queue of direct messages.
        tx.commit().await?;
        Ok(())
    }

    /// Puts into the outbox what falls due, forgets what is to be forgotten, and makes the nightly backup; gives how long
    /// there is nothing to do.
    ///
    /// # Errors
    /// When the database fails. A backup that fails is told and tried again at the next look.
    pub async fn rounds(&self, now: DateTime<Utc>) -> Result<Duration, Error> {
        reminders::step(&self.app, now).await?;
        {
            let mut tx = self.app.store.write().await?;
            drafts::purge(&mut tx, now).await?;
            tx.commit_quietly().await?;
        }
        housekeeping::step(&self.app, now).await?;
        self.back_up(now).await?;
        let settings = &self.app.settings.backups;
        let next = reminders::next(&self.app, now).min(next_daily(now, settings.time));
        Ok(until(next, now).min(TIDY))
    }

    /// Makes the backup of the night, once, also after a night spent asleep.
    async fn back_up(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let settings = &self.app.settings.backups;
        if settings.kept == 0 {
            return Ok(());
        }
        let last = {
            let mut tx = self.app.store.read().await?;
            meta::instant(&mut tx, Fact::Backup).await?
        };
        let today = civil(paris_date(now), settings.time);
        let due = if today <= now {
            today
        } else {
            today - TimeDelta::days(1)
        };
        // The first night is the one after the first start.
        if last.unwrap_or(self.started) >= due {
            return Ok(());
        }
        let folder = self.app.settings.backups_dir();
        let stamp = now.format("%Y%m%d-%H%M%S").to_string();
        match backup::nightly(
            self.app.store.path(),
            &folder,
            &stamp,
            settings.kept,
            settings.age_recipient.as_deref(),
        )
        .await
        {
            Ok(()) => {
                let mut tx = self.app.store.write().await?;
                meta::set_instant(&mut tx, Fact::Backup, now).await?;
                tx.commit_quietly().await?;
                tracing::info!("backup made");
            }
            Err(error) => {
                tracing::error!(error = %crate::commands::Chain(&error), "the backup failed; tried again soon");
            }
        }
        Ok(())
    }
}

/// What makes Discord send a row once: the same for the same row, in whatever process, and for no other.
fn nonce(row: &Leased) -> String {
    let hash = blake3::hash(format!("{}\n{}\n{}", row.id, row.key, row.created_at.timestamp()).as_bytes());
    let short = hash
        .as_bytes()
        .first_chunk::<15>()
        .map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    // 20 characters; Discord takes 25.
    short.unwrap_or_default()
}

/// How long from `now` to `at`.
fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (at - now).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{GroupId, OutboxId, UserId};

    #[test]
    fn a_nonce_is_short_and_its_rows_own() {
        let row = |id: i64, key: &str| Leased {
            id: OutboxId(id),
            key: key.to_owned(),
            class: Class::Access,
            to: Recipient::User(UserId(7)),
            notice: Notice::SpaceReady { group: GroupId(1) },
            attempts: 0,
            created_at: DateTime::UNIX_EPOCH,
            tried_at: None,
        };
        let one = nonce(&row(1, "a>user:7"));
        assert!(one.len() <= 25, "{one}");
        assert_eq!(
            one,
            nonce(&Leased {
                attempts: 4,
                tried_at: Some(DateTime::UNIX_EPOCH),
                ..row(1, "a>user:7")
            })
        );
        assert_ne!(one, nonce(&row(2, "a>user:7")));
        assert_ne!(one, nonce(&row(1, "b>user:7")));
    }
}
