//! Requests to Discord's API and the parts of its answers that the reconciler reads.
//!
//! Answers are read from JSON: serenity's `Permissions` drop the bits that they do not know, and a model of its that lacks one
//! field would hide a whole list.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serenity::http::{Http, LightMethod, Request, Route};

use super::failure::ApiFailure;
use crate::domain::bindings::Key;
use crate::domain::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::domain::observed::{
    Bits, ChannelKind, Overwrites, SeenChannel, SeenMember, SeenMessage, SeenPerson, SeenRole, Subject,
};

/// The longest time for one request, waits of the rate limiter included: a rename may wait for ten minutes on it.
const LONGEST: Duration = Duration::from_secs(60);
/// The most members of one page (Discord documentation, «List Guild Members»).
const MEMBERS_PAGE: usize = 1000;
/// The most messages of one page (Discord documentation, «Get Channel Messages»).
const MESSAGES_PAGE: usize = 100;
/// The most pages of messages that are read of one channel.
const PAGES_MAX: usize = 50;
/// «X a épinglé un message».
const PINS_ADD: u8 = 6;

/// Sends a request and gives the body of its answer, unread.
async fn request(
    http: &Http,
    method: LightMethod,
    route: Route<'_>,
    params: Option<Vec<(&'static str, String)>>,
    body: Option<&Value>,
) -> Result<reqwest::Response, ApiFailure> {
    let body = body.map(|body| body.to_string().into_bytes());
    let request = Request::new(route, method).params(params).body(body);
    match tokio::time::timeout(LONGEST, http.request(request)).await {
        Ok(answer) => answer.map_err(|error| ApiFailure::read(&error)),
        Err(_) => Err(ApiFailure::UNREACHABLE),
    }
}

/// Sends a request and reads its answer. An answer that cannot be read counts as none: the request may have been done.
pub(super) async fn call<T: DeserializeOwned>(
    http: &Http,
    method: LightMethod,
    route: Route<'_>,
    params: Option<Vec<(&'static str, String)>>,
    body: Option<&Value>,
) -> Result<T, ApiFailure> {
    let answer = request(http, method, route, params, body).await?;
    answer.json().await.map_err(|_| ApiFailure::UNREACHABLE)
}

/// Sends a request whose answer says nothing.
pub(super) async fn send(
    http: &Http,
    method: LightMethod,
    route: Route<'_>,
    body: Option<&Value>,
) -> Result<(), ApiFailure> {
    request(http, method, route, None, body).await.map(|_| ())
}

/// A number that Discord writes as a string.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
    }
    match Either::deserialize(from)? {
        Either::Text(text) => text.parse().map_err(D::Error::custom),
        Either::Number(number) => Ok(number),
    }
}

fn optional_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

/// An identifier alone.
#[derive(Deserialize)]
struct Id(#[serde(deserialize_with = "number")] u64);

/// A role.
#[derive(Deserialize)]
pub(super) struct RawRole {
    #[serde(deserialize_with = "number")]
    pub(super) id: u64,
    name: String,
    #[serde(deserialize_with = "number")]
    permissions: u64,
    #[serde(default)]
    hoist: bool,
    #[serde(default)]
    mentionable: bool,
    #[serde(default)]
    managed: bool,
    /// Its rank: only `survey` compares it, so that a role moved by hand changes nothing else.
    #[serde(default)]
    pub(super) position: i64,
}

impl RawRole {
    pub(super) fn seen(self) -> (RoleId, SeenRole) {
        let RawRole {
            id,
            name,
            permissions,
            hoist,
            mentionable,
            managed,
            position: _,
        } = self;
        (
            RoleId(id),
            SeenRole {
                name,
                permissions,
                hoist,
                mentionable,
                managed,
            },
        )
    }
}

/// An overwrite.
#[derive(Deserialize)]
struct RawOverwrite {
    #[serde(deserialize_with = "number")]
    id: u64,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(deserialize_with = "number")]
    allow: u64,
    #[serde(deserialize_with = "number")]
    deny: u64,
}

/// A channel.
#[derive(Deserialize)]
pub(super) struct RawChannel {
    #[serde(deserialize_with = "number")]
    pub(super) id: u64,
    #[serde(rename = "type")]
    kind: u8,
    name: Option<String>,
    topic: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    parent_id: Option<u64>,
    #[serde(default)]
    permission_overwrites: Vec<RawOverwrite>,
}

impl RawChannel {
    pub(super) fn seen(self) -> (ChannelId, SeenChannel) {
        let RawChannel {
            id,
            kind,
            name,
            topic,
            parent_id,
            permission_overwrites,
        } = self;
        let overwrites: Overwrites = permission_overwrites
            .into_iter()
            .map(|RawOverwrite { id, kind, allow, deny }| {
                let subject = if kind == 0 {
                    Subject::Role(RoleId(id))
                } else {
                    Subject::Member(UserId(id))
                };
                (subject, Bits { allow, deny })
            })
            .collect();
        let seen = SeenChannel {
            kind: channel_kind(kind),
            name: name.unwrap_or_default(),
            topic: topic.unwrap_or_default(),
            parent: parent_id.map(ChannelId),
            overwrites,
        };
        (ChannelId(id), seen)
    }
}

/// The kind that Discord's number names.
pub(super) fn channel_kind(number: u8) -> ChannelKind {
    match number {
        0 => ChannelKind::Text,
        4 => ChannelKind::Category,
        _ => ChannelKind::Other,
    }
}

#[derive(Deserialize)]
struct RawUser {
    #[serde(deserialize_with = "number")]
    id: u64,
    username: String,
    global_name: Option<String>,
    #[serde(default)]
    bot: bool,
}

/// A member.
#[derive(Deserialize)]
struct RawMember {
    user: RawUser,
    nick: Option<String>,
    roles: Vec<Id>,
    joined_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pending: bool,
}

impl RawMember {
    fn seen(self) -> SeenPerson {
        let RawMember {
            user:
                RawUser {
                    id,
                    username,
                    global_name,
                    bot,
                },
            nick,
            roles,
            joined_at,
            pending,
        } = self;
        let roles: BTreeSet<RoleId> = roles.into_iter().map(|Id(id)| RoleId(id)).collect();
        SeenPerson {
            user: UserId(id),
            bot,
            pending,
            display: nick.or(global_name).unwrap_or_else(|| username.clone()),
            username,
            member: SeenMember { roles, joined_at },
        }
    }
}

#[derive(Deserialize)]
struct RawFooter {
    text: String,
}

#[derive(Deserialize)]
struct RawEmbed {
    footer: Option<RawFooter>,
}

#[derive(Deserialize)]
struct RawAuthor {
    #[serde(deserialize_with = "number")]
    id: u64,
}

/// A message. Of its text only the marker is kept.
#[derive(Deserialize)]
pub(super) struct RawMessage {
    #[serde(deserialize_with = "number")]
    pub(super) id: u64,
    #[serde(rename = "type", default)]
    kind: u8,
    #[serde(default)]
    content: String,
    #[serde(default)]
    embeds: Vec<RawEmbed>,
    author: RawAuthor,
    #[serde(default)]
    pinned: bool,
    nonce: Option<Value>,
}

impl RawMessage {
    pub(super) fn seen(self, bot: UserId) -> (MessageId, SeenMessage) {
        let RawMessage {
            id,
            kind,
            content,
            embeds,
            author,
            pinned,
            nonce,
        } = self;
        let footer = embeds.last().and_then(|embed| embed.footer.as_ref());
        let marker = Key::of_message(&content).or_else(|| footer.and_then(|footer| Key::of_message(&footer.text)));
        let seen = SeenMessage {
            ours: author.id == bot.0,
            notice: kind == PINS_ADD,
            pinned,
            nonce: nonce.and_then(|nonce| nonce.as_str().map(ToOwned::to_owned)),
            marker,
        };
        (MessageId(id), seen)
    }
}

/// Every role of the server.
///
/// # Errors
/// As the request fails.
pub(super) async fn roles(http: &Http, guild: GuildId) -> Result<Vec<(RoleId, SeenRole)>, ApiFailure> {
    let route = Route::GuildRoles {
        guild_id: guild.0.into(),
    };
    let roles: Vec<RawRole> = call(http, LightMethod::Get, route, None, None).await?;
    Ok(roles.into_iter().map(RawRole::seen).collect())
}

/// Every channel of the server.
///
/// # Errors
/// As the request fails.
pub(super) async fn channels(http: &Http, guild: GuildId) -> Result<Vec<(ChannelId, SeenChannel)>, ApiFailure> {
    let route = Route::GuildChannels {
        guild_id: guild.0.into(),
    };
    let channels: Vec<RawChannel> = call(http, LightMethod::Get, route, None, None).await?;
    Ok(channels.into_iter().map(RawChannel::seen).collect())
}

/// Every member of the server, page after page: without the presence intent the gateway never tells them all.
///
/// # Errors
/// As a request fails.
pub(super) async fn members(http: &Http, guild: GuildId) -> Result<Vec<SeenPerson>, ApiFailure> {
    let mut members: Vec<SeenPerson> = Vec::new();
    loop {
        let after = members.last().map_or(0, |member| member.user.0);
        let route = Route::GuildMembers {
            guild_id: guild.0.into(),
        };
        let params = vec![("limit", MEMBERS_PAGE.to_string()), ("after", after.to_string())];
        let page: Vec<RawMember> = call(http, LightMethod::Get, route, Some(params), None).await?;
        let full = page.len() == MEMBERS_PAGE;
        members.extend(page.into_iter().map(RawMember::seen));
        members.sort_by_key(|member| member.user);
        if !full {
            return Ok(members);
        }
    }
}

/// One member; `None` when this account is not on the server.
///
/// # Errors
/// As the request fails.
pub(super) async fn member(http: &Http, guild: GuildId, user: UserId) -> Result<Option<SeenPerson>, ApiFailure> {
    let route = Route::GuildMember {
        guild_id: guild.0.into(),
        user_id: user.0.into(),
    };
    match call::<RawMember>(http, LightMethod::Get, route, None, None).await {
        Ok(member) => Ok(Some(member.seen())),
        Err(failure) if failure.kind == super::failure::Kind::Missing => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The messages of a channel, latest first, at least down to `oldest`.
///
/// # Errors
/// As a request fails.
pub(super) async fn messages(
    http: &Http,
    channel: ChannelId,
    bot: UserId,
    oldest: MessageId,
) -> Result<Vec<(MessageId, SeenMessage)>, ApiFailure> {
    let mut messages: Vec<(MessageId, SeenMessage)> = Vec::new();
    for _ in 0..PAGES_MAX {
        let route = Route::ChannelMessages {
            channel_id: channel.0.into(),
        };
        let mut params = vec![("limit", MESSAGES_PAGE.to_string())];
        params.extend(messages.last().map(|(id, _)| ("before", id.to_string())));
        let page: Vec<RawMessage> = call(http, LightMethod::Get, route, Some(params), None).await?;
        let full = page.len() == MESSAGES_PAGE;
        messages.extend(page.into_iter().map(|message| message.seen(bot)));
        if !full || messages.last().is_some_and(|(id, _)| *id <= oldest) {
            break;
        }
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bits_that_serenity_does_not_know_are_kept() {
        let raw: RawChannel = serde_json::from_value(json!({
            "id": "5", "type": 0, "name": "registre", "topic": null, "parent_id": "4",
            "permission_overwrites": [
                {"id": "1", "type": 0, "allow": "0", "deny": "1024"},
                {"id": "2", "type": 1, "allow": "2251799813693440", "deny": "0"},
            ],
        }))
        .unwrap();
        let (id, seen) = raw.seen();
        assert_eq!(
            (id, seen.kind, seen.topic.as_str(), seen.parent),
            (ChannelId(5), ChannelKind::Text, "", Some(ChannelId(4)))
        );
        assert_eq!(
            seen.overwrites[&Subject::Member(UserId(2))],
            Bits {
                allow: 1 << 51 | 1 << 13,
                deny: 0
            }
        );
        let raw: RawRole =
            serde_json::from_value(json!({"id": "9", "name": "x", "permissions": "4503599627370496"})).unwrap();
        assert_eq!(raw.seen().1.permissions, 1 << 52);
    }

    #[test]
    fn of_a_message_only_the_marker_is_kept() {
        let raw: RawMessage = serde_json::from_value(json!({
            "id": "7", "type": 0, "content": "`1` **Camille DUPRÉ**\n-# réf. registre 12.1", "author": {"id": "2"},
            "pinned": true, "nonce": "abc", "embeds": [],
        }))
        .unwrap();
        let (_, seen) = raw.seen(UserId(2));
        assert_eq!(seen.marker, Some(Key::Page(crate::domain::ids::GroupId(12), 1)));
        assert!(seen.ours && seen.pinned && !seen.notice && !format!("{seen:?}").contains("Camille"));
        let raw: RawMessage = serde_json::from_value(json!({
            "id": "8", "content": "", "author": {"id": "3"}, "nonce": 12,
            "embeds": [{"footer": {"text": "Statuts v1 · réf. statuts 12.3"}}],
        }))
        .unwrap();
        let (_, seen) = raw.seen(UserId(2));
        assert_eq!(
            (seen.marker.map(|key| key.to_string()), seen.ours, seen.nonce),
            (Some("group:12:article:3".to_owned()), false, None)
        );
    }

    #[test]
    fn the_name_shown_is_the_servers_then_the_accounts() {
        let name = |nick: Option<&str>, global: Option<&str>| {
            let raw: RawMember = serde_json::from_value(json!({
                "user": {"id": "3", "username": "camille.d", "global_name": global}, "nick": nick,
                "roles": ["5"], "joined_at": "2027-03-04T10:00:00.000000+00:00",
            }))
            .unwrap();
            raw.seen().display
        };
        assert_eq!(name(Some("Cam"), Some("Camille")), "Cam");
        assert_eq!(name(None, Some("Camille")), "Camille");
        assert_eq!(name(None, None), "camille.d");
    }
}
