//! Permission bits as raw numbers, and how Discord combines them (Discord documentation, «Permissions»).
//!
//! The bits are written out here because serenity 0.12.5 knows none above 1 << 50 and drops them when reading.

use super::model::{Channel, Guild, Member, OverwriteKind, Role};
use super::snowflake::Id;

macro_rules! bits {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        $($(#[$doc])* pub const $name: u64 = 1 << $bit;)*
        /// Names of the bits, for messages to people who read a failing test.
        const NAMES: &[(u64, &str)] = &[$(($name, stringify!($name))),*];
    };
}

bits! {
    /// Create invitations.
    CREATE_INSTANT_INVITE = 0;
    /// Remove members from the server.
    KICK_MEMBERS = 1;
    /// Ban members.
    BAN_MEMBERS = 2;
    /// Everything, whatever the overwrites say.
    ADMINISTRATOR = 3;
    /// Create, edit and delete channels.
    MANAGE_CHANNELS = 4;
    /// Edit the server: «Gérer le serveur».
    MANAGE_GUILD = 5;
    /// Add reactions.
    ADD_REACTIONS = 6;
    /// Read the audit log.
    VIEW_AUDIT_LOG = 7;
    /// See a channel.
    VIEW_CHANNEL = 10;
    /// Write in a channel.
    SEND_MESSAGES = 11;
    /// Delete messages of others.
    MANAGE_MESSAGES = 13;
    /// Show embeds.
    EMBED_LINKS = 14;
    /// Attach files.
    ATTACH_FILES = 15;
    /// Read earlier messages.
    READ_MESSAGE_HISTORY = 16;
    /// Notify @everyone and roles that are not mentionable.
    MENTION_EVERYONE = 17;
    /// Emoji of other servers.
    USE_EXTERNAL_EMOJIS = 18;
    /// Enter a voice channel.
    CONNECT = 20;
    /// Speak in a voice channel.
    SPEAK = 21;
    /// Change one's own nickname.
    CHANGE_NICKNAME = 26;
    /// Change the nicknames of others.
    MANAGE_NICKNAMES = 27;
    /// Edit lower roles, give them, and edit overwrites.
    MANAGE_ROLES = 28;
    /// Edit webhooks.
    MANAGE_WEBHOOKS = 29;
    /// Use slash commands.
    USE_APPLICATION_COMMANDS = 31;
    /// Edit and delete scheduled events of anyone.
    MANAGE_EVENTS = 33;
    /// See and close all threads.
    MANAGE_THREADS = 34;
    /// Open public threads.
    CREATE_PUBLIC_THREADS = 35;
    /// Open private threads.
    CREATE_PRIVATE_THREADS = 36;
    /// Write in threads.
    SEND_MESSAGES_IN_THREADS = 38;
    /// Time members out.
    MODERATE_MEMBERS = 40;
    /// Create scheduled events and edit one's own.
    CREATE_EVENTS = 44;
    /// Send polls.
    SEND_POLLS = 49;
    /// Use apps installed by users.
    USE_EXTERNAL_APPS = 50;
    /// Pin messages; a permission of its own since February 2026.
    PIN_MESSAGES = 51;
    /// Ignore slow mode.
    BYPASS_SLOWMODE = 52;
}

/// Every bit that this Discord knows.
pub const ALL: u64 = (1 << 53) - 1;

/// What @everyone has on a fresh server, without the right to notify everyone.
pub const EVERYONE_DEFAULT: u64 = CREATE_INSTANT_INVITE
    | ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_EXTERNAL_EMOJIS
    | CONNECT
    | SPEAK
    | CHANGE_NICKNAME
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
    | SEND_POLLS
    | USE_EXTERNAL_APPS;

/// The names of the bits in `set`, «1<<n» for those without one.
#[must_use]
pub fn names(set: u64) -> Vec<String> {
    (0..64)
        .map(|n| 1_u64 << n)
        .filter(|bit| set & bit != 0)
        .map(|bit| {
            NAMES.iter().find(|(known, _)| *known == bit).map_or_else(
                || format!("1<<{}", bit.trailing_zeros()),
                |(_, name)| (*name).to_owned(),
            )
        })
        .collect()
}

/// What `member` may do in the server, before any channel has its say.
#[must_use]
pub fn base(guild: &Guild, member: &Member) -> u64 {
    if guild.owner_id == member.user_id {
        return ALL;
    }
    let everyone = guild.roles.get(&guild.id).map_or(0, |role| role.permissions);
    let sum = member
        .roles
        .iter()
        .filter_map(|id| guild.roles.get(id))
        .fold(everyone, |sum, role| sum | role.permissions);
    if sum & ADMINISTRATOR != 0 { ALL } else { sum }
}

/// What `member` may do in `channel`: overwrites of @everyone, then of his roles together, then his own.
#[must_use]
pub fn in_channel(guild: &Guild, member: &Member, channel: &Channel) -> u64 {
    let mut set = base(guild, member);
    if set & ADMINISTRATOR != 0 {
        return ALL;
    }
    let of_role = |id: Id| {
        channel
            .overwrites
            .iter()
            .find(move |o| o.kind == OverwriteKind::Role && o.id == id)
    };
    if let Some(everyone) = of_role(guild.id) {
        set = set & !everyone.deny | everyone.allow;
    }
    let (mut allow, mut deny) = (0, 0);
    for overwrite in member.roles.iter().filter_map(|id| of_role(*id)) {
        allow |= overwrite.allow;
        deny |= overwrite.deny;
    }
    set = set & !deny | allow;
    let own = channel
        .overwrites
        .iter()
        .find(|o| o.kind == OverwriteKind::Member && o.id == member.user_id);
    if let Some(own) = own {
        set = set & !own.deny | own.allow;
    }
    // What one cannot see one cannot use, and who cannot write cannot attach either.
    if set & VIEW_CHANNEL == 0 {
        return 0;
    }
    if set & SEND_MESSAGES == 0 {
        set &= !(MENTION_EVERYONE | ATTACH_FILES | EMBED_LINKS);
    }
    set
}

/// Whether `high` stands above `low`: by position, and for equal positions the older role wins.
#[must_use]
pub fn outranks(high: &Role, low: &Role) -> bool {
    (high.position, std::cmp::Reverse(high.id)) > (low.position, std::cmp::Reverse(low.id))
}

/// The highest role of `member`, @everyone when there is none.
#[must_use]
pub fn top_role<'a>(guild: &'a Guild, member: &Member) -> Option<&'a Role> {
    member
        .roles
        .iter()
        .chain(std::iter::once(&guild.id))
        .filter_map(|id| guild.roles.get(id))
        .max_by_key(|role| (role.position, std::cmp::Reverse(role.id)))
}

/// Whether `member` may edit or give `role`: the server's owner always, others only below their highest role.
#[must_use]
pub fn can_manage_role(guild: &Guild, member: &Member, role: &Role) -> bool {
    guild.owner_id == member.user_id || top_role(guild, member).is_some_and(|top| outranks(top, role))
}

#[cfg(test)]
mod tests {
    use super::super::model::Overwrite;
    use super::*;

    fn guild() -> Guild {
        let mut guild = Guild::new(1, "Essai", 99);
        guild.roles.insert(1, Role::new(1, "@everyone", EVERYONE_DEFAULT, 0));
        guild.roles.insert(10, Role::new(10, "bas", 0, 1));
        guild.roles.insert(11, Role::new(11, "haut", MANAGE_ROLES, 2));
        guild
    }

    fn member(id: Id, roles: &[Id]) -> Member {
        Member::new(id, roles, chrono::DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_member_overwrite_beats_roles_which_beat_everyone() {
        let guild = guild();
        let mut channel = Channel::text(5, 1, "salon");
        channel.overwrites.push(Overwrite::role(1, 0, VIEW_CHANNEL));
        assert_eq!(in_channel(&guild, &member(2, &[]), &channel), 0);
        channel.overwrites.push(Overwrite::role(10, VIEW_CHANNEL, 0));
        assert_ne!(in_channel(&guild, &member(2, &[10]), &channel) & VIEW_CHANNEL, 0);
        channel.overwrites.push(Overwrite::member(2, 0, SEND_MESSAGES));
        let set = in_channel(&guild, &member(2, &[10]), &channel);
        assert_eq!(set & (SEND_MESSAGES | ATTACH_FILES), 0);
        assert_ne!(set & VIEW_CHANNEL, 0);
    }

    #[test]
    fn one_allowing_role_wins_over_another_that_denies() {
        let guild = guild();
        let mut channel = Channel::text(5, 1, "salon");
        channel.overwrites.push(Overwrite::role(10, VIEW_CHANNEL, 0));
        channel.overwrites.push(Overwrite::role(11, 0, VIEW_CHANNEL));
        assert_ne!(in_channel(&guild, &member(2, &[10, 11]), &channel) & VIEW_CHANNEL, 0);
    }

    #[test]
    fn the_owner_has_everything_and_rank_goes_by_position_then_age() {
        let mut guild = guild();
        assert_eq!(base(&guild, &member(99, &[])), ALL);
        guild.roles.insert(12, Role::new(12, "jumeau", 0, 2));
        let (old, young) = (guild.roles[&11].clone(), guild.roles[&12].clone());
        assert!(outranks(&old, &young) && !outranks(&young, &old));
        assert!(can_manage_role(&guild, &member(2, &[11]), &guild.roles[&10]));
        assert!(!can_manage_role(&guild, &member(2, &[11]), &guild.roles[&11]));
    }

    #[test]
    fn bits_beyond_the_known_ones_still_have_a_name() {
        assert_eq!(names(PIN_MESSAGES | 1 << 60), ["PIN_MESSAGES", "1<<60"]);
    }
}
