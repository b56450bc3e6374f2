//! Interactions: what a person did, sent to the bot, and what the bot made of it.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::error::ApiError;
use super::model::{Message, MessageKind};
use super::permissions as perm;
use super::snowflake::Id;
use super::validate::Modal;
use super::wire;
use super::world::{Draft, World};

/// The life of an interaction token (discord.md §1).
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(15);

/// What kind of act an interaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Command,
    Component,
    Autocomplete,
    Modal,
}

impl Kind {
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Command => 2,
            Self::Component => 3,
            Self::Autocomplete => 4,
            Self::Modal => 5,
        }
    }
}

/// A suggestion while typing an option.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What is read.
    pub name: String,
    /// What is sent.
    pub value: Value,
}

/// The first answer of the bot.
#[derive(Clone, Debug)]
pub(super) enum First {
    /// A new message (4).
    Message(Id),
    /// «réfléchit…»: the message comes by an edit (5).
    Deferred(Id),
    /// Nothing visible yet; the message of the component may be edited (6).
    Silent,
    /// The message of the component was edited at once (7).
    Update(Id),
    /// Suggestions (8).
    Choices(Vec<Choice>),
    /// A form (9).
    Modal(Modal),
}

/// One act of a person.
#[derive(Clone, Debug)]
pub(super) struct Interaction {
    pub(super) id: Id,
    pub(super) token: String,
    pub(super) kind: Kind,
    pub(super) user: Id,
    pub(super) channel: Id,
    created: DateTime<Utc>,
    since: Instant,
    /// The message whose component was used, also by way of a modal.
    pub(super) source: Option<Id>,
    pub(super) first: Option<First>,
    /// What @original names.
    pub(super) original: Option<Id>,
    pub(super) followups: Vec<Id>,
    pub(super) metadata: Value,
}

/// What a person's act is made of, before it is sent.
pub(super) struct Act {
    pub(super) kind: Kind,
    pub(super) user: Id,
    pub(super) guild: Option<Id>,
    pub(super) channel: Id,
    pub(super) source: Option<Id>,
    /// The interaction that opened the modal.
    pub(super) opener: Option<Id>,
    pub(super) data: Value,
}

impl World {
    /// Sends an act to the bot as INTERACTION_CREATE.
    pub(super) fn interact(&mut self, act: &Act) -> Id {
        let id = self.next_id();
        // The token says nothing and is never written anywhere but in URLs.
        let token = format!("aW50ZXJhY3Rpb246{id:x}{:016x}", id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let metadata = self.metadata(id, act);
        let data = self.interaction_event(id, &token, act);
        self.tokens.insert(token.clone(), id);
        let interaction = Interaction {
            id,
            token,
            kind: act.kind,
            user: act.user,
            channel: act.channel,
            created: self.now(),
            since: Instant::now(),
            source: act.source,
            first: None,
            original: None,
            followups: Vec::new(),
            metadata,
        };
        self.interactions.insert(id, interaction);
        self.emit("INTERACTION_CREATE", &data, 0);
        id
    }

    fn owners(act: &Act) -> Value {
        // In a direct conversation with the bot, the owner of the installation is «0».
        json!({"0": act.guild.map_or_else(|| "0".to_owned(), |guild| guild.to_string())})
    }

    fn metadata(&self, id: Id, act: &Act) -> Value {
        let mut value = json!({
            "id": wire::id(id), "type": act.kind.number(), "user": self.users.get(&act.user).map(wire::user),
            "authorizing_integration_owners": Self::owners(act),
        });
        match act.kind {
            Kind::Component => value["interacted_message_id"] = json!(act.source.map(wire::id)),
            Kind::Modal => {
                let opener = act.opener.and_then(|opener| self.interaction_metadata(opener));
                value["triggering_interaction_metadata"] = json!(opener);
            }
            Kind::Command | Kind::Autocomplete => value["name"] = act.data["name"].clone(),
        }
        value
    }

    fn interaction_event(&self, id: Id, token: &str, act: &Act) -> Value {
        let mut event = json!({
            "id": wire::id(id), "application_id": wire::id(self.bot.application_id), "type": act.kind.number(),
            "token": token, "version": 1, "channel_id": wire::id(act.channel), "data": act.data, "locale": "fr",
            "entitlements": [], "attachment_size_limit": 10_485_760,
            "authorizing_integration_owners": Self::owners(act),
            "context": if act.guild.is_some() { 0 } else { 1 },
        });
        if let Some(channel) = self.channels.get(&act.channel) {
            let bits = self.permissions_of(act.user, channel);
            event["channel"] = wire::interaction_channel(self, channel, bits);
            event["app_permissions"] = json!(wire::app_permissions(self, channel).to_string());
        }
        let guild = act.guild.and_then(|g| self.guilds.get(&g));
        let member = guild.and_then(|g| g.members.get(&act.user));
        if let (Some(guild), Some(member)) = (guild, member) {
            event["guild_id"] = wire::id(guild.id);
            event["guild_locale"] = json!("fr");
            event["guild"] = json!({"id": wire::id(guild.id), "locale": "fr", "features": []});
            let bits = self
                .channels
                .get(&act.channel)
                .map_or(0, |c| self.permissions_of(act.user, c));
            event["member"] = wire::member(self, member);
            event["member"]["permissions"] = json!(bits.to_string());
        } else {
            event["user"] = json!(self.users.get(&act.user).map(wire::user));
        }
        if let Some(message) = act.source.and_then(|source| self.message(source)) {
            event["message"] = wire::message(self, message);
        }
        event
    }

    /// The interaction that a callback names, while it can still be answered for the first time.
    pub(super) fn answerable(&self, id: Id, token: &str) -> Result<Interaction, ApiError> {
        let gone = || ApiError::unknown(10062, "interaction");
        let interaction = self
            .interactions
            .get(&id)
            .filter(|i| i.token == token)
            .ok_or_else(gone)?;
        if interaction.first.is_some() {
            return Err(ApiError::new(400, 40060, "Interaction has already been acknowledged."));
        }
        if interaction.since.elapsed() > self.settings.answer_limit || self.now() - interaction.created > TOKEN_LIFE {
            return Err(gone());
        }
        Ok(interaction.clone())
    }

    /// The interaction of a webhook token, once it was answered and for fifteen minutes.
    pub(super) fn by_token(&self, token: &str) -> Result<Interaction, ApiError> {
        let unknown = || ApiError::unknown(10015, "Webhook");
        let id = self.tokens.get(token).ok_or_else(unknown)?;
        let interaction = self.interactions.get(id).ok_or_else(unknown)?;
        if self.now() - interaction.created > TOKEN_LIFE {
            return Err(ApiError::new(401, 50027, "Invalid Webhook Token"));
        }
        if interaction.first.is_none() {
            return Err(unknown());
        }
        Ok(interaction.clone())
    }

    pub(super) fn settle_first(&mut self, id: Id, first: First, original: Option<Id>) {
        if let Some(interaction) = self.interactions.get_mut(&id) {
            interaction.first = Some(first);
            interaction.original = original;
        }
    }

    /// Writes an answer to an interaction: no permission is asked, and flag 64 makes it ephemeral.
    pub(super) fn answer_message(&mut self, to: &Interaction, mut draft: Draft, loading: bool) -> Id {
        let me = self.bot.user_id;
        let ephemeral = draft.flags & 64 != 0;
        if loading {
            draft.flags |= 128;
        }
        let (id, user, kind) = (to.id, to.user, to.kind);
        self.post(to.channel, me, draft, |m: &mut Message| {
            m.interaction = Some(id);
            m.loading = loading;
            m.ephemeral_to = ephemeral.then_some(user);
            m.kind = if kind == Kind::Command {
                MessageKind::ChatInputCommand
            } else {
                MessageKind::Default
            };
        })
    }

    /// How long a person's client waits before it says that the application does not answer.
    pub(super) fn patience(&self) -> Duration {
        self.settings.answer_limit
    }

    /// Whether this person can use commands here: sees the channel, has the permission, passed screening.
    pub(super) fn can_use_commands(&self, user: Id, channel: Id) -> Result<(), String> {
        let channel = self.channels.get(&channel).ok_or("ce salon n’existe pas")?;
        let bits = self.permissions_of(user, channel);
        let member = channel
            .guild_id
            .and_then(|g| self.guilds.get(&g))
            .and_then(|g| g.members.get(&user));
        if channel.guild_id.is_some() && member.is_none() {
            return Err("cette personne n’est pas membre du serveur".into());
        }
        if member.is_some_and(|m| m.pending) {
            return Err("cette personne n’a pas encore accepté le règlement du serveur".into());
        }
        if bits & perm::VIEW_CHANNEL == 0 {
            return Err(format!("cette personne ne voit pas le salon «{}»", channel.name));
        }
        if bits & perm::USE_APPLICATION_COMMANDS == 0 {
            return Err("cette personne ne peut pas utiliser de commandes ici".into());
        }
        Ok(())
    }
}
