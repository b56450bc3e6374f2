//! Events to the gateway sessions: who may hear what.

use serde_json::{Value, json};

use super::super::gateway::intents;
use super::super::model::{Channel, ChannelKind, Message};
use super::super::snowflake::Id;
use super::super::wire;
use super::World;

impl World {
    /// Sends an event to all sessions that asked for one of `intents`; 0 goes to all of them.
    pub(in super::super) fn emit(&mut self, name: &str, data: &Value, intents: u64) {
        for _ in 0..self.echoes {
            for session in self.sessions.listening() {
                if intents == 0 || session.intents & intents != 0 {
                    session.push(name, data);
                }
            }
        }
    }

    /// As [`Self::emit`], about a channel: nothing is said when the bot does not see it.
    pub(super) fn emit_in(&mut self, channel: Id, name: &str, data: &Value, intents: u64) {
        let seen = self.channels.get(&channel).is_some_and(|c| self.bot_sees(c));
        if seen {
            self.emit(name, data, intents);
        }
    }

    pub(super) fn message_intent(channel: &Channel) -> u64 {
        if channel.kind == ChannelKind::Dm {
            intents::DIRECT_MESSAGES
        } else {
            intents::GUILD_MESSAGES
        }
    }

    /// MESSAGE_CREATE or MESSAGE_UPDATE; without the intent for contents, those of others are blank.
    pub(super) fn emit_message(&mut self, name: &str, id: Id) {
        let Some(message) = self.message(id) else { return };
        let Some(channel) = self.channels.get(&message.channel_id) else {
            return;
        };
        // Ephemeral answers exist only on the screen of one person.
        if message.is_ephemeral() || !self.bot_sees(channel) {
            return;
        }
        let needed = Self::message_intent(channel);
        let open = self.is_readable(message, channel);
        let data = wire::message_event(self, message);
        let blank = if open { data.clone() } else { blanked(data.clone()) };
        for _ in 0..self.echoes {
            for session in self.sessions.listening() {
                if session.intents & needed != 0 {
                    let reads = session.intents & intents::MESSAGE_CONTENT != 0;
                    session.push(name, if reads { &data } else { &blank });
                }
            }
        }
    }

    /// Whether the bot reads this message without the intent for contents: its own, those that name it, and DMs.
    pub(in super::super) fn is_readable(&self, message: &Message, channel: &Channel) -> bool {
        message.author_id == self.bot.user_id
            || channel.kind == ChannelKind::Dm
            || message.mentions.contains(&self.bot.user_id)
    }
}

/// A message as an application without the intent for contents receives it.
pub(in super::super) fn blanked(mut message: Value) -> Value {
    message["content"] = json!("");
    for field in ["embeds", "attachments", "components"] {
        message[field] = json!([]);
    }
    message
}
