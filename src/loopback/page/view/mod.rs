//! What one person sees, in parts that are sent apart: `me`, `cast`, `clock`, `guild`, `directory`, `members`, `channel`,
//! `commands`, `tour`. Each is computed from the world alone, with the permissions that Discord would apply.

mod channel;
mod guild;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::client::Person;
use super::super::snowflake::Id;
use super::super::world::World;
use super::{Shared, stage::Character};

/// How many messages are shown at first.
const MESSAGES: usize = 60;
/// The most that are ever shown.
const MESSAGES_MAX: usize = 2000;

/// What a tab looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    /// As whom; the first of the cast when nobody such exists.
    #[serde(default, rename = "as")]
    pub(super) user: String,
    /// In which channel; none shows no channel.
    #[serde(default)]
    pub(super) channel: String,
    /// How many messages at most.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// The names of the parts, in the order in which they are sent.
pub(super) const PARTS: [&str; 9] = [
    "me",
    "cast",
    "clock",
    "directory",
    "guild",
    "commands",
    "members",
    "channel",
    "tour",
];

/// An identifier as JSON, which has no whole numbers of that size.
pub(super) fn id(id: Id) -> Value {
    Value::String(id.to_string())
}

/// The account of that number, if there is one.
pub(super) fn account(world: &World, text: &str) -> Option<Id> {
    text.parse().ok().filter(|id| world.users.contains_key(id))
}

/// All parts as `look` sees them.
pub(super) fn parts(shared: &Shared, look: &Look) -> Map<String, Value> {
    let cast = shared.cast();
    let handle = &shared.0.handle;
    // Commands ask the world themselves.
    let user = handle.read(|world| account(world, &look.user).or_else(|| cast.first().map(|first| first.user)));
    let Some(user) = user else { return Map::new() };
    let commands = commands(&handle.as_user(user));
    handle.read(|world| {
        let channel = look.channel.parse().ok().and_then(|id| world.channels.get(&id));
        let channel = channel.filter(|channel| world.sees(user, channel.id));
        let limit = look.limit.unwrap_or(MESSAGES).clamp(1, MESSAGES_MAX);
        let values = [
            me(world, user, &cast),
            people(world, &cast),
            json!({"offset": clock_offset(world), "moments": moments(shared)}),
            guild::directory(world, user),
            guild::guild(world, user),
            commands,
            channel.map_or(Value::Null, |channel| guild::members(world, channel)),
            channel.map_or(Value::Null, |channel| channel::channel(world, user, channel, limit)),
            tour(shared, world),
        ];
        PARTS.iter().map(|name| (*name).to_owned()).zip(values).collect()
    })
}

/// GET /api/view: all parts at once.
pub(super) async fn get(
    State(shared): State<Shared>,
    look: Result<Query<Look>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Map<String, Value>>, StatusCode> {
    let Ok(Query(look)) = look else {
        return Err(StatusCode::BAD_REQUEST);
    };
    Ok(Json(parts(&shared, &look)))
}

/// Milliseconds between real time and this world's, rounded so that reading it twice gives the same.
fn clock_offset(world: &World) -> i64 {
    world.clock.offset().num_milliseconds()
}

fn moments(shared: &Shared) -> Vec<&str> {
    shared
        .0
        .stage
        .moments
        .iter()
        .map(|moment| moment.label.as_str())
        .collect()
}

fn me(world: &World, user: Id, cast: &[Character]) -> Value {
    let member = world.member(user);
    let character = cast.iter().find(|one| one.user == user);
    json!({
        "id": id(user), "name": world.display_name(user),
        "username": world.users.get(&user).map(|account| account.username.as_str()),
        "role": character.map(|one| one.role.as_str()), "about": character.map(|one| one.about.as_str()),
        "member": member.is_some(), "pending": member.is_some_and(|member| member.pending),
        "closed": world.users.get(&user).is_some_and(|account| account.dms_closed),
    })
}

fn people(world: &World, cast: &[Character]) -> Value {
    cast.iter()
        .map(|one| {
            json!({"id": id(one.user), "name": world.display_name(one.user), "role": one.role, "about": one.about,
                "member": world.member(one.user).is_some()})
        })
        .collect()
}

/// The commands that are offered, one entry for each leaf: «relai nommer» with its own options.
fn commands(person: &Person) -> Value {
    let mut leaves = Vec::new();
    for command in person.commands() {
        let root = command["name"].as_str().unwrap_or_default().to_owned();
        // Other kinds are context menus.
        if command["type"].as_u64().unwrap_or(1) == 1 {
            leaf(&root, &root, &command, &command, &mut leaves);
        }
    }
    leaves.sort_by(|a, b| a["line"].as_str().cmp(&b["line"].as_str()));
    Value::Array(leaves)
}

fn leaf(line: &str, root: &str, command: &Value, node: &Value, out: &mut Vec<Value>) {
    let options = node["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    let branches: Vec<&Value> = options
        .iter()
        .filter(|o| matches!(o["type"].as_u64(), Some(1 | 2)))
        .collect();
    for branch in &branches {
        let name = branch["name"].as_str().unwrap_or_default();
        leaf(&format!("{line} {name}"), root, command, branch, out);
    }
    if branches.is_empty() {
        out.push(
            json!({"line": line, "root": root, "id": command["id"], "description": node["description"],
            "options": options}),
        );
    }
}

fn tour(shared: &Shared, world: &World) -> Value {
    let done = shared.ticks(world);
    let stops = shared.0.stage.tour.iter().zip(done).map(|(stop, done)| {
        json!({"title": stop.title, "text": stop.text, "done": done, "who": stop.who.map(id),
            "name": stop.who.map(|who| world.display_name(who))})
    });
    json!({"title": shared.0.stage.title, "stops": stops.collect::<Vec<_>>()})
}
