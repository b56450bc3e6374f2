//! Messages of the bot.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::limits::Budget;
use super::super::model::{Channel, ChannelKind, Message};
use super::super::permissions as perm;
use super::super::snowflake::{Id, time_of};
use super::super::validate::{self, MESSAGE_FIELDS, Uploads};
use super::super::wire;
use super::super::world::{Draft, World, blanked};
use super::{Reply, Request};

/// Keeps the uploaded files of a request.
pub(super) fn uploads(world: &mut World, channel: Id, request: &Request) -> Uploads {
    let keep = |f: &super::Upload| {
        (
            f.number,
            world.new_attachment(channel, &f.filename, &f.content_type, f.bytes.clone()),
        )
    };
    request.files.iter().map(keep).collect()
}

/// Reads the body of a message for `channel`.
pub(super) fn draft(world: &mut World, channel: Id, request: &Request, known: &[&str]) -> Result<Draft, ApiError> {
    let files = uploads(world, channel, request);
    // A multipart body without JSON is a message of files only.
    let empty = json!({});
    let body = if request.body.is_null() && !request.files.is_empty() {
        &empty
    } else {
        &request.body
    };
    validate::body(body, known, |form| validate::draft(form, files))
}

/// What the bot may write in this channel, or the refusal for direct conversations that are closed.
fn check_writable(world: &World, channel: &Channel, draft: &Draft) -> Result<(), ApiError> {
    if !channel.kind.holds_messages() {
        return Err(ApiError::new(400, 50008, "Cannot send messages in a non-text channel"));
    }
    if let Some(user) = channel.recipient {
        let person = world.users.get(&user).ok_or_else(ApiError::unknown_channel)?;
        if person.dms_closed || person.bot {
            return Err(ApiError::new(403, 50007, "Cannot send messages to this user"));
        }
        if !world.shares_a_guild(user) {
            return Err(ApiError::new(
                403,
                50278,
                "Cannot send messages to this user due to having no mutual guilds",
            ));
        }
    }
    let mut needed = perm::SEND_MESSAGES;
    if !draft.files.is_empty() {
        needed |= perm::ATTACH_FILES;
    }
    if draft.embeds.as_ref().is_some_and(|e| !e.is_empty()) {
        needed |= perm::EMBED_LINKS;
    }
    if draft.reference.is_some() {
        needed |= perm::READ_MESSAGE_HISTORY;
    }
    world.channel_with(channel.id, needed).map(|_| ())
}

pub(super) fn create(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let id = request.id("channel")?;
    let channel = world.channel_with(id, 0)?;
    let draft = draft(world, id, request, MESSAGE_FIELDS)?;
    check_writable(world, &channel, &draft)?;
    if draft.is_empty() {
        return Err(ApiError::new(400, 50006, "Cannot send an empty message"));
    }
    if draft.flags & 64 != 0 {
        return Err(ApiError::form(
            "flags",
            "MESSAGE_FLAGS_INVALID",
            "Only interaction responses can be ephemeral",
        ));
    }
    if draft.enforce_nonce && draft.nonce.is_none() {
        return Err(ApiError::form("nonce", "BASE_TYPE_REQUIRED", "This field is required"));
    }
    if draft.enforce_nonce {
        // «the past few minutes» (Discord documentation, «Create Message»).
        let since = world.now() - TimeDelta::minutes(5);
        let same = |m: &&Message| m.nonce == draft.nonce && m.author_id == world.bot.user_id && m.timestamp >= since;
        if let Some(existing) = world.messages_in(id).into_iter().find(same) {
            return Reply::json(wire::message(world, existing));
        }
    }
    if draft
        .reference
        .is_some_and(|r| world.messages.get(&id).is_none_or(|list| !list.contains_key(&r)))
    {
        return Err(ApiError::form(
            "message_reference",
            "REPLIES_UNKNOWN_MESSAGE",
            "Unknown message",
        ));
    }
    let me = world.bot.user_id;
    let message = world.post(id, me, draft, |_| ());
    answer(world, message)
}

/// A message that is in this channel for everyone.
pub(super) fn existing(world: &World, channel: Id, message: Id) -> Result<Message, ApiError> {
    world
        .messages
        .get(&channel)
        .and_then(|list| list.get(&message))
        .cloned()
        .ok_or_else(ApiError::unknown_message)
}

/// A message as the application may read it.
pub(super) fn readable(world: &World, channel: &Channel, message: &Message) -> Value {
    let value = wire::message(world, message);
    let open = world.bot.privileged_intents & super::super::gateway::intents::MESSAGE_CONTENT != 0;
    if open || world.is_readable(message, channel) {
        value
    } else {
        blanked(value)
    }
}

pub(super) fn get(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let channel = world.channel_with(request.id("channel")?, perm::READ_MESSAGE_HISTORY)?;
    let message = existing(world, channel.id, request.id("message")?)?;
    Reply::json(readable(world, &channel, &message))
}

/// Newest first, as Discord gives them; without the history permission there is nothing.
pub(super) fn list(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["around", "before", "after", "limit"])?;
    let limit = usize::try_from(request.query_number("limit", 1, 100, 50)?).unwrap_or(50);
    let before = request.query_number("before", 0, u64::MAX, u64::MAX)?;
    let after = request.query_number("after", 0, u64::MAX, 0)?;
    let channel = world.channel_with(request.id("channel")?, 0)?;
    if world.bot_permissions(&channel) & perm::READ_MESSAGE_HISTORY == 0 {
        return Reply::json(json!([]));
    }
    let mut list = world.messages_in(channel.id);
    list.retain(|m| m.id < before && m.id > after);
    // «after» gives the oldest ones after that point, everything else the newest.
    let kept: Vec<&Message> = if request.query.contains_key("after") {
        list.into_iter().take(limit).collect()
    } else {
        let skip = list.len().saturating_sub(limit);
        list.into_iter().skip(skip).collect()
    };
    Reply::json(json!(
        kept.into_iter()
            .rev()
            .map(|m| readable(world, &channel, m))
            .collect::<Vec<_>>()
    ))
}

pub(super) fn edit(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let channel = world.channel_with(request.id("channel")?, 0)?;
    let message = existing(world, channel.id, request.id("message")?)?;
    if message.author_id != world.bot.user_id {
        return Err(ApiError::new(
            403,
            50005,
            "Cannot edit a message authored by another user",
        ));
    }
    let known = [
        "content",
        "embeds",
        "flags",
        "allowed_mentions",
        "components",
        "attachments",
    ];
    let draft = draft(world, channel.id, request, &known)?;
    if draft.embeds.as_ref().is_some_and(|e| !e.is_empty()) {
        world.channel_with(channel.id, perm::EMBED_LINKS)?;
    }
    if !draft.files.is_empty() {
        world.channel_with(channel.id, perm::ATTACH_FILES)?;
    }
    if draft.leaves_empty(&message) {
        return Err(ApiError::new(400, 50006, "Cannot send an empty message"));
    }
    let now = world.now();
    if now - message.timestamp > TimeDelta::hours(1) {
        let text = "Maximum number of edits to messages older than 1 hour reached. Try again later";
        let taken = world
            .limits
            .take(Budget::OldEdit(channel.id), now, 3, TimeDelta::seconds(6));
        taken.map_err(|wait| ApiError::too_many(30046, text, wait))?;
    }
    world.edit(message.id, draft);
    answer(world, message.id)
}

impl Draft {
    /// Whether a message would show nothing any more after this edit.
    pub(super) fn leaves_empty(&self, message: &Message) -> bool {
        let mut after = self.clone();
        after.content.get_or_insert_with(|| message.content.clone());
        after.embeds.get_or_insert_with(|| message.embeds.clone());
        after.components.get_or_insert_with(|| message.components.clone());
        let kept = |a: &&super::super::model::Attachment| self.keep.as_ref().is_none_or(|k| k.contains(&a.id));
        after.is_empty() && !message.attachments.iter().any(|a| kept(&a))
    }
}

pub(super) fn delete(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let channel = world.channel_with(request.id("channel")?, 0)?;
    let message = existing(world, channel.id, request.id("message")?)?;
    if message.author_id != world.bot.user_id {
        if channel.kind == ChannelKind::Dm {
            return Err(ApiError::new(403, 50003, "Cannot execute action on a DM channel"));
        }
        world.channel_with(channel.id, perm::MANAGE_MESSAGES)?;
    }
    world.delete_message(message.id);
    Reply::empty()
}

pub(super) fn bulk_delete(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let channel = world.channel_with(request.id("channel")?, perm::MANAGE_MESSAGES)?;
    let ids = validate::body(&request.body, &["messages"], |form| {
        let ids = form.ids("messages").unwrap_or_default();
        if !(2..=100).contains(&ids.len()) {
            form.fault(
                "messages",
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 2 and 100 in length.",
            );
        }
        ids
    })?;
    let oldest = world.now() - TimeDelta::days(14);
    if ids.iter().any(|id| time_of(*id) < oldest) {
        return Err(ApiError::new(
            400,
            50034,
            "You can only bulk delete messages that are under 14 days old.",
        ));
    }
    world.delete_messages(channel.id, &ids);
    Reply::empty()
}

pub(super) fn typing(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    world.channel_with(request.id("channel")?, perm::SEND_MESSAGES)?;
    Reply::empty()
}

fn answer(world: &World, id: Id) -> Result<Reply, ApiError> {
    let message = world.message(id).ok_or_else(ApiError::unknown_message)?;
    Reply::json(wire::message(world, message))
}
