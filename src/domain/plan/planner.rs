//! The decisions about roles, channels and access. Those about messages are in `messages`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Act, ChannelEdit, Found, Pace, Plan, Step, asked_hash, channel_hash, national_hash, queue_subject};
use crate::domain::bindings::{Binding, Bindings, Key, Setbacks};
use crate::domain::desired::{ChannelSpec, Desired, NationalSpec, RoleSpec, Space, Target};
use crate::domain::ids::{ChannelId, RoleId, UserId};
use crate::domain::notice::PutBack;
use crate::domain::observed::{
    Bits, CHANNELS_MAX, Observed, Overwrites, ROLES_MAX, SeenChannel, SeenRole, Subject, created_at,
};

/// How much earlier than its intention an object may have been made, by the difference of two clocks (product.md §7).
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);

/// Where an object of ours is, as far as this plan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// There, with this id.
    Here(u64),
    /// Made by a step of this plan.
    Coming,
    /// Not there, and not to be made now: what depends on it waits too.
    Blocked,
}

pub(super) struct Planner<'a> {
    desired: &'a Desired,
    pub(super) observed: &'a Observed,
    pub(super) bindings: &'a Bindings,
    setbacks: &'a Setbacks,
    pub(super) pace: &'a Pace,
    pub(super) now: DateTime<Utc>,
    /// Where the objects looked at so far are.
    places: BTreeMap<Key, Place>,
    /// The ids that belong to an object of ours: nothing else may adopt them.
    pub(super) claimed: BTreeSet<u64>,
    pub(super) holders: BTreeMap<RoleId, BTreeSet<UserId>>,
    roles_left: usize,
    channels_left: usize,
    pub(super) plan: Plan,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        desired: &'a Desired,
        observed: &'a Observed,
        bindings: &'a Bindings,
        setbacks: &'a Setbacks,
        pace: &'a Pace,
        now: DateTime<Utc>,
    ) -> Self {
        let mut holders: BTreeMap<RoleId, BTreeSet<UserId>> = BTreeMap::new();
        for (user, member) in &observed.members {
            for role in &member.roles {
                holders.entry(*role).or_default().insert(*user);
            }
        }
        Self {
            desired,
            observed,
            bindings,
            setbacks,
            pace,
            now,
            places: BTreeMap::new(),
            claimed: bindings.values().filter_map(|binding| binding.id).collect(),
            holders,
            roles_left: ROLES_MAX.saturating_sub(observed.roles.len()),
            channels_left: CHANNELS_MAX.saturating_sub(observed.channels.len()),
            plan: Plan {
                fullness: observed.fullness(),
                ..Plan::default()
            },
        }
    }

    pub(super) fn run(mut self) -> Plan {
        let Desired {
            spaces,
            duties,
            national,
            places,
            hash_key: _,
        } = self.desired;
        for space in spaces {
            self.space(space);
        }
        for duty in duties {
            let place = self.role(duty);
            self.access(duty, place, |user| match duty.key {
                Key::Duty(duty) => Key::DutyHeld(duty, user),
                other => other,
            });
        }
        // Where the national team's role is being made, what it opens waits for the next plan: or each channel would be
        // made without it, then edited.
        if national.as_ref().is_none_or(|spec| self.national(spec)) {
            for spec in places {
                self.channel(spec);
            }
        }
        // What is found again is recorded before anything names it; then comes what protects. The order of the rest, in
        // which a space is made, is kept.
        let places = &self.places;
        self.plan.steps.sort_by_key(|step| match step.act {
            Act::Adopt { .. } => 0,
            _ if protects(step, places) => 1,
            _ => 2,
        });
        self.plan
    }

    fn space(&mut self, space: &Space) {
        let Space {
            group,
            role,
            channels,
            pages,
            articles,
            announcements,
        } = space;
        if self.is_new(space) && (self.roles_left < 1 || self.channels_left < channels.len()) {
            self.plan.waiting.push(*group);
            self.plan.held.insert(queue_subject(*group));
            return;
        }
        let place = self.role(role);
        for channel in channels {
            self.channel(channel);
        }
        self.pages(*group, pages);
        self.articles(*group, articles);
        self.access(role, place, |user| Key::Access(*group, user));
        for announcement in announcements {
            self.announcement(announcement);
        }
        self.sweep(*group);
    }

    /// Whether nothing of the space was ever intended.
    fn is_new(&self, space: &Space) -> bool {
        std::iter::once(space.role.key)
            .chain(space.channels.iter().map(|channel| channel.key))
            .all(|key| !self.bindings.contains_key(&key))
    }

    // ---- shared with `messages`

    /// Adds a step, unless its last failure tells it to wait; tells whether it was added.
    pub(super) fn push(&mut self, step: Step) -> bool {
        if self.is_held(&step.subject()) {
            return false;
        }
        self.plan.steps.push(step);
        true
    }

    pub(super) fn is_held(&mut self, subject: &str) -> bool {
        let Some(setback) = self
            .setbacks
            .get(subject)
            .filter(|setback| setback.not_before > self.now)
        else {
            return false;
        };
        self.wake(setback.not_before);
        self.plan.held.insert(subject.to_owned());
        true
    }

    pub(super) fn wake(&mut self, at: DateTime<Utc>) {
        self.plan.wake = Some(self.plan.wake.map_or(at, |earlier| earlier.min(at)));
    }

    pub(super) fn place(&self, key: Key) -> Place {
        self.places.get(&key).copied().unwrap_or(Place::Blocked)
    }

    pub(super) fn hash_key(&self) -> &crate::domain::snapshot::HashKey {
        &self.desired.hash_key
    }

    fn settle(&mut self, key: Key, place: Place) -> Place {
        self.places.insert(key, place);
        if let Place::Here(id) = place {
            self.claimed.insert(id);
        }
        place
    }

    /// Whether an object may be the one that an intention announced: made later, and nobody else's.
    fn may_be(&self, id: u64, intention: &Binding) -> bool {
        !self.claimed.contains(&id) && created_at(id) >= intention.intended_at - CLOCK_SKEW
    }

    // ---- roles

    fn role(&mut self, spec: &RoleSpec) -> Place {
        let (key, name) = (spec.key, spec.name.clone());
        let binding = self.bindings.get(&key);
        if let Some(binding) = binding {
            let found = match binding.id {
                Some(id) => self.observed.roles.contains_key(&RoleId(id)).then_some(id),
                None => self.adoptable_role(|name| binding.hash == Some(self.hash_key().hash(name)), binding),
            };
            if let Some(id) = found {
                if binding.id.is_none() {
                    self.push(Step {
                        key,
                        act: Act::Adopt {
                            id,
                            channel: None,
                            pinned: false,
                        },
                        report: None,
                    });
                }
                self.compare_role(spec, id, binding);
                return self.settle(key, Place::Here(id));
            }
        }
        let report = deleted(binding);
        let place = if self.push(Step {
            key,
            act: Act::CreateRole { name },
            report,
        }) {
            self.roles_left = self.roles_left.saturating_sub(1);
            Place::Coming
        } else {
            Place::Blocked
        };
        self.settle(key, place)
    }

    /// Looks after the role of the national team; tells whether there is nothing to wait for.
    fn national(&mut self, spec: &NationalSpec) -> bool {
        let NationalSpec {
            name,
            wish,
            present,
            known,
        } = spec;
        let key = Key::National;
        let binding = self.bindings.get(&key);
        let recorded =
            binding.and_then(|binding| binding.hash.as_deref()) == Some(&national_hash(*wish, self.hash_key()));
        let found = present
            .map(|role| role.0)
            .or_else(|| self.adoptable_role(|found| found == name, binding.filter(|binding| binding.id.is_none())?));
        if let Some(id) = found {
            let act = if binding.and_then(|binding| binding.id) != Some(id) {
                Some(Act::Adopt {
                    id,
                    channel: None,
                    pinned: false,
                })
            } else if recorded {
                None
            } else {
                Some(Act::Remember {
                    found: Found::National(*wish),
                })
            };
            // Once adopted it is known, and the places can name it: that is the next plan's.
            return !act.is_some_and(|act| self.push(Step { key, act, report: None })) || present.is_some();
        }
        // People deleted it after `/installer` saw it: only the next one makes it again.
        let deleted_since = recorded && binding.is_some_and(|binding| binding.id.is_some());
        // Several bear its name and none was ever chosen: people keep one of them.
        let ambiguous = !known && self.observed.roles.values().any(|role| role.name == *name);
        if deleted_since || ambiguous {
            return true;
        }
        let act = Act::CreateNational {
            name: name.clone(),
            wish: *wish,
        };
        !self.push(Step { key, act, report: None })
    }

    /// A role bears nothing that tells whose it is: it is ours only when its name is exactly the one asked when the intention
    /// was stored, it is younger, nobody holds it and it gives nothing (product.md §7).
    fn adoptable_role(&self, asked: impl Fn(&str) -> bool, intention: &Binding) -> Option<u64> {
        let found = self.observed.roles.iter().find(|(id, role)| {
            asked(&role.name)
                && role.permissions == 0
                && !role.managed
                && self.holders.get(id).is_none_or(BTreeSet::is_empty)
                && self.may_be(id.0, intention)
        });
        found.map(|(id, _)| id.0)
    }

    fn compare_role(&mut self, spec: &RoleSpec, id: u64, binding: &Binding) {
        let Some(seen) = self.observed.roles.get(&RoleId(id)) else {
            return;
        };
        let SeenRole {
            name,
            permissions,
            hoist,
            mentionable,
            managed: _,
        } = seen;
        let hash = self.hash_key().hash(&spec.name);
        let recorded = binding.hash.as_deref() == Some(&hash);
        if *name == spec.name && *permissions == 0 && !hoist && !mentionable {
            if !recorded {
                let found = Found::Role(spec.name.clone());
                self.push(Step {
                    key: spec.key,
                    act: Act::Remember { found },
                    report: None,
                });
            }
            return;
        }
        let what = if *permissions == 0 {
            PutBack::Name
        } else {
            PutBack::Permissions
        };
        let act = Act::EditRole {
            role: RoleId(id),
            name: spec.name.clone(),
        };
        self.push(Step {
            key: spec.key,
            act,
            report: recorded.then_some(what),
        });
    }

    // ---- categories and channels

    fn channel(&mut self, spec: &ChannelSpec) -> Place {
        let key = spec.key;
        let binding = self.bindings.get(&key);
        if let Some(binding) = binding {
            let found = match binding.id {
                Some(id) => self.observed.channels.contains_key(&ChannelId(id)).then_some(id),
                None => self.adoptable_channel(spec, binding),
            };
            if let Some(id) = found {
                if binding.id.is_none() {
                    self.push(Step {
                        key,
                        act: Act::Adopt {
                            id,
                            channel: None,
                            pinned: false,
                        },
                        report: None,
                    });
                }
                // Overwrites that name a role not to be made now wait for it.
                if !self.needs_blocked(spec) {
                    self.compare_channel(spec, ChannelId(id), binding);
                }
                return self.settle(key, Place::Here(id));
            }
        }
        let step = Step {
            key,
            act: Act::CreateChannel { spec: spec.clone() },
            report: deleted(binding),
        };
        let place = if self.needs_blocked(spec) || !self.push(step) {
            Place::Blocked
        } else {
            self.channels_left = self.channels_left.saturating_sub(1);
            Place::Coming
        };
        self.settle(key, place)
    }

    /// Whether an object that the channel names can't be made now. A space is never made without its own role in it.
    fn needs_blocked(&self, spec: &ChannelSpec) -> bool {
        let roles = spec.overwrites.iter().filter_map(|(target, _)| match target {
            Target::Bound(key) => Some(*key),
            Target::Role(_) | Target::Member(_) => None,
        });
        roles.chain(spec.parent).any(|key| self.place(key) == Place::Blocked)
    }

    /// A text channel is found again by the marker that ends its topic; a category, which has none, is ours only when its
    /// name and overwrites are exactly those asked when the intention was stored, and it is younger (product.md §7).
    fn adoptable_channel(&self, spec: &ChannelSpec, intention: &Binding) -> Option<u64> {
        let marker = spec.key.marker();
        let found = self.observed.channels.iter().find(|(id, seen)| {
            let alike = match &marker {
                Some(marker) => seen.topic.split(' ').next_back() == Some(marker),
                None => intention.hash.is_some() && intention.hash == Some(self.asked_of(spec, seen)),
            };
            alike && seen.kind == spec.kind && self.may_be(id.0, intention)
        });
        found.map(|(id, _)| id.0)
    }

    /// What an observed channel would have been asked as. Discord takes away the overwrite of a role that is deleted: what
    /// lacks nothing but its own role is still what was asked.
    fn asked_of(&self, spec: &ChannelSpec, seen: &SeenChannel) -> String {
        let mut overwrites = seen.overwrites.clone();
        let own = spec.overwrites.iter().filter_map(|(target, bits)| match target {
            Target::Bound(key) => Some((self.place(*key), *bits)),
            Target::Role(_) | Target::Member(_) => None,
        });
        let own: Vec<Bits> = own
            .map(|(place, bits)| match place {
                Place::Here(id) => overwrites.remove(&Subject::Role(RoleId(id))).unwrap_or(bits),
                Place::Coming | Place::Blocked => bits,
            })
            .collect();
        asked_hash(&seen.name, &overwrites, &own, self.hash_key())
    }

    /// The overwrites with their ids; `None` while a role does not exist.
    fn resolved(&self, spec: &ChannelSpec) -> Option<Overwrites> {
        let mut overwrites = Overwrites::new();
        for (target, bits) in &spec.overwrites {
            let subject = match target {
                Target::Role(role) => Subject::Role(*role),
                Target::Member(user) => Subject::Member(*user),
                Target::Bound(key) => match self.place(*key) {
                    Place::Here(id) => Subject::Role(RoleId(id)),
                    Place::Coming | Place::Blocked => return None,
                },
            };
            overwrites.insert(subject, *bits);
        }
        Some(overwrites)
    }

    fn compare_channel(&mut self, spec: &ChannelSpec, id: ChannelId, binding: &Binding) {
        let Some(seen) = self.observed.channels.get(&id) else {
            return;
        };
        let spec = self.without_blocked_roles(spec);
        let SeenChannel {
            kind: _,
            name,
            topic,
            parent,
            overwrites,
        } = seen;
        let resolved = self.resolved(&spec);
        let mut edit = ChannelEdit::default();
        if resolved.as_ref() != Some(overwrites) {
            edit.overwrites = Some(spec.overwrites.clone());
        }
        if let Some(wanted) = spec.parent {
            edit.parent = match self.place(wanted) {
                Place::Here(category) if *parent == Some(ChannelId(category)) => None,
                Place::Blocked => None,
                Place::Here(_) | Place::Coming => Some(wanted),
            };
        }
        if *name != spec.name {
            edit.name = Some(spec.name.clone());
        }
        if *topic != spec.topic {
            edit.topic = Some(spec.topic.clone());
        }
        let places = &self.places;
        let ids = |key: Key| match places.get(&key) {
            Some(Place::Here(id)) => Some(*id),
            _ => None,
        };
        let hash = channel_hash(&spec, ids, self.hash_key());
        let recorded = hash.is_some() && hash == binding.hash;
        if edit.is_empty() {
            if hash.is_some() && !recorded {
                self.push(Step {
                    key: spec.key,
                    act: Act::Remember {
                        found: Found::Channel(spec),
                    },
                    report: None,
                });
            }
            return;
        }
        self.delay_rename(&mut edit, &spec, binding);
        if edit.is_empty() {
            return;
        }
        let what = if edit.overwrites.is_some() {
            PutBack::Permissions
        } else {
            PutBack::Name
        };
        let key = spec.key;
        let act = Act::EditChannel {
            channel: id,
            spec,
            edit,
        };
        self.push(Step {
            key,
            act,
            report: recorded.then_some(what),
        });
    }

    /// When the group's role can't be made now, its overwrite is left out: the others are still put right, so that a space
    /// opened by hand does not stay open.
    fn without_blocked_roles(&self, spec: &ChannelSpec) -> ChannelSpec {
        let mut spec = spec.clone();
        spec.overwrites.retain(|(target, _)| match target {
            Target::Bound(key) => self.place(*key) != Place::Blocked,
            Target::Role(_) | Target::Member(_) => true,
        });
        spec
    }

    /// Takes the name and the topic out of an edit that comes too early after another one, or after a refusal; overwrites
    /// never wait for them.
    fn delay_rename(&mut self, edit: &mut ChannelEdit, spec: &ChannelSpec, binding: &Binding) {
        if !edit.renames() {
            return;
        }
        let allowed = binding
            .edited_at
            .map(|last| last + self.pace.rename)
            .filter(|at| *at > self.now);
        if let Some(at) = allowed {
            self.wake(at);
        }
        if allowed.is_some() || self.is_held(&spec.key.to_string()) {
            edit.name = None;
            edit.topic = None;
            edit.partial = true;
        }
    }
}

/// Whether a step protects what is reserved and depends on no other: access taken away, overwrites put right.
fn protects(step: &Step, places: &BTreeMap<Key, Place>) -> bool {
    match &step.act {
        Act::Revoke { .. } => true,
        Act::EditChannel {
            edit:
                ChannelEdit {
                    overwrites: Some(overwrites),
                    parent,
                    ..
                },
            ..
        } => {
            let roles = overwrites.iter().filter_map(|(target, _)| match target {
                Target::Bound(key) => Some(key),
                Target::Role(_) | Target::Member(_) => None,
            });
            roles
                .chain(parent)
                .all(|key| matches!(places.get(key), Some(Place::Here(_))))
        }
        _ => false,
    }
}

/// What is reported when an object that was there has to be made again.
fn deleted(binding: Option<&Binding>) -> Option<PutBack> {
    binding.and_then(|binding| binding.id).map(|_| PutBack::Deleted)
}
