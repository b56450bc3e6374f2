//! What the reconciler writes: intentions, outcomes, setbacks, the roster, and what the national team is told.

use chrono::{DateTime, Datelike, Utc};

use super::{Look, Reconciler, World, retry};
use crate::discord::failure::{ApiFailure, Kind};
use crate::discord::observe::People;
use crate::domain::bindings::{Binding, Key, Setback, SetbackKind, Setbacks};
use crate::domain::ids::{GroupId, GuildId, RoleId};
use crate::domain::notice::{Notice, PutBack};
use crate::domain::observed::SeenPerson;
use crate::domain::plan::ledger::Change;
use crate::domain::plan::{self, Act, Plan, Step, queue_subject};
use crate::error::Error;
use crate::store::identity::DiscordName;
use crate::store::journal::{self, Entry};
use crate::store::meta::{self, Fact};
use crate::store::roster::{self, Seen};
use crate::store::{StoreError, Tx, bindings, groups, setbacks};
use crate::usecases::{notify, welcome};

/// The subject of the setback of a server that cannot be looked at.
const SERVER: &str = "server";

impl Reconciler {
    /// Stores an intention, before the call.
    pub(super) async fn intend(&self, guild: GuildId, key: Key, intention: &Binding) -> Result<(), Error> {
        let mut tx = self.app.store.write().await?;
        bindings::put(&mut tx, guild, key, intention).await?;
        tx.commit_quietly().await?;
        Ok(())
    }

    /// Records what a step has done, after the call.
    pub(super) async fn settle(
        &mut self,
        guild: GuildId,
        step: &Step,
        change: Change,
        world: &mut World,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let subject = step.subject();
        let mut tx = self.app.store.write().await?;
        match change {
            Change::Put(binding) => {
                bindings::put(&mut tx, guild, step.key, &binding).await?;
                let made = binding.id.map(RoleId).filter(|_| step.key == Key::National);
                if made.is_some() && made != self.national {
                    self.know_national(&mut tx, made).await?;
                }
                world.bindings.insert(step.key, binding);
            }
            Change::Remove => {
                bindings::remove(&mut tx, step.key).await?;
                world.bindings.remove(&step.key);
            }
            Change::Keep => {}
        }
        if world.setbacks.remove(&subject).is_some() {
            setbacks::clear(&mut tx, &subject).await?;
        }
        let told = match (step.report, step.key.group(), step.key) {
            (Some(what), Some(group), _) => {
                put_back(&mut tx, group, what, now).await?;
                true
            }
            (Some(what), None, Key::Place(_) | Key::Shelf(_)) => {
                place_put_back(&mut tx, step.key, what, now).await?;
                true
            }
            _ => false,
        };
        let ready = self.becomes_ready(&mut tx, step).await?;
        if told || ready {
            tx.commit().await?;
        } else {
            tx.commit_quietly().await?;
        }
        Ok(())
    }

    /// Records a failed step, and what has to be looked at before it is tried again.
    pub(super) async fn fail(&mut self, step: &Step, failure: ApiFailure, world: &mut World) -> Result<(), Error> {
        let now = self.app.clock.now();
        self.doubt(step, failure);
        let subject = step.subject();
        let kind = retry::kind(&step.act, failure);
        let setback = retry::after(
            world.setbacks.get(&subject),
            kind,
            failure,
            self.app.settings.retry,
            now,
        );
        tracing::warn!(
            step = %step,
            error = %failure,
            setback.kind = kind.key(),
            setback.attempts = setback.attempts,
            "a step failed and waits"
        );
        let mut tx = self.app.store.write().await?;
        setbacks::put(&mut tx, &subject, &setback, now).await?;
        world.setbacks.insert(subject, setback);
        if self.becomes_ready(&mut tx, step).await? {
            tx.commit().await?;
        } else {
            tx.commit_quietly().await?;
        }
        Ok(())
    }

    /// Records that the server cannot be looked at.
    pub(super) async fn blinded(&mut self, failure: ApiFailure) -> Result<Look, Error> {
        if failure.kind == Kind::TokenRefused {
            return Err(Error::Discord {
                doing: "looking at the server",
                source: Box::new(failure),
            });
        }
        let now = self.app.clock.now();
        let kind = retry::kind(&Act::Forget, failure);
        let setback = retry::after(self.blind.as_ref(), kind, failure, self.app.settings.retry, now);
        tracing::warn!(error = %failure, setback.attempts = setback.attempts, "the server cannot be looked at");
        let mut tx = self.app.store.write().await?;
        setbacks::put(&mut tx, SERVER, &setback, now).await?;
        tx.commit_quietly().await?;
        self.blind = Some(setback);
        Ok(Look::Blind(setback.not_before))
    }

    /// What an earlier life recorded of a server that it could not look at; it is tried again at once.
    pub(super) async fn remember_blindness(&mut self) -> Result<(), Error> {
        let mut tx = self.app.store.read().await?;
        let known = setbacks::load(&mut tx).await?.remove(SERVER);
        self.blind = known.map(|setback| Setback {
            not_before: DateTime::UNIX_EPOCH,
            ..setback
        });
        Ok(())
    }

    /// Records that the server can be looked at again.
    pub(super) async fn sees_again(&mut self) -> Result<(), Error> {
        if self.blind.take().is_some() {
            let mut tx = self.app.store.write().await?;
            setbacks::clear(&mut tx, SERVER).await?;
            tx.commit_quietly().await?;
        }
        Ok(())
    }

    /// After a failure nobody knows whether the call was done: what it concerns is looked at anew before it is made again.
    fn doubt(&mut self, step: &Step, failure: ApiFailure) {
        let Some(mirror) = &mut self.mirror else { return };
        let (missing, unknown) = (failure.kind == Kind::Missing, failure.kind == Kind::Transient);
        if !missing && !unknown {
            return;
        }
        match &step.act {
            Act::CreateRole { .. }
            | Act::CreateNational { .. }
            | Act::EditRole { .. }
            | Act::CreateChannel { .. }
            | Act::EditChannel { .. } => {
                mirror.forget_structure();
            }
            Act::Grant { user, .. } | Act::Revoke { user, .. } => {
                mirror.forget_member(*user);
                if missing {
                    mirror.forget_structure();
                }
            }
            Act::Edit { channel, .. } | Act::Delete { channel, .. } | Act::Sweep { channel, .. } => {
                mirror.forget_room(*channel);
            }
            Act::Post { .. } | Act::Pin => {
                // The channel of an intention that is not fulfilled is listed before anything is posted again.
                mirror.forget_rooms();
                if missing {
                    mirror.forget_structure();
                }
            }
            Act::Adopt { .. } | Act::Remember { .. } | Act::Forget => {}
        }
    }

    /// Whether the space of the step's group has just become ready: whoever waits for it is woken by the commit.
    async fn becomes_ready(&mut self, tx: &mut Tx, step: &Step) -> Result<bool, StoreError> {
        let Some(group) = step.key.group().filter(|group| !self.ready.contains(group)) else {
            return Ok(false);
        };
        let concerns = matches!(step.key, Key::Page(..) | Key::Room(..));
        if !concerns || bindings::space_ready(tx, group).await?.is_none() {
            return Ok(false);
        }
        self.ready.insert(group);
        Ok(true)
    }

    /// Writes what was seen of the members, and welcomes those who have arrived.
    pub(super) async fn note_people(&mut self, people: Vec<People>) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        let mut tx = self.app.store.write().await?;
        let whole = people.iter().any(|seen| matches!(seen, People::All(_)));
        let mut changed = false;
        for seen in people {
            changed |= match seen {
                People::All(all) => {
                    let all: Vec<Seen> = all.into_iter().map(|person| self.seen(person)).collect();
                    roster::replace(&mut tx, &all).await? > 0
                }
                People::One(person) => roster::note(&mut tx, &self.seen(person)).await?,
                People::Gone(user) => roster::gone(&mut tx, user).await?,
            };
        }
        if changed || whole {
            changed |= welcome::arrivals(&mut tx, whole, &self.arrived, self.app.clock.now()).await?;
        }
        if changed {
            tx.commit().await?;
        }
        if whole {
            self.listed = true;
            self.arrived.clear();
        }
        Ok(())
    }

    fn seen(&self, person: SeenPerson) -> Seen {
        let SeenPerson {
            user,
            bot,
            pending,
            display,
            username,
            member,
        } = person;
        let national = self.national.is_some_and(|role| member.roles.contains(&role));
        Seen {
            user,
            bot,
            pending,
            national,
            name: DiscordName { display, username },
        }
    }

    /// Finds the national role: by name once, when exactly one role bears it; from then on by its id (product.md §2). A role
    /// that was deleted gives nothing, and no later role of that name takes its place.
    ///
    /// `listed` tells that the whole list of members is at hand: it need not be asked for again.
    pub(super) async fn find_national(&mut self, listed: bool) -> Result<(), Error> {
        let Some(mirror) = &mut self.mirror else { return Ok(()) };
        let roles = &mirror.observed().roles;
        let known = {
            let mut tx = self.app.store.read().await?;
            meta::snowflake(&mut tx, Fact::NationalRole).await?.map(RoleId)
        };
        let found = match known {
            Some(role) => Some(role),
            None => {
                let name = &self.app.settings.roles.national;
                let mut named = roles.iter().filter(|(_, role)| role.name == *name).map(|(id, _)| *id);
                match (named.next(), named.next()) {
                    (Some(role), None) => {
                        let mut tx = self.app.store.write().await?;
                        meta::set(&mut tx, Fact::NationalRole, &role.to_string()).await?;
                        tx.commit().await?;
                        Some(role)
                    }
                    _ => None,
                }
            }
        };
        self.national_known = found.is_some();
        let present = found.filter(|role| roles.contains_key(role));
        if present != self.national {
            if !listed {
                // Who holds it is read anew from the list of members.
                mirror.forget_roster();
            }
            self.national = present;
        }
        Ok(())
    }

    /// Remembers the national role that `/installer` made.
    async fn know_national(&mut self, tx: &mut Tx, made: Option<RoleId>) -> Result<(), StoreError> {
        if let Some(role) = made {
            meta::set(tx, Fact::NationalRole, &role.to_string()).await?;
            self.national = made;
            self.national_known = true;
        }
        Ok(())
    }

    /// Keeps the setbacks in step with the plan, and tells the national team when Discord fills up.
    pub(super) async fn tidy(&mut self, plan: &Plan, known: &Setbacks, now: DateTime<Utc>) -> Result<(), Error> {
        let planned: std::collections::BTreeSet<String> = plan.steps.iter().map(Step::subject).collect();
        let settled: Vec<&String> = known
            .keys()
            .filter(|subject| plan::is_own_subject(subject))
            .filter(|subject| !plan.held.contains(*subject) && !planned.contains(*subject))
            .collect();
        let queued: Vec<GroupId> = plan
            .waiting
            .iter()
            .copied()
            .filter(|group| !known.contains_key(&queue_subject(*group)))
            .collect();
        let told = self.capacity(plan, now);
        if settled.is_empty() && queued.is_empty() && told.is_none() {
            return Ok(());
        }
        let queues = !queued.is_empty();
        let mut tx = self.app.store.write().await?;
        for subject in settled {
            setbacks::clear(&mut tx, subject).await?;
        }
        for group in queued {
            let setback = Setback {
                attempts: 1,
                not_before: now,
                first_at: now,
                code: None,
                kind: SetbackKind::Full,
            };
            setbacks::put(&mut tx, &queue_subject(group), &setback, now).await?;
            tracing::warn!(group.id = %group, "no room on the server: the space of this group waits");
            space_waits(&mut tx, group, now).await?;
        }
        if let Some((fact, percent)) = told {
            notify::national(&mut tx, &fact, &Notice::Capacity { percent }, now).await?;
            self.capacity_told = Some(fact);
            tx.commit().await?;
        } else if queues {
            tx.commit().await?;
        } else {
            tx.commit_quietly().await?;
        }
        Ok(())
    }

    /// What the national team is to be told of Discord's limits: once for each tenth passed, in a month.
    fn capacity(&self, plan: &Plan, now: DateTime<Utc>) -> Option<(String, u8)> {
        let percent = if plan.waiting.is_empty() {
            plan.fullness.min(100)
        } else {
            100
        };
        let alert = self.app.settings.space.alert_percent;
        if percent < alert {
            return None;
        }
        let step = (percent / 10 * 10).max(alert);
        let fact = format!("capacity:{step}:{}-{:02}", now.year(), now.month());
        (self.capacity_told.as_deref() != Some(&fact)).then_some((fact, percent))
    }
}

/// Tells those who count on the space of a group that it waits for room.
async fn space_waits(tx: &mut Tx, group: GroupId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (fact, notice) = (format!("space_waits:{group}"), Notice::SpaceWaits { group });
    notify::relays(tx, group, &fact, &notice, now).await?;
    match groups::get(tx, group).await? {
        Some(group) => notify::referents(tx, &group.region, &fact, &notice, now).await,
        None => Ok(()),
    }
}

/// Tells the national team what was put back, and writes it down: once an hour for each group and kind, however often someone
/// tries.
async fn put_back(tx: &mut Tx, group: GroupId, what: PutBack, now: DateTime<Utc>) -> Result<(), StoreError> {
    let entry = Entry {
        event: "space.put_back",
        group: Some(group),
        after: Some(word(what)),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    let fact = format!("put_back:{group}:{}:{}", word(what), now.timestamp() / 3600);
    notify::national(tx, &fact, &Notice::PutBack { group, what }, now).await
}

/// The same for a channel of the whole server.
async fn place_put_back(tx: &mut Tx, key: Key, what: PutBack, now: DateTime<Utc>) -> Result<(), StoreError> {
    let place = key.to_string();
    let entry = Entry {
        event: "place.put_back",
        before: Some(&place),
        after: Some(word(what)),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    let fact = format!("put_back:{place}:{}:{}", word(what), now.timestamp() / 3600);
    notify::national(tx, &fact, &Notice::PlacePutBack { key: place, what }, now).await
}

/// The stable name of what was put back, in the journal.
fn word(what: PutBack) -> &'static str {
    match what {
        PutBack::Permissions => "permissions",
        PutBack::Deleted => "deleted",
        PutBack::Message => "message",
        PutBack::Name => "name",
        PutBack::Access => "access",
    }
}
