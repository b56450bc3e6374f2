//! REST v10: one table of routes, one way through for every request.
//!
//! A request is matched, accidents that wait for it act, its handler runs under the lock, and the call is
//! recorded. A route, query parameter or field that Discord does not have is a violation.

mod application;
mod channels;
mod commands;
mod guild;
mod interactions;
mod invites;
mod members;
mod messages;
mod overwrites;
mod pins;
mod roles;
mod schedule;
mod serve;

use std::collections::BTreeMap;

use serde_json::Value;

pub(super) use serve::{MAX_REQUEST, entry};

use super::error::ApiError;
use super::model::{Channel, Guild, Member};
use super::permissions as perm;
use super::snowflake::Id;
use super::world::World;

/// A file that came with a request.
pub(super) struct Upload {
    pub(super) number: u64,
    pub(super) filename: String,
    pub(super) content_type: String,
    pub(super) bytes: Vec<u8>,
}

/// A request after matching.
pub(super) struct Request {
    pub(super) params: BTreeMap<&'static str, String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
    pub(super) files: Vec<Upload>,
}

impl Request {
    /// The identifier in the path under that name.
    fn id(&self, name: &str) -> Result<Id, ApiError> {
        let text = self.param(name);
        text.parse().map_err(|_| {
            ApiError::form(
                name,
                "NUMBER_TYPE_COERCE",
                &format!("Value \"{text}\" is not snowflake."),
            )
        })
    }

    fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// Refuses query parameters that the route does not know.
    fn query_only(&self, known: &[&str]) -> Result<(), ApiError> {
        match self.query.keys().find(|key| !known.contains(&key.as_str())) {
            Some(odd) => Err(
                ApiError::form(odd, "UNKNOWN_FIELD", "This parameter is not known to this route.")
                    .violation(format!("unknown query parameter «{odd}»")),
            ),
            None => Ok(()),
        }
    }

    fn query_number(&self, name: &str, min: u64, max: u64, default: u64) -> Result<u64, ApiError> {
        let Some(text) = self.query.get(name) else {
            return Ok(default);
        };
        match text.parse() {
            Ok(number) if (min..=max).contains(&number) => Ok(number),
            _ => Err(ApiError::form(
                name,
                "NUMBER_TYPE_RANGE",
                &format!("int value should be between {min} and {max}."),
            )),
        }
    }

    /// An empty body, or null, as some clients send it.
    fn no_body(&self) -> Result<(), ApiError> {
        match &self.body {
            Value::Null => Ok(()),
            Value::Object(map) if map.is_empty() => Ok(()),
            _ => Err(ApiError::new(400, 50035, "Invalid Form Body").violation("a body where none belongs")),
        }
    }
}

/// What a handler answers.
pub(super) struct Reply {
    status: u16,
    body: Option<Value>,
}

impl Reply {
    fn json(body: Value) -> Result<Self, ApiError> {
        Ok(Self {
            status: 200,
            body: Some(body),
        })
    }

    fn created(body: Value) -> Result<Self, ApiError> {
        Ok(Self {
            status: 201,
            body: Some(body),
        })
    }

    fn empty() -> Result<Self, ApiError> {
        Ok(Self {
            status: 204,
            body: None,
        })
    }
}

type Handler = fn(&mut World, &Request) -> Result<Reply, ApiError>;

/// One line of the table.
struct Route {
    method: &'static str,
    template: &'static str,
    /// Whether the bot's token is asked; interaction tokens stand in the path instead.
    token: bool,
    handler: Handler,
}

const fn route(method: &'static str, template: &'static str, handler: Handler) -> Route {
    Route {
        method,
        template,
        token: true,
        handler,
    }
}

const fn open(method: &'static str, template: &'static str, handler: Handler) -> Route {
    Route {
        method,
        template,
        token: false,
        handler,
    }
}

/// All routes, literal ones before those with parameters in the same place.
const ROUTES: &[Route] = &[
    open("GET", "/gateway", application::gateway),
    route("GET", "/gateway/bot", application::gateway_bot),
    route("GET", "/applications/@me", application::current),
    route("GET", "/oauth2/applications/@me", application::current),
    route("GET", "/users/@me", application::me),
    route("GET", "/users/@me/guilds", application::my_guilds),
    route("POST", "/users/@me/channels", application::open_dm),
    route("GET", "/users/{user}", application::user),
    route("GET", "/guilds/{guild}", guild::get),
    route("GET", "/guilds/{guild}/roles", roles::list),
    route("POST", "/guilds/{guild}/roles", roles::create),
    route("PATCH", "/guilds/{guild}/roles", roles::positions),
    route("GET", "/guilds/{guild}/roles/{role}", roles::get),
    route("PATCH", "/guilds/{guild}/roles/{role}", roles::edit),
    route("DELETE", "/guilds/{guild}/roles/{role}", roles::delete),
    route("GET", "/guilds/{guild}/channels", channels::list),
    route("POST", "/guilds/{guild}/channels", channels::create),
    route("PATCH", "/guilds/{guild}/channels", channels::positions),
    route("GET", "/guilds/{guild}/invites", invites::list),
    route("GET", "/guilds/{guild}/members", members::list),
    route("GET", "/guilds/{guild}/members/search", members::search),
    route("PATCH", "/guilds/{guild}/members/@me", members::edit_me),
    route("GET", "/guilds/{guild}/members/{user}", members::get),
    route("PATCH", "/guilds/{guild}/members/{user}", members::edit),
    route("PUT", "/guilds/{guild}/members/{user}/roles/{role}", members::give_role),
    route(
        "DELETE",
        "/guilds/{guild}/members/{user}/roles/{role}",
        members::take_role,
    ),
    route("GET", "/guilds/{guild}/scheduled-events", schedule::list),
    route("POST", "/guilds/{guild}/scheduled-events", schedule::create),
    route("GET", "/guilds/{guild}/scheduled-events/{event}", schedule::get),
    route("PATCH", "/guilds/{guild}/scheduled-events/{event}", schedule::edit),
    route("DELETE", "/guilds/{guild}/scheduled-events/{event}", schedule::delete),
    route("GET", "/channels/{channel}", channels::get),
    route("PATCH", "/channels/{channel}", channels::edit),
    route("DELETE", "/channels/{channel}", channels::delete),
    route("PUT", "/channels/{channel}/permissions/{target}", overwrites::put),
    route("DELETE", "/channels/{channel}/permissions/{target}", overwrites::delete),
    route("POST", "/channels/{channel}/typing", messages::typing),
    route("GET", "/channels/{channel}/messages", messages::list),
    route("POST", "/channels/{channel}/messages", messages::create),
    route(
        "POST",
        "/channels/{channel}/messages/bulk-delete",
        messages::bulk_delete,
    ),
    route("GET", "/channels/{channel}/messages/pins", pins::list),
    route("PUT", "/channels/{channel}/messages/pins/{message}", pins::pin),
    route("DELETE", "/channels/{channel}/messages/pins/{message}", pins::unpin),
    route("GET", "/channels/{channel}/messages/{message}", messages::get),
    route("PATCH", "/channels/{channel}/messages/{message}", messages::edit),
    route("DELETE", "/channels/{channel}/messages/{message}", messages::delete),
    route("GET", "/channels/{channel}/pins", pins::list_old),
    route("PUT", "/channels/{channel}/pins/{message}", pins::pin),
    route("DELETE", "/channels/{channel}/pins/{message}", pins::unpin),
    route("GET", "/channels/{channel}/invites", invites::list_channel),
    route("POST", "/channels/{channel}/invites", invites::create),
    open("GET", "/invites/{code}", invites::get),
    route("DELETE", "/invites/{code}", invites::delete),
    route("GET", "/applications/{application}/commands", commands::list),
    route("PUT", "/applications/{application}/commands", commands::replace),
    route("POST", "/applications/{application}/commands", commands::create),
    route(
        "PATCH",
        "/applications/{application}/commands/{command}",
        commands::edit,
    ),
    route(
        "DELETE",
        "/applications/{application}/commands/{command}",
        commands::delete,
    ),
    route(
        "GET",
        "/applications/{application}/guilds/{guild}/commands",
        commands::list,
    ),
    route(
        "PUT",
        "/applications/{application}/guilds/{guild}/commands",
        commands::replace,
    ),
    route(
        "POST",
        "/applications/{application}/guilds/{guild}/commands",
        commands::create,
    ),
    route(
        "GET",
        "/applications/{application}/guilds/{guild}/commands/{command}",
        commands::get,
    ),
    route(
        "PATCH",
        "/applications/{application}/guilds/{guild}/commands/{command}",
        commands::edit,
    ),
    route(
        "DELETE",
        "/applications/{application}/guilds/{guild}/commands/{command}",
        commands::delete,
    ),
    open(
        "POST",
        "/interactions/{interaction}/{token}/callback",
        interactions::callback,
    ),
    open("POST", "/webhooks/{application}/{token}", interactions::followup),
    open(
        "GET",
        "/webhooks/{application}/{token}/messages/@original",
        interactions::get_original,
    ),
    open(
        "PATCH",
        "/webhooks/{application}/{token}/messages/@original",
        interactions::edit_original,
    ),
    open(
        "DELETE",
        "/webhooks/{application}/{token}/messages/@original",
        interactions::delete_original,
    ),
    open(
        "GET",
        "/webhooks/{application}/{token}/messages/{message}",
        interactions::get_followup,
    ),
    open(
        "PATCH",
        "/webhooks/{application}/{token}/messages/{message}",
        interactions::edit_followup,
    ),
    open(
        "DELETE",
        "/webhooks/{application}/{token}/messages/{message}",
        interactions::delete_followup,
    ),
];

/// The route of a path (without «/api/v10») and the parameters in it.
fn find(method: &str, path: &str) -> Option<(&'static Route, BTreeMap<&'static str, String>)> {
    ROUTES.iter().filter(|r| r.method == method).find_map(|route| {
        let mut params = BTreeMap::new();
        let mut parts = path.split('/');
        for wanted in route.template.split('/') {
            let part = parts.next()?;
            match wanted.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
                Some(name) if !part.is_empty() => drop(params.insert(name, part.to_owned())),
                _ if wanted == part => {}
                _ => return None,
            }
        }
        parts.next().is_none().then_some((route, params))
    })
}

impl World {
    /// The bot's membership of a server, or the answer it gets when it has none.
    fn bot_in(&self, guild: Id) -> Result<(&Guild, &Member), ApiError> {
        let guild = self.guilds.get(&guild).ok_or_else(ApiError::unknown_guild)?;
        let bot = guild
            .members
            .get(&self.bot.user_id)
            .ok_or_else(ApiError::missing_access)?;
        Ok((guild, bot))
    }

    /// As [`Self::bot_in`], when the bot has `bits` there.
    fn bot_with(&self, guild: Id, bits: u64) -> Result<(&Guild, &Member), ApiError> {
        let (guild, bot) = self.bot_in(guild)?;
        if perm::base(guild, bot) & bits == bits {
            Ok((guild, bot))
        } else {
            Err(ApiError::missing_permissions())
        }
    }

    /// A channel that the bot sees and in which it has `bits`.
    fn channel_with(&self, id: Id, bits: u64) -> Result<Channel, ApiError> {
        let channel = self.channels.get(&id).ok_or_else(ApiError::unknown_channel)?;
        let held = self.bot_permissions(channel);
        if held & perm::VIEW_CHANNEL == 0 {
            return Err(ApiError::missing_access());
        }
        if held & bits != bits {
            return Err(ApiError::missing_permissions());
        }
        Ok(channel.clone())
    }

    /// What the bot may put into roles and overwrites: only bits that it has itself in the server.
    fn bot_bits(&self, guild: Id) -> Result<u64, ApiError> {
        let (guild, bot) = self.bot_in(guild)?;
        Ok(perm::base(guild, bot))
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn literal_segments_win_over_parameters() {
        let template = |method, path| find(method, path).map(|(route, _)| route.template);
        assert_eq!(template("GET", "/users/@me"), Some("/users/@me"));
        assert_eq!(template("GET", "/users/5"), Some("/users/{user}"));
        assert_eq!(
            template("GET", "/guilds/1/members/search"),
            Some("/guilds/{guild}/members/search")
        );
        assert_eq!(
            template("PUT", "/channels/1/messages/pins/2"),
            Some("/channels/{channel}/messages/pins/{message}")
        );
        assert_eq!(template("GET", "/channels/1/threads"), None);
        assert_eq!(template("PUT", "/gateway"), None);
    }
}
