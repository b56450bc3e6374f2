//! Pins by both routes. Since February 2026 only PIN_MESSAGES lets a bot pin (discord.md §3).

use chrono::DateTime;
use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::model::{Message, MessageKind};
use super::super::permissions as perm;
use super::super::snowflake::iso;
use super::super::world::World;
use super::messages::{existing, readable};
use super::{Reply, Request};

/// Pins of one channel (30003).
const MAX_PINS: usize = 250;

pub(super) fn pin(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let channel = world.channel_with(request.id("channel")?, perm::PIN_MESSAGES)?;
    let message = existing(world, channel.id, request.id("message")?)?;
    if message.kind == MessageKind::PinNotice {
        return Err(ApiError::new(403, 50021, "Cannot execute action on a system message"));
    }
    if !message.pinned && world.pins_in(channel.id).len() >= MAX_PINS {
        return Err(ApiError::new(
            400,
            30003,
            "Maximum number of pins reached for the channel (250)",
        ));
    }
    let me = world.bot.user_id;
    world.pin(message.id, me);
    Reply::empty()
}

pub(super) fn unpin(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let channel = world.channel_with(request.id("channel")?, perm::PIN_MESSAGES)?;
    let message = existing(world, channel.id, request.id("message")?)?;
    world.unpin(message.id);
    Reply::empty()
}

/// Pinned messages, the latest pin first; none without the history permission.
fn pinned(world: &World, request: &Request) -> Result<Vec<(Message, Value)>, ApiError> {
    let channel = world.channel_with(request.id("channel")?, 0)?;
    if world.bot_permissions(&channel) & perm::READ_MESSAGE_HISTORY == 0 {
        return Ok(Vec::new());
    }
    let mut list: Vec<Message> = world.pins_in(channel.id).into_iter().cloned().collect();
    list.sort_by_key(|m| std::cmp::Reverse((m.pinned_at, m.id)));
    Ok(list
        .into_iter()
        .map(|m| (m.clone(), readable(world, &channel, &m)))
        .collect())
}

/// The deprecated route, which gives 50 at most.
pub(super) fn list_old(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let list: Vec<Value> = pinned(world, request)?.into_iter().take(50).map(|(_, v)| v).collect();
    Reply::json(json!(list))
}

pub(super) fn list(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["before", "limit"])?;
    let limit = usize::try_from(request.query_number("limit", 1, 50, 50)?).unwrap_or(50);
    let before = match request.query.get("before") {
        None => None,
        Some(text) => Some(
            DateTime::parse_from_rfc3339(text)
                .map_err(|_| ApiError::form("before", "DATETIME_TYPE_CONVERT", "Not an ISO8601 instant"))?,
        ),
    };
    let mut list = pinned(world, request)?;
    list.retain(|(m, _)| before.is_none_or(|before| m.pinned_at.is_some_and(|at| at < before)));
    let more = list.len() > limit;
    let items: Vec<Value> = list
        .into_iter()
        .take(limit)
        .map(|(m, v)| json!({"pinned_at": m.pinned_at.map(iso), "message": v}))
        .collect();
    Reply::json(json!({"items": items, "has_more": more}))
}
