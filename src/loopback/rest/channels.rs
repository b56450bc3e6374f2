//! Channels and categories.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::limits::Budget;
use super::super::model::{Channel, ChannelKind, Overwrite};
use super::super::permissions as perm;
use super::super::snowflake::Id;
use super::super::validate::{self, Form};
use super::super::wire;
use super::super::world::{ChannelSpec, World};
use super::overwrites;
use super::{Reply, Request};

/// Channels of one server, categories among them (30013).
const MAX_CHANNELS: usize = 500;
/// Channels of one category (50035 with CHANNEL_PARENT_MAX_CHANNELS).
const MAX_CHILDREN: usize = 50;

/// All channels, also those that the bot does not see: Discord gives them to every member's client.
pub(super) fn list(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    let list: Vec<Value> = world
        .channels
        .values()
        .filter(|c| c.guild_id == Some(guild.id))
        .map(|c| wire::channel(world, c))
        .collect();
    Reply::json(json!(list))
}

pub(super) fn get(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let channel = world.channel_with(request.id("channel")?, 0)?;
    Reply::json(wire::channel(world, &channel))
}

pub(super) fn create(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let guild_id = request.id("guild")?;
    world.bot_with(guild_id, perm::MANAGE_CHANNELS)?;
    let known = [
        "name",
        "type",
        "topic",
        "bitrate",
        "user_limit",
        "rate_limit_per_user",
        "position",
        "permission_overwrites",
        "parent_id",
        "nsfw",
        "rtc_region",
        "video_quality_mode",
        "default_auto_archive_duration",
    ];
    let spec = validate::body(&request.body, &known, |form| {
        let kind = form.number("type", 0, 16).unwrap_or(0);
        let kind = ChannelKind::from_number(kind).unwrap_or_else(|| {
            form.fault(
                "type",
                "BASE_TYPE_CHOICES",
                "This kind of channel can not be created here",
            );
            ChannelKind::Text
        });
        let mut spec = ChannelSpec::new(kind, &form.needed_text("name", 1, 100));
        spec.topic = form.text("topic", 0, 1024).filter(|t| !t.is_empty());
        spec.parent_id = form.id("parent_id");
        spec.position = form.number("position", 0, 10_000).and_then(|p| i64::try_from(p).ok());
        spec.overwrites = validate::overwrites(form, "permission_overwrites");
        spec.nsfw = form.flag("nsfw").unwrap_or(false);
        spec.slowmode = form.number("rate_limit_per_user", 0, 21_600).unwrap_or(0);
        spec
    })?;
    if let Some(parent) = spec.parent_id {
        check_parent(world, guild_id, parent, spec.kind, None)?;
    }
    if let Some(list) = &spec.overwrites {
        let held = world.bot_bits(guild_id)?;
        for overwrite in list {
            overwrites::check(world, guild_id, held, overwrite, None)?;
        }
    }
    if world.channels.values().filter(|c| c.guild_id == Some(guild_id)).count() >= MAX_CHANNELS {
        return Err(ApiError::new(
            400,
            30013,
            "Maximum number of guild channels reached (500)",
        ));
    }
    let id = world.create_channel(guild_id, spec);
    answer(world, id).map(|reply| Reply { status: 201, ..reply })
}

/// A parent is a category of the same server that the bot sees and manages, with room left.
fn check_parent(world: &World, guild: Id, parent: Id, kind: ChannelKind, moved: Option<Id>) -> Result<(), ApiError> {
    let category = world.channels.get(&parent).filter(|c| c.guild_id == Some(guild));
    let Some(category) = category else {
        return Err(ApiError::form(
            "parent_id",
            "CHANNEL_PARENT_INVALID",
            "Category does not exist",
        ));
    };
    if category.kind != ChannelKind::Category || kind == ChannelKind::Category {
        return Err(ApiError::form(
            "parent_id",
            "CHANNEL_PARENT_INVALID_TYPE",
            "Not a category",
        ));
    }
    world.channel_with(parent, perm::MANAGE_CHANNELS)?;
    let children = world
        .children(parent)
        .into_iter()
        .filter(|c| Some(c.id) != moved)
        .count();
    if children >= MAX_CHILDREN {
        return Err(ApiError::form(
            "parent_id",
            "CHANNEL_PARENT_MAX_CHANNELS",
            "Maximum number of channels in category reached (50)",
        ));
    }
    Ok(())
}

/// What an edit asks; None for what it does not mention.
struct Asked {
    name: Option<String>,
    topic: Option<Option<String>>,
    position: Option<i64>,
    parent: Option<Option<Id>>,
    overwrites: Option<Vec<Overwrite>>,
    nsfw: Option<bool>,
    slowmode: Option<u64>,
}

fn read(form: &mut Form<'_>) -> Asked {
    Asked {
        name: form.text("name", 1, 100),
        topic: form
            .nullable_text("topic", 0, 1024)
            .map(|t| t.filter(|t| !t.is_empty())),
        position: form.number("position", 0, 10_000).and_then(|p| i64::try_from(p).ok()),
        parent: form.nullable_id("parent_id"),
        overwrites: validate::overwrites(form, "permission_overwrites"),
        nsfw: form.flag("nsfw"),
        slowmode: form.number("rate_limit_per_user", 0, 21_600),
    }
}

pub(super) fn edit(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let id = request.id("channel")?;
    let channel = world.channel_with(id, perm::MANAGE_CHANNELS)?;
    let guild_id = channel
        .guild_id
        .ok_or_else(|| ApiError::new(400, 50024, "Cannot execute action on this channel type"))?;
    let known = [
        "name",
        "type",
        "position",
        "topic",
        "nsfw",
        "rate_limit_per_user",
        "bitrate",
        "user_limit",
        "permission_overwrites",
        "parent_id",
        "rtc_region",
        "video_quality_mode",
        "default_auto_archive_duration",
        "flags",
    ];
    let asked = validate::body(&request.body, &known, read)?;
    if let Some(Some(parent)) = asked.parent.filter(|p| *p != channel.parent_id) {
        check_parent(world, guild_id, parent, channel.kind, Some(id))?;
    }
    if let Some(list) = &asked.overwrites {
        may_edit_overwrites(world, guild_id, &channel, list)?;
    }
    // A rename or a new topic counts even when it changes nothing: the budget is taken per request.
    if asked.name.is_some() || asked.topic.is_some() {
        let now = world.now();
        world
            .limits
            .take_or_429(Budget::ChannelName(id), now, 2, TimeDelta::minutes(10))?;
    }
    world.update_channel(id, |c| {
        c.name = asked.name.unwrap_or_else(|| c.name.clone());
        c.topic = asked.topic.unwrap_or_else(|| c.topic.clone());
        c.position = asked.position.unwrap_or(c.position);
        c.parent_id = asked.parent.unwrap_or(c.parent_id);
        c.overwrites = asked.overwrites.unwrap_or_else(|| c.overwrites.clone());
        c.nsfw = asked.nsfw.unwrap_or(c.nsfw);
        c.slowmode = asked.slowmode.unwrap_or(c.slowmode);
    });
    answer(world, id)
}

/// The whole list is replaced: what is new, changed or missing from it must all be in the bot's power.
fn may_edit_overwrites(world: &World, guild: Id, channel: &Channel, list: &[Overwrite]) -> Result<(), ApiError> {
    if world.bot_permissions(channel) & perm::MANAGE_ROLES == 0 {
        return Err(ApiError::missing_permissions());
    }
    let held = overwrites::grantable(world, guild, channel)?;
    for overwrite in list {
        let old = channel
            .overwrites
            .iter()
            .find(|o| o.id == overwrite.id && o.kind == overwrite.kind);
        overwrites::check(world, guild, held, overwrite, old)?;
    }
    for old in channel
        .overwrites
        .iter()
        .filter(|o| !list.iter().any(|n| n.id == o.id && n.kind == o.kind))
    {
        overwrites::check(
            world,
            guild,
            held,
            &Overwrite {
                allow: 0,
                deny: 0,
                ..*old
            },
            Some(old),
        )?;
    }
    Ok(())
}

pub(super) fn delete(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let id = request.id("channel")?;
    let channel = world.channel_with(id, 0)?;
    if channel.guild_id.is_some() {
        world.channel_with(id, perm::MANAGE_CHANNELS)?;
    }
    let body = wire::channel(world, &channel);
    world.delete_channel(id);
    Reply::json(body)
}

/// A list of {id, position, parent_id, lock_permissions}.
pub(super) fn positions(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let guild_id = request.id("guild")?;
    world.bot_with(guild_id, perm::MANAGE_CHANNELS)?;
    let list = json!({"list": request.body});
    let moves = validate::body(&list, &["list"], |form| {
        let items = form.list("list", MAX_CHANNELS).unwrap_or_default();
        let mut moves = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let known = ["id", "position", "lock_permissions", "parent_id"];
            let Some(mut one) = Form::new(item, &n.to_string(), &known, form.errors()) else {
                continue;
            };
            let lock = one.flag("lock_permissions").unwrap_or(false);
            let (position, parent) = (one.number("position", 0, 10_000), one.nullable_id("parent_id"));
            match one.id("id") {
                Some(id) => moves.push((id, position.and_then(|p| i64::try_from(p).ok()), parent, lock)),
                None => one.required("id"),
            }
        }
        moves
    })?;
    if moves.iter().filter(|(_, _, parent, _)| parent.is_some()).count() > 1 {
        return Err(ApiError::new(
            400,
            40009,
            "Only one channel's parent_id can be changed per request",
        ));
    }
    for (id, _, parent, _) in &moves {
        let channel = world.channel_with(*id, 0)?;
        if channel.guild_id != Some(guild_id) {
            return Err(ApiError::unknown_channel());
        }
        if let Some(Some(parent)) = parent {
            check_parent(world, guild_id, *parent, channel.kind, Some(*id))?;
        }
    }
    for (id, position, parent, lock) in moves {
        let inherited = parent
            .flatten()
            .filter(|_| lock)
            .and_then(|p| world.channels.get(&p))
            .map(|p| p.overwrites.clone());
        world.update_channel(id, |c| {
            c.position = position.unwrap_or(c.position);
            c.parent_id = parent.unwrap_or(c.parent_id);
            c.overwrites = inherited.unwrap_or_else(|| c.overwrites.clone());
        });
    }
    Reply::empty()
}

fn answer(world: &World, id: Id) -> Result<Reply, ApiError> {
    let channel = world.channels.get(&id).ok_or_else(ApiError::unknown_channel)?;
    Reply::json(wire::channel(world, channel))
}
