//! Gateway events, as far as the reconciler is concerned: what may make its mirror of the server untrue.

use std::collections::BTreeSet;

use serenity::all::{FullEvent, GuildChannel, Member, MessageType, PermissionOverwriteType, Permissions, Role, User};
use tokio::sync::mpsc;

use crate::domain::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::domain::observed::{Bits, Overwrites, SeenChannel, SeenMember, SeenPerson, SeenRole, Subject};

/// The permission bits that serenity can read; the others are lost in events.
#[must_use]
pub fn readable_bits() -> u64 {
    Permissions::all().bits()
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A new session: what happened before is not told again.
    Ready {
        /// The bot's account.
        bot: UserId,
    },
    /// The server went away; it comes back with a [`Event::Back`].
    Away(GuildId),
    /// The server is there.
    Back(GuildId),
    /// A role was made or changed.
    Role(GuildId, RoleId, SeenRole),
    /// A role was deleted.
    RoleGone(GuildId, RoleId),
    /// A channel was made or changed; unreadable permission bits are missing.
    Channel {
        /// The server.
        guild: GuildId,
        /// The channel.
        id: ChannelId,
        /// What it looks like.
        seen: SeenChannel,
        /// Made just now.
        made: bool,
    },
    /// A channel was deleted.
    ChannelGone(GuildId, ChannelId),
    /// A member came just now.
    Joined(GuildId, SeenPerson),
    /// A member changed.
    Person(GuildId, SeenPerson),
    /// A member left.
    PersonGone(GuildId, UserId),
    /// «X a épinglé un message» appeared.
    PinNotice(GuildId, ChannelId, MessageId),
    /// Messages were deleted.
    MessagesGone(GuildId, ChannelId, Vec<MessageId>),
    /// Pins of a channel changed.
    Pins(GuildId, ChannelId),
}

impl Event {
    /// The server that it is about, if it is about one.
    #[must_use]
    pub fn guild(&self) -> Option<GuildId> {
        match self {
            Event::Ready { .. } => None,
            Event::Away(guild)
            | Event::Back(guild)
            | Event::Role(guild, ..)
            | Event::RoleGone(guild, _)
            | Event::Channel { guild, .. }
            | Event::ChannelGone(guild, _)
            | Event::Joined(guild, _)
            | Event::Person(guild, _)
            | Event::PersonGone(guild, _)
            | Event::PinNotice(guild, ..)
            | Event::MessagesGone(guild, ..)
            | Event::Pins(guild, _) => Some(*guild),
        }
    }
}

/// Hands events to the reconciler. Cheap to clone; never waits.
#[derive(Debug, Clone)]
pub struct Observer(mpsc::UnboundedSender<Event>);

/// A channel from the gateway to the reconciler.
#[must_use]
pub fn observer() -> (Observer, mpsc::UnboundedReceiver<Event>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Observer(sender), receiver)
}

impl Observer {
    /// Tells the reconciler of a gateway event, and whether it concerns it: then it is to be woken.
    pub fn hear(&self, event: &FullEvent) -> bool {
        let Some(event) = read(event) else { return false };
        self.tell(event);
        true
    }

    /// Tells the reconciler what happened.
    pub fn tell(&self, event: Event) {
        // The reconciler has stopped when nobody listens: the process is ending.
        let _ = self.0.send(event);
    }
}

/// The event, when the reconciler has to know it.
#[must_use]
pub fn read(event: &FullEvent) -> Option<Event> {
    Some(match event {
        FullEvent::Ready { data_about_bot } => Event::Ready {
            bot: user(data_about_bot.user.id),
        },
        FullEvent::GuildCreate { guild, .. } => Event::Back(server(guild.id)),
        FullEvent::GuildDelete { incomplete, .. } => Event::Away(server(incomplete.id)),
        FullEvent::GuildRoleCreate { new } | FullEvent::GuildRoleUpdate { new, .. } => {
            Event::Role(server(new.guild_id), RoleId(new.id.get()), role(new))
        }
        FullEvent::GuildRoleDelete {
            guild_id,
            removed_role_id,
            ..
        } => Event::RoleGone(server(*guild_id), RoleId(removed_role_id.get())),
        FullEvent::ChannelCreate { channel } | FullEvent::CategoryCreate { category: channel } => {
            channel_event(channel, true)
        }
        FullEvent::ChannelUpdate { new, .. } => channel_event(new, false),
        FullEvent::ChannelDelete { channel, .. } | FullEvent::CategoryDelete { category: channel } => {
            Event::ChannelGone(server(channel.guild_id), ChannelId(channel.id.get()))
        }
        FullEvent::GuildMemberAddition { new_member } => Event::Joined(server(new_member.guild_id), person(new_member)),
        FullEvent::GuildMemberUpdate { event, .. } => {
            let member = SeenMember {
                roles: event.roles.iter().map(|role| RoleId(role.get())).collect(),
                joined_at: Some(*event.joined_at),
            };
            let shown = named(&event.user, event.nick.as_deref(), event.pending, member);
            Event::Person(server(event.guild_id), shown)
        }
        FullEvent::GuildMemberRemoval {
            guild_id, user: gone, ..
        } => Event::PersonGone(server(*guild_id), user(gone.id)),
        FullEvent::Message { new_message } if new_message.kind == MessageType::PinsAdd => Event::PinNotice(
            server(new_message.guild_id?),
            ChannelId(new_message.channel_id.get()),
            MessageId(new_message.id.get()),
        ),
        FullEvent::MessageDelete {
            channel_id,
            deleted_message_id,
            guild_id,
        } => Event::MessagesGone(
            server((*guild_id)?),
            ChannelId(channel_id.get()),
            vec![MessageId(deleted_message_id.get())],
        ),
        FullEvent::MessageDeleteBulk {
            channel_id,
            multiple_deleted_messages_ids,
            guild_id,
        } => Event::MessagesGone(
            server((*guild_id)?),
            ChannelId(channel_id.get()),
            multiple_deleted_messages_ids
                .iter()
                .map(|id| MessageId(id.get()))
                .collect(),
        ),
        FullEvent::ChannelPinsUpdate { pin } => Event::Pins(server(pin.guild_id?), ChannelId(pin.channel_id.get())),
        _ => return None,
    })
}

fn server(id: serenity::all::GuildId) -> GuildId {
    GuildId(id.get())
}

fn user(id: serenity::all::UserId) -> UserId {
    UserId(id.get())
}

fn role(role: &Role) -> SeenRole {
    SeenRole {
        name: role.name.clone(),
        permissions: role.permissions.bits(),
        hoist: role.hoist,
        mentionable: role.mentionable,
        managed: role.managed,
    }
}

fn channel_event(channel: &GuildChannel, made: bool) -> Event {
    let overwrites: Overwrites = channel
        .permission_overwrites
        .iter()
        .filter_map(|overwrite| {
            let subject = match overwrite.kind {
                PermissionOverwriteType::Role(id) => Subject::Role(RoleId(id.get())),
                PermissionOverwriteType::Member(id) => Subject::Member(user(id)),
                _ => return None,
            };
            Some((
                subject,
                Bits {
                    allow: overwrite.allow.bits(),
                    deny: overwrite.deny.bits(),
                },
            ))
        })
        .collect();
    let seen = SeenChannel {
        kind: super::wire::channel_kind(channel.kind.into()),
        name: channel.name.clone(),
        topic: channel.topic.clone().unwrap_or_default(),
        parent: channel.parent_id.map(|id| ChannelId(id.get())),
        overwrites,
    };
    Event::Channel {
        guild: server(channel.guild_id),
        id: ChannelId(channel.id.get()),
        seen,
        made,
    }
}

fn person(member: &Member) -> SeenPerson {
    let roles: BTreeSet<RoleId> = member.roles.iter().map(|role| RoleId(role.get())).collect();
    let seen = SeenMember {
        roles,
        joined_at: member.joined_at.map(|at| *at),
    };
    named(&member.user, member.nick.as_deref(), member.pending, seen)
}

fn named(of: &User, nick: Option<&str>, pending: bool, member: SeenMember) -> SeenPerson {
    SeenPerson {
        user: user(of.id),
        bot: of.bot,
        pending,
        display: nick.or(of.global_name.as_deref()).unwrap_or(&of.name).to_owned(),
        username: of.name.clone(),
        member,
    }
}
