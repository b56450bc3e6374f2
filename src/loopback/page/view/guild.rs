//! The server as one person sees it: categories, channels, direct conversation, events, members.

use serde_json::{Map, Value, json};

use super::super::super::model::{Channel, ChannelKind, Guild, Member, Role};
use super::super::super::permissions as perm;
use super::super::super::snowflake::Id;
use super::super::super::world::World;
use super::id;

/// How many mentions of one channel are counted.
const MENTIONS: usize = 25;

fn colour(role: &Role) -> Option<u32> {
    (role.color != 0).then_some(role.color)
}

/// The colour of a name: that of the highest role that has one.
pub(super) fn colour_of(guild: &Guild, member: &Member) -> Option<u32> {
    let held = member.roles.iter().filter_map(|role| guild.roles.get(role));
    held.filter(|role| role.color != 0)
        .max_by_key(|role| (role.position, std::cmp::Reverse(role.id)))
        .and_then(colour)
}

/// What stands in the list of channels about one of them.
fn entry(world: &World, user: Id, channel: &Channel) -> Value {
    let bits = world.permissions_of(user, channel);
    let newest = world.messages.get(&channel.id).and_then(|list| list.keys().next_back());
    let named = world
        .messages
        .get(&channel.id)
        .into_iter()
        .flat_map(|list| list.values().rev());
    let mentions: Vec<Value> = named
        .filter(|message| message.notified.contains(&user))
        .take(MENTIONS)
        .map(|message| id(message.id))
        .collect();
    json!({
        "id": id(channel.id), "name": channel.name, "kind": channel.kind.number(), "topic": channel.topic,
        "write": bits & perm::SEND_MESSAGES != 0 && channel.kind != ChannelKind::Voice,
        "private": is_private(world, channel), "newest": newest.map(|newest| id(*newest)), "mentions": mentions,
    })
}

/// Whether the channel is hidden from @everyone.
fn is_private(world: &World, channel: &Channel) -> bool {
    let everyone = channel.guild_id.and_then(|guild| world.guilds.get(&guild));
    everyone.is_some_and(|guild| {
        let nobody = Member::new(0, &[], world.now());
        perm::in_channel(guild, &nobody, channel) & perm::VIEW_CHANNEL == 0
    })
}

/// The list of channels, as far as this person sees it.
pub(super) fn guild(world: &World, user: Id) -> Value {
    let guild = world.guild();
    let mut seen: Vec<&Channel> = world
        .channels
        .values()
        .filter(|c| c.guild_id == Some(guild.id) && world.sees(user, c.id))
        .collect();
    seen.sort_by_key(|c| (c.position, c.id));
    let under = |parent: Option<Id>| -> Vec<Value> {
        seen.iter()
            .filter(|c| c.kind != ChannelKind::Category && c.parent_id == parent)
            .map(|c| entry(world, user, c))
            .collect()
    };
    // A category shows when one sees it, or something in it.
    let mut categories: Vec<&Channel> = world
        .channels
        .values()
        .filter(|c| c.guild_id == Some(guild.id) && c.kind == ChannelKind::Category)
        .filter(|c| {
            seen.iter().any(|s| s.parent_id == Some(c.id))
                || seen.iter().any(|s| s.id == c.id) && world.children(c.id).is_empty()
        })
        .collect();
    categories.sort_by_key(|c| (c.position, c.id));
    let orphans: Vec<Value> = seen
        .iter()
        .filter(|c| c.kind != ChannelKind::Category)
        .filter(|c| c.parent_id.is_none_or(|parent| !world.channels.contains_key(&parent)))
        .map(|c| entry(world, user, c))
        .collect();
    let direct = world.dm_channel(user).map(|channel| entry(world, user, channel));
    let here = world.member(user).is_some();
    json!({
        "id": id(guild.id), "name": guild.name, "channels": orphans,
        "categories": categories.iter()
            .map(|c| json!({"id": id(c.id), "name": c.name, "channels": under(Some(c.id))}))
            .collect::<Vec<_>>(),
        "direct": direct, "events": if here { events(guild) } else { json!([]) },
        "bot": {"id": id(world.bot.user_id), "name": world.display_name(world.bot.user_id), "online": world.connected() > 0},
    })
}

fn events(guild: &Guild) -> Value {
    let mut list: Vec<_> = guild.events.values().filter(|event| !event.status.is_over()).collect();
    list.sort_by_key(|event| (event.start, event.id));
    list.iter()
        .map(|event| {
            json!({"id": id(event.id), "name": event.name, "description": event.description,
                "start": event.start.timestamp(), "end": event.end.map(|end| end.timestamp()),
                "status": event.status.number(), "place": event.location, "channel": event.channel_id.map(id)})
        })
        .collect()
}

/// Names of accounts, roles and channels, for mentions and for choosing among them.
pub(super) fn directory(world: &World, user: Id) -> Value {
    let guild = world.guild();
    let mut users = Map::new();
    for account in world.users.values() {
        let member = guild.members.get(&account.id);
        // People of elsewhere are known by whoever is one of them, and by name where they are mentioned.
        let value = json!({"name": world.display_name(account.id), "username": account.username, "bot": account.bot,
            "member": member.is_some(), "colour": member.and_then(|member| colour_of(guild, member))});
        users.insert(account.id.to_string(), value);
    }
    let mut roles: Vec<&Role> = guild.roles.values().filter(|role| role.id != guild.id).collect();
    roles.sort_by_key(|role| (std::cmp::Reverse(role.position), role.id));
    let roles: Map<String, Value> = roles
        .iter()
        .map(|role| {
            let value = json!({"name": role.name, "colour": colour(role), "managed": role.managed});
            (role.id.to_string(), value)
        })
        .collect();
    let channels: Map<String, Value> = world
        .channels
        .values()
        .filter(|c| c.guild_id == Some(guild.id) && world.sees(user, c.id))
        .map(|c| {
            let parent = c.parent_id.and_then(|parent| world.channels.get(&parent));
            let value =
                json!({"name": c.name, "kind": c.kind.number(), "parent": parent.map(|parent| parent.name.as_str())});
            (c.id.to_string(), value)
        })
        .collect();
    json!({"users": users, "roles": roles, "channels": channels})
}

/// Those who see a channel, apart by the roles that are shown apart, the bot among them.
pub(super) fn members(world: &World, channel: &Channel) -> Value {
    let guild = world.guild();
    let mut here: Vec<&Member> = match channel.recipient {
        Some(_) => Vec::new(),
        None => guild
            .members
            .values()
            .filter(|member| world.sees(member.user_id, channel.id))
            .collect(),
    };
    here.sort_by_cached_key(|member| world.display_name(member.user_id).to_lowercase());
    let mut apart: Vec<&Role> = guild.roles.values().filter(|role| role.hoist).collect();
    apart.sort_by_key(|role| (std::cmp::Reverse(role.position), role.id));
    let mut sections = Vec::new();
    for role in apart {
        let (in_role, others): (Vec<&Member>, Vec<&Member>) =
            here.into_iter().partition(|member| member.roles.contains(&role.id));
        here = others;
        if !in_role.is_empty() {
            sections.push(json!({"name": role.name, "members": lines(world, guild, &in_role)}));
        }
    }
    if !here.is_empty() {
        sections.push(json!({"name": "Membres", "members": lines(world, guild, &here)}));
    }
    Value::Array(sections)
}

fn lines(world: &World, guild: &Guild, members: &[&Member]) -> Vec<Value> {
    members
        .iter()
        .map(|member| {
            let account = world.users.get(&member.user_id);
            let mut roles: Vec<&Role> = member.roles.iter().filter_map(|role| guild.roles.get(role)).collect();
            roles.sort_by_key(|role| (std::cmp::Reverse(role.position), role.id));
            json!({
                "id": id(member.user_id), "name": world.display_name(member.user_id),
                "username": account.map(|account| account.username.as_str()),
                "bot": account.is_some_and(|account| account.bot), "pending": member.pending,
                "colour": colour_of(guild, member),
                "roles": roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect()
}
