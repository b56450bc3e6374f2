//! What Discord looks like, as plain facts. `discord::observe` fills it, the planner compares it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::bindings::Key;
use super::ids::{ChannelId, MessageId, RoleId, UserId};

/// The most channels of a server, categories included (discord.md §1).
pub const CHANNELS_MAX: usize = 500;
/// The most roles of a server (discord.md §1); `@everyone` is counted, to be on the safe side.
pub const ROLES_MAX: usize = 250;

/// A role of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRole {
    /// Its name.
    pub name: String,
    /// Its permissions, unknown bits included.
    pub permissions: u64,
    /// Shown apart in the list of members.
    pub hoist: bool,
    /// Anyone may mention it.
    pub mentionable: bool,
    /// Belongs to an application.
    pub managed: bool,
}

/// The kinds of channel that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChannelKind {
    /// A category.
    Category,
    /// A text channel.
    Text,
    /// Anything else.
    Other,
}

/// Whom an overwrite concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The holders of a role; `@everyone` is the role that bears the server's id.
    Role(RoleId),
    /// One account.
    Member(UserId),
}

/// What an overwrite allows and denies: raw bits, unknown ones included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Bits {
    /// Allowed.
    pub allow: u64,
    /// Denied.
    pub deny: u64,
}

/// The complete overwrites of a channel.
pub type Overwrites = BTreeMap<Subject, Bits>;

/// A channel of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenChannel {
    /// Its kind.
    pub kind: ChannelKind,
    /// Its name.
    pub name: String,
    /// Its topic; empty when it has none.
    pub topic: String,
    /// Its category.
    pub parent: Option<ChannelId>,
    /// Its overwrites.
    pub overwrites: Overwrites,
}

/// A member of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenMember {
    /// The roles held.
    pub roles: BTreeSet<RoleId>,
    /// When this account last joined.
    pub joined_at: Option<DateTime<Utc>>,
}

/// A member as the server shows him: what the roster keeps, besides the roles.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenPerson {
    /// The account.
    pub user: UserId,
    /// A program.
    pub bot: bool,
    /// Has not passed the server's screening yet.
    pub pending: bool,
    /// The name shown.
    pub display: String,
    /// The unique name.
    pub username: String,
    /// Roles, and when this account last joined.
    pub member: SeenMember,
}

impl std::fmt::Debug for SeenPerson {
    /// Without the names.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeenPerson")
            .field("user", &self.user)
            .field("member", &self.member)
            .finish_non_exhaustive()
    }
}

/// A message of a channel of ours. Its text is not kept: it may hold names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenMessage {
    /// Written by the bot.
    pub ours: bool,
    /// «X a épinglé un message» (type 6).
    pub notice: bool,
    /// Pinned.
    pub pinned: bool,
    /// The nonce, when Discord still tells it.
    pub nonce: Option<String>,
    /// The object that its last line or footer names.
    pub marker: Option<Key>,
}

/// The messages of one channel.
pub type SeenMessages = BTreeMap<MessageId, SeenMessage>;

/// The server, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Every role.
    pub roles: BTreeMap<RoleId, SeenRole>,
    /// Every channel.
    pub channels: BTreeMap<ChannelId, SeenChannel>,
    /// Every member.
    pub members: BTreeMap<UserId, SeenMember>,
    /// The messages of the channels that were listed; a channel that is not there was not looked at.
    pub messages: BTreeMap<ChannelId, SeenMessages>,
}

impl Observed {
    /// How full the tightest of Discord's limits is, in percent, rounded down.
    #[must_use]
    pub fn fullness(&self) -> u8 {
        let channels = self.channels.len() * 100 / CHANNELS_MAX;
        let roles = self.roles.len() * 100 / ROLES_MAX;
        u8::try_from(channels.max(roles)).unwrap_or(u8::MAX)
    }
}

/// When Discord made the object that bears this id (Discord documentation, «Snowflakes»).
#[must_use]
pub fn created_at(snowflake: u64) -> DateTime<Utc> {
    const EPOCH: i64 = 1_420_070_400_000;
    let millis = (snowflake >> 22).cast_signed().saturating_add(EPOCH);
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snowflake_tells_its_age() {
        // The example of Discord's documentation.
        assert_eq!(
            created_at(175_928_847_299_117_063).to_rfc3339(),
            "2016-04-30T11:18:25.796+00:00"
        );
    }
}
