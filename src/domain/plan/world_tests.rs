//! A Discord in memory that obeys plans, and crashes on demand: what the property tests run against.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::ledger::{self, Change, Made};
use super::{Act, Pace, Plan, Step, plan};
use crate::domain::bindings::{Bindings, Key, Room, Setbacks};
use crate::domain::desired::{Desired, Post, Rules, Server, Target, desired};
use crate::domain::ids::{ChannelId, GroupId, GuildId, MessageId, RoleId, UserId};
use crate::domain::ladder::{Step as Rung, Thresholds};
use crate::domain::notice::PutBack;
use crate::domain::observed::{ChannelKind, Observed, Overwrites, SeenChannel, SeenMessage, SeenRole, Subject};
use crate::domain::place::Place;
use crate::domain::register::Columns;
use crate::domain::snapshot::{ArticleFacts, GroupFacts, HashKey, HolderFacts, MemberFacts, Snapshot, StatutesFacts};
use crate::domain::words::Links;

pub(super) const GUILD: GuildId = GuildId(1);
pub(super) const BOT: UserId = UserId(2);
pub(super) const NATIONAL: RoleId = RoleId(3);
pub(super) const RELAY: UserId = UserId(100);
pub(super) const REFERENT: UserId = UserId(200);

/// Where a crash strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crash {
    /// After the intention was stored, before the call.
    BeforeCall,
    /// After the call, before its record.
    BeforeRecord,
}

pub(super) struct Sim {
    pub(super) observed: Observed,
    pub(super) bindings: Bindings,
    pub(super) setbacks: Setbacks,
    pub(super) now: DateTime<Utc>,
    pub(super) pace: Pace,
    counter: u64,
    /// Channels listed on demand besides the rooms where only the bot writes.
    looked: BTreeSet<ChannelId>,
    /// Every mutating call, as its step prints.
    pub(super) calls: Vec<String>,
    pub(super) reports: Vec<PutBack>,
}

impl Sim {
    pub(super) fn new(members: impl IntoIterator<Item = UserId>) -> Self {
        let mut observed = Observed::default();
        observed.roles.insert(RoleId(GUILD.0), role("@everyone", 0x8000));
        observed.roles.insert(NATIONAL, role("MCP national", 0));
        for user in members.into_iter().chain([BOT, RELAY, REFERENT]) {
            observed.members.entry(user).or_default();
        }
        Self {
            observed,
            bindings: Bindings::new(),
            setbacks: Setbacks::new(),
            now: "2027-03-04T10:00:00Z".parse().unwrap(),
            pace: Pace {
                coalesce: TimeDelta::zero(),
                rename: TimeDelta::zero(),
            },
            counter: 0,
            looked: BTreeSet::new(),
            calls: Vec::new(),
            reports: Vec::new(),
        }
    }

    fn id(&mut self) -> u64 {
        self.counter += 1;
        let millis = u64::try_from(self.now.timestamp_millis() - 1_420_070_400_000).unwrap();
        (millis << 22) | self.counter
    }

    /// What the planner is shown: the discussion is listed on demand only.
    fn view(&self) -> Observed {
        let mut view = self.observed.clone();
        let quiet: BTreeSet<ChannelId> = self
            .bindings
            .iter()
            .filter(|(key, _)| matches!(key, Key::Room(_, room) if room.is_quiet()))
            .filter_map(|(_, binding)| binding.id.map(ChannelId))
            .collect();
        view.messages
            .retain(|channel, _| quiet.contains(channel) || self.looked.contains(channel));
        for channel in quiet.iter().chain(&self.looked) {
            view.messages.entry(*channel).or_default();
        }
        view
    }

    pub(super) fn plan(&mut self, desired: &Desired) -> Plan {
        loop {
            let found = plan(
                desired,
                &self.view(),
                &self.bindings,
                &self.setbacks,
                &self.pace,
                self.now,
            );
            if found.look.is_empty() {
                return found;
            }
            assert!(
                found.look.iter().any(|channel| self.looked.insert(*channel)),
                "asked twice for the same channel"
            );
        }
    }

    /// Plans and applies until nothing is left to do.
    pub(super) fn converge(&mut self, desired: &Desired) {
        for _ in 0..8 {
            let found = self.plan(desired);
            if found.is_noop() {
                return;
            }
            for step in found.steps {
                self.execute(&step, desired, None);
            }
        }
        panic!("no convergence:\n{}", self.plan(desired));
    }

    /// Plans once and crashes at the step of this index; what was listed in memory is lost.
    pub(super) fn crash(&mut self, desired: &Desired, at: usize, how: Crash) {
        let found = self.plan(desired);
        for (index, step) in found.steps.iter().enumerate() {
            if index == at {
                self.execute(step, desired, Some(how));
                break;
            }
            self.execute(step, desired, None);
        }
        self.looked.clear();
    }

    fn execute(&mut self, step: &Step, desired: &Desired, crash: Option<Crash>) {
        self.now += TimeDelta::milliseconds(250);
        let ids: BTreeMap<Key, u64> = self
            .bindings
            .iter()
            .filter_map(|(key, binding)| Some((*key, binding.id?)))
            .collect();
        let ids = |key: Key| ids.get(&key).copied();
        let channel = match &step.act {
            Act::Post { post } => Some(ChannelId(ids(post.room()).expect("the room of a post exists"))),
            _ => None,
        };
        let hash = step.hash(ids, &desired.hash_key);
        let current = self.bindings.get(&step.key).cloned();
        if let Some(intention) = ledger::intention(
            step,
            current.as_ref(),
            channel,
            step.asked(ids, &desired.hash_key),
            self.now,
        ) {
            self.bindings.insert(step.key, intention);
        }
        if crash == Some(Crash::BeforeCall) {
            return;
        }
        let made = self.call(step, ids, channel);
        if crash == Some(Crash::BeforeRecord) {
            return;
        }
        self.reports.extend(step.report);
        let current = self.bindings.get(&step.key).cloned();
        match ledger::settled(step, current.as_ref(), made, hash, self.now) {
            Change::Put(binding) => {
                self.bindings.insert(step.key, binding);
            }
            Change::Remove => {
                self.bindings.remove(&step.key);
            }
            Change::Keep => {}
        }
    }

    /// What Discord does.
    fn call(&mut self, step: &Step, ids: impl Fn(Key) -> Option<u64>, channel: Option<ChannelId>) -> Made {
        if step.calls() {
            self.calls.push(step.to_string());
        }
        match &step.act {
            Act::CreateRole { name } | Act::CreateNational { name, .. } => {
                let id = self.id();
                self.observed.roles.insert(RoleId(id), role(name, 0));
                Made::Object(id)
            }
            Act::EditRole { role: id, name } => {
                *self.observed.roles.get_mut(id).expect("an edited role exists") = role(name, 0);
                Made::Nothing
            }
            Act::CreateChannel { spec } => {
                let id = self.id();
                let seen = SeenChannel {
                    kind: spec.kind,
                    name: spec.name.clone(),
                    topic: spec.topic.clone(),
                    parent: spec
                        .parent
                        .map(|key| ChannelId(ids(key).expect("the category of a channel exists"))),
                    overwrites: self.overwrites(&spec.overwrites, &ids),
                };
                assert!(
                    is_public(spec.key) || hides_from_everyone(&seen.overwrites),
                    "a channel is born private"
                );
                self.observed.channels.insert(ChannelId(id), seen);
                Made::Object(id)
            }
            Act::EditChannel { channel, edit, .. } => {
                let overwrites = edit
                    .overwrites
                    .as_ref()
                    .map(|overwrites| self.overwrites(overwrites, &ids));
                let parent = edit
                    .parent
                    .map(|key| ChannelId(ids(key).expect("the category of a channel exists")));
                let seen = self
                    .observed
                    .channels
                    .get_mut(channel)
                    .expect("an edited channel exists");
                if let Some(overwrites) = overwrites {
                    assert!(
                        is_public(step.key) || hides_from_everyone(&overwrites),
                        "a channel stays private"
                    );
                    seen.overwrites = overwrites;
                }
                seen.parent = parent.or(seen.parent);
                seen.name = edit.name.clone().unwrap_or_else(|| seen.name.clone());
                seen.topic = edit.topic.clone().unwrap_or_else(|| seen.topic.clone());
                Made::Nothing
            }
            Act::Grant { role, user } => {
                let role = ids(*role).expect("a granted role exists");
                assert!(self.observed.roles.contains_key(&RoleId(role)));
                self.observed
                    .members
                    .get_mut(user)
                    .expect("on the server")
                    .roles
                    .insert(RoleId(role));
                Made::Object(role)
            }
            Act::Revoke { role, user } => {
                self.observed
                    .members
                    .get_mut(user)
                    .expect("on the server")
                    .roles
                    .remove(role);
                Made::Nothing
            }
            Act::Post { post } => {
                let message = post
                    .message(rules().words, &ids, self.now)
                    .expect("all that a message names exists");
                assert_eq!(message.faults(), Vec::<String>::new());
                let footer = message.embeds.last().map_or("", |embed| &embed.footer);
                let marker = Key::of_message(&message.content).or_else(|| Key::of_message(footer));
                assert_eq!(marker, Some(step.key), "a message bears its marker");
                let seen = SeenMessage {
                    ours: true,
                    notice: false,
                    pinned: false,
                    nonce: None,
                    marker,
                };
                let id = self.id();
                let channel = channel.expect("a post has a room");
                assert!(self.observed.channels.contains_key(&channel));
                self.observed
                    .messages
                    .entry(channel)
                    .or_default()
                    .insert(MessageId(id), seen);
                Made::Object(id)
            }
            Act::Edit { channel, message, .. } => {
                assert!(
                    self.observed.messages[channel].contains_key(message),
                    "an edited message exists"
                );
                Made::Nothing
            }
            Act::Pin => {
                let binding = &self.bindings[&step.key];
                let channel = binding.channel.expect("a pinned message has a room");
                let message = MessageId(binding.id.expect("a pinned message exists"));
                let messages = self.observed.messages.get_mut(&channel).expect("a room");
                messages.get_mut(&message).expect("a pinned message exists").pinned = true;
                let notice = SeenMessage {
                    ours: true,
                    notice: true,
                    pinned: false,
                    nonce: None,
                    marker: None,
                };
                let id = self.id();
                self.observed
                    .messages
                    .entry(channel)
                    .or_default()
                    .insert(MessageId(id), notice);
                Made::Nothing
            }
            Act::Delete { channel, message } | Act::Sweep { channel, message } => {
                let gone = self
                    .observed
                    .messages
                    .get_mut(channel)
                    .and_then(|messages| messages.remove(message));
                assert!(gone.is_some(), "a deleted message exists");
                Made::Nothing
            }
            Act::Adopt { .. } | Act::Remember { .. } | Act::Forget => Made::Nothing,
        }
    }

    fn overwrites(
        &self,
        overwrites: &[(Target, crate::domain::observed::Bits)],
        ids: impl Fn(Key) -> Option<u64>,
    ) -> Overwrites {
        overwrites
            .iter()
            .map(|(target, bits)| {
                let subject = match target {
                    Target::Role(role) => Subject::Role(*role),
                    Target::Member(user) => Subject::Member(*user),
                    Target::Bound(key) => Subject::Role(RoleId(ids(*key).expect("the role of a space exists"))),
                };
                if let Subject::Role(role) = subject {
                    assert!(
                        self.observed.roles.contains_key(&role),
                        "an overwrite names a role that exists"
                    );
                }
                (subject, *bits)
            })
            .collect()
    }

    // ---- what people do by hand

    pub(super) fn bound(&self, key: Key) -> u64 {
        self.bindings[&key].id.unwrap()
    }

    pub(super) fn delete_role(&mut self, role: RoleId) {
        self.observed.roles.remove(&role);
        for member in self.observed.members.values_mut() {
            member.roles.remove(&role);
        }
        for channel in self.observed.channels.values_mut() {
            channel.overwrites.remove(&Subject::Role(role));
        }
    }

    pub(super) fn delete_channel(&mut self, channel: ChannelId) {
        self.observed.channels.remove(&channel);
        self.observed.messages.remove(&channel);
        for other in self.observed.channels.values_mut() {
            other.parent = other.parent.filter(|parent| *parent != channel);
        }
    }

    pub(super) fn leave(&mut self, user: UserId) {
        self.observed.members.remove(&user);
    }

    pub(super) fn join(&mut self, user: UserId) {
        let joined_at = Some(self.now);
        self.observed.members.insert(
            user,
            crate::domain::observed::SeenMember {
                roles: BTreeSet::new(),
                joined_at,
            },
        );
    }

    /// Asserts that the server holds exactly what is desired: each object once, nothing of ours besides.
    pub(super) fn assert_converged(&self, desired: &Desired) {
        let find = |key: Key| self.bindings.get(&key).and_then(|binding| binding.id);
        let mut roles = vec!["@everyone".to_owned(), "MCP national".to_owned()];
        let mut channels = 0;
        for space in &desired.spaces {
            roles.push(space.role.name.clone());
            let role = RoleId(find(space.role.key).expect("the role is bound"));
            for (user, member) in &self.observed.members {
                assert_eq!(
                    member.roles.contains(&role),
                    space.role.holders.contains(user),
                    "access of {user}"
                );
            }
            for spec in &space.channels {
                channels += 1;
                let seen = &self.observed.channels[&ChannelId(find(spec.key).expect("the channel is bound"))];
                assert_eq!(
                    (&seen.name, &seen.topic, seen.kind),
                    (&spec.name, &spec.topic, spec.kind)
                );
                assert_eq!(seen.parent.map(|id| id.0), spec.parent.and_then(find));
                assert_eq!(seen.overwrites, self.overwrites(&spec.overwrites, find));
            }
            let pages: Vec<Post> = space.pages.iter().cloned().map(Post::Page).collect();
            let mut ids = Vec::new();
            for (room, posts) in [(Room::Register, &pages), (Room::Documents, &space.articles)] {
                let channel = ChannelId(find(Key::Room(space.group, room)).expect("the room is bound"));
                let seen = self.observed.messages.get(&channel).cloned().unwrap_or_default();
                assert_eq!(seen.len(), posts.len(), "messages of {}", room.name());
                for post in posts {
                    let id = find(post.key()).expect("the message is bound");
                    assert!(seen[&MessageId(id)].pinned, "{} is pinned", post.key());
                    if room == Room::Register {
                        ids.push(id);
                    }
                }
            }
            assert!(ids.is_sorted(), "pages are in order");
            let discussion = ChannelId(find(Key::Room(space.group, Room::Discussion)).expect("bound"));
            let announced = self.observed.messages.get(&discussion).map_or(0, BTreeMap::len);
            assert!(announced <= space.announcements.len(), "an announcement came twice");
        }
        for duty in &desired.duties {
            roles.push(duty.name.clone());
            let role = RoleId(find(duty.key).expect("the role is bound"));
            for (user, member) in &self.observed.members {
                assert_eq!(
                    member.roles.contains(&role),
                    duty.holders.contains(user),
                    "function of {user}"
                );
            }
        }
        let mut seen: Vec<String> = self.observed.roles.values().map(|role| role.name.clone()).collect();
        seen.sort();
        roles.sort();
        assert_eq!(seen, roles, "each role once");
        assert_eq!(self.observed.channels.len(), channels, "each channel once");
    }
}

pub(super) fn role(name: &str, permissions: u64) -> SeenRole {
    SeenRole {
        name: name.to_owned(),
        permissions,
        hoist: false,
        mentionable: false,
        managed: false,
    }
}

fn is_public(key: Key) -> bool {
    matches!(key, Key::Place(spot) if matches!(spot.place(), Place::Works | Place::Welcome | Place::Meeting))
}

fn hides_from_everyone(overwrites: &Overwrites) -> bool {
    let everyone = overwrites.get(&Subject::Role(RoleId(GUILD.0)));
    everyone.is_some_and(|bits| bits.deny & crate::domain::permissions::VIEW_CHANNEL != 0 && bits.allow == 0)
}

pub(super) fn rules() -> Rules {
    Rules {
        thresholds: Thresholds::default(),
        columns: Columns::default(),
        links: Links {
            signup: "https://example.org/#participer".to_owned(),
            discord: "https://discord.gg/exemple".to_owned(),
        },
        places: crate::domain::desired::PlaceRules::default(),
        words: &crate::texts::space::FRENCH,
    }
}

/// A group with members `1..=count`, the first `linked` of them on Discord as users 1001, 1002 …
pub(super) fn group(id: i64, count: u32, linked: u32) -> GroupFacts {
    let at = |text: &str| text.parse().unwrap();
    let mut steps = vec![
        (Rung::Possible, at("2027-02-01T10:00:00Z")),
        (Rung::Forming, at("2027-03-03T10:00:00Z")),
    ];
    for (step, threshold) in [(Rung::Assembly, 10), (Rung::PublishRic, 15), (Rung::PublishWorks, 20)] {
        if count >= threshold {
            steps.push((step, at("2027-03-04T09:00:00Z")));
        }
    }
    let announce = steps.iter().skip(1).map(|(step, _)| *step).collect();
    let statutes = (count >= 10).then(|| StatutesFacts {
        version: 1,
        articles: (1..=3).map(article).collect(),
    });
    GroupFacts {
        id: GroupId(id),
        name: format!("Lunel {id}"),
        archived: false,
        steps,
        announce,
        members: (1..=count)
            .map(|number| MemberFacts {
                number,
                name: "Camille DUPRÉ".to_owned(),
                user: (number <= linked).then(|| user(id, number)),
                pseudo: None,
                present: number <= linked,
                postal_code: "34400".to_owned(),
                since: at("2027-03-03T10:00:00Z"),
                phone: None,
                mail: None,
            })
            .collect(),
        relays: vec![HolderFacts {
            user: RELAY,
            present: true,
            display: Some("Noé Le Goff".to_owned()),
        }],
        referents: vec![HolderFacts {
            user: REFERENT,
            present: true,
            display: Some("Awa Martin".to_owned()),
        }],
        statutes,
        merged: None,
    }
}

pub(super) fn article(number: u32) -> ArticleFacts {
    ArticleFacts {
        number,
        title: "Objet".to_owned(),
        body: "Le groupe réunit ses membres.".to_owned(),
        since: 1,
    }
}

pub(super) fn user(group: i64, number: u32) -> UserId {
    UserId(group.unsigned_abs() * 1000 + u64::from(number))
}

pub(super) fn want(groups: &[GroupFacts]) -> Desired {
    let snapshot = Snapshot {
        groups: groups.to_vec(),
        duties: BTreeMap::new(),
        installed: None,
        hash_key: HashKey([7; 32]),
    };
    desired(&snapshot, &here(Some(NATIONAL)), &rules())
}

/// The server, whose national team has this role, or has not.
pub(super) fn here(national: Option<RoleId>) -> Server {
    Server {
        guild: GUILD,
        bot: BOT,
        national,
        national_known: national.is_some(),
    }
}

pub(super) fn users(groups: &[GroupFacts]) -> Vec<UserId> {
    groups
        .iter()
        .flat_map(|group| group.members.iter().filter_map(|member| member.user))
        .collect()
}

/// A channel that someone else made.
pub(super) fn foreign_channel(name: &str, topic: &str) -> SeenChannel {
    SeenChannel {
        kind: ChannelKind::Text,
        name: name.to_owned(),
        topic: topic.to_owned(),
        parent: None,
        overwrites: Overwrites::new(),
    }
}
