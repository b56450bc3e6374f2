//! Scheduled events: CREATE_EVENTS makes them and edits one's own, MANAGE_EVENTS edits those of others.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::model::{ChannelKind, EventStatus, ScheduledEvent};
use super::super::permissions as perm;
use super::super::snowflake::Id;
use super::super::validate::{self, Form};
use super::super::wire;
use super::super::world::World;
use super::{Reply, Request};

/// Events of one server that are announced or going on (30038).
const MAX_EVENTS: usize = 100;

const FIELDS: &[&str] = &[
    "channel_id",
    "entity_metadata",
    "name",
    "privacy_level",
    "scheduled_start_time",
    "scheduled_end_time",
    "description",
    "entity_type",
    "image",
    "recurrence_rule",
    "status",
];

/// What a body asks; None for what it does not mention.
struct Asked {
    channel: Option<Option<Id>>,
    location: Option<Option<String>>,
    name: Option<String>,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    description: Option<Option<String>>,
    entity_type: Option<u64>,
    status: Option<EventStatus>,
}

fn read(form: &mut Form<'_>, new: bool) -> Asked {
    for unmodelled in ["image", "recurrence_rule"] {
        if form.raw(unmodelled).is_some() {
            let path = form.path(unmodelled);
            form.errors().unknown_field(&path);
        }
    }
    if new {
        for name in ["name", "privacy_level", "scheduled_start_time", "entity_type"] {
            if form.raw(name).is_none() {
                form.required(name);
            }
        }
        if form.given("status") {
            form.errors().unknown_field("status");
        }
    }
    form.number("privacy_level", 2, 2);
    let location = form.given("entity_metadata").then(|| {
        let metadata = form.raw("entity_metadata")?;
        Form::new(metadata, "entity_metadata", &["location"], form.errors())
            .and_then(|mut m| m.text("location", 1, 100))
    });
    Asked {
        channel: form.nullable_id("channel_id"),
        location,
        name: form.text("name", 1, 100),
        start: form.time("scheduled_start_time"),
        end: form.time("scheduled_end_time"),
        description: form
            .nullable_text("description", 0, 1000)
            .map(|d| d.filter(|d| !d.is_empty())),
        entity_type: form.number("entity_type", 1, 3),
        status: form.number("status", 1, 4).and_then(EventStatus::from_number),
    }
}

/// What must hold of an event as a whole.
fn check(world: &World, event: &ScheduledEvent) -> Result<(), ApiError> {
    let required = |path: &str| Err(ApiError::form(path, "BASE_TYPE_REQUIRED", "This field is required"));
    if event.entity_type == 3 {
        if event.channel_id.is_some() {
            return Err(ApiError::form(
                "channel_id",
                "GUILD_SCHEDULED_EVENT_CHANNEL",
                "Must be null for external events",
            ));
        }
        if event.location.is_none() {
            return required("entity_metadata.location");
        }
        if event.end.is_none() {
            return required("scheduled_end_time");
        }
    } else {
        let channel = event.channel_id.and_then(|id| world.channels.get(&id));
        match channel {
            Some(channel) if channel.kind == ChannelKind::Voice && channel.guild_id == Some(event.guild_id) => {
                world.channel_with(channel.id, perm::VIEW_CHANNEL | perm::CONNECT)?;
            }
            _ => {
                return Err(ApiError::form(
                    "channel_id",
                    "GUILD_SCHEDULED_EVENT_CHANNEL",
                    "Must be a voice channel",
                ));
            }
        }
    }
    if event.end.is_some_and(|end| end <= event.start) {
        return Err(ApiError::form(
            "scheduled_end_time",
            "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST",
            "Cannot end before it starts",
        ));
    }
    Ok(())
}

fn in_the_past(world: &World, start: DateTime<Utc>) -> Result<(), ApiError> {
    if start <= world.now() {
        let text = "Cannot schedule event in the past.";
        return Err(ApiError::form(
            "scheduled_start_time",
            "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST",
            text,
        ));
    }
    Ok(())
}

pub(super) fn create(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let guild_id = request.id("guild")?;
    world.bot_with(guild_id, perm::CREATE_EVENTS)?;
    let asked = validate::body(&request.body, FIELDS, |form| read(form, true))?;
    let event = ScheduledEvent {
        id: world.next_id(),
        guild_id,
        channel_id: asked.channel.flatten(),
        creator_id: world.bot.user_id,
        name: asked.name.unwrap_or_default(),
        description: asked.description.flatten(),
        start: asked.start.unwrap_or_default(),
        end: asked.end,
        status: EventStatus::Scheduled,
        entity_type: asked.entity_type.unwrap_or(3),
        location: asked.location.flatten(),
    };
    in_the_past(world, event.start)?;
    check(world, &event)?;
    let (guild, _) = world.bot_in(guild_id)?;
    if guild.events.values().filter(|e| !e.status.is_over()).count() >= MAX_EVENTS {
        return Err(ApiError::new(
            400,
            30038,
            "Maximum number of uncompleted guild scheduled events reached (100)",
        ));
    }
    let body = wire::scheduled_event(world, &event);
    world.create_event(event);
    Reply::json(body)
}

fn existing(world: &World, request: &Request) -> Result<ScheduledEvent, ApiError> {
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    let event = guild.events.get(&request.id("event")?);
    event
        .cloned()
        .ok_or_else(|| ApiError::unknown(10070, "Guild Scheduled Event"))
}

fn editable(world: &World, event: &ScheduledEvent) -> Result<(), ApiError> {
    let own = event.creator_id == world.bot.user_id;
    let (guild, bot) = world.bot_in(event.guild_id)?;
    let enough = perm::MANAGE_EVENTS | if own { perm::CREATE_EVENTS } else { 0 };
    if perm::base(guild, bot) & enough == 0 {
        Err(ApiError::missing_permissions())
    } else {
        Ok(())
    }
}

pub(super) fn edit(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let mut event = existing(world, request)?;
    editable(world, &event)?;
    let asked = validate::body(&request.body, FIELDS, |form| read(form, false))?;
    if event.status.is_over() {
        return Err(ApiError::new(400, 180_000, "Cannot update a finished event"));
    }
    if let Some(status) = asked.status.filter(|s| *s != event.status) {
        let allowed = matches!(
            (event.status, status),
            (EventStatus::Scheduled, EventStatus::Active | EventStatus::Canceled)
                | (EventStatus::Active, EventStatus::Completed)
        );
        if !allowed {
            return Err(ApiError::form(
                "status",
                "GUILD_SCHEDULED_EVENT_STATUS_TRANSITION",
                "Invalid status transition",
            ));
        }
        event.status = status;
    }
    event.channel_id = asked.channel.unwrap_or(event.channel_id);
    event.location = asked.location.unwrap_or(event.location);
    event.name = asked.name.unwrap_or(event.name);
    event.description = asked.description.unwrap_or(event.description);
    event.entity_type = asked.entity_type.unwrap_or(event.entity_type);
    event.end = asked.end.or(event.end);
    if let Some(start) = asked.start.filter(|start| *start != event.start) {
        in_the_past(world, start)?;
        event.start = start;
    }
    check(world, &event)?;
    let body = wire::scheduled_event(world, &event);
    world.update_event(event.guild_id, event.id, |e| *e = event.clone());
    Reply::json(body)
}

pub(super) fn delete(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let event = existing(world, request)?;
    editable(world, &event)?;
    world.delete_event(event.guild_id, event.id);
    Reply::empty()
}

pub(super) fn get(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["with_user_count"])?;
    let event = existing(world, request)?;
    Reply::json(wire::scheduled_event(world, &event))
}

/// Events that are over disappear from the list.
pub(super) fn list(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["with_user_count"])?;
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    let list: Vec<Value> = guild
        .events
        .values()
        .filter(|e| !e.status.is_over())
        .map(|e| wire::scheduled_event(world, e))
        .collect();
    Reply::json(json!(list))
}
