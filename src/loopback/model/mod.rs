//! What this Discord is made of. Plain data; `world` changes it, `wire` writes it as JSON.

mod message;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use message::{Attachment, Message, MessageKind};

use super::snowflake::Id;

/// An account.
#[derive(Clone, Debug)]
pub struct User {
    /// Its identifier.
    pub id: Id,
    /// The unique name («camille.d»).
    pub username: String,
    /// The display name («Camille»).
    pub global_name: Option<String>,
    /// Whether it is an application's account.
    pub bot: bool,
    /// Whether direct messages from the bot are refused (50007).
    pub dms_closed: bool,
}

/// A role of a server; @everyone bears the server's own identifier.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its identifier.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Permission bits.
    pub permissions: u64,
    /// Rank; @everyone is 0.
    pub position: i64,
    /// Colour as 0xRRGGBB.
    pub color: u32,
    /// Shown apart in the member list.
    pub hoist: bool,
    /// Anyone may notify it.
    pub mentionable: bool,
    /// Belongs to an integration: nobody can give or delete it.
    pub managed: bool,
    /// The bot to which a managed role belongs.
    pub bot_id: Option<Id>,
}

impl Role {
    /// A plain role.
    #[must_use]
    pub fn new(id: Id, name: &str, permissions: u64, position: i64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            permissions,
            position,
            color: 0,
            hoist: false,
            mentionable: false,
            managed: false,
            bot_id: None,
        }
    }
}

/// The membership of an account in a server.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub user_id: Id,
    /// Its name in this server.
    pub nick: Option<String>,
    /// Its roles, without @everyone.
    pub roles: BTreeSet<Id>,
    /// When it joined.
    pub joined_at: DateTime<Utc>,
    /// Has not passed membership screening yet.
    pub pending: bool,
}

impl Member {
    /// A member who has passed screening.
    #[must_use]
    pub fn new(user_id: Id, roles: &[Id], joined_at: DateTime<Utc>) -> Self {
        Self {
            user_id,
            nick: None,
            roles: roles.iter().copied().collect(),
            joined_at,
            pending: false,
        }
    }
}

/// To what an overwrite applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OverwriteKind {
    /// All holders of a role.
    Role,
    /// One account.
    Member,
}

/// An exception to permissions in one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overwrite {
    /// The role or account.
    pub id: Id,
    /// Which of the two.
    pub kind: OverwriteKind,
    /// Bits given.
    pub allow: u64,
    /// Bits taken away.
    pub deny: u64,
}

impl Overwrite {
    /// An overwrite for a role.
    #[must_use]
    pub const fn role(id: Id, allow: u64, deny: u64) -> Self {
        Self {
            id,
            kind: OverwriteKind::Role,
            allow,
            deny,
        }
    }

    /// An overwrite for one account.
    #[must_use]
    pub const fn member(id: Id, allow: u64, deny: u64) -> Self {
        Self {
            id,
            kind: OverwriteKind::Member,
            allow,
            deny,
        }
    }
}

/// The kinds of channel that this Discord has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// A text channel of a server (0).
    Text,
    /// A direct conversation with the bot (1).
    Dm,
    /// A voice channel (2).
    Voice,
    /// A category (4).
    Category,
    /// An announcement channel (5).
    News,
}

impl ChannelKind {
    /// Discord's number for it.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Text => 0,
            Self::Dm => 1,
            Self::Voice => 2,
            Self::Category => 4,
            Self::News => 5,
        }
    }

    pub(super) fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Text,
            2 => Self::Voice,
            4 => Self::Category,
            5 => Self::News,
            _ => return None,
        })
    }

    /// Whether messages can be written in it.
    #[must_use]
    pub fn holds_messages(self) -> bool {
        self != Self::Category
    }
}

/// A channel, a category or a direct conversation.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its identifier.
    pub id: Id,
    /// Its server; none for a direct conversation.
    pub guild_id: Option<Id>,
    /// Its kind.
    pub kind: ChannelKind,
    /// Its name; empty for a direct conversation.
    pub name: String,
    /// Its topic.
    pub topic: Option<String>,
    /// Its category.
    pub parent_id: Option<Id>,
    /// Its order among its siblings.
    pub position: i64,
    /// Its exceptions to permissions.
    pub overwrites: Vec<Overwrite>,
    /// Restricted to adults.
    pub nsfw: bool,
    /// Seconds between two messages of one member.
    pub slowmode: u64,
    /// The person at the other end of a direct conversation.
    pub recipient: Option<Id>,
    /// Its newest message.
    pub last_message_id: Option<Id>,
    /// When a message was pinned last.
    pub last_pin: Option<DateTime<Utc>>,
}

impl Channel {
    /// A text channel.
    #[must_use]
    pub fn text(id: Id, guild_id: Id, name: &str) -> Self {
        Self {
            id,
            guild_id: Some(guild_id),
            kind: ChannelKind::Text,
            name: name.to_owned(),
            topic: None,
            parent_id: None,
            position: 0,
            overwrites: Vec::new(),
            nsfw: false,
            slowmode: 0,
            recipient: None,
            last_message_id: None,
            last_pin: None,
        }
    }
}

/// Where a scheduled event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventStatus {
    /// Announced (1).
    Scheduled,
    /// Going on (2).
    Active,
    /// Over (3).
    Completed,
    /// Called off (4).
    Canceled,
}

impl EventStatus {
    /// Discord's number for it.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Scheduled => 1,
            Self::Active => 2,
            Self::Completed => 3,
            Self::Canceled => 4,
        }
    }

    pub(super) fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::Scheduled,
            2 => Self::Active,
            3 => Self::Completed,
            4 => Self::Canceled,
            _ => return None,
        })
    }

    /// Whether nothing can change any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Canceled)
    }
}

/// A scheduled event of a server.
#[derive(Clone, Debug)]
pub struct ScheduledEvent {
    /// Its identifier.
    pub id: Id,
    /// Its server.
    pub guild_id: Id,
    /// Its voice channel; none when it is held elsewhere.
    pub channel_id: Option<Id>,
    /// Who made it.
    pub creator_id: Id,
    /// Its title.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: Option<DateTime<Utc>>,
    /// Where it stands.
    pub status: EventStatus,
    /// Stage 1, voice 2, elsewhere 3.
    pub entity_type: u64,
    /// The place, when it is held elsewhere.
    pub location: Option<String>,
}

/// A server.
#[derive(Clone, Debug)]
pub struct Guild {
    /// Its identifier, which is also that of @everyone.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// The account that owns it.
    pub owner_id: Id,
    /// Its roles, @everyone included.
    pub roles: BTreeMap<Id, Role>,
    /// Its members, the bot included.
    pub members: BTreeMap<Id, Member>,
    /// Its scheduled events.
    pub events: BTreeMap<Id, ScheduledEvent>,
}

impl Guild {
    /// A server without anything in it.
    #[must_use]
    pub fn new(id: Id, name: &str, owner_id: Id) -> Self {
        Self {
            id,
            name: name.to_owned(),
            owner_id,
            roles: BTreeMap::new(),
            members: BTreeMap::new(),
            events: BTreeMap::new(),
        }
    }
}

/// An invitation to a channel.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The code after discord.gg/.
    pub code: String,
    /// Its server.
    pub guild_id: Id,
    /// Its channel.
    pub channel_id: Id,
    /// Who made it.
    pub inviter_id: Id,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Seconds it lives; 0 for ever.
    pub max_age: u64,
    /// How often it can be used; 0 without limit.
    pub max_uses: u64,
    /// How often it was used.
    pub uses: u64,
    /// Whether it gives a temporary membership.
    pub temporary: bool,
}

/// A registered command.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its identifier.
    pub id: Id,
    /// Changes with every change of the command.
    pub version: Id,
    /// The server in which it is registered; none when global.
    pub guild_id: Option<Id>,
    /// Its definition, as the bot sent it, with defaults filled in.
    pub definition: Value,
}

impl Command {
    /// Its name, without the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.definition["name"].as_str().unwrap_or_default()
    }
}
