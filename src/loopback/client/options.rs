//! Options of slash commands, as the client lets one fill them.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::model::Command;
use super::super::permissions as perm;
use super::super::snowflake::Id;
use super::super::wire;
use super::super::world::World;
use super::{Refusal, fold, refuse};
use crate::loopback::interactions::Choice;

/// What a person fills into an option.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text; for an option with choices, the label or the value of one.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A decimal number.
    Num(f64),
    /// Yes or no.
    Bool(bool),
    /// An account.
    User(Id),
    /// A role.
    Role(Id),
    /// A channel.
    Channel(Id),
    /// A file.
    File {
        /// Its name.
        name: String,
        /// Its content type, as the person's client announces it.
        content_type: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

impl Value {
    /// A file, whose content type follows from its name.
    #[must_use]
    pub fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let content_type = match name.rsplit('.').next().unwrap_or_default() {
            "csv" => "text/csv; charset=utf-8",
            "gz" => "application/gzip",
            "pdf" => "application/pdf",
            "png" => "image/png",
            "txt" => "text/plain; charset=utf-8",
            "md" => "text/markdown; charset=utf-8",
            _ => "application/octet-stream",
        };
        Self::File {
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            bytes: bytes.into(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<&Choice> for Value {
    fn from(choice: &Choice) -> Self {
        match &choice.value {
            Json::String(text) => Self::Text(text.clone()),
            Json::Number(number) => number
                .as_i64()
                .map_or(Self::Num(number.as_f64().unwrap_or(0.0)), Self::Int),
            other => Self::Text(other.to_string()),
        }
    }
}

impl From<Choice> for Value {
    fn from(choice: Choice) -> Self {
        Self::from(&choice)
    }
}

/// A command with the way to one of its leaves.
pub(super) struct Leaf {
    id: Id,
    root: String,
    /// Names below the root: none, a subcommand, or a group and a subcommand.
    path: Vec<(u64, String)>,
    options: Vec<Json>,
}

/// Finds «relai nommer» among what is registered for this person.
pub(super) fn leaf(world: &World, guild: Option<Id>, user: Id, line: &str) -> Result<Leaf, Refusal> {
    let mut words = line.trim().trim_start_matches('/').split_whitespace();
    let root = words.next().unwrap_or_default();
    let Some(command) = world.command_in(guild, root) else {
        return refuse(format!("la commande /{root} n’existe pas"));
    };
    if command.guild_id.is_none() && guild.is_none() {
        return refuse("les commandes se tapent sur le serveur");
    }
    if !is_offered(world, guild, user, command) {
        return refuse(format!("la commande /{root} n’est pas proposée à cette personne"));
    }
    let mut options = command.definition["options"].as_array().cloned().unwrap_or_default();
    let mut path = Vec::new();
    for word in words {
        let found = options
            .iter()
            .find(|o| o["name"] == word && o["type"].as_u64().is_some_and(|t| t <= 2))
            .cloned();
        let Some(found) = found else {
            return refuse(format!("/{root} n’a pas de sous-commande «{word}»"));
        };
        path.push((found["type"].as_u64().unwrap_or(1), word.to_owned()));
        options = found["options"].as_array().cloned().unwrap_or_default();
    }
    if options.iter().any(|o| o["type"].as_u64().is_some_and(|t| t <= 2)) {
        return refuse(format!("/{line} demande une sous-commande"));
    }
    Ok(Leaf {
        id: command.id,
        root: root.to_owned(),
        path,
        options,
    })
}

/// Whether the client shows a command to this person: `default_member_permissions`, of which «0» leaves it to
/// administrators.
pub(super) fn is_offered(world: &World, guild: Option<Id>, user: Id, command: &Command) -> bool {
    let needed = command.definition["default_member_permissions"].as_str();
    let Some(needed) = needed.and_then(|bits| bits.parse::<u64>().ok()) else {
        return true;
    };
    let guild = guild.and_then(|g| world.guilds.get(&g));
    let held = guild
        .and_then(|g| g.members.get(&user).map(|m| perm::base(g, m)))
        .unwrap_or(0);
    if needed == 0 {
        held & perm::ADMINISTRATOR != 0
    } else {
        held & needed == needed
    }
}

/// The `resolved` part of the data: every object that an option names.
#[derive(Default)]
pub(super) struct Resolved {
    parts: BTreeMap<&'static str, serde_json::Map<String, Json>>,
}

impl Resolved {
    fn add(&mut self, part: &'static str, id: Id, value: Json) {
        self.parts.entry(part).or_default().insert(id.to_string(), value);
    }

    pub(super) fn user(&mut self, world: &World, guild: Option<Id>, user: Id, channel: Id) -> Result<(), Refusal> {
        let Some(account) = world.users.get(&user) else {
            return refuse("ce compte n’existe pas");
        };
        self.add("users", user, wire::user(account));
        if let Some(member) = guild
            .and_then(|g| world.guilds.get(&g))
            .and_then(|g| g.members.get(&user))
        {
            let mut value = wire::member_without_user(member);
            let bits = world
                .channels
                .get(&channel)
                .map_or(0, |c| world.permissions_of(user, c));
            value["permissions"] = json!(bits.to_string());
            self.add("members", user, value);
        }
        Ok(())
    }

    pub(super) fn role(&mut self, world: &World, guild: Option<Id>, role: Id) -> Result<(), Refusal> {
        let found = guild
            .and_then(|g| world.guilds.get(&g))
            .and_then(|g| g.roles.get(&role));
        let Some(found) = found else {
            return refuse("ce rôle n’existe pas");
        };
        self.add("roles", role, wire::role(found));
        Ok(())
    }

    pub(super) fn channel(&mut self, world: &World, channel: Id) -> Result<(), Refusal> {
        let Some(target) = world.channels.get(&channel) else {
            return refuse("ce salon n’existe pas");
        };
        let partial =
            json!({"id": wire::id(channel), "name": target.name, "type": target.kind.number(), "permissions": "0"});
        self.add("channels", channel, partial);
        Ok(())
    }

    pub(super) fn finish(self) -> Option<Json> {
        (!self.parts.is_empty()).then(|| {
            self.parts
                .into_iter()
                .map(|(k, v)| (k.to_owned(), Json::Object(v)))
                .collect()
        })
    }
}

/// The data of a command or of an autocompletion. With `focused`, required options may still be missing.
pub(super) fn data(
    world: &mut World,
    leaf: &Leaf,
    guild: Option<Id>,
    channel: Id,
    given: &[(&str, Value)],
    focused: Option<(&str, &str)>,
) -> Result<Json, Refusal> {
    let mut resolved = Resolved::default();
    let mut options = Vec::new();
    for (n, (name, value)) in given.iter().enumerate() {
        if given[..n].iter().any(|(other, _)| other == name) {
            return refuse(format!("l’option «{name}» est donnée deux fois"));
        }
        let Some(option) = leaf.options.iter().find(|o| o["name"] == *name) else {
            let known: Vec<&str> = leaf.options.iter().filter_map(|o| o["name"].as_str()).collect();
            return refuse(format!("/{} n’a pas d’option «{name}» mais {known:?}", leaf.root));
        };
        let json = fill(world, option, value, guild, channel, &mut resolved)?;
        options.push(json!({"name": name, "type": option["type"], "value": json}));
    }
    if let Some((name, typed)) = focused {
        let Some(option) = leaf.options.iter().find(|o| o["name"] == name) else {
            return refuse(format!("/{} n’a pas d’option «{name}»", leaf.root));
        };
        if option["autocomplete"] != true {
            return refuse(format!("l’option «{name}» ne propose rien"));
        }
        options.push(json!({"name": name, "type": option["type"], "value": typed, "focused": true}));
    } else {
        let missing = |o: &&Json| o["required"] == true && !given.iter().any(|(name, _)| o["name"] == *name);
        if let Some(option) = leaf.options.iter().find(missing) {
            return refuse(format!("l’option obligatoire {} manque", option["name"]));
        }
    }
    // The client sends options in the order of the definition.
    options.sort_by_key(|o| leaf.options.iter().position(|d| d["name"] == o["name"]));
    let mut tree = json!(options);
    for (kind, name) in leaf.path.iter().rev() {
        tree = json!([{"name": name, "type": kind, "options": tree}]);
    }
    let mut data = json!({"id": wire::id(leaf.id), "name": leaf.root, "type": 1, "options": tree});
    if let Some(guild) = guild {
        data["guild_id"] = wire::id(guild);
    }
    if let Some(resolved) = resolved.finish() {
        data["resolved"] = resolved;
    }
    Ok(data)
}

/// One option as JSON, when its value is of the right type and within its limits.
fn fill(
    world: &mut World,
    option: &Json,
    value: &Value,
    guild: Option<Id>,
    channel: Id,
    resolved: &mut Resolved,
) -> Result<Json, Refusal> {
    let name = option["name"].as_str().unwrap_or_default();
    let wrong = || refuse(format!("l’option «{name}» est d’un autre type"));
    let json = match (option["type"].as_u64().unwrap_or(0), value) {
        (3, Value::Text(text)) => json!(text),
        (4, Value::Int(number)) => json!(number),
        (4, Value::Text(text)) => match text.trim().parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) if option["choices"].is_array() => json!(text),
            Err(_) => return wrong(),
        },
        (10, Value::Num(number)) => json!(number),
        (10, Value::Int(number)) => json!(number),
        (5, Value::Bool(yes)) => json!(yes),
        (6 | 9, Value::User(user)) => {
            resolved.user(world, guild, *user, channel)?;
            wire::id(*user)
        }
        (7, Value::Channel(id)) => {
            resolved.channel(world, *id)?;
            wire::id(*id)
        }
        (8 | 9, Value::Role(id)) => {
            resolved.role(world, guild, *id)?;
            wire::id(*id)
        }
        (
            11,
            Value::File {
                name,
                content_type,
                bytes,
            },
        ) => {
            let file = world.new_attachment(channel, name, content_type, bytes.clone());
            world.keep_files(std::slice::from_ref(&file));
            resolved.add("attachments", file.id, wire::attachment(&file, true));
            wire::id(file.id)
        }
        _ => return wrong(),
    };
    limits(option, name, json)
}

fn limits(option: &Json, name: &str, json: Json) -> Result<Json, Refusal> {
    if let Some(choices) = option["choices"].as_array() {
        let typed = json.as_str().map_or_else(|| json.to_string(), fold);
        let same = |c: &&Json| c["value"] == json || c["name"].as_str().is_some_and(|n| fold(n) == typed);
        return match choices.iter().find(same) {
            Some(choice) => Ok(choice["value"].clone()),
            None => refuse(format!("«{typed}» n’est pas un choix de l’option «{name}»")),
        };
    }
    if let Some(text) = json.as_str().filter(|_| option["type"] == 3) {
        let length = text.chars().count() as u64;
        if text.is_empty() {
            return refuse(format!("l’option «{name}» est vide"));
        }
        let (min, max) = (
            option["min_length"].as_u64().unwrap_or(0),
            option["max_length"].as_u64().unwrap_or(6000),
        );
        if !(min..=max).contains(&length) {
            return refuse(format!("l’option «{name}» doit avoir de {min} à {max} caractères"));
        }
    }
    if let Some(number) = json.as_f64() {
        let low = option["min_value"].as_f64().is_some_and(|min| number < min);
        let high = option["max_value"].as_f64().is_some_and(|max| number > max);
        if low || high {
            return refuse(format!("l’option «{name}» est hors limites"));
        }
    }
    Ok(json)
}
