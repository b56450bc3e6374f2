//! The JSON of every object, with each field that serenity 0.12.5 requires (discord.md §9).

use serde_json::{Map, Value, json};

use super::model::{
    Attachment, Channel, ChannelKind, Command, Guild, Invite, Member, Message, Overwrite, OverwriteKind, Role,
    ScheduledEvent, User,
};
use super::permissions;
use super::snowflake::{Id, iso};
use super::world::World;

pub(super) fn id(id: Id) -> Value {
    Value::String(id.to_string())
}

fn opt_id(value: Option<Id>) -> Value {
    value.map_or(Value::Null, id)
}

pub(super) fn user(user: &User) -> Value {
    json!({
        "id": id(user.id), "username": user.username, "global_name": user.global_name, "discriminator": "0",
        "avatar": null, "bot": user.bot, "system": false, "banner": null, "accent_color": null,
        "public_flags": 0, "avatar_decoration_data": null, "collectibles": null, "primary_guild": null,
    })
}

pub(super) fn role(role: &Role) -> Value {
    let mut value = json!({
        "id": id(role.id), "name": role.name, "description": null, "permissions": role.permissions.to_string(),
        "position": role.position, "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": null, "tertiary_color": null},
        "hoist": role.hoist, "mentionable": role.mentionable, "managed": role.managed,
        "icon": null, "unicode_emoji": null, "flags": 0,
    });
    if let Some(bot) = role.bot_id {
        value["tags"] = json!({"bot_id": id(bot)});
    }
    value
}

pub(super) fn overwrite(overwrite: &Overwrite) -> Value {
    json!({
        "id": id(overwrite.id),
        "type": match overwrite.kind { OverwriteKind::Role => 0, OverwriteKind::Member => 1 },
        "allow": overwrite.allow.to_string(), "deny": overwrite.deny.to_string(),
    })
}

pub(super) fn channel(world: &World, channel: &Channel) -> Value {
    if channel.kind == ChannelKind::Dm {
        let recipients: Vec<Value> = channel
            .recipient
            .and_then(|id| world.users.get(&id))
            .map(user)
            .into_iter()
            .collect();
        return json!({
            "id": id(channel.id), "type": 1, "last_message_id": opt_id(channel.last_message_id), "flags": 0,
            "last_pin_timestamp": channel.last_pin.map(iso), "recipients": recipients,
        });
    }
    let mut value = json!({
        "id": id(channel.id), "type": channel.kind.number(), "guild_id": opt_id(channel.guild_id),
        "name": channel.name, "parent_id": opt_id(channel.parent_id), "position": channel.position,
        "permission_overwrites": channel.overwrites.iter().map(overwrite).collect::<Vec<_>>(), "flags": 0,
    });
    if channel.kind != ChannelKind::Category {
        value["nsfw"] = json!(channel.nsfw);
        value["rate_limit_per_user"] = json!(channel.slowmode);
        value["last_message_id"] = opt_id(channel.last_message_id);
    }
    match channel.kind {
        ChannelKind::Voice => {
            value["bitrate"] = json!(64000);
            value["user_limit"] = json!(0);
            value["rtc_region"] = Value::Null;
        }
        ChannelKind::Text | ChannelKind::News => {
            value["topic"] = json!(channel.topic);
            value["last_pin_timestamp"] = json!(channel.last_pin.map(iso));
        }
        ChannelKind::Category | ChannelKind::Dm => {}
    }
    value
}

/// A member with its user, as in lists and events.
pub(super) fn member(world: &World, of: &Member) -> Value {
    let mut value = member_without_user(of);
    value["user"] = world.users.get(&of.user_id).map_or(Value::Null, user);
    value
}

pub(super) fn member_without_user(of: &Member) -> Value {
    json!({
        "nick": of.nick, "avatar": null, "banner": null, "joined_at": iso(of.joined_at), "premium_since": null,
        "roles": of.roles.iter().map(|role| id(*role)).collect::<Vec<_>>(),
        "deaf": false, "mute": false, "flags": 0, "pending": of.pending, "communication_disabled_until": null,
    })
}

/// The fields common to `GET /guilds/{id}` and GUILD_CREATE.
pub(super) fn guild(world: &World, of: &Guild) -> Value {
    let mut value = json!({
        "id": id(of.id), "name": of.name, "icon": null, "icon_hash": null, "splash": null, "discovery_splash": null,
        "owner_id": id(of.owner_id), "afk_channel_id": null, "afk_timeout": 300,
        "widget_enabled": false, "widget_channel_id": null,
        "verification_level": 1, "default_message_notifications": 1, "explicit_content_filter": 2,
        "roles": of.roles.values().map(role).collect::<Vec<_>>(),
        "emojis": [], "stickers": [], "features": [], "mfa_level": 0, "application_id": null,
    });
    // In two parts: the macro has a limit.
    let rest = json!({
        "system_channel_id": null, "system_channel_flags": 0, "rules_channel_id": null,
        "max_presences": null, "max_members": 500_000, "vanity_url_code": null, "description": null, "banner": null,
        "premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "fr",
        "public_updates_channel_id": null, "max_video_channel_users": 25, "max_stage_video_channel_users": 50,
        "nsfw": false, "nsfw_level": 0, "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null,
        "region": "deprecated", "incidents_data": null, "hub_type": null,
        "approximate_member_count": of.members.len(), "approximate_presence_count": world.sessions.count(),
    });
    if let (Value::Object(value), Value::Object(rest)) = (&mut value, rest) {
        value.extend(rest);
    }
    value
}

/// GUILD_CREATE: without the presence intent, the bot's own member only.
pub(super) fn guild_create(world: &World, of: &Guild) -> Value {
    let mut value = guild(world, of);
    if let Some(map) = value.as_object_mut() {
        map.remove("approximate_member_count");
        map.remove("approximate_presence_count");
    }
    let bot = of.members.get(&world.bot.user_id);
    value["joined_at"] = json!(bot.map(|member| iso(member.joined_at)));
    value["large"] = json!(of.members.len() > 250);
    value["unavailable"] = json!(false);
    value["member_count"] = json!(of.members.len());
    value["voice_states"] = json!([]);
    value["members"] = json!(bot.map(|bot| member(world, bot)).into_iter().collect::<Vec<_>>());
    value["channels"] = world
        .channels
        .values()
        .filter(|c| c.guild_id == Some(of.id) && world.bot_sees(c))
        .map(|c| channel(world, c))
        .collect();
    value["threads"] = json!([]);
    value["presences"] = json!([]);
    value["stage_instances"] = json!([]);
    value["soundboard_sounds"] = json!([]);
    value["guild_scheduled_events"] = of
        .events
        .values()
        .filter(|e| !e.status.is_over())
        .map(|e| scheduled_event(world, e))
        .collect();
    value
}

pub(super) fn attachment(of: &Attachment, ephemeral: bool) -> Value {
    let mut value = json!({
        "id": id(of.id), "filename": of.filename, "size": of.size, "url": of.url, "proxy_url": of.url,
        "content_type": of.content_type,
    });
    if let Some(description) = &of.description {
        value["description"] = json!(description);
    }
    if ephemeral {
        value["ephemeral"] = json!(true);
    }
    value
}

pub(super) fn message(world: &World, of: &Message) -> Value {
    let author = world.users.get(&of.author_id).map_or(Value::Null, user);
    let mentions: Vec<Value> = of
        .mentions
        .iter()
        .filter_map(|m| world.users.get(m))
        .map(user)
        .collect();
    let mut value = json!({
        "id": id(of.id), "channel_id": id(of.channel_id), "type": of.kind.number(), "author": author,
        "content": of.content, "timestamp": iso(of.timestamp), "edited_timestamp": of.edited.map(iso),
        "tts": false, "mention_everyone": of.mention_everyone, "mentions": mentions,
        "mention_roles": of.mention_roles.iter().map(|r| id(*r)).collect::<Vec<_>>(),
        "attachments": of.attachments.iter().map(|a| attachment(a, of.is_ephemeral())).collect::<Vec<_>>(),
        "embeds": of.embeds, "components": of.components, "pinned": of.pinned, "flags": of.flags,
    });
    if let Some(nonce) = &of.nonce {
        value["nonce"] = nonce.clone();
    }
    if let Some(reference) = of.reference {
        value["message_reference"] = json!({"type": 0, "channel_id": id(of.channel_id), "message_id": id(reference),
            "guild_id": opt_id(world.channels.get(&of.channel_id).and_then(|c| c.guild_id))});
    }
    if of.author_id == world.bot.user_id && of.interaction.is_some() {
        value["application_id"] = id(world.bot.application_id);
        value["webhook_id"] = id(world.bot.application_id);
    }
    if let Some(metadata) = of.interaction.and_then(|i| world.interaction_metadata(i)) {
        value["interaction_metadata"] = metadata;
    }
    value
}

/// A message as it comes by the gateway: with its server and its author's membership.
pub(super) fn message_event(world: &World, of: &Message) -> Value {
    let mut value = message(world, of);
    let guild = world.channels.get(&of.channel_id).and_then(|c| c.guild_id);
    if let Some(guild) = guild.and_then(|id| world.guilds.get(&id)) {
        value["guild_id"] = id(guild.id);
        if let Some(member) = guild.members.get(&of.author_id) {
            value["member"] = member_without_user(member);
        }
    }
    value
}

pub(super) fn scheduled_event(world: &World, of: &ScheduledEvent) -> Value {
    json!({
        "id": id(of.id), "guild_id": id(of.guild_id), "channel_id": opt_id(of.channel_id),
        "creator_id": id(of.creator_id), "creator": world.users.get(&of.creator_id).map(user),
        "name": of.name, "description": of.description, "image": null,
        "scheduled_start_time": iso(of.start), "scheduled_end_time": of.end.map(iso),
        "privacy_level": 2, "status": of.status.number(), "entity_type": of.entity_type, "entity_id": null,
        "entity_metadata": of.location.as_ref().map(|location| json!({"location": location})),
        "recurrence_rule": null, "guild_scheduled_event_exceptions": [], "user_count": 0,
    })
}

pub(super) fn command(world: &World, of: &Command) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), id(of.id));
    map.insert("application_id".into(), id(world.bot.application_id));
    map.insert("version".into(), id(of.version));
    if let Some(guild) = of.guild_id {
        map.insert("guild_id".into(), id(guild));
    }
    if let Some(definition) = of.definition.as_object() {
        map.extend(definition.clone());
    }
    Value::Object(map)
}

pub(super) fn invite(world: &World, of: &Invite) -> Value {
    let channel = world.channels.get(&of.channel_id);
    let guild = world.guilds.get(&of.guild_id);
    json!({
        "type": 0, "code": of.code, "created_at": iso(of.created_at), "max_age": of.max_age,
        "max_uses": of.max_uses, "uses": of.uses, "temporary": of.temporary,
        "expires_at": (of.max_age > 0).then(|| {
            iso(of.created_at + chrono::TimeDelta::seconds(i64::try_from(of.max_age).unwrap_or(i64::MAX / 2000)))
        }),
        "channel": channel.map(|c| json!({"id": id(c.id), "name": c.name, "type": c.kind.number()})),
        "guild": guild.map(|g| json!({"id": id(g.id), "name": g.name, "splash": null, "banner": null,
            "description": null, "icon": null, "features": [], "verification_level": 1, "vanity_url_code": null,
            "nsfw_level": 0, "premium_subscription_count": 0})),
        "inviter": world.users.get(&of.inviter_id).map(user),
    })
}

/// The channel of an interaction, with what the person may do there.
pub(super) fn interaction_channel(world: &World, of: &Channel, permissions_of: u64) -> Value {
    let mut value = channel(world, of);
    value["permissions"] = json!(permissions_of.to_string());
    value
}

/// `app_permissions` of an interaction: what the bot may do in that channel.
pub(super) fn app_permissions(world: &World, of: &Channel) -> u64 {
    match of.guild_id {
        Some(_) => world.bot_permissions(of),
        // What Discord gives an app in a direct conversation with it.
        None => {
            permissions::VIEW_CHANNEL
                | permissions::SEND_MESSAGES
                | permissions::EMBED_LINKS
                | permissions::ATTACH_FILES
                | permissions::READ_MESSAGE_HISTORY
                | permissions::MENTION_EVERYONE
                | permissions::ADD_REACTIONS
                | permissions::USE_EXTERNAL_EMOJIS
        }
    }
}
