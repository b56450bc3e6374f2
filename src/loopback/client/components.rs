//! Buttons, menus and forms in the hands of a person.

use serde_json::{Value as Json, json};

use super::super::interactions::{Act, Kind};
use super::super::model::Message;
use super::super::snowflake::Id;
use super::super::validate::{Modal, ModalField};
use super::answer::{Answer, On, components_of};
use super::options::Resolved;
use super::{Person, Refusal, fold, refuse};

impl Person {
    /// Presses the button of that label (typography does not count) or of that custom_id.
    ///
    /// # Errors
    /// When there is no such button to press, and when the bot does not answer.
    pub async fn press(&self, on: impl On, label: &str) -> Result<Answer, Refusal> {
        let message = self.visible(&on)?;
        let buttons: Vec<Json> = components_of(&message).into_iter().filter(|c| c["type"] == 2).collect();
        let named = |c: &&Json| c["custom_id"] == label || fold(c["label"].as_str().unwrap_or_default()) == fold(label);
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
        self.select_entities(on, which, chosen).await
    }

    /// Chooses what a select of members (5), roles (6), both (7) or channels (8) offers.
    ///
    /// # Errors
    /// As for [`Self::select`].
    pub async fn select_entities(&self, on: impl On, which: &str, chosen: &[Id]) -> Result<Answer, Refusal> {
        let message = self.visible(&on)?;
        let select = find_select(&message, which)?;
        let kind = select["type"].as_u64().unwrap_or(0);
        if !(5..=8).contains(&kind) {
            return refuse("ce menu n’offre ni membres, ni rôles, ni salons");
        }
        count_fits(&select, chosen.len())?;
        let data = self.handle.read(|w| {
            let mut resolved = Resolved::default();
            let guild = w.channels.get(&message.channel_id).and_then(|c| c.guild_id);
            for one in chosen {
                match kind {
                    6 => resolved.role(w, guild, *one)?,
                    7 if !w.users.contains_key(one) => resolved.role(w, guild, *one)?,
                    8 => resolved.channel(w, *one)?,
                    _ => resolved.user(w, guild, *one, message.channel_id)?,
                }
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
    pub(super) fn visible(&self, on: &impl On) -> Result<Message, Refusal> {
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
