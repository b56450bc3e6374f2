//! A mirror of the server in memory: filled by raw requests, kept by our own acts and by events, looked at anew where an event
//! says that someone else changed it.
//!
//! serenity's cache is not used: it drops permission bits that it does not know. Truth comes from requests; an event only
//! tells where to look. An event that shows what the mirror already holds is the echo of our own act, and costs nothing:
//! so a use case that wakes the reconciler on a clean mirror costs no request at all.

mod hear;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serenity::http::Http;

use super::failure::{ApiFailure, Kind};
use super::wire;
use crate::domain::bindings::{Bindings, Key};
use crate::domain::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::domain::observed::{Observed, SeenPerson};

/// How long the notice of a pin may take to come before we go and look for it.
const NOTICE_PATIENCE: TimeDelta = TimeDelta::seconds(10);
/// A channel that could not be listed is tried again after so long.
const ROOM_RETRY: TimeDelta = TimeDelta::seconds(30);

/// What has to be looked at again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stale {
    /// Roles and channels.
    structure: bool,
    /// The whole list of members.
    roster: bool,
    /// These members.
    members: BTreeSet<UserId>,
    /// Every channel where our messages are.
    rooms: bool,
    /// These channels.
    some_rooms: BTreeSet<ChannelId>,
}

/// What changed among the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum People {
    /// The full list: who is not in it is not on the server.
    All(Vec<SeenPerson>),
    /// One member came or changed.
    One(SeenPerson),
    /// One member left.
    Gone(UserId),
}

/// The mirror.
#[derive(Debug)]
pub struct Mirror {
    guild: GuildId,
    bot: UserId,
    observed: Observed,
    stale: Stale,
    /// Someone else changed roles or channels: what was refused before may pass now.
    stirred: bool,
    away: bool,
    looked_at: Option<DateTime<Utc>>,
    /// The ids that belong to objects of ours.
    owned: BTreeSet<u64>,
    /// Echoes of our own acts that have not come yet: roles made or edited, channels edited, pins.
    role_echoes: BTreeMap<RoleId, u32>,
    edit_echoes: BTreeMap<ChannelId, u32>,
    pin_echoes: BTreeMap<ChannelId, u32>,
    /// Pins of ours whose notice has not come yet.
    notices: BTreeMap<ChannelId, DateTime<Utc>>,
    /// Channels that could not be listed, and when to try again.
    unlisted: BTreeMap<ChannelId, DateTime<Utc>>,
}

impl Mirror {
    /// A mirror of which everything has still to be looked at.
    #[must_use]
    pub fn new(guild: GuildId, bot: UserId) -> Self {
        Self {
            guild,
            bot,
            observed: Observed::default(),
            stale: Stale {
                structure: true,
                roster: true,
                rooms: true,
                ..Stale::default()
            },
            stirred: true,
            away: false,
            looked_at: None,
            owned: BTreeSet::new(),
            role_echoes: BTreeMap::new(),
            edit_echoes: BTreeMap::new(),
            pin_echoes: BTreeMap::new(),
            notices: BTreeMap::new(),
            unlisted: BTreeMap::new(),
        }
    }

    /// The server as last seen.
    #[must_use]
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// The bot's account.
    #[must_use]
    pub fn bot(&self) -> UserId {
        self.bot
    }

    /// The server.
    #[must_use]
    pub fn guild(&self) -> GuildId {
        self.guild
    }

    /// Whether something has to be looked at before anything is decided.
    #[must_use]
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        let Stale {
            structure,
            roster,
            members,
            rooms,
            some_rooms,
        } = &self.stale;
        *structure
            || *roster
            || *rooms
            || !members.is_empty()
            || some_rooms
                .iter()
                .any(|room| self.unlisted.get(room).is_none_or(|at| *at <= now))
    }

    /// When to look again without being told.
    #[must_use]
    pub fn wake(&self, hourly: TimeDelta) -> Option<DateTime<Utc>> {
        let looked = self.looked_at.map(|at| at + hourly);
        let notices = self.notices.values().map(|at| *at + NOTICE_PATIENCE);
        let rooms = self
            .stale
            .some_rooms
            .iter()
            .filter_map(|room| self.unlisted.get(room))
            .copied();
        looked.into_iter().chain(notices).chain(rooms).min()
    }

    /// Marks what time alone makes stale: everything after `hourly`, and channels whose pin notice never came.
    pub fn tick(&mut self, now: DateTime<Utc>, hourly: TimeDelta) {
        if self.looked_at.is_some_and(|at| at + hourly <= now) {
            self.forget_all();
        }
        let late: Vec<ChannelId> = self
            .notices
            .iter()
            .filter(|(_, at)| **at + NOTICE_PATIENCE <= now)
            .map(|(room, _)| *room)
            .collect();
        for room in late {
            self.notices.remove(&room);
            self.stale.some_rooms.insert(room);
        }
    }

    /// Everything has to be looked at again: a new session, or an hour without.
    pub fn forget_all(&mut self) {
        self.stale = Stale {
            structure: true,
            roster: true,
            rooms: true,
            ..Stale::default()
        };
        self.stirred = true;
        self.role_echoes.clear();
        self.edit_echoes.clear();
        self.pin_echoes.clear();
        self.unlisted.clear();
    }

    /// Roles and channels have to be looked at again.
    pub fn forget_structure(&mut self) {
        self.stale.structure = true;
    }

    /// The list of members has to be looked at again.
    pub fn forget_roster(&mut self) {
        self.stale.roster = true;
    }

    /// A member has to be looked at again.
    pub fn forget_member(&mut self, user: UserId) {
        self.stale.members.insert(user);
    }

    /// The messages of a channel have to be looked at again.
    pub fn forget_room(&mut self, room: ChannelId) {
        self.stale.some_rooms.insert(room);
    }

    /// The messages of every channel where ours lie have to be looked at again.
    pub fn forget_rooms(&mut self) {
        self.stale.rooms = true;
    }

    /// Whether someone else changed roles or channels since this was last asked.
    pub fn take_stirred(&mut self) -> bool {
        std::mem::take(&mut self.stirred)
    }

    /// Tells the mirror which objects are ours. A room that was never listed (one just adopted) is to be looked at.
    pub fn own(&mut self, bindings: &Bindings) {
        self.owned = bindings.values().filter_map(|binding| binding.id).collect();
        let known =
            |room: &ChannelId| self.observed.channels.contains_key(room) && !self.observed.messages.contains_key(room);
        let unseen: Vec<ChannelId> = rooms(bindings).into_iter().filter(known).collect();
        self.stale.some_rooms.extend(unseen);
    }

    /// Tells the mirror of one more object of ours.
    pub fn own_one(&mut self, id: u64) {
        self.owned.insert(id);
    }

    /// Looks at what is stale; gives what it shows of the members.
    ///
    /// # Errors
    /// As a request fails; what was not looked at stays stale. A channel that can't be listed is no failure: the permissions
    /// that keep us out of it may be just what has to be put back.
    pub async fn refresh(
        &mut self,
        http: &Http,
        bindings: &Bindings,
        now: DateTime<Utc>,
    ) -> Result<Vec<People>, ApiFailure> {
        let mut people = Vec::new();
        let everything = self.stale.structure && self.stale.roster && self.stale.rooms;
        if self.stale.structure {
            let roles = wire::roles(http, self.guild).await?;
            let channels = wire::channels(http, self.guild).await?;
            self.observed.roles = roles.into_iter().collect();
            self.observed.channels = channels.into_iter().collect();
            let channels = &self.observed.channels;
            self.observed
                .messages
                .retain(|channel, _| channels.contains_key(channel));
            self.role_echoes.clear();
            self.edit_echoes.clear();
            self.stale.structure = false;
        }
        if self.stale.roster {
            let members = wire::members(http, self.guild).await?;
            self.observed.members = members
                .iter()
                .map(|person| (person.user, person.member.clone()))
                .collect();
            people.push(People::All(members));
            self.stale.roster = false;
            self.stale.members.clear();
        }
        while let Some(user) = self.stale.members.first().copied() {
            match wire::member(http, self.guild, user).await? {
                Some(person) => {
                    self.observed.members.insert(user, person.member.clone());
                    people.push(People::One(person));
                }
                None => {
                    self.observed.members.remove(&user);
                    people.push(People::Gone(user));
                }
            }
            self.stale.members.remove(&user);
        }
        if std::mem::take(&mut self.stale.rooms) {
            self.stale.some_rooms.extend(rooms(bindings));
        }
        for room in std::mem::take(&mut self.stale.some_rooms) {
            if self.unlisted.get(&room).is_some_and(|at| *at > now) {
                self.stale.some_rooms.insert(room);
            } else if self.observed.channels.contains_key(&room) {
                self.list(http, room, bindings, now).await?;
            }
        }
        if everything {
            self.looked_at = Some(now);
        }
        Ok(people)
    }

    async fn list(
        &mut self,
        http: &Http,
        room: ChannelId,
        bindings: &Bindings,
        now: DateTime<Utc>,
    ) -> Result<(), ApiFailure> {
        let ours = bindings.values().filter(|binding| binding.channel == Some(room));
        let oldest = ours
            .filter_map(|binding| binding.id)
            .min()
            .map_or(MessageId(u64::MAX), MessageId);
        match wire::messages(http, room, self.bot, oldest).await {
            Ok(messages) => {
                self.observed.messages.insert(room, messages.into_iter().collect());
                self.pin_echoes.remove(&room);
                self.notices.remove(&room);
                self.unlisted.remove(&room);
            }
            Err(
                failure @ ApiFailure {
                    kind: Kind::Transient | Kind::TokenRefused,
                    ..
                },
            ) => {
                self.stale.some_rooms.insert(room);
                return Err(failure);
            }
            Err(failure) => {
                tracing::warn!(channel.id = %room, error = %failure, "a channel of ours cannot be listed");
                self.observed.messages.remove(&room);
                self.stale.some_rooms.insert(room);
                self.unlisted.insert(room, now + ROOM_RETRY);
            }
        }
        Ok(())
    }
}

/// The channels where what lies is checked: those where only the bot writes, and those of an unfulfilled intention.
fn rooms(bindings: &Bindings) -> BTreeSet<ChannelId> {
    bindings
        .iter()
        .filter_map(|(key, binding)| match key {
            Key::Room(_, room) if room.is_quiet() => binding.id.map(ChannelId),
            Key::Page(..) | Key::Article(..) | Key::Announcement(..) if binding.id.is_none() => binding.channel,
            _ => None,
        })
        .collect()
}
