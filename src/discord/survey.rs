//! The server as it is at this moment, for `/installer` and `/diagnostic`: read anew, because whoever asks has just changed
//! something, or wonders whether the bot has seen it.

use serenity::http::{Http, LightMethod, Route};

use super::client;
use super::failure::ApiFailure;
use super::wire::{self, RawRole, call};
use crate::domain::ids::{GuildId, UserId};
use crate::domain::installation::{Portal, RankedRole, Survey};

/// Looks at the server: roles with their rank, channels, the bot's own roles, and the developer portal if it answers.
///
/// # Errors
/// As a request fails.
pub async fn look(http: &Http, guild: GuildId) -> Result<Survey, ApiFailure> {
    let bot = UserId(client::me(http).await?);
    let route = Route::GuildRoles {
        guild_id: guild.0.into(),
    };
    let roles: Vec<RawRole> = call(http, LightMethod::Get, route, None, None).await?;
    let channels = wire::channels(http, guild).await?;
    let member = wire::member(http, guild, bot).await?;
    let portal = client::application(http).await.ok().map(|application| Portal {
        public: application.public,
        lists_members: application.lists_members,
    });
    Ok(Survey {
        guild,
        bot,
        held: member.map(|person| person.member.roles).unwrap_or_default(),
        roles: roles
            .into_iter()
            .map(|raw| {
                let position = raw.position;
                let (id, role) = raw.seen();
                (id, RankedRole { role, position })
            })
            .collect(),
        channels: channels.into_iter().collect(),
        portal,
    })
}
