//! The state of this Discord, in one value behind one lock, and the questions one can ask it.
//!
//! Every change goes through a method of the sub-rooms, which also tells the gateway; REST, persons and the
//! admin hand call the same methods, so that an event cannot be forgotten by one of them.

mod emit;
mod members;
mod messages;
mod places;
mod schedule;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;

pub(super) use emit::blanked;
pub(super) use messages::Draft;
pub use places::slug;
pub(super) use places::{ChannelSpec, RoleSpec};

use super::builder::Settings;
use super::calls::{Call, Violation};
use super::faults::FaultState;
use super::gateway::Sessions;
use super::interactions::{Interaction, Kind};
use super::limits::Limits;
use super::model::{Attachment, Channel, ChannelKind, Command, Guild, Invite, Member, Message, Role, User};
use super::permissions;
use super::snowflake::{Id, Snowflakes, WorldClock};

/// The account of the bot under test and of its application.
#[derive(Clone, Debug)]
pub struct Bot {
    /// Its account.
    pub user_id: Id,
    /// Its application; Discord gives both the same number today, this one does too.
    pub application_id: Id,
    /// The only token accepted.
    pub token: String,
    /// Whether anybody may invite the application.
    pub public: bool,
    /// The privileged intents switched on in the developer portal (bits 1, 8 and 15).
    pub privileged_intents: u64,
}

/// Everything that this Discord holds. Read it with [`super::Handle::read`].
pub struct World {
    /// The present of this world.
    pub clock: WorldClock,
    /// All accounts.
    pub users: BTreeMap<Id, User>,
    /// All servers; the first one is the server under test.
    pub guilds: BTreeMap<Id, Guild>,
    /// All channels, categories and direct conversations.
    pub channels: BTreeMap<Id, Channel>,
    /// Messages that stay, by channel and then by identifier.
    pub messages: BTreeMap<Id, BTreeMap<Id, Message>>,
    /// Messages that only one person sees.
    pub ephemerals: BTreeMap<Id, Message>,
    /// Files that can be fetched from this server.
    pub attachments: BTreeMap<Id, Attachment>,
    /// Invitations by code.
    pub invites: BTreeMap<String, Invite>,
    /// Registered commands, global ones and those of servers.
    pub commands: Vec<Command>,
    /// The bot under test.
    pub bot: Bot,
    /// The server under test.
    pub main_guild: Id,
    pub(super) settings: Settings,
    pub(super) base_url: String,
    pub(super) ids: Snowflakes,
    pub(super) sessions: Sessions,
    pub(super) interactions: BTreeMap<Id, Interaction>,
    pub(super) tokens: HashMap<String, Id>,
    pub(super) limits: Limits,
    pub(super) faults: FaultState,
    pub(super) calls: Vec<Call>,
    pub(super) violations: Vec<Violation>,
    /// How often each event is delivered; 2 while a call runs under [`super::Action::Twice`].
    pub(super) echoes: usize,
}

impl World {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn next_id(&mut self) -> Id {
        let now = self.now();
        self.ids.next(now)
    }

    /// The server under test.
    ///
    /// # Panics
    /// When a test deleted it.
    #[must_use]
    pub fn guild(&self) -> &Guild {
        &self.guilds[&self.main_guild]
    }

    /// The role of that exact name in the server under test.
    #[must_use]
    pub fn role_named(&self, name: &str) -> Option<&Role> {
        self.guild().roles.values().find(|role| role.name == name)
    }

    /// The first channel of that exact name (a category too) in the server under test.
    #[must_use]
    pub fn channel_named(&self, name: &str) -> Option<&Channel> {
        self.channels
            .values()
            .find(|c| c.guild_id == Some(self.main_guild) && c.name == name)
    }

    /// The channel called `name` in the category called `category`, in the server under test.
    #[must_use]
    pub fn channel_in(&self, category: &str, name: &str) -> Option<&Channel> {
        let parent = self
            .channels
            .values()
            .find(|c| c.kind == ChannelKind::Category && c.guild_id == Some(self.main_guild) && c.name == category)?;
        self.children(parent.id).into_iter().find(|c| c.name == name)
    }

    /// The channels of a category, in their order.
    #[must_use]
    pub fn children(&self, category: Id) -> Vec<&Channel> {
        let mut list: Vec<&Channel> = self
            .channels
            .values()
            .filter(|c| c.parent_id == Some(category))
            .collect();
        list.sort_by_key(|c| (c.position, c.id));
        list
    }

    /// The messages of a channel, oldest first, without ephemeral ones.
    #[must_use]
    pub fn messages_in(&self, channel: Id) -> Vec<&Message> {
        self.messages
            .get(&channel)
            .map(|list| list.values().collect())
            .unwrap_or_default()
    }

    /// The pinned messages of a channel, oldest first.
    #[must_use]
    pub fn pins_in(&self, channel: Id) -> Vec<&Message> {
        self.messages_in(channel).into_iter().filter(|m| m.pinned).collect()
    }

    /// One message, ephemeral or not.
    #[must_use]
    pub fn message(&self, id: Id) -> Option<&Message> {
        self.ephemerals
            .get(&id)
            .or_else(|| self.messages.values().find_map(|list| list.get(&id)))
    }

    pub(super) fn message_mut(&mut self, id: Id) -> Option<&mut Message> {
        if self.ephemerals.contains_key(&id) {
            return self.ephemerals.get_mut(&id);
        }
        self.messages.values_mut().find_map(|list| list.get_mut(&id))
    }

    /// The direct conversation between the bot and a person, when one was opened.
    #[must_use]
    pub fn dm_channel(&self, user: Id) -> Option<&Channel> {
        self.channels
            .values()
            .find(|c| c.kind == ChannelKind::Dm && c.recipient == Some(user))
    }

    /// The messages of the direct conversation with a person, oldest first, from both sides.
    #[must_use]
    pub fn dms_of(&self, user: Id) -> Vec<&Message> {
        self.dm_channel(user)
            .map(|channel| self.messages_in(channel.id))
            .unwrap_or_default()
    }

    /// A member of the server under test.
    #[must_use]
    pub fn member(&self, user: Id) -> Option<&Member> {
        self.guild().members.get(&user)
    }

    /// The account of that unique name.
    #[must_use]
    pub fn user_named(&self, username: &str) -> Option<&User> {
        self.users.values().find(|user| user.username == username)
    }

    /// What people read as the name of an account in the server under test.
    #[must_use]
    pub fn display_name(&self, user: Id) -> String {
        let nick = self
            .guilds
            .get(&self.main_guild)
            .and_then(|g| g.members.get(&user))
            .and_then(|m| m.nick.clone());
        nick.or_else(|| {
            self.users
                .get(&user)
                .map(|u| u.global_name.clone().unwrap_or_else(|| u.username.clone()))
        })
        .unwrap_or_else(|| user.to_string())
    }

    /// The holders of a role of the server under test.
    #[must_use]
    pub fn holders(&self, role: Id) -> Vec<Id> {
        self.guild()
            .members
            .values()
            .filter(|m| m.roles.contains(&role))
            .map(|m| m.user_id)
            .collect()
    }

    /// What `user` may do in `channel`; nothing for those who are not in its server, everything in one's own
    /// direct conversation.
    #[must_use]
    pub fn permissions_of(&self, user: Id, channel: &Channel) -> u64 {
        match channel.guild_id {
            None if channel.recipient == Some(user) || user == self.bot.user_id => permissions::ALL,
            None => 0,
            Some(guild) => self
                .guilds
                .get(&guild)
                .and_then(|g| g.members.get(&user).map(|m| permissions::in_channel(g, m, channel)))
                .unwrap_or(0),
        }
    }

    /// What the bot may do in `channel`.
    #[must_use]
    pub fn bot_permissions(&self, channel: &Channel) -> u64 {
        self.permissions_of(self.bot.user_id, channel)
    }

    pub(super) fn bot_sees(&self, channel: &Channel) -> bool {
        self.bot_permissions(channel) & permissions::VIEW_CHANNEL != 0
    }

    /// Whether `user` sees `channel`.
    #[must_use]
    pub fn sees(&self, user: Id, channel: Id) -> bool {
        self.channels
            .get(&channel)
            .is_some_and(|c| self.permissions_of(user, c) & permissions::VIEW_CHANNEL != 0)
    }

    /// The requests that the bot has made so far.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The bot's command of that name: one of the server under test, else a global one.
    #[must_use]
    pub fn command_named(&self, name: &str) -> Option<&Command> {
        self.command_in(Some(self.main_guild), name)
    }

    pub(super) fn command_in(&self, guild: Option<Id>, name: &str) -> Option<&Command> {
        let of = |scope: Option<Id>| {
            self.commands
                .iter()
                .find(move |c| c.guild_id == scope && c.name() == name)
        };
        guild.and_then(|guild| of(Some(guild))).or_else(|| of(None))
    }

    pub(super) fn interaction_metadata(&self, interaction: Id) -> Option<Value> {
        self.interactions.get(&interaction).map(|i| i.metadata.clone())
    }

    /// Whether this person (or anyone) typed that command, and the bot answered.
    #[must_use]
    pub fn was_answered(&self, user: Option<Id>, command: &str) -> bool {
        self.interactions.values().any(|i| {
            i.kind == Kind::Command
                && i.first.is_some()
                && user.is_none_or(|user| i.user == user)
                && i.metadata["name"] == command
        })
    }

    /// A page of text about the whole world, for failing tests: names and identifiers, messages shortened.
    #[must_use]
    pub fn dump(&self) -> String {
        use std::fmt::Write as _;
        let mut out = String::new();
        for guild in self.guilds.values() {
            let _ = writeln!(out, "serveur {} ({})", guild.name, guild.id);
            for role in guild.roles.values() {
                let _ = writeln!(out, "  rôle {} ({}) rang {}", role.name, role.id, role.position);
            }
        }
        for channel in self.channels.values() {
            let name = match channel.recipient {
                Some(user) => format!("MP {}", self.display_name(user)),
                None => channel.name.clone(),
            };
            let _ = writeln!(out, "  salon {name} ({}) parent {:?}", channel.id, channel.parent_id);
            for message in self.messages_in(channel.id) {
                let text: String = message.content.chars().take(80).collect();
                let pin = if message.pinned { "épinglé " } else { "" };
                let _ = writeln!(out, "    {pin}{}: {text:?}", self.display_name(message.author_id));
            }
        }
        for message in self.ephemerals.values() {
            let text: String = message.content.chars().take(160).collect();
            let _ = writeln!(
                out,
                "  éphémère pour {}: {text:?}",
                self.display_name(message.author_id)
            );
        }
        let last = self.calls.len().saturating_sub(25);
        for call in &self.calls[last..] {
            let _ = writeln!(out, "  appel {call}");
        }
        let _ = writeln!(
            out,
            "  sessions {}, écarts {:?}",
            self.sessions.count(),
            self.violations
        );
        out
    }
}
