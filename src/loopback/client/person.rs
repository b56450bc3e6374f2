//! The acts of a person.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::super::handle::Handle;
use super::super::interactions::{Act, Choice, First, Kind};
use super::super::model::{Channel, ChannelKind, Member, Message};
use super::super::permissions as perm;
use super::super::snowflake::Id;
use super::super::validate::{Modal, ModalField};
use super::super::world::{Draft, World};
use super::answer::{Answer, On, components_of};
use super::options::{self, Resolved, Value};
use super::{Refusal, fold, refuse};

/// A person in front of a Discord client, by default in the first channel of the server that he sees.
#[derive(Clone, Debug)]
pub struct Person {
    handle: Handle,
    user: Id,
    guild: Option<Id>,
    channel: Option<Id>,
}

impl Person {
    pub(in super::super) fn new(handle: Handle, user: Id) -> Self {
        let guild = Some(handle.guild_id());
        Self {
            handle,
            user,
            guild,
            channel: None,
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

    /// Presses the button of that label; typography does not count.
    ///
    /// # Errors
    /// When there is no such button to press, and when the bot does not answer.
    pub async fn press(&self, on: impl On, label: &str) -> Result<Answer, Refusal> {
        let message = self.visible(&on)?;
        let buttons: Vec<Json> = components_of(&message).into_iter().filter(|c| c["type"] == 2).collect();
        let named = |c: &&Json| fold(c["label"].as_str().unwrap_or_default()) == fold(label);
        let Some(button) = buttons.iter().find(named) else {
            return refuse(format!("pas de bouton «{label}» mais {:?}", super::labels_of(&message)));
        };
        if button["disabled"] == true {
            return refuse(format!("le bouton «{label}» est grisé"));
        }
        let Some(custom_id) = button["custom_id"].as_str() else {
            return refuse("ce bouton ouvre un lien");
        };
        let data = json!({"component_type": 2, "custom_id": custom_id, "id": 1});
        self.use_component(&message, data).await
    }

    /// Chooses in a select, named by its placeholder, its custom_id or its rank among selects («0»), the options of
    /// those labels or values.
    ///
    /// # Errors
    /// When there is nothing such to choose, and when the bot does not answer.
    pub async fn select(&self, on: impl On, which: &str, chosen: &[&str]) -> Result<Answer, Refusal> {
        let message = self.visible(&on)?;
        let select = find_select(&message, which)?;
        if select["type"] != 3 {
            return refuse("ce menu n’offre pas de textes");
        }
        let options = select["options"].as_array().cloned().unwrap_or_default();
        let mut values = Vec::new();
        for wanted in chosen {
            let same =
                |o: &&Json| o["value"] == *wanted || fold(o["label"].as_str().unwrap_or_default()) == fold(wanted);
            let Some(option) = options.iter().find(same) else {
                let labels: Vec<&str> = options.iter().filter_map(|o| o["label"].as_str()).collect();
                return refuse(format!("«{wanted}» n’est pas proposé parmi {labels:?}"));
            };
            values.push(option["value"].clone());
        }
        count_fits(&select, values.len())?;
        let data = json!({"component_type": 3, "custom_id": select["custom_id"], "values": values, "id": 1});
        self.use_component(&message, data).await
    }

    /// Chooses accounts in a select of members.
    ///
    /// # Errors
    /// As for [`Self::select`].
    pub async fn select_users(&self, on: impl On, which: &str, chosen: &[Id]) -> Result<Answer, Refusal> {
        let message = self.visible(&on)?;
        let select = find_select(&message, which)?;
        if select["type"] != 5 && select["type"] != 7 {
            return refuse("ce menu n’offre pas de membres");
        }
        count_fits(&select, chosen.len())?;
        let data = self.handle.read(|w| {
            let mut resolved = Resolved::default();
            for user in chosen {
                let guild = w.channels.get(&message.channel_id).and_then(|c| c.guild_id);
                resolved.user(w, guild, *user, message.channel_id)?;
            }
            let values: Vec<String> = chosen.iter().map(Id::to_string).collect();
            let mut data =
                json!({"component_type": select["type"], "custom_id": select["custom_id"], "values": values, "id": 1});
            if let Some(resolved) = resolved.finish() {
                data["resolved"] = resolved;
            }
            Ok(data)
        })?;
        self.use_component(&message, data).await
    }

    async fn use_component(&self, message: &Message, data: Json) -> Result<Answer, Refusal> {
        let channel = message.channel_id;
        let guild = self.handle.read(|w| {
            let guild = w.channels.get(&channel).and_then(|c| c.guild_id);
            let pending = guild
                .and_then(|g| w.guilds.get(&g))
                .and_then(|g| g.members.get(&self.user))
                .is_some_and(|m| m.pending);
            if message.author_id != w.bot.user_id {
                refuse("ce message n’est pas du bot")
            } else if pending {
                refuse("cette personne n’a pas encore accepté le règlement du serveur")
            } else {
                Ok(guild)
            }
        })?;
        let act = Act {
            kind: Kind::Component,
            user: self.user,
            guild,
            channel,
            source: Some(message.id),
            opener: None,
            data,
        };
        self.act(&act).await
    }

    /// A message that this person sees now.
    fn visible(&self, on: &impl On) -> Result<Message, Refusal> {
        let Some(id) = on.message_id() else {
            return refuse("il n’y a pas de message");
        };
        self.handle.read(|w| match w.message(id) {
            None => refuse("ce message n’existe plus"),
            Some(m) if m.ephemeral_to.is_some_and(|only| only != self.user) => {
                refuse("ce message éphémère est pour une autre personne")
            }
            Some(m) if !m.is_ephemeral() && !w.sees(self.user, m.channel_id) => {
                refuse("cette personne ne voit pas ce salon")
            }
            Some(m) => Ok(m.clone()),
        })
    }

    /// Sends a form. Fields are named by custom_id or label; those not named keep what stands in them.
    ///
    /// # Errors
    /// What the client would not send (a required field left empty, too long a text), and a bot that does not answer.
    pub async fn submit(&self, modal: &Modal, texts: &[(&str, &str)]) -> Result<Answer, Refusal> {
        for (name, _) in texts {
            if !modal.fields.iter().any(|f| is_field(f, name)) {
                let known: Vec<&str> = modal.fields.iter().map(|f| f.custom_id.as_str()).collect();
                return refuse(format!("ce formulaire n’a pas de champ «{name}» mais {known:?}"));
            }
        }
        let mut rows = Vec::new();
        for field in &modal.fields {
            let typed = texts
                .iter()
                .find(|(name, _)| is_field(field, name))
                .map(|(_, text)| *text);
            let text = typed.unwrap_or(&field.value);
            check_field(field, text)?;
            rows.push(json!({"type": 1, "id": 1, "components": [
                {"type": 4, "id": 2, "custom_id": field.custom_id, "value": text}]}));
        }
        let guild = self
            .handle
            .read(|w| w.channels.get(&modal.channel).and_then(|c| c.guild_id));
        let act = Act {
            kind: Kind::Modal,
            user: self.user,
            guild,
            channel: modal.channel,
            source: modal.message,
            opener: Some(modal.interaction),
            data: json!({"custom_id": modal.custom_id, "components": rows}),
        };
        self.act(&act).await
    }

    /// As [`Self::submit`], for the form that an answer is.
    ///
    /// # Errors
    /// As for [`Self::submit`].
    ///
    /// # Panics
    /// When the answer is not a form.
    pub async fn submit_modal(&self, answer: &Answer, texts: &[(&str, &str)]) -> Result<Answer, Refusal> {
        self.submit(answer.modal(), texts).await
    }

    /// Sends an act and waits for the answer; a deferred one, until it has come.
    async fn act(&self, act: &Act) -> Result<Answer, Refusal> {
        let (id, patience) = self.handle.write(|w| (w.interact(act), w.patience()));
        let find = |w: &World| w.interactions.get(&id).and_then(|i| i.first.clone());
        let first = self
            .handle
            .try_wait("an answer", patience, find)
            .await
            .map_err(|_| Refusal::NoAnswer)?;
        if let First::Deferred(message) = &first {
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
            if text.trim().is_empty() || text.chars().count() > 2000 {
                return refuse("un message compte de 1 à 2000 caractères");
            }
            let draft = Draft {
                content: Some(text.to_owned()),
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

fn is_field(field: &ModalField, name: &str) -> bool {
    field.custom_id == name || fold(&field.label) == fold(name)
}

/// What the client checks before it sends a form.
fn check_field(field: &ModalField, text: &str) -> Result<(), Refusal> {
    let length = text.chars().count();
    if text.trim().is_empty() && field.required {
        return refuse(format!("le champ «{}» est obligatoire", field.label));
    }
    if length > 0 && !(field.min_length..=field.max_length).contains(&length) {
        return refuse(format!(
            "le champ «{}» compte de {} à {} caractères",
            field.label, field.min_length, field.max_length
        ));
    }
    if field.style == 1 && text.contains('\n') {
        return refuse(format!("le champ «{}» n’a qu’une ligne", field.label));
    }
    Ok(())
}

fn find_select(message: &Message, which: &str) -> Result<Json, Refusal> {
    let selects: Vec<Json> = components_of(message)
        .into_iter()
        .filter(|c| c["type"].as_u64().is_some_and(|t| (3..=8).contains(&t)))
        .collect();
    let by_rank = which.parse::<usize>().ok().and_then(|n| selects.get(n));
    let named =
        |c: &&Json| c["custom_id"] == which || c["placeholder"].as_str().is_some_and(|p| fold(p) == fold(which));
    match selects.iter().find(named).or(by_rank) {
        Some(select) if select["disabled"] == true => refuse(format!("le menu «{which}» est grisé")),
        Some(select) => Ok(select.clone()),
        None => {
            let known: Vec<&str> = selects.iter().filter_map(|c| c["placeholder"].as_str()).collect();
            refuse(format!("pas de menu «{which}» mais {known:?}"))
        }
    }
}

fn count_fits(select: &Json, count: usize) -> Result<(), Refusal> {
    let (min, max) = (
        select["min_values"].as_u64().unwrap_or(1),
        select["max_values"].as_u64().unwrap_or(1),
    );
    if (min..=max).contains(&(count as u64)) {
        Ok(())
    } else {
        refuse(format!("ce menu demande de {min} à {max} choix"))
    }
}
