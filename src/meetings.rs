//! The newcomers' meeting as Discord shows it (product.md §11): the loop that keeps one native event for the next meeting, and
//! puts what falls due around it into the outbox.
//!
//! The manner is that of the [`crate::reconciler`], in a room of its own: look, plan purely ([`meeting_event::plan`]), apply
//! call by call, the intention stored before the call and the outcome after it. The program does not ask for the events of
//! the gateway that tell of scheduled events (product.md §17), so it looks at the list: at each new session, every
//! `LOOK`, and always just before it makes an event. On a list looked at lately, a server that is as it should be costs
//! nothing at all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serenity::http::Http;
use tokio::sync::watch;

use crate::discord::failure::{ApiFailure, Kind};
use crate::discord::{client, scheduled};
use crate::domain::bindings::{Setback, Setbacks};
use crate::domain::ids::{EventId, GuildId, UserId};
use crate::domain::meeting_event::{self, EventAct, EventStep, MARGIN, Outlook, SeenEvent, key, plan};
use crate::domain::plan::Act;
use crate::error::Error;
use crate::reconciler::retry;
use crate::store::{meeting_events, setbacks};
use crate::usecases::App;
use crate::usecases::meeting::{self, Events};

/// How often the list of events is looked at: what was deleted or changed by hand is put back by then.
const LOOK: TimeDelta = TimeDelta::minutes(10);
/// How long there is nothing to do when nothing is known of what comes.
const REST: Duration = Duration::from_secs(3600);
/// The shortest wait between two steps, so that a date just passed never makes the loop spin.
const BREATH: Duration = Duration::from_millis(200);
/// The most calls of one step: a healthy server needs three.
const CALLS: usize = 10;
/// The subject of the setback of a list that cannot be looked at.
const LIST: &str = "event:list";

/// See the module.
#[derive(Debug)]
pub struct Keeper {
    app: Arc<App>,
    http: Arc<Http>,
    readies: watch::Receiver<u64>,
    bot: Option<UserId>,
    list: Option<List>,
}

/// The events of the server, as last listed.
#[derive(Debug)]
struct List {
    seen: Vec<SeenEvent>,
    looked_at: DateTime<Utc>,
}

/// What a plan is made of, besides the list.
struct World {
    events: Events,
    bound: BTreeMap<NaiveDate, Option<EventId>>,
    setbacks: Setbacks,
}

impl Keeper {
    /// A keeper that looks anew at each greeting of the gateway counted by `readies`.
    #[must_use]
    pub fn new(app: Arc<App>, http: Arc<Http>, readies: watch::Receiver<u64>) -> Self {
        Self {
            app,
            http,
            readies,
            bot: None,
            list: None,
        }
    }

    /// Puts what is due into the outbox, and makes the event what it should be; gives how long there is nothing to do.
    ///
    /// # Errors
    /// When the database fails, or when Discord no longer accepts the token.
    pub async fn step(&mut self) -> Result<Duration, Error> {
        let now = self.app.clock.now();
        let due = meeting::step(&self.app, now).await?;
        let event = self.event().await?;
        let now = self.app.clock.now();
        let wake = due.into_iter().chain(event).min();
        let wait = wake.map(|at| (at - now).to_std().unwrap_or_default());
        Ok(wait.unwrap_or(REST).clamp(BREATH, REST))
    }

    /// Makes the event what it should be, as far as it can be now; gives when to look again.
    async fn event(&mut self) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(guild) = self.app.guild() else { return Ok(None) };
        if self.readies.has_changed().unwrap_or(false) {
            self.readies.mark_unchanged();
            self.list = None;
        }
        // Whether the list was looked at in this very step.
        let mut fresh = false;
        let mut calls = 0;
        loop {
            let now = self.app.clock.now();
            let world = self.read(guild, now).await?;
            if self.list.as_ref().is_none_or(|list| list.looked_at + LOOK <= now) {
                if let Some(setback) = world.setbacks.get(LIST).filter(|setback| setback.not_before > now) {
                    return Ok(Some(setback.not_before));
                }
                if let Err(failure) = self.look(guild, now).await {
                    return self.fail(LIST, failure, &world.setbacks).await.map(Some);
                }
                self.clear(LIST, &world.setbacks).await?;
                fresh = true;
                continue;
            }
            let (Some(list), Some(bot)) = (&self.list, self.bot) else {
                return Err(Error::Invariant("a list of events that was looked at is there"));
            };
            let outlook = Outlook {
                upcoming: &world.events.upcoming,
                cancelled: &world.events.cancelled,
                seen: &list.seen,
                bound: &world.bound,
                bot,
            };
            let steps = plan(&outlook, now);
            let ready = |step: &&EventStep| {
                let waits = world.setbacks.get(&key(step.day));
                waits.is_none_or(|setback| setback.not_before <= now)
            };
            let Some(step) = steps.iter().find(ready).cloned() else {
                self.forgive(&world.setbacks, &steps).await?;
                return Ok(self.wake(&world, now));
            };
            if step.calls() {
                if matches!(step.act, EventAct::Create(_)) && !fresh {
                    // What is not on the list any more, or not yet, is looked for before it is made.
                    self.list = None;
                    continue;
                }
                if calls >= CALLS {
                    return Ok(Some(now + TimeDelta::seconds(1)));
                }
                calls += 1;
            }
            if let Err(failure) = self.apply(guild, &step, now).await? {
                let retry = self.fail(&key(step.day), failure, &world.setbacks).await?;
                if failure.kind == Kind::TokenRefused {
                    return Err(Error::Discord {
                        doing: "keeping the event of the meeting",
                        source: Box::new(failure),
                    });
                }
                if failure.kind == Kind::Transient || failure.kind == Kind::Missing {
                    // Nobody knows whether it was done, or what is there instead.
                    self.list = None;
                }
                return Ok(Some(retry));
            }
            self.clear(&key(step.day), &world.setbacks).await?;
            if step.calls() {
                tracing::info!(step = %step, "applied");
            }
        }
    }

    /// Reads all that a plan needs, in one view.
    async fn read(&self, guild: GuildId, now: DateTime<Utc>) -> Result<World, Error> {
        let mut tx = self.app.store.read().await?;
        let mut known = setbacks::load(&mut tx).await?;
        known.retain(|subject, _| subject == LIST || meeting_event::day_of_key(subject).is_some());
        Ok(World {
            events: meeting::events(&self.app, &mut tx, now).await?,
            bound: meeting_events::load(&mut tx, guild).await?,
            setbacks: known,
        })
    }

    /// Looks at the events of the server.
    async fn look(&mut self, guild: GuildId, now: DateTime<Utc>) -> Result<(), ApiFailure> {
        if self.bot.is_none() {
            self.bot = Some(UserId(client::me(&self.http).await?));
        }
        let seen = scheduled::list(&self.http, guild).await?;
        self.list = Some(List { seen, looked_at: now });
        Ok(())
    }

    /// Applies one step: intention, call, record; the list follows.
    async fn apply(
        &mut self,
        guild: GuildId,
        step: &EventStep,
        now: DateTime<Utc>,
    ) -> Result<Result<(), ApiFailure>, Error> {
        let http = &self.http;
        if let EventAct::Create(_) = &step.act {
            let mut tx = self.app.store.write().await?;
            meeting_events::intend(&mut tx, guild, step.day, now).await?;
            tx.commit_quietly().await?;
        }
        let made = match &step.act {
            EventAct::Create(spec) => scheduled::create(http, guild, spec).await.map(Some),
            EventAct::Edit(id, edit) => scheduled::edit(http, guild, *id, edit).await.map(Some),
            EventAct::Cancel(id) => scheduled::cancel(http, guild, *id).await.map(|()| None),
            EventAct::Complete(id) => scheduled::complete(http, guild, *id).await.map(|()| None),
            EventAct::Delete(id) => scheduled::delete(http, guild, *id).await.map(|()| None),
            EventAct::Adopt(_) | EventAct::Forget => Ok(None),
        };
        let made = match made {
            Ok(made) => made,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut tx = self.app.store.write().await?;
        match (&step.act, &made) {
            (EventAct::Create(_), Some(event)) => {
                meeting_events::bind(&mut tx, guild, step.day, event.id, now).await?;
            }
            (EventAct::Adopt(id), _) => meeting_events::bind(&mut tx, guild, step.day, *id, now).await?,
            (EventAct::Forget, _) => meeting_events::forget(&mut tx, step.day).await?,
            _ => {}
        }
        tx.commit_quietly().await?;
        if let Some(list) = &mut self.list {
            let gone = match &step.act {
                EventAct::Cancel(id) | EventAct::Complete(id) | EventAct::Delete(id) | EventAct::Edit(id, _) => {
                    Some(*id)
                }
                EventAct::Create(_) | EventAct::Adopt(_) | EventAct::Forget => None,
            };
            list.seen.retain(|event| Some(event.id) != gone);
            list.seen.extend(made);
        }
        Ok(Ok(()))
    }

    /// Records a failure, shown by `/diagnostic`; gives when to try again.
    async fn fail(&self, subject: &str, failure: ApiFailure, known: &Setbacks) -> Result<DateTime<Utc>, Error> {
        let now = self.app.clock.now();
        let kind = retry::kind(&Act::Forget, failure);
        let setback: Setback = retry::after(known.get(subject), kind, failure, self.app.settings.retry, now);
        tracing::warn!(
            subject,
            error = %failure,
            setback.kind = kind.key(),
            setback.attempts = setback.attempts,
            "the event of the meeting waits"
        );
        let mut tx = self.app.store.write().await?;
        setbacks::put(&mut tx, subject, &setback, now).await?;
        tx.commit_quietly().await?;
        Ok(setback.not_before)
    }

    /// Forgets a setback: what it was about is done.
    async fn clear(&self, subject: &str, known: &Setbacks) -> Result<(), Error> {
        if known.contains_key(subject) {
            let mut tx = self.app.store.write().await?;
            setbacks::clear(&mut tx, subject).await?;
            tx.commit_quietly().await?;
        }
        Ok(())
    }

    /// Forgets the setbacks of what is no longer to be done.
    async fn forgive(&self, known: &Setbacks, planned: &[EventStep]) -> Result<(), Error> {
        for subject in known.keys() {
            let waits = planned.iter().any(|step| key(step.day) == *subject);
            if subject != LIST && !waits {
                self.clear(subject, known).await?;
            }
        }
        Ok(())
    }

    /// When to look again: the list, the end of a setback, or the next thing that time alone changes.
    fn wake(&self, world: &World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let look = self.list.as_ref().map(|list| list.looked_at + LOOK);
        let setbacks = world.setbacks.values().map(|setback| setback.not_before);
        let turns = world
            .events
            .upcoming
            .iter()
            .flat_map(|spec| [spec.starts_at - MARGIN, spec.ends_at]);
        look.into_iter()
            .chain(setbacks)
            .chain(turns)
            .filter(|at| *at > now)
            .min()
    }
}
