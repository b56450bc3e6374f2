//! Members: the roster, and giving roles.

use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::gateway::intents;
use super::super::model::Member;
use super::super::permissions as perm;
use super::super::snowflake::Id;
use super::super::validate;
use super::super::wire;
use super::super::world::World;
use super::{Reply, Request, roles};

/// A page of members by identifier; Discord asks for the privileged intent.
pub(super) fn list(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["limit", "after"])?;
    let limit = usize::try_from(request.query_number("limit", 1, 1000, 1)?).unwrap_or(1);
    let after = request.query_number("after", 0, u64::MAX, 0)?;
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    if world.bot.privileged_intents & intents::GUILD_MEMBERS == 0 {
        return Err(ApiError::missing_access());
    }
    let page: Vec<Value> = guild
        .members
        .values()
        .filter(|m| m.user_id > after)
        .take(limit)
        .map(|m| wire::member(world, m))
        .collect();
    Reply::json(json!(page))
}

pub(super) fn search(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["query", "limit"])?;
    let limit = usize::try_from(request.query_number("limit", 1, 1000, 1)?).unwrap_or(1);
    let query = request.query.get("query").map(|q| q.to_lowercase()).unwrap_or_default();
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    let begins = |m: &Member| {
        let user = world.users.get(&m.user_id);
        let names = [
            m.nick.as_deref(),
            user.map(|u| u.username.as_str()),
            user.and_then(|u| u.global_name.as_deref()),
        ];
        names
            .into_iter()
            .flatten()
            .any(|name| name.to_lowercase().starts_with(&query))
    };
    let page: Vec<Value> = guild
        .members
        .values()
        .filter(|m| begins(m))
        .take(limit)
        .map(|m| wire::member(world, m))
        .collect();
    Reply::json(json!(page))
}

pub(super) fn get(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    let member = guild
        .members
        .get(&request.id("user")?)
        .ok_or_else(ApiError::unknown_member)?;
    Reply::json(wire::member(world, member))
}

pub(super) fn edit_me(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let guild = request.id("guild")?;
    world.bot_with(guild, perm::CHANGE_NICKNAME)?;
    let nick = validate::body(&request.body, &["nick"], |form| form.nullable_text("nick", 0, 32))?;
    let me = world.bot.user_id;
    rename(world, guild, me, nick);
    answer(world, guild, me)
}

fn rename(world: &mut World, guild: Id, user: Id, nick: Option<Option<String>>) {
    if let Some(nick) = nick {
        world.update_member(guild, user, |m| m.nick = nick.filter(|n| !n.is_empty()));
    }
}

pub(super) fn edit(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (guild_id, user) = (request.id("guild")?, request.id("user")?);
    let known = [
        "nick",
        "roles",
        "mute",
        "deaf",
        "channel_id",
        "communication_disabled_until",
        "flags",
    ];
    let (nick, wanted, unmodelled) = validate::body(&request.body, &known, |form| {
        let unmodelled = known[2..].iter().find(|name| form.given(name)).copied();
        (form.nullable_text("nick", 0, 32), form.ids("roles"), unmodelled)
    })?;
    if let Some(name) = unmodelled {
        return Err(
            ApiError::form(name, "UNKNOWN_FIELD", "Not modelled here.").violation(format!("unmodelled field «{name}»"))
        );
    }
    let (guild, bot) = world.bot_in(guild_id)?;
    let member = guild.members.get(&user).ok_or_else(ApiError::unknown_member)?.clone();
    let top_of_member = perm::top_role(guild, &member).cloned();
    if nick.is_some() {
        world.bot_with(guild_id, perm::MANAGE_NICKNAMES)?;
        // Neither the owner nor anybody as high as the bot can be renamed.
        let below = top_of_member
            .as_ref()
            .is_some_and(|top| perm::can_manage_role(guild, bot, top));
        if guild.owner_id == user || !below {
            return Err(ApiError::missing_permissions());
        }
    }
    if let Some(wanted) = &wanted {
        let wanted = wanted.iter().copied().collect();
        for role in member.roles.symmetric_difference(&wanted) {
            givable(world, guild_id, *role)?;
        }
        world.update_member(guild_id, user, |m| m.roles.clone_from(&wanted));
    }
    rename(world, guild_id, user, nick);
    answer(world, guild_id, user)
}

/// A role that the bot may give or take: below its own, not managed, not @everyone.
fn givable(world: &World, guild: Id, role: Id) -> Result<(), ApiError> {
    let role = roles::manageable(world, guild, role)?;
    if role.managed || role.id == guild {
        Err(ApiError::missing_permissions())
    } else {
        Ok(())
    }
}

pub(super) fn give_role(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    set_role(world, request, true)
}

pub(super) fn take_role(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    set_role(world, request, false)
}

/// Idempotent, as on Discord: what is already so changes nothing and says nothing.
fn set_role(world: &mut World, request: &Request, give: bool) -> Result<Reply, ApiError> {
    let (guild_id, user, role) = (request.id("guild")?, request.id("user")?, request.id("role")?);
    let (guild, _) = world.bot_in(guild_id)?;
    let member = guild.members.get(&user).ok_or_else(ApiError::unknown_member)?;
    let has = member.roles.contains(&role);
    givable(world, guild_id, role)?;
    if has != give {
        world.update_member(guild_id, user, |m| {
            if give {
                m.roles.insert(role);
            } else {
                m.roles.remove(&role);
            }
        });
    }
    Reply::empty()
}

fn answer(world: &World, guild: Id, user: Id) -> Result<Reply, ApiError> {
    let member = world
        .guilds
        .get(&guild)
        .and_then(|g| g.members.get(&user))
        .ok_or_else(ApiError::unknown_member)?;
    Reply::json(wire::member(world, member))
}
