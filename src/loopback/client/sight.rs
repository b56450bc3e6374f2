//! What a person sees.

use serde_json::Value as Json;

use super::super::interactions::First;
use super::super::model::{Channel, Message};
use super::super::snowflake::Id;
use super::super::wire;
use super::super::world::World;
use super::{Answer, Person, options};

impl Person {
    /// The commands that his client proposes in this server, as Discord describes them.
    #[must_use]
    pub fn commands(&self) -> Vec<Json> {
        self.handle.read(|w| {
            let offered = |c: &&super::super::model::Command| {
                let here = c.guild_id.is_none() || c.guild_id == self.guild;
                here && options::is_offered(w, self.guild, self.user, c)
            };
            w.commands.iter().filter(offered).map(|c| wire::command(w, c)).collect()
        })
    }

    /// The messages of the bot in the direct conversation, oldest first.
    #[must_use]
    pub fn dms(&self) -> Vec<Message> {
        self.handle.read(|w| {
            w.dms_of(self.user)
                .into_iter()
                .filter(|m| m.author_id == w.bot.user_id)
                .cloned()
                .collect()
        })
    }

    /// Waits for a direct message of the bot that is as wanted, ten seconds at most.
    ///
    /// # Panics
    /// With a dump of the world when none comes.
    pub async fn wait_dm(&self, what: &str, is: impl Fn(&Message) -> bool) -> Message {
        let find = |w: &World| {
            let bot = w.bot.user_id;
            w.dms_of(self.user)
                .into_iter()
                .find(|m| m.author_id == bot && is(m))
                .cloned()
        };
        self.handle.wait_some(what, find).await
    }

    /// The channels that he sees, in the server he is in.
    #[must_use]
    pub fn visible_channels(&self) -> Vec<Channel> {
        self.handle.read(|w| {
            let seen = |c: &&Channel| c.guild_id == self.guild && w.sees(self.user, c.id);
            w.channels.values().filter(seen).cloned().collect()
        })
    }

    /// Whether he has all of `permissions` in a channel.
    #[must_use]
    pub fn can(&self, channel: Id, permissions: u64) -> bool {
        self.handle.read(|w| {
            w.channels
                .get(&channel)
                .is_some_and(|c| w.permissions_of(self.user, c) & permissions == permissions)
        })
    }

    /// The messages of a channel as he sees them, oldest first: his own ephemeral ones included, nothing at all of a
    /// channel that he does not see.
    #[must_use]
    pub fn read_channel(&self, channel: Id) -> Vec<Message> {
        self.handle.read(|w| {
            if !w.sees(self.user, channel) {
                return Vec::new();
            }
            let own = w
                .ephemerals
                .values()
                .filter(|m| m.channel_id == channel && m.ephemeral_to == Some(self.user));
            let mut list: Vec<Message> = w.messages_in(channel).into_iter().chain(own).cloned().collect();
            list.sort_by_key(|m| m.id);
            list
        })
    }

    /// The ephemeral messages on his screen, oldest first.
    #[must_use]
    pub fn ephemerals(&self) -> Vec<Message> {
        self.handle.read(|w| {
            w.ephemerals
                .values()
                .filter(|m| m.ephemeral_to == Some(self.user))
                .cloned()
                .collect()
        })
    }

    /// An ephemeral message on his screen, as it is now.
    #[must_use]
    pub fn ephemeral(&self, id: Id) -> Option<Message> {
        self.ephemerals().into_iter().find(|m| m.id == id)
    }

    /// Every answer he got so far, oldest first.
    #[must_use]
    pub fn responses(&self) -> Vec<Answer> {
        let firsts: Vec<(Id, First)> = self.handle.read(|w| {
            let own = w.interactions.values().filter(|i| i.user == self.user);
            own.filter_map(|i| i.first.clone().map(|first| (i.id, first))).collect()
        });
        firsts
            .iter()
            .map(|(id, first)| Answer::new(self.handle.clone(), *id, first))
            .collect()
    }

    /// The messages that notified him, oldest first.
    #[must_use]
    pub fn notifications(&self) -> Vec<Message> {
        self.handle.read(|w| {
            let all = w.messages.values().flat_map(|list| list.values());
            let mut list: Vec<Message> = all.filter(|m| m.notified.contains(&self.user)).cloned().collect();
            list.sort_by_key(|m| m.id);
            list
        })
    }
}
