//! Overwrites one by one, and what a bot may put into them.

use super::super::error::ApiError;
use super::super::model::{Channel, Overwrite, OverwriteKind};
use super::super::permissions as perm;
use super::super::snowflake::Id;
use super::super::validate;
use super::super::world::World;
use super::{Reply, Request};

/// Overwrites of one channel (30060).
const MAX_OVERWRITES: usize = 1000;

pub(super) fn put(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (channel_id, target) = (request.id("channel")?, request.id("target")?);
    let channel = world.channel_with(channel_id, perm::MANAGE_ROLES)?;
    let guild = channel
        .guild_id
        .ok_or_else(|| ApiError::new(400, 50024, "Cannot execute action on this channel type"))?;
    // serenity repeats the target in the body.
    let overwrite = validate::body(&request.body, &["id", "type", "allow", "deny"], |form| {
        let kind = form.number("type", 0, 1);
        if kind.is_none() {
            form.required("type");
        }
        if form.id("id").is_some_and(|id| id != target) {
            form.fault("id", "OVERWRITE_ID_MISMATCH", "Not the target of the path");
        }
        Overwrite {
            id: target,
            kind: if kind == Some(1) {
                OverwriteKind::Member
            } else {
                OverwriteKind::Role
            },
            allow: form.bits("allow").unwrap_or(0),
            deny: form.bits("deny").unwrap_or(0),
        }
    })?;
    let old = channel
        .overwrites
        .iter()
        .find(|o| o.id == target && o.kind == overwrite.kind);
    check(world, guild, grantable(world, guild, &channel)?, &overwrite, old)?;
    if old.is_none() && channel.overwrites.len() >= MAX_OVERWRITES {
        return Err(ApiError::new(
            400,
            30060,
            "Maximum number of channel permission overwrites reached (1000)",
        ));
    }
    world.put_overwrite(channel_id, overwrite);
    Reply::empty()
}

pub(super) fn delete(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let (channel_id, target) = (request.id("channel")?, request.id("target")?);
    let channel = world.channel_with(channel_id, perm::MANAGE_ROLES)?;
    let guild = channel
        .guild_id
        .ok_or_else(|| ApiError::new(400, 50024, "Cannot execute action on this channel type"))?;
    let old = channel.overwrites.iter().find(|o| o.id == target);
    let old = old.ok_or_else(|| ApiError::unknown(10009, "Overwrite"))?;
    check(
        world,
        guild,
        grantable(world, guild, &channel)?,
        &Overwrite {
            allow: 0,
            deny: 0,
            ..*old
        },
        Some(old),
    )?;
    world.remove_overwrite(channel_id, target);
    Reply::empty()
}

/// The bits that the bot may allow or deny: those it holds in the server or in the parent category; all of them
/// when an overwrite of this channel gives it «Gérer les permissions» (Discord documentation, «Edit Channel
/// Permissions»).
pub(super) fn grantable(world: &World, guild: Id, channel: &Channel) -> Result<u64, ApiError> {
    let mut held = world.bot_bits(guild)?;
    if let Some(parent) = channel.parent_id.and_then(|p| world.channels.get(&p)) {
        held |= world.bot_permissions(parent);
    }
    let own = channel
        .overwrites
        .iter()
        .find(|o| o.kind == OverwriteKind::Member && o.id == world.bot.user_id);
    if own.is_some_and(|o| o.allow & perm::MANAGE_ROLES != 0) {
        held = perm::ALL;
    }
    Ok(held)
}

/// Whether the bot may set `new` where `old` was: it needs every bit that changes, and MANAGE_ROLES needs an
/// administrator.
pub(super) fn check(
    world: &World,
    guild: Id,
    held: u64,
    new: &Overwrite,
    old: Option<&Overwrite>,
) -> Result<(), ApiError> {
    if !world.overwrite_target_exists(guild, new.kind, new.id) {
        return Err(ApiError::form(
            "permission_overwrites",
            "OVERWRITE_TARGET_INVALID",
            "Unknown role or member",
        ));
    }
    if new.allow & new.deny != 0 {
        return Err(ApiError::form(
            "permission_overwrites",
            "OVERWRITE_ALLOW_AND_DENY",
            "A bit is both allowed and denied",
        ));
    }
    let changed = old.map_or(new.allow | new.deny, |old| {
        (old.allow ^ new.allow) | (old.deny ^ new.deny)
    });
    let (guild, bot) = world.bot_in(guild)?;
    let administrator = perm::base(guild, bot) & perm::ADMINISTRATOR != 0;
    if changed & !held != 0 || (changed & perm::MANAGE_ROLES != 0 && !administrator) {
        return Err(ApiError::missing_permissions());
    }
    Ok(())
}
