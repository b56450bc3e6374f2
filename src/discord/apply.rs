//! One step of a plan, one call. Nothing is decided here: a step that names an object that does not exist is refused.

use serde_json::{Value, json};
use serenity::http::{Http, LightMethod, Route};

use super::failure::{ApiFailure, Kind};
use super::view;
use super::wire::{RawChannel, RawMessage, RawRole, call, send};
use crate::domain::bindings::Key;
use crate::domain::desired::{ChannelSpec, Target};
use crate::domain::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::domain::observed::{Bits, ChannelKind, SeenChannel, SeenMessage, SeenRole};
use crate::domain::plan::ledger::Made;
use crate::domain::plan::{Act, ChannelEdit, Step};
use crate::domain::view::Message;

/// What Discord shows after a call: the mirror takes it over, so that our own acts cost no look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A role.
    Role(RoleId, SeenRole),
    /// A channel.
    Channel(ChannelId, SeenChannel),
    /// A message of ours.
    Message(ChannelId, MessageId, SeenMessage),
    /// A message is pinned.
    Pinned(ChannelId, MessageId),
    /// A message is gone.
    Gone(ChannelId, MessageId),
    /// An account holds a role.
    Granted(UserId, RoleId),
    /// An account no longer holds a role.
    Revoked(UserId, RoleId),
    /// Nothing new.
    Nothing,
}

/// What a step needs besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The bound server.
    pub guild: GuildId,
    /// The bot's account.
    pub bot: UserId,
    /// The message of a step that posts or edits.
    pub message: Option<&'a Message>,
    /// The nonce of a step that posts.
    pub nonce: Option<&'a str>,
    /// Where the message of a step that pins lies.
    pub place: Option<(ChannelId, MessageId)>,
    /// The channel of a step that posts.
    pub channel: Option<ChannelId>,
}

/// The step names an object that does not exist: the planner or the books are wrong.
const UNRESOLVED: ApiFailure = ApiFailure {
    kind: Kind::Invalid,
    code: None,
    status: None,
};

/// Makes the call of a step.
///
/// # Errors
/// As Discord fails or refuses.
pub async fn apply(
    http: &Http,
    step: &Step,
    ids: impl Fn(Key) -> Option<u64>,
    context: &Context<'_>,
) -> Result<(Made, Shown), ApiFailure> {
    let guild_id = context.guild.0.into();
    match &step.act {
        Act::CreateRole { name } | Act::CreateNational { name, .. } => {
            let route = Route::GuildRoles { guild_id };
            let role: RawRole = call(http, LightMethod::Post, route, None, Some(&role_body(name))).await?;
            Ok(made_role(role))
        }
        Act::EditRole { role, name } => {
            let route = Route::GuildRole {
                guild_id,
                role_id: role.0.into(),
            };
            let role: RawRole = call(http, LightMethod::Patch, route, None, Some(&role_body(name))).await?;
            Ok(made_role(role))
        }
        Act::CreateChannel { spec } => {
            let body = channel_body(spec, &ids).ok_or(UNRESOLVED)?;
            let route = Route::GuildChannels { guild_id };
            let channel: RawChannel = call(http, LightMethod::Post, route, None, Some(&body)).await?;
            Ok(made_channel(channel))
        }
        Act::EditChannel { channel, edit, .. } => {
            let body = edit_body(edit, &ids).ok_or(UNRESOLVED)?;
            let route = Route::Channel {
                channel_id: channel.0.into(),
            };
            let channel: RawChannel = call(http, LightMethod::Patch, route, None, Some(&body)).await?;
            Ok(made_channel(channel))
        }
        Act::Grant { role, user } => {
            let role = ids(*role).ok_or(UNRESOLVED)?;
            let route = Route::GuildMemberRole {
                guild_id,
                user_id: user.0.into(),
                role_id: role.into(),
            };
            send(http, LightMethod::Put, route, None).await?;
            Ok((Made::Object(role), Shown::Granted(*user, RoleId(role))))
        }
        Act::Revoke { role, user } => {
            let route = Route::GuildMemberRole {
                guild_id,
                user_id: user.0.into(),
                role_id: role.0.into(),
            };
            send(http, LightMethod::Delete, route, None).await?;
            Ok((Made::Nothing, Shown::Revoked(*user, *role)))
        }
        Act::Post { .. } => {
            let (Some(message), Some(channel)) = (context.message, context.channel) else {
                return Err(UNRESOLVED);
            };
            let mut body = view::message(message);
            if let Some(nonce) = context.nonce {
                body["nonce"] = json!(nonce);
                body["enforce_nonce"] = json!(true);
            }
            let route = Route::ChannelMessages {
                channel_id: channel.0.into(),
            };
            let message: RawMessage = call(http, LightMethod::Post, route, None, Some(&body)).await?;
            let (id, seen) = message.seen(context.bot);
            Ok((Made::Object(id.0), Shown::Message(channel, id, seen)))
        }
        Act::Edit { channel, message, .. } => {
            let body = view::message(context.message.ok_or(UNRESOLVED)?);
            let route = Route::ChannelMessage {
                channel_id: channel.0.into(),
                message_id: message.0.into(),
            };
            send(http, LightMethod::Patch, route, Some(&body)).await?;
            Ok((Made::Nothing, Shown::Nothing))
        }
        Act::Pin => {
            let (channel, message) = context.place.ok_or(UNRESOLVED)?;
            let route = Route::ChannelPin {
                channel_id: channel.0.into(),
                message_id: message.0.into(),
            };
            send(http, LightMethod::Put, route, None).await?;
            Ok((Made::Nothing, Shown::Pinned(channel, message)))
        }
        Act::Delete { channel, message } | Act::Sweep { channel, message } => {
            let route = Route::ChannelMessage {
                channel_id: channel.0.into(),
                message_id: message.0.into(),
            };
            match send(http, LightMethod::Delete, route, None).await {
                // Gone already, which is what was wanted.
                Ok(())
                | Err(ApiFailure {
                    kind: Kind::Missing, ..
                }) => Ok((Made::Nothing, Shown::Gone(*channel, *message))),
                Err(failure) => Err(failure),
            }
        }
        Act::Adopt { .. } | Act::Remember { .. } | Act::Forget => Ok((Made::Nothing, Shown::Nothing)),
    }
}

fn made_role(role: RawRole) -> (Made, Shown) {
    let (id, seen) = role.seen();
    (Made::Object(id.0), Shown::Role(id, seen))
}

fn made_channel(channel: RawChannel) -> (Made, Shown) {
    let (id, seen) = channel.seen();
    (Made::Object(id.0), Shown::Channel(id, seen))
}

/// A role that gives nothing by itself: what it opens is said by the channels.
fn role_body(name: &str) -> Value {
    json!({"name": name, "permissions": "0", "hoist": false, "mentionable": false})
}

fn channel_body(spec: &ChannelSpec, ids: impl Fn(Key) -> Option<u64>) -> Option<Value> {
    let ChannelSpec {
        key: _,
        kind,
        name,
        topic,
        parent,
        overwrites,
    } = spec;
    let mut body = json!({
        "name": name,
        "type": if *kind == ChannelKind::Category { 4 } else { 0 },
        "permission_overwrites": overwrites_body(overwrites, &ids)?,
    });
    if !topic.is_empty() {
        body["topic"] = json!(topic);
    }
    if let Some(parent) = parent {
        body["parent_id"] = json!(ids(*parent)?.to_string());
    }
    Some(body)
}

fn edit_body(edit: &ChannelEdit, ids: impl Fn(Key) -> Option<u64>) -> Option<Value> {
    let ChannelEdit {
        name,
        topic,
        parent,
        overwrites,
        partial: _,
    } = edit;
    let mut body = json!({});
    if let Some(name) = name {
        body["name"] = json!(name);
    }
    if let Some(topic) = topic {
        body["topic"] = json!(topic);
    }
    if let Some(parent) = parent {
        body["parent_id"] = json!(ids(*parent)?.to_string());
    }
    if let Some(overwrites) = overwrites {
        body["permission_overwrites"] = overwrites_body(overwrites, &ids)?;
    }
    Some(body)
}

/// Complete, raw masks: read through serenity's types and written back, they would lose what it does not know.
fn overwrites_body(overwrites: &[(Target, Bits)], ids: impl Fn(Key) -> Option<u64>) -> Option<Value> {
    overwrites
        .iter()
        .map(|(target, Bits { allow, deny })| {
            let (kind, id) = match target {
                Target::Role(role) => (0, role.0),
                Target::Bound(key) => (0, ids(*key)?),
                Target::Member(user) => (1, user.0),
            };
            Some(json!({"id": id.to_string(), "type": kind, "allow": allow.to_string(), "deny": deny.to_string()}))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::GroupId;

    #[test]
    fn a_channel_is_asked_for_with_all_its_overwrites() {
        let group = GroupId(12);
        let spec = ChannelSpec {
            key: Key::Category(group),
            kind: ChannelKind::Category,
            name: "🌱 Lunel".to_owned(),
            topic: String::new(),
            parent: None,
            overwrites: vec![
                (Target::Role(RoleId(1)), Bits { allow: 0, deny: 1024 }),
                (
                    Target::Bound(Key::Role(group)),
                    Bits {
                        allow: 1 << 51,
                        deny: 0,
                    },
                ),
                (Target::Member(UserId(2)), Bits { allow: 1024, deny: 0 }),
            ],
        };
        assert_eq!(channel_body(&spec, |_| None), None, "never without the group's role");
        assert_eq!(
            channel_body(&spec, |_| Some(9)).unwrap(),
            json!({
                "name": "🌱 Lunel", "type": 4,
                "permission_overwrites": [
                    {"id": "1", "type": 0, "allow": "0", "deny": "1024"},
                    {"id": "9", "type": 0, "allow": "2251799813685248", "deny": "0"},
                    {"id": "2", "type": 1, "allow": "1024", "deny": "0"},
                ],
            })
        );
    }

    #[test]
    fn an_edit_sends_only_what_differs() {
        let edit = ChannelEdit {
            name: Some("🏛️ ACP Lunel".to_owned()),
            ..ChannelEdit::default()
        };
        assert_eq!(edit_body(&edit, |_| None).unwrap(), json!({"name": "🏛️ ACP Lunel"}));
    }
}
