//! Makes Discord look as the database says (product.md §7).
//!
//! One [`Reconciler::step`] looks where something may have changed, reads the database, plans, and applies the plan call by
//! call, each recorded before the next; then it plans again, until nothing is left to do now. It is level-triggered: a wake
//! says «look», never «what», so a wake lost or doubled changes nothing.
//!
//! - Looking costs reads only, and nothing at all on a clean mirror ([`Mirror`]).
//! - A failed call becomes a setback with a growing delay; the rest of its group waits for the next plan, the other groups
//!   do not wait.
//! - No transaction is held across a call: the intention is stored before it, the outcome after it ([`ledger`]).

mod books;
pub(crate) mod retry;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serenity::http::Http;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use crate::discord::apply::{self, Shown};
use crate::discord::events::Event;
use crate::discord::failure::{ApiFailure, Kind};
use crate::discord::observe::{Mirror, People};
use crate::domain::bindings::{Bindings, Key, Setback, Setbacks};
use crate::domain::desired::{Desired, Rules, Server, desired};
use crate::domain::ids::{ChannelId, GroupId, MessageId, RoleId, UserId};
use crate::domain::plan::ledger::{self, Made};
use crate::domain::plan::{self, Act, Pace, Plan, Step};
use crate::domain::register::Columns;
use crate::domain::snapshot::Snapshot;
use crate::domain::words::Links;
use crate::error::Error;
use crate::store::{bindings, installs, setbacks, snapshot};
use crate::texts;
use crate::texts::space::FRENCH;
use crate::usecases::{App, places};

/// How long there is nothing to do when only an event or a change can give work.
const REST: Duration = Duration::from_secs(3600);
/// The shortest wait between two steps, so that a date just passed never makes the loop spin.
const BREATH: Duration = Duration::from_millis(200);
/// The most calls of one step: then events are heard and the plan is made anew, most urgent first.
const CALLS: usize = 40;
/// So many failures in a row, whatever the group, and Discord is given a rest.
const FAILURES: u32 = 3;
/// A step that «succeeds» so often in a row without effect is a fault of ours, not to be repeated for ever.
const REPEATS: u32 = 3;

/// See the module.
#[derive(Debug)]
pub struct Reconciler {
    app: Arc<App>,
    http: Arc<Http>,
    events: UnboundedReceiver<Event>,
    /// Events taken from the channel and not heard yet.
    heard: VecDeque<Event>,
    stop: CancellationToken,
    rules: Rules,
    pace: Pace,
    bot: Option<UserId>,
    mirror: Option<Mirror>,
    national: Option<RoleId>,
    /// Whether the national role was found or made once.
    national_known: bool,
    /// The number of the last `/installer` that was heard of.
    wish: Option<i64>,
    /// That of the last one for which all was done that could be.
    granted: Option<i64>,
    /// Groups whose space is known to be ready: whoever waits for it has been woken.
    ready: BTreeSet<GroupId>,
    /// What the national team was last told of Discord's limits.
    capacity_told: Option<String>,
    /// The server could not be looked at: not again before.
    blind: Option<Setback>,
    /// Whether this process has read the whole list of members.
    listed: bool,
    /// Who came before that: at the very first start, whoever is there already is not to be welcomed, but these are.
    arrived: BTreeSet<UserId>,
}

/// What happens during one step.
#[derive(Debug, Default)]
struct Pass {
    calls: usize,
    failures: u32,
    repeats: BTreeMap<String, u32>,
    looked: BTreeSet<ChannelId>,
}

/// What came of looking at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// The mirror is true.
    Seen {
        /// Someone else changed roles or channels.
        stirred: bool,
    },
    /// The server cannot be looked at before.
    Blind(DateTime<Utc>),
}

/// How far a plan was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// To its end, failures aside: plan again.
    Done,
    /// Enough calls for one step.
    Enough,
    /// Discord fails again and again, or the process ends.
    Pause,
}

/// What a plan is made of.
struct World {
    snapshot: Snapshot,
    bindings: Bindings,
    setbacks: Setbacks,
}

impl Reconciler {
    /// A reconciler that hears of the server through `events` and stops between two calls when `stop` is cancelled.
    #[must_use]
    pub fn new(app: Arc<App>, http: Arc<Http>, events: UnboundedReceiver<Event>, stop: CancellationToken) -> Self {
        let rules = rules(&app);
        let pace = Pace {
            coalesce: app.settings.register.coalesce,
            ..Pace::default()
        };
        Self {
            app,
            http,
            events,
            heard: VecDeque::new(),
            stop,
            rules,
            pace,
            bot: None,
            mirror: None,
            national: None,
            national_known: false,
            wish: None,
            granted: None,
            ready: BTreeSet::new(),
            capacity_told: None,
            blind: None,
            listed: false,
            arrived: BTreeSet::new(),
        }
    }

    /// Closes the difference as far as it can be closed now; gives how long there is nothing to do.
    ///
    /// # Errors
    /// When the database fails, when the server cannot be looked at, or when Discord no longer accepts the token.
    pub async fn step(&mut self) -> Result<Duration, Error> {
        self.hear().await?;
        let mut pass = Pass::default();
        loop {
            let now = self.app.clock.now();
            if self.mirror.is_none() {
                // Until the gateway has greeted us and the server is bound, which wakes this loop.
                return Ok(REST);
            }
            let stirred = match self.look(now).await? {
                Look::Seen { stirred } => stirred,
                Look::Blind(until) => return Ok(self.rest(Some(until))),
            };
            let mut world = self.read().await?;
            let wish = world.snapshot.installed.as_ref().map(|installed| installed.wish);
            if wish != std::mem::replace(&mut self.wish, wish)
                && !stirred
                && let Some(mirror) = &mut self.mirror
            {
                // Whoever types `/installer` again has changed something that events may not have told.
                mirror.forget_structure();
                continue;
            }
            if stirred {
                // Someone changed roles or channels: what was refused, or did not fit, may pass now.
                retry::forgive(&mut world.setbacks, now);
            }
            let Some(mirror) = &mut self.mirror else {
                return Ok(REST);
            };
            let server = Server {
                guild: mirror.guild(),
                bot: mirror.bot(),
                national: self.national,
                national_known: self.national_known,
            };
            let wanted = desired(&world.snapshot, &server, &self.rules);
            let plan = plan::plan(
                &wanted,
                mirror.observed(),
                &world.bindings,
                &world.setbacks,
                &self.pace,
                now,
            );
            let unseen: Vec<ChannelId> = plan
                .look
                .iter()
                .copied()
                .filter(|channel| pass.looked.insert(*channel))
                .collect();
            if !unseen.is_empty() {
                unseen.into_iter().for_each(|channel| mirror.forget_room(channel));
                continue;
            }
            self.tidy(&plan, &world.setbacks, now).await?;
            if plan.steps.is_empty() {
                self.grant(wish).await?;
                return Ok(self.rest(plan.wake));
            }
            tracing::debug!(steps = plan.steps.len(), calls = plan.calls(), "plan");
            let wake = plan.wake;
            match self.execute(plan, &wanted, &mut world, &mut pass).await? {
                Progress::Done => {}
                Progress::Enough => return Ok(BREATH),
                Progress::Pause => {
                    if !self.stop.is_cancelled() {
                        // Discord fails for the moment: that is what there is to tell.
                        self.grant(wish).await?;
                    }
                    return Ok(self.rest(earlier(wake, self.next_retry().await?)));
                }
            }
            self.hear().await?;
        }
    }

    /// Notes that all was done that can be done now for this `/installer`: its answer awaits that.
    async fn grant(&mut self, wish: Option<i64>) -> Result<(), Error> {
        let Some(number) = wish.filter(|_| self.granted != wish) else {
            return Ok(());
        };
        let seen = {
            let mut tx = self.app.store.read().await?;
            installs::is_seen(&mut tx).await?
        };
        if !seen {
            let mut tx = self.app.store.write().await?;
            installs::note_seen(&mut tx, number, self.app.clock.now()).await?;
            tx.commit().await?;
        }
        self.granted = wish;
        Ok(())
    }

    /// How long until `wake`, or until the mirror has to be looked at.
    fn rest(&self, wake: Option<DateTime<Utc>>) -> Duration {
        let hourly = self.hourly();
        let wake = earlier(wake, self.mirror.as_ref().and_then(|mirror| mirror.wake(hourly)));
        let wait = wake.map(|at| (at - self.app.clock.now()).to_std().unwrap_or_default());
        wait.unwrap_or(REST).max(BREATH)
    }

    fn hourly(&self) -> TimeDelta {
        TimeDelta::from_std(self.app.settings.watch.reconcile).unwrap_or(TimeDelta::hours(1))
    }

    /// When the first of the setbacks ends.
    async fn next_retry(&self) -> Result<Option<DateTime<Utc>>, Error> {
        let mut tx = self.app.store.read().await?;
        let setbacks = setbacks::load(&mut tx).await?;
        Ok(setbacks
            .into_iter()
            .filter(|(subject, _)| plan::is_own_subject(subject))
            .map(|(_, s)| s.not_before)
            .min())
    }

    /// What the gateway told, until nothing more waits to be heard.
    fn next_event(&mut self) -> Option<Event> {
        self.heard.pop_front().or_else(|| self.events.try_recv().ok())
    }

    /// Notes who came while the list of members was asked for the first time; what else happened is heard afterwards.
    fn overhear_arrivals(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.note_arrival(&event);
            self.heard.push_back(event);
        }
    }

    fn note_arrival(&mut self, event: &Event) {
        if let Event::Joined(guild, person) = event
            && !self.listed
            && self.app.guild().is_none_or(|bound| bound == *guild)
        {
            self.arrived.insert(person.user);
        }
    }

    /// Takes in what the gateway told since, and writes what it tells of the members.
    async fn hear(&mut self) -> Result<(), Error> {
        let mut people: Vec<People> = Vec::new();
        while let Some(event) = self.next_event() {
            if let Event::Ready { bot } = event {
                self.bot = Some(bot);
                // Discord has just greeted us: it may be looked at.
                self.blind = self.blind.map(|setback| Setback {
                    not_before: DateTime::UNIX_EPOCH,
                    ..setback
                });
            }
            self.note_arrival(&event);
            if let Some(mirror) = &mut self.mirror {
                people.extend(mirror.hear(event));
            }
        }
        if self.mirror.is_none()
            && let (Some(guild), Some(bot)) = (self.app.guild(), self.bot)
        {
            // What was heard before is part of what is going to be looked at.
            self.mirror = Some(Mirror::new(guild, bot));
            self.remember_blindness().await?;
        }
        self.note_people(people).await
    }

    /// Looks where the mirror may be untrue. A server that cannot be looked at is tried again with growing delay, whatever
    /// wakes us meanwhile.
    async fn look(&mut self, now: DateTime<Utc>) -> Result<Look, Error> {
        let hourly = self.hourly();
        if let Some(mirror) = &mut self.mirror {
            mirror.tick(now, hourly);
        }
        // Twice: the national role may be found at the first look, and its holders are known at the second.
        for _ in 0..2 {
            let Some(mirror) = &mut self.mirror else { break };
            if !mirror.is_stale(now) {
                break;
            }
            if let Some(setback) = self.blind.filter(|setback| setback.not_before > now) {
                return Ok(Look::Blind(setback.not_before));
            }
            let bindings = {
                let mut tx = self.app.store.read().await?;
                bindings::load(&mut tx, mirror.guild()).await?
            };
            mirror.own(&bindings);
            let people = match mirror.refresh(&self.http, &bindings, now).await {
                Ok(people) => people,
                Err(failure) => return self.blinded(failure).await,
            };
            self.sees_again().await?;
            let listed = people.iter().any(|seen| matches!(seen, People::All(_)));
            if !self.listed {
                self.overhear_arrivals();
            }
            self.find_national(listed).await?;
            self.note_people(people).await?;
        }
        if self.mirror.is_some() {
            self.app.note_seen();
        }
        Ok(Look::Seen {
            stirred: self.mirror.as_mut().is_some_and(Mirror::take_stirred),
        })
    }

    /// Reads everything that a plan needs, in one view.
    async fn read(&mut self) -> Result<World, Error> {
        let Some(mirror) = &mut self.mirror else {
            return Err(Error::Invariant("no mirror to plan on"));
        };
        let mut tx = self.app.store.read().await?;
        let world = World {
            snapshot: snapshot::load(&mut tx, self.rules.columns).await?,
            bindings: bindings::load(&mut tx, mirror.guild()).await?,
            setbacks: setbacks::load(&mut tx).await?,
        };
        mirror.own(&world.bindings);
        Ok(world)
    }

    /// Applies a plan, call by call. After a failure the rest of its group is left to the next plan.
    async fn execute(
        &mut self,
        plan: Plan,
        wanted: &Desired,
        world: &mut World,
        pass: &mut Pass,
    ) -> Result<Progress, Error> {
        let mut failed: BTreeSet<Option<GroupId>> = BTreeSet::new();
        for step in plan.steps {
            let group = step.key.group();
            if failed.contains(&group) {
                continue;
            }
            if self.stop.is_cancelled() || pass.failures >= FAILURES {
                return Ok(Progress::Pause);
            }
            if step.calls() {
                if pass.calls >= CALLS {
                    return Ok(Progress::Enough);
                }
                pass.calls += 1;
            }
            let repeats = pass.repeats.entry(step.subject()).or_default();
            *repeats += 1;
            let outcome = if *repeats > REPEATS {
                Err(ApiFailure {
                    kind: Kind::Invalid,
                    code: None,
                    status: None,
                })
            } else {
                self.apply(&step, wanted, world).await?
            };
            match outcome {
                Ok(()) => pass.failures = 0,
                Err(failure) => {
                    self.fail(&step, failure, world).await?;
                    if failure.kind == Kind::TokenRefused {
                        return Err(Error::Discord {
                            doing: "applying a step",
                            source: Box::new(failure),
                        });
                    }
                    if failure.is_transient() {
                        pass.failures += 1;
                    }
                    failed.insert(group);
                }
            }
        }
        Ok(Progress::Done)
    }

    /// Applies one step: intention, call, record.
    async fn apply(
        &mut self,
        step: &Step,
        wanted: &Desired,
        world: &mut World,
    ) -> Result<Result<(), ApiFailure>, Error> {
        let Some((guild, bot)) = self.mirror.as_ref().map(|mirror| (mirror.guild(), mirror.bot())) else {
            return Err(Error::Invariant("no mirror to apply a step on"));
        };
        let now = self.app.clock.now();
        let ids = |key: Key| id_of(&world.bindings, key);
        let hash = step.hash(ids, &wanted.hash_key);
        let (channel, message) = match &step.act {
            Act::Post { post } => (
                ids(post.room()).map(ChannelId),
                post.message(self.rules.words, ids, now),
            ),
            Act::Edit { post, .. } => (None, post.message(self.rules.words, ids, now)),
            _ => (None, None),
        };
        let current = world.bindings.get(&step.key);
        if let Some(intention) = ledger::intention(step, current, channel, step.asked(ids, &wanted.hash_key), now) {
            self.intend(guild, step.key, &intention).await?;
            world.bindings.insert(step.key, intention);
        }
        let current = world.bindings.get(&step.key);
        let ids = |key: Key| id_of(&world.bindings, key);
        let context = apply::Context {
            guild,
            bot,
            message: message.as_ref(),
            nonce: current.and_then(|binding| binding.nonce.as_deref()),
            place: current.and_then(|binding| Some((binding.channel?, MessageId(binding.id?)))),
            channel,
        };
        let called = apply::apply(&self.http, step, ids, &context).await;
        let now = self.app.clock.now();
        let (made, shown) = match called {
            Ok(outcome) => outcome,
            Err(failure) => return Ok(Err(failure)),
        };
        self.reflect(step, made, shown, now);
        let change = ledger::settled(step, current, made, hash, now);
        self.settle(guild, step, change, world, now).await?;
        if step.calls() {
            tracing::info!(step = %step, "applied");
        }
        Ok(Ok(()))
    }

    /// Keeps the mirror true to what a call of ours has done.
    fn reflect(&mut self, step: &Step, made: Made, shown: Shown, now: DateTime<Utc>) {
        let Some(mirror) = &mut self.mirror else { return };
        if let Made::Object(id) = made {
            mirror.own_one(id);
        }
        if let Act::Adopt { id, .. } = &step.act {
            mirror.own_one(*id);
        }
        mirror.applied(shown, matches!(step.act, Act::EditChannel { .. }), now);
    }
}

/// The rules of the spaces and of the server's own channels, from the settings.
fn rules(app: &App) -> Rules {
    let settings = &app.settings;
    Rules {
        thresholds: settings.ladder.into(),
        columns: Columns {
            phone: settings.register.shows_phone,
            mail: settings.register.shows_mail,
        },
        links: Links {
            signup: settings.links.signup.clone(),
            discord: settings.links.discord.clone(),
        },
        places: texts::places::rules(&settings.roles.national, &places::to_make(app)),
        words: &FRENCH,
    }
}

fn id_of(bindings: &Bindings, key: Key) -> Option<u64> {
    bindings.get(&key).and_then(|binding| binding.id)
}

fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}
