//! The application itself, accounts, and opening direct conversations.

use chrono::TimeDelta;
use serde_json::json;

use super::super::error::ApiError;
use super::super::limits::Budget;
use super::super::permissions as perm;
use super::super::validate;
use super::super::wire;
use super::super::world::World;
use super::{Reply, Request};

pub(super) fn gateway(world: &mut World, _: &Request) -> Result<Reply, ApiError> {
    Reply::json(json!({"url": world.gateway_url()}))
}

pub(super) fn gateway_bot(world: &mut World, _: &Request) -> Result<Reply, ApiError> {
    let limit = world.settings.identify_limit;
    let used = world.sessions.identifies.len();
    Reply::json(json!({
        "url": world.gateway_url(), "shards": 1,
        "session_start_limit": {"total": limit, "remaining": limit.saturating_sub(used), "reset_after": 86_400_000,
            "max_concurrency": 1},
    }))
}

pub(super) fn current(world: &mut World, _: &Request) -> Result<Reply, ApiError> {
    let owner = world
        .guilds
        .get(&world.main_guild)
        .and_then(|g| world.users.get(&g.owner_id))
        .map(wire::user);
    let guilds = world
        .guilds
        .values()
        .filter(|g| g.members.contains_key(&world.bot.user_id))
        .count();
    Reply::json(json!({
        "id": wire::id(world.bot.application_id), "name": "maillage", "icon": null, "description": "",
        "bot_public": world.bot.public, "bot_require_code_grant": false, "verify_key": "0".repeat(64),
        "owner": owner, "team": null, "flags": world.application_flags(), "summary": "", "type": null,
        "approximate_guild_count": guilds, "approximate_user_install_count": 0, "redirect_uris": [],
        "interactions_endpoint_url": null, "role_connections_verification_url": null,
        "integration_types_config": {"0": {}}, "bot": world.users.get(&world.bot.user_id).map(wire::user),
    }))
}

pub(super) fn me(world: &mut World, _: &Request) -> Result<Reply, ApiError> {
    let mut user = world
        .users
        .get(&world.bot.user_id)
        .map(wire::user)
        .ok_or_else(ApiError::unauthorized)?;
    user["verified"] = json!(true);
    user["mfa_enabled"] = json!(false);
    user["flags"] = json!(0);
    user["email"] = json!(null);
    Reply::json(user)
}

pub(super) fn my_guilds(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["before", "after", "limit", "with_counts"])?;
    let limit = request.query_number("limit", 1, 200, 200)?;
    let after = request.query_number("after", 0, u64::MAX, 0)?;
    let before = request.query_number("before", 0, u64::MAX, u64::MAX)?;
    let list: Vec<_> = world
        .guilds
        .values()
        .filter(|g| g.id > after && g.id < before)
        .filter_map(|g| g.members.get(&world.bot.user_id).map(|bot| (g, perm::base(g, bot))))
        .take(usize::try_from(limit).unwrap_or(200))
        .map(|(g, bits)| {
            json!({"id": wire::id(g.id), "name": g.name, "icon": null, "banner": null,
                "owner": g.owner_id == world.bot.user_id, "permissions": bits.to_string(), "features": []})
        })
        .collect();
    Reply::json(json!(list))
}

pub(super) fn user(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let user = world
        .users
        .get(&request.id("user")?)
        .ok_or_else(|| ApiError::unknown(10013, "User"))?;
    Reply::json(wire::user(user))
}

/// Opening a conversation always works for existing accounts; it is writing that may be refused.
pub(super) fn open_dm(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let recipient = validate::body(&request.body, &["recipient_id"], |form| form.id("recipient_id"))?;
    let recipient =
        recipient.ok_or_else(|| ApiError::form("recipient_id", "BASE_TYPE_REQUIRED", "This field is required"))?;
    if recipient == world.bot.user_id || !world.users.contains_key(&recipient) {
        return Err(ApiError::new(400, 50033, "Invalid Recipient(s)"));
    }
    if let (None, Some((size, window))) = (world.dm_channel(recipient), world.settings.dm_limit) {
        let now = world.now();
        let taken = world
            .limits
            .take(Budget::DmOpening, now, size, window.max(TimeDelta::milliseconds(1)));
        taken.map_err(|_| ApiError::new(403, 40003, "You are opening direct messages too fast."))?;
    }
    let id = world.open_dm(recipient);
    let channel = world.channels.get(&id).ok_or_else(ApiError::unknown_channel)?;
    Reply::json(wire::channel(world, channel))
}
