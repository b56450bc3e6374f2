//! One channel as one person reads it: messages, pins, and what may be done there.

use serde_json::{Value, json};

use super::super::super::model::{Attachment, Channel, ChannelKind, Message, MessageKind};
use super::super::super::permissions as perm;
use super::super::super::snowflake::Id;
use super::super::super::world::World;
use super::{guild, id};

/// The longest excerpt of a message that another one answers, in characters.
const EXCERPT: usize = 90;

/// A channel that `user` sees.
pub(super) fn channel(world: &World, user: Id, channel: &Channel, limit: usize) -> Value {
    let bits = world.permissions_of(user, channel);
    let holds = |bit: u64| bits & bit != 0;
    let history = holds(perm::READ_MESSAGE_HISTORY);
    let own = world
        .ephemerals
        .values()
        .filter(|m| m.channel_id == channel.id && m.ephemeral_to == Some(user));
    let kept = world
        .messages
        .get(&channel.id)
        .into_iter()
        .flat_map(|list| list.values());
    let mut all: Vec<&Message> = own.collect();
    if history {
        all.extend(kept);
    }
    all.sort_by_key(|message| message.id);
    let older = all.len().saturating_sub(limit);
    let shown: Vec<Value> = all[older..].iter().map(|m| message(world, user, channel, m)).collect();
    let mut pins: Vec<&Message> = world.pins_in(channel.id);
    pins.sort_by_key(|message| std::cmp::Reverse((message.pinned_at, message.id)));
    let pending = world.member(user).is_some_and(|member| member.pending);
    let parent = channel.parent_id.and_then(|parent| world.channels.get(&parent));
    let direct = channel.kind == ChannelKind::Dm;
    json!({
        "id": id(channel.id), "kind": channel.kind.number(),
        "name": if direct { world.display_name(world.bot.user_id) } else { channel.name.clone() },
        "parent": parent.map(|parent| parent.name.as_str()), "topic": channel.topic, "direct": direct,
        "write": holds(perm::SEND_MESSAGES) && !pending && channel.kind != ChannelKind::Voice,
        "attach": holds(perm::ATTACH_FILES), "history": history,
        "commands": !direct && world.can_use_commands(user, channel.id).is_ok(),
        "older": older, "messages": shown,
        "pins": if history { pins.iter().map(|m| message(world, user, channel, m)).collect() } else { Vec::new() },
    })
}

fn author(world: &World, channel: &Channel, user: Id) -> Value {
    let account = world.users.get(&user);
    let guild = channel.guild_id.and_then(|guild| world.guilds.get(&guild));
    let member = guild.and_then(|guild| guild.members.get(&user));
    json!({
        "id": id(user), "name": world.display_name(user), "bot": account.is_some_and(|account| account.bot),
        "colour": guild.zip(member).and_then(|(guild, member)| guild::colour_of(guild, member)),
    })
}

fn message(world: &World, user: Id, channel: &Channel, of: &Message) -> Value {
    let bits = world.permissions_of(user, channel);
    let reference = of.reference.and_then(|reference| world.message(reference));
    let command = of
        .interaction
        .and_then(|interaction| world.interactions.get(&interaction));
    // The answer to a button is told apart from the answer to a command by its kind.
    let command = command.filter(|_| of.kind == MessageKind::ChatInputCommand);
    json!({
        "id": id(of.id), "author": author(world, channel, of.author_id), "kind": of.kind.number(),
        "content": of.content, "at": of.timestamp.timestamp_millis(), "edited": of.edited.map(|at| at.timestamp_millis()),
        "embeds": of.embeds.iter().map(|embed| embed_of(world, of, embed)).collect::<Vec<_>>(),
        "rows": of.components, "files": of.attachments.iter().map(file).collect::<Vec<_>>(),
        "pinned": of.pinned, "ephemeral": of.is_ephemeral(), "thinking": of.loading,
        "named": of.notified.contains(&user) && channel.kind != ChannelKind::Dm,
        "answers": reference.map(|m| json!({"id": id(m.id), "author": author(world, channel, m.author_id),
            "excerpt": m.content.chars().take(EXCERPT).collect::<String>()})),
        "command": command.map(|i| json!({"name": i.metadata["name"], "user": author(world, channel, i.user)})),
        "mine": of.author_id == user,
        "erasable": !of.is_ephemeral() && (of.author_id == user || bits & perm::MANAGE_MESSAGES != 0),
    })
}

fn file(of: &Attachment) -> Value {
    json!({"id": id(of.id), "name": of.filename, "type": of.content_type, "size": of.size,
        "description": of.description, "path": path(of)})
}

fn path(of: &Attachment) -> String {
    format!("/api/file/{}/{}", of.id, of.filename)
}

/// An embed whose pictures are files of this Discord; those of elsewhere are left out, nothing is fetched from there.
fn embed_of(world: &World, of: &Message, embed: &Value) -> Value {
    let mut embed = embed.clone();
    for part in ["image", "thumbnail"] {
        let Some(url) = embed[part]["url"].as_str() else {
            continue;
        };
        let known = match url.strip_prefix("attachment://") {
            Some(name) => of.attachments.iter().find(|file| file.filename == name),
            None => world.attachments.values().find(|file| file.url == url),
        };
        embed[part] = known.map_or(Value::Null, |file| json!({"path": path(file), "id": id(file.id)}));
    }
    embed
}
