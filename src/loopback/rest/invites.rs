//! Invitations.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::gateway::intents;
use super::super::model::Invite;
use super::super::permissions as perm;
use super::super::validate;
use super::super::wire;
use super::super::world::World;
use super::{Reply, Request};

pub(super) fn create(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let channel = world.channel_with(request.id("channel")?, perm::CREATE_INSTANT_INVITE)?;
    let guild_id = channel
        .guild_id
        .ok_or_else(|| ApiError::new(400, 50024, "Cannot execute action on this channel type"))?;
    let known = ["max_age", "max_uses", "temporary", "unique"];
    let empty = json!({});
    let body = if request.body.is_null() { &empty } else { &request.body };
    let (max_age, max_uses, temporary, unique) = validate::body(body, &known, |form| {
        let age = form.number("max_age", 0, 604_800).unwrap_or(86_400);
        let uses = form.number("max_uses", 0, 100).unwrap_or(0);
        (
            age,
            uses,
            form.flag("temporary").unwrap_or(false),
            form.flag("unique").unwrap_or(false),
        )
    })?;
    let now = world.now();
    let alike = world
        .invites
        .values()
        .find(|i| i.channel_id == channel.id && (i.max_age, i.max_uses, i.temporary) == (max_age, max_uses, temporary));
    if let Some(existing) = alike.filter(|_| !unique) {
        return Reply::json(wire::invite(world, existing));
    }
    if world.invites.values().filter(|i| i.guild_id == guild_id).count() >= 1000 {
        return Err(ApiError::new(400, 30016, "Maximum number of invites reached (1000)"));
    }
    let code = format!("{:x}", world.next_id());
    let invite = Invite {
        code: code.clone(),
        guild_id,
        channel_id: channel.id,
        inviter_id: world.bot.user_id,
        created_at: now,
        max_age,
        max_uses,
        uses: 0,
        temporary,
    };
    let body = wire::invite(world, &invite);
    let mut event = body.clone();
    event["channel_id"] = wire::id(channel.id);
    event["guild_id"] = wire::id(guild_id);
    world.invites.insert(code, invite);
    world.emit("INVITE_CREATE", &event, intents::GUILD_INVITES);
    Reply::json(body)
}

fn alive(world: &World, invite: &Invite) -> bool {
    let age = TimeDelta::seconds(i64::try_from(invite.max_age).unwrap_or(i64::MAX / 2000));
    let young = invite.max_age == 0 || world.now() - invite.created_at < age;
    young && (invite.max_uses == 0 || invite.uses < invite.max_uses)
}

pub(super) fn get(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["with_counts", "with_expiration", "guild_scheduled_event_id"])?;
    let invite = world.invites.get(request.param("code")).filter(|i| alive(world, i));
    Reply::json(wire::invite(
        world,
        invite.ok_or_else(|| ApiError::unknown(10006, "Invite"))?,
    ))
}

pub(super) fn delete(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let invite = world
        .invites
        .get(request.param("code"))
        .cloned()
        .ok_or_else(|| ApiError::unknown(10006, "Invite"))?;
    if world.channel_with(invite.channel_id, perm::MANAGE_CHANNELS).is_err() {
        world.bot_with(invite.guild_id, perm::MANAGE_GUILD)?;
    }
    let body = wire::invite(world, &invite);
    world.invites.remove(&invite.code);
    let event =
        json!({"channel_id": wire::id(invite.channel_id), "guild_id": wire::id(invite.guild_id), "code": invite.code});
    world.emit("INVITE_DELETE", &event, intents::GUILD_INVITES);
    Reply::json(body)
}

pub(super) fn list(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let guild = request.id("guild")?;
    world.bot_with(guild, perm::MANAGE_GUILD)?;
    let list: Vec<Value> = world
        .invites
        .values()
        .filter(|i| i.guild_id == guild && alive(world, i))
        .map(|i| wire::invite(world, i))
        .collect();
    Reply::json(json!(list))
}

pub(super) fn list_channel(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let channel = world.channel_with(request.id("channel")?, perm::MANAGE_CHANNELS)?;
    let list: Vec<Value> = world
        .invites
        .values()
        .filter(|i| i.channel_id == channel.id && alive(world, i))
        .map(|i| wire::invite(world, i))
        .collect();
    Reply::json(json!(list))
}
