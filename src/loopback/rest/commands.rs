//! Registration of commands, in a server or globally.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::error::{ApiError, Errors};
use super::super::limits::Budget;
use super::super::model::Command;
use super::super::snowflake::Id;
use super::super::validate;
use super::super::wire;
use super::super::world::World;
use super::{Reply, Request};

/// Slash commands of one scope (30032).
const MAX_COMMANDS: usize = 100;
/// New commands a day and server (30034).
const CREATES_A_DAY: usize = 200;

/// The scope of a request: a server in which the application is, or none for global commands.
fn scope(world: &World, request: &Request) -> Result<Option<Id>, ApiError> {
    if request.id("application")? != world.bot.application_id {
        return Err(ApiError::unknown(10002, "Application"));
    }
    if request.params.contains_key("guild") {
        let guild = request.id("guild")?;
        world.bot_in(guild).map_err(|_| ApiError::missing_access())?;
        return Ok(Some(guild));
    }
    Ok(None)
}

fn read(value: &Value) -> Result<Value, ApiError> {
    let mut errors = Errors::default();
    let command = validate::command(value, "", &mut errors);
    errors.finish()?;
    Ok(command)
}

fn of_scope(world: &World, scope: Option<Id>) -> Vec<&Command> {
    world.commands.iter().filter(|c| c.guild_id == scope).collect()
}

fn listed(world: &World, scope: Option<Id>) -> Result<Reply, ApiError> {
    Reply::json(json!(
        of_scope(world, scope)
            .into_iter()
            .map(|c| wire::command(world, c))
            .collect::<Vec<_>>()
    ))
}

pub(super) fn list(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["with_localizations"])?;
    let scope = scope(world, request)?;
    listed(world, scope)
}

/// Replaces the whole list. A command of a known name keeps its identifier and counts against nothing.
pub(super) fn replace(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let scope = scope(world, request)?;
    let Some(items) = request.body.as_array() else {
        return Err(ApiError::form(
            "",
            "LIST_TYPE_CONVERT",
            "Only iterables may be used in a ListType",
        ));
    };
    let mut errors = Errors::default();
    let mut wanted = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let definition = validate::command(item, &n.to_string(), &mut errors);
        if wanted
            .iter()
            .any(|w: &Value| w["name"] == definition["name"] && w["type"] == definition["type"])
        {
            errors.add(
                &n.to_string(),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            );
        }
        wanted.push(definition);
    }
    errors.finish()?;
    if wanted.len() > MAX_COMMANDS {
        return Err(ApiError::new(
            400,
            30032,
            "Maximum number of application commands reached (100).",
        ));
    }
    let new = wanted.iter().filter(|w| same_name(world, scope, w).is_none()).count();
    take_creates(world, scope, new)?;
    let kept: Vec<Command> = wanted
        .into_iter()
        .map(|definition| settle(world, scope, definition))
        .collect();
    world.commands.retain(|c| c.guild_id != scope);
    world.commands.extend(kept);
    listed(world, scope)
}

fn same_name(world: &World, scope: Option<Id>, definition: &Value) -> Option<Command> {
    of_scope(world, scope)
        .into_iter()
        .find(|c| c.definition["name"] == definition["name"] && c.definition["type"] == definition["type"])
        .cloned()
}

fn take_creates(world: &mut World, scope: Option<Id>, count: usize) -> Result<(), ApiError> {
    let now = world.now();
    let budget = Budget::CommandCreation(scope.unwrap_or(0));
    for _ in 0..count {
        let taken = world.limits.take(budget, now, CREATES_A_DAY, TimeDelta::hours(24));
        let text = "Max number of daily application command creates has been reached (200)";
        taken.map_err(|wait| ApiError::too_many(30034, text, wait))?;
    }
    Ok(())
}

/// The command with that definition: the known one, with a new version when it changed, or a new one.
fn settle(world: &mut World, scope: Option<Id>, definition: Value) -> Command {
    match same_name(world, scope, &definition) {
        Some(known) if known.definition == definition => known,
        Some(known) => Command {
            version: world.next_id(),
            definition,
            ..known
        },
        None => Command {
            id: world.next_id(),
            version: world.next_id(),
            guild_id: scope,
            definition,
        },
    }
}

pub(super) fn create(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let scope = scope(world, request)?;
    let definition = read(&request.body)?;
    let known = same_name(world, scope, &definition);
    if known.is_none() {
        if of_scope(world, scope).len() >= MAX_COMMANDS {
            return Err(ApiError::new(
                400,
                30032,
                "Maximum number of application commands reached (100).",
            ));
        }
        take_creates(world, scope, 1)?;
    }
    let command = settle(world, scope, definition);
    let body = wire::command(world, &command);
    world.commands.retain(|c| c.id != command.id);
    world.commands.push(command);
    if known.is_some() {
        Reply::json(body)
    } else {
        Reply::created(body)
    }
}

fn existing(world: &World, request: &Request) -> Result<Command, ApiError> {
    let scope = scope(world, request)?;
    let id = request.id("command")?;
    let command = world.commands.iter().find(|c| c.guild_id == scope && c.id == id);
    command
        .cloned()
        .ok_or_else(|| ApiError::unknown(10063, "Application Command"))
}

pub(super) fn get(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let command = existing(world, request)?;
    Reply::json(wire::command(world, &command))
}

pub(super) fn edit(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let mut command = existing(world, request)?;
    // An edit is partial: what it does not name stays.
    let mut merged = command.definition.clone();
    if let (Some(merged), Some(body)) = (merged.as_object_mut(), request.body.as_object()) {
        merged.extend(body.clone());
    }
    command.definition = read(&merged)?;
    command.version = world.next_id();
    let body = wire::command(world, &command);
    world.commands.retain(|c| c.id != command.id);
    world.commands.push(command);
    Reply::json(body)
}

pub(super) fn delete(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let command = existing(world, request)?;
    world.commands.retain(|c| c.id != command.id);
    Reply::empty()
}
