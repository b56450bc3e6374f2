//! The acts of a person.

use std::time::Duration;

use super::super::handle::Handle;
use super::super::interactions::{Act, Choice, First, Kind};
use super::super::model::{Channel, ChannelKind, Member};
use super::super::permissions as perm;
use super::super::snowflake::Id;
use super::super::world::{Draft, World};
use super::answer::Answer;
use super::options::{self, Value};
use super::{Refusal, refuse};

/// The most files of one message (Discord documentation, «Create Message»).
const MAX_FILES: usize = 10;
/// The largest file of somebody without a subscription, in bytes (discord.md §1).
const MAX_FILE: usize = 10 * 1024 * 1024;

/// A person in front of a Discord client, by default in the first channel of the server that he sees.
#[derive(Clone, Debug)]
pub struct Person {
    pub(super) handle: Handle,
    pub(super) user: Id,
    pub(super) guild: Option<Id>,
    channel: Option<Id>,
    /// Does not wait for the end of «réfléchit…».
    hasty: bool,
}

impl Person {
    pub(in super::super) fn new(handle: Handle, user: Id) -> Self {
        let guild = Some(handle.guild_id());
        Self {
            handle,
            user,
            guild,
            channel: None,
            hasty: false,
        }
    }

    /// The same person, whose acts are over with the first answer: «réfléchit…» is one, as on a screen.
    #[must_use]
    pub fn hasty(&self) -> Self {
        Self {
            hasty: true,
            ..self.clone()
        }
    }

    /// His account.
    #[must_use]
    pub fn id(&self) -> Id {
        self.user
    }

    /// The same person, looking at that channel.
    #[must_use]
    pub fn in_channel(&self, channel: Id) -> Self {
        let guild = self.handle.read(|w| w.channels.get(&channel).and_then(|c| c.guild_id));
        Self {
            channel: Some(channel),
            guild,
            ..self.clone()
        }
    }

    /// The same person, in another server.
    #[must_use]
    pub fn in_guild(&self, guild: Id) -> Self {
        Self {
            guild: Some(guild),
            channel: None,
            ..self.clone()
        }
    }

    fn place(&self, world: &World) -> Result<Id, Refusal> {
        if let Some(channel) = self.channel {
            return Ok(channel);
        }
        let seen = |c: &&Channel| {
            c.guild_id == self.guild
                && c.kind == ChannelKind::Text
                && world.permissions_of(self.user, c) & perm::VIEW_CHANNEL != 0
        };
        match world.channels.values().find(seen) {
            Some(channel) => Ok(channel.id),
            None => refuse("cette personne ne voit aucun salon de ce serveur"),
        }
    }

    /// Types a slash command: «relai nommer», with its options.
    ///
    /// # Errors
    /// What the client would not send, and a bot that does not answer.
    pub async fn slash(&self, line: &str, given: &[(&str, Value)]) -> Result<Answer, Refusal> {
        let act = self.command_act(line, given, None)?;
        self.act(&act).await
    }

    /// Types in an option and reads the suggestions.
    ///
    /// # Errors
    /// As for [`Self::slash`].
    pub async fn autocomplete(&self, line: &str, option: &str, typed: &str) -> Result<Vec<Choice>, Refusal> {
        self.autocomplete_with(line, option, typed, &[]).await
    }

    /// As [`Self::autocomplete`], other options being filled already.
    ///
    /// # Errors
    /// As for [`Self::slash`].
    pub async fn autocomplete_with(
        &self,
        line: &str,
        option: &str,
        typed: &str,
        others: &[(&str, Value)],
    ) -> Result<Vec<Choice>, Refusal> {
        let act = self.command_act(line, others, Some((option, typed)))?;
        Ok(self.act(&act).await?.choices().to_vec())
    }

    /// Types in an option and takes the first suggestion.
    ///
    /// # Errors
    /// As for [`Self::slash`], and when nothing is suggested.
    pub async fn choose(&self, line: &str, option: &str, typed: &str) -> Result<Value, Refusal> {
        let choices = self.autocomplete(line, option, typed).await?;
        match choices.first() {
            Some(choice) => Ok(choice.into()),
            None => refuse(format!("rien n’est proposé pour «{typed}»")),
        }
    }

    fn command_act(&self, line: &str, given: &[(&str, Value)], focused: Option<(&str, &str)>) -> Result<Act, Refusal> {
        self.handle.write(|w| {
            let channel = self.place(w)?;
            let guild = w.channels.get(&channel).and_then(|c| c.guild_id);
            if guild.is_none() {
                return refuse("les commandes se tapent sur le serveur");
            }
            w.can_use_commands(self.user, channel).map_err(Refusal::NotOffered)?;
            let leaf = options::leaf(w, guild, self.user, line)?;
            let data = options::data(w, &leaf, guild, channel, given, focused)?;
            let kind = if focused.is_some() {
                Kind::Autocomplete
            } else {
                Kind::Command
            };
            Ok(Act {
                kind,
                user: self.user,
                guild,
                channel,
                source: None,
                opener: None,
                data,
            })
        })
    }

    /// Sends an act and waits for the answer; a deferred one, until it has come.
    pub(super) async fn act(&self, act: &Act) -> Result<Answer, Refusal> {
        let (id, patience) = self.handle.write(|w| (w.interact(act), w.patience()));
        let find = |w: &World| w.interactions.get(&id).and_then(|i| i.first.clone());
        let first = self
            .handle
            .try_wait("an answer", patience, find)
            .await
            .map_err(|_| Refusal::NoAnswer)?;
        if let (First::Deferred(message), false) = (&first, self.hasty) {
            let done = |w: &World| w.message(*message).is_none_or(|m| !m.loading).then_some(());
            let waited = self
                .handle
                .try_wait("the deferred answer", Duration::from_secs(10), done)
                .await;
            waited.map_err(|_| Refusal::NeverFinished)?;
        }
        Ok(Answer::new(self.handle.clone(), id, &first))
    }

    /// Writes a message, when permissions allow it.
    ///
    /// # Errors
    /// When the client would not let him write there.
    pub fn send_message(&self, channel: Id, text: &str) -> Result<Id, Refusal> {
        self.send_files(channel, text, Vec::new())
    }

    /// Writes a message with files, when permissions allow it.
    ///
    /// # Errors
    /// As for [`Self::send_message`]; what is not a file; more files, or larger ones, than Discord takes.
    pub fn send_files(&self, channel: Id, text: &str, files: Vec<Value>) -> Result<Id, Refusal> {
        self.handle.write(|w| {
            let Some(place) = w.channels.get(&channel) else {
                return refuse("ce salon n’existe pas");
            };
            let needed = perm::VIEW_CHANNEL | perm::SEND_MESSAGES;
            let member = place
                .guild_id
                .and_then(|g| w.guilds.get(&g))
                .and_then(|g| g.members.get(&self.user));
            if w.permissions_of(self.user, place) & needed != needed || member.is_some_and(|m| m.pending) {
                return refuse(format!("cette personne ne peut pas écrire dans «{}»", place.name));
            }
            if !files.is_empty() && w.permissions_of(self.user, place) & perm::ATTACH_FILES == 0 {
                return refuse(format!(
                    "cette personne ne peut pas joindre de fichier dans «{}»",
                    place.name
                ));
            }
            if (text.trim().is_empty() && files.is_empty()) || text.chars().count() > 2000 {
                return refuse("un message compte de 1 à 2000 caractères");
            }
            if files.len() > MAX_FILES {
                return refuse("un message porte 10 fichiers au plus");
            }
            let mut kept = Vec::with_capacity(files.len());
            for file in files {
                let Value::File {
                    name,
                    content_type,
                    bytes,
                } = file
                else {
                    return refuse("ce n’est pas un fichier");
                };
                if bytes.len() > MAX_FILE {
                    return refuse(format!("le fichier «{name}» dépasse 10 Mio"));
                }
                kept.push(w.new_attachment(channel, &name, &content_type, bytes));
            }
            let draft = Draft {
                content: Some(text.to_owned()),
                files: kept,
                ..Draft::default()
            };
            Ok(w.post(channel, self.user, draft, |_| ()))
        })
    }

    /// Deletes a message of his own, or of anyone where he manages messages.
    ///
    /// # Errors
    /// When the client would not let him.
    pub fn delete_message(&self, message: Id) -> Result<(), Refusal> {
        let found = self.visible(&message)?;
        self.handle.write(|w| {
            let bits = w
                .channels
                .get(&found.channel_id)
                .map_or(0, |c| w.permissions_of(self.user, c));
            if found.author_id != self.user && bits & perm::MANAGE_MESSAGES == 0 {
                return refuse("ce message est d’une autre personne");
            }
            w.delete_message(message);
            Ok(())
        })
    }

    /// Joins the server, screened at once.
    pub fn join(&self) {
        self.handle.admin().join(self.user, false);
    }

    /// Joins the server, with screening still to come.
    pub fn join_pending(&self) {
        self.handle.admin().join(self.user, true);
    }

    /// Passes membership screening.
    pub fn accept_rules(&self) {
        self.handle
            .admin()
            .edit_member(self.user, |m: &mut Member| m.pending = false);
    }

    /// Leaves the server.
    pub fn leave(&self) {
        self.handle.admin().kick(self.user);
    }
}
