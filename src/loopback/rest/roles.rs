//! Roles: the bot needs «Gérer les rôles», works below its own highest role, and gives no bit it does not hold.

use chrono::TimeDelta;
use serde_json::json;

use super::super::error::ApiError;
use super::super::limits::Budget;
use super::super::model::Role;
use super::super::permissions as perm;
use super::super::snowflake::Id;
use super::super::validate::{self, Form};
use super::super::wire;
use super::super::world::{RoleSpec, World};
use super::{Reply, Request};

/// Roles of one server, @everyone among them (30005).
const MAX_ROLES: usize = 250;

const FIELDS: &[&str] = &[
    "name",
    "permissions",
    "color",
    "colors",
    "hoist",
    "icon",
    "unicode_emoji",
    "mentionable",
];

pub(super) fn list(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    Reply::json(guild.roles.values().map(wire::role).collect())
}

pub(super) fn get(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    let role = guild
        .roles
        .get(&request.id("role")?)
        .ok_or_else(ApiError::unknown_role)?;
    Reply::json(wire::role(role))
}

/// What a body asks of a role; None for what it does not mention.
struct Asked {
    name: Option<String>,
    permissions: Option<u64>,
    color: Option<u32>,
    hoist: Option<bool>,
    mentionable: Option<bool>,
}

fn read(form: &mut Form<'_>) -> Asked {
    let mut color = form.number("color", 0, 0xFF_FF_FF);
    if let Some(colors) = form.raw("colors") {
        let known = ["primary_color", "secondary_color", "tertiary_color"];
        let path = form.path("colors");
        color =
            Form::new(colors, &path, &known, form.errors()).and_then(|mut c| c.number("primary_color", 0, 0xFF_FF_FF));
    }
    for boosted in ["icon", "unicode_emoji"] {
        if form.raw(boosted).is_some() {
            form.fault(boosted, "ROLE_ICONS_MISSING_FEATURE", "This server has no role icons");
        }
    }
    Asked {
        name: form.text("name", 1, 100),
        permissions: form.bits("permissions"),
        color: color.and_then(|c| u32::try_from(c).ok()),
        hoist: form.flag("hoist"),
        mentionable: form.flag("mentionable"),
    }
}

pub(super) fn create(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let guild_id = request.id("guild")?;
    let (guild, bot) = world.bot_with(guild_id, perm::MANAGE_ROLES)?;
    let held = perm::base(guild, bot);
    let everyone = guild.roles.get(&guild_id).map_or(0, |r| r.permissions);
    let roles = guild.roles.len();
    let asked = validate::body(&request.body, FIELDS, read)?;
    // Without «permissions», a new role has those of @everyone.
    let permissions = asked.permissions.unwrap_or(everyone) & perm::ALL;
    if asked.permissions.is_some() && permissions & !held != 0 {
        return Err(ApiError::missing_permissions());
    }
    if roles >= MAX_ROLES {
        return Err(ApiError::new(400, 30005, "Maximum number of guild roles reached (250)"));
    }
    let now = world.now();
    world
        .limits
        .take_or_429(Budget::RoleCreation(guild_id), now, 250, TimeDelta::hours(48))?;
    let spec = RoleSpec {
        name: asked.name.unwrap_or_else(|| "new role".into()),
        permissions,
        color: asked.color.unwrap_or(0),
        hoist: asked.hoist.unwrap_or(false),
        mentionable: asked.mentionable.unwrap_or(false),
    };
    let id = world.create_role(guild_id, &spec).ok_or_else(ApiError::unknown_guild)?;
    answer(world, guild_id, id)
}

pub(super) fn edit(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (guild_id, role_id) = (request.id("guild")?, request.id("role")?);
    let role = manageable(world, guild_id, role_id)?;
    let held = world.bot_bits(guild_id)?;
    let asked = validate::body(&request.body, FIELDS, read)?;
    if asked
        .permissions
        .is_some_and(|bits| (bits ^ role.permissions) & !held != 0)
    {
        return Err(ApiError::missing_permissions());
    }
    if role_id == guild_id && asked.name.is_some() {
        return Err(ApiError::new(400, 50028, "Invalid role"));
    }
    world.update_role(guild_id, role_id, |role| {
        role.name = asked.name.unwrap_or_else(|| role.name.clone());
        role.permissions = asked.permissions.unwrap_or(role.permissions) & perm::ALL;
        role.color = asked.color.unwrap_or(role.color);
        role.hoist = asked.hoist.unwrap_or(role.hoist);
        role.mentionable = asked.mentionable.unwrap_or(role.mentionable);
    });
    answer(world, guild_id, role_id)
}

pub(super) fn delete(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let (guild_id, role_id) = (request.id("guild")?, request.id("role")?);
    let role = manageable(world, guild_id, role_id)?;
    if role.managed || role_id == guild_id {
        return Err(ApiError::new(400, 50028, "Invalid role"));
    }
    world.delete_role(guild_id, role_id);
    Reply::empty()
}

/// A list of {id, position}; every role named, and every place asked for, lies below the bot's highest role.
pub(super) fn positions(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let guild_id = request.id("guild")?;
    world.bot_with(guild_id, perm::MANAGE_ROLES)?;
    let list = serde_json::json!({"list": request.body});
    let moves = validate::body(&list, &["list"], |form| {
        let items = form.list("list", MAX_ROLES).unwrap_or_default();
        let mut moves = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let Some(mut one) = Form::new(item, &n.to_string(), &["id", "position"], form.errors()) else {
                continue;
            };
            match (one.id("id"), one.number("position", 1, 250)) {
                (Some(id), Some(position)) => moves.push((id, i64::try_from(position).unwrap_or(1))),
                _ => one.required("position"),
            }
        }
        moves
    })?;
    let (guild, bot) = world.bot_in(guild_id)?;
    let top = perm::top_role(guild, bot).map_or(0, |r| r.position);
    for (id, position) in &moves {
        let role = guild.roles.get(id).ok_or_else(ApiError::unknown_role)?;
        if !perm::can_manage_role(guild, bot, role) || *position >= top && guild.owner_id != bot.user_id {
            return Err(ApiError::missing_permissions());
        }
    }
    for (id, position) in moves {
        world.update_role(guild_id, id, |role| role.position = position);
    }
    list_reply(world, guild_id)
}

fn list_reply(world: &World, guild: Id) -> Result<Reply, ApiError> {
    let (guild, _) = world.bot_in(guild)?;
    Reply::json(json!(guild.roles.values().map(wire::role).collect::<Vec<_>>()))
}

/// A role that the bot may change.
pub(super) fn manageable(world: &World, guild: Id, role: Id) -> Result<Role, ApiError> {
    let (guild, bot) = world.bot_with(guild, perm::MANAGE_ROLES)?;
    let role = guild.roles.get(&role).ok_or_else(ApiError::unknown_role)?;
    if perm::can_manage_role(guild, bot, role) {
        Ok(role.clone())
    } else {
        Err(ApiError::missing_permissions())
    }
}

fn answer(world: &World, guild: Id, role: Id) -> Result<Reply, ApiError> {
    let role = world
        .guilds
        .get(&guild)
        .and_then(|g| g.roles.get(&role))
        .ok_or_else(ApiError::unknown_role)?;
    Reply::json(wire::role(role))
}
