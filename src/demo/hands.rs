//! The acts of the cast: what somebody in front of a Discord client types, presses, fills in and chooses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::DemoError;
use super::play::Stage;
use super::script::{Act, Scenario};
use super::{markup, page};
use crate::loopback::model::Message;
use crate::loopback::{Answer, AnswerKind, Choice, Id, Person, Refusal, Value, World, fold, labels_of, text_of};

/// The longest list of suggestions shown.
const SUGGESTIONS: usize = 5;

impl Stage {
    /// Does what a person does. Gives what is seen at once: forms, suggestions, refusals of the client.
    pub(super) async fn act(&mut self, scenario: &Scenario, who: &str, act: &Act) -> Result<Vec<String>, DemoError> {
        let user = self.account(who)?;
        let person = self.discord.as_user(user);
        let done = match act {
            Act::Slash(line, options) => self.slash(scenario, &person, line, options).await,
            Act::Press { label, twice, under } => self.press(&person, label, *twice, under.as_deref()).await,
            Act::Fill(fields) => self.fill(&person, fields).await,
            Act::Validate(fields) => self.validate(scenario, &person, fields).await,
            Act::Choose(labels) => self.choose(&person, labels).await,
            Act::ChoosePerson(name) => {
                let chosen = self.account(name)?;
                self.choose_person(&person, chosen).await
            }
            Act::Write(place, text) => {
                let channel = self.place(place)?;
                person
                    .send_message(channel, text)
                    .map(|_| Vec::new())
                    .map_err(Halt::Refused)
            }
            Act::Join | Act::JoinPending | Act::Leave | Act::AcceptRules | Act::CloseDms(_) => {
                match act {
                    Act::Join => person.join(),
                    Act::JoinPending => person.join_pending(),
                    Act::Leave => person.leave(),
                    Act::CloseDms(closed) => self.discord.admin().set_dms_closed(user, *closed),
                    _ => person.accept_rules(),
                }
                Ok(Vec::new())
            }
            Act::Role(name, given) => self.role(user, name, *given),
            Act::LookAt(place) => self.place(place).map_err(Halt::Script).map(|channel| {
                if self.discord.read(|world| world.sees(user, channel)) {
                    self.picture().channel_page(channel)
                } else {
                    vec![format!("✗ {who} ne voit pas {place}.")]
                }
            }),
            Act::LookAround => {
                let seen: BTreeSet<Id> = person.visible_channels().iter().map(|channel| channel.id).collect();
                Ok(self.picture().tree(&seen))
            }
            Act::LookAtDms => Ok(self.picture().conversation(user)),
        };
        match done {
            Ok(lines) => Ok(lines),
            Err(Halt::Refused(Refusal::NotOffered(why))) => Ok(vec![format!("✗ Discord ne le permet pas : {why}.")]),
            Err(Halt::Script(DemoError::Impossible(why))) => Ok(vec![format!("✗ {why}.")]),
            Err(Halt::Refused(refusal)) => Err(DemoError::Unanswered(refusal.to_string())),
            Err(Halt::Script(error)) => Err(error),
        }
    }

    fn role(&self, user: Id, name: &str, given: bool) -> Result<Vec<String>, Halt> {
        let found = self.discord.read(|world| world.role_named(name).map(|role| role.id));
        let Some(role) = found else {
            return Err(Halt::Script(DemoError::Impossible(format!(
                "il n’y a pas de rôle « {name} »"
            ))));
        };
        if given {
            self.discord.admin().give_role(user, role);
        } else {
            self.discord.admin().take_role(user, role);
        }
        Ok(Vec::new())
    }

    async fn slash(
        &mut self,
        scenario: &Scenario,
        person: &Person,
        line: &str,
        options: &[(String, String)],
    ) -> Result<Vec<String>, Halt> {
        let mut lines = Vec::new();
        let mut given: Vec<(&str, Value)> = Vec::new();
        let definitions = self.discord.read(|world| definitions(world, line));
        for (name, written) in options {
            let written = self.typed(written);
            let definition = definitions
                .iter()
                .find(|definition| definition["name"] == name.as_str());
            let suggests = definition.is_some_and(|definition| definition["autocomplete"] == true);
            let kind = definition.and_then(|definition| definition["type"].as_u64());
            let value = if suggests {
                let offered = person.autocomplete_with(line, name, &written, &given).await?;
                lines.push(suggestions(name, &offered));
                offered.first().map_or(Value::Text(written), Value::from)
            } else {
                self.option(scenario, kind, &written)?
            };
            given.push((name, value));
        }
        let answer = person.slash(line, &given).await?;
        if line == "invitation" {
            self.codes.extend(code_in(&answer.text()));
        }
        lines.extend(self.received(person, &answer));
        Ok(lines)
    }

    fn option(&self, scenario: &Scenario, kind: Option<u64>, written: &str) -> Result<Value, Halt> {
        Ok(match kind {
            Some(4) => written
                .parse()
                .map_or_else(|_| Value::Text(written.to_owned()), Value::Int),
            Some(5) => Value::Bool(fold(written) == "oui"),
            Some(6) => Value::User(self.account(written.trim_start_matches('@')).map_err(Halt::Script)?),
            Some(11) => {
                let missing = || Halt::Script(DemoError::Impossible(format!("il n’y a pas de fichier {written}")));
                Value::file(written, scenario.file(written).ok_or_else(missing)?)
            }
            _ => Value::Text(written.to_owned()),
        })
    }

    /// Keeps the form or the message that an act led to; shows the form.
    fn received(&mut self, person: &Person, answer: &Answer) -> Vec<String> {
        if let Some(message) = answer.message_id {
            self.last.insert(person.id(), message);
        }
        if answer.kind == AnswerKind::Modal {
            self.forms.insert(person.id(), answer.modal().clone());
            return page::form(answer.modal());
        }
        Vec::new()
    }

    async fn press(
        &mut self,
        person: &Person,
        label: &str,
        twice: bool,
        under: Option<&str>,
    ) -> Result<Vec<String>, Halt> {
        let bears = |message: &Message| labels_of(message).iter().any(|one| *one == fold(label));
        let message = self
            .on_screen(person, under, bears)
            .ok_or_else(|| missing(&format!("de bouton « {label} »")))?;
        if !twice {
            let answer = person.press(message, label).await?;
            return Ok(self.received(person, &answer));
        }
        let (first, second) = tokio::join!(person.press(message, label), person.press(message, label));
        let mut lines = self.received(person, &first?);
        lines.extend(self.received(person, &second?));
        Ok(lines)
    }

    async fn fill(&mut self, person: &Person, fields: &[(String, String)]) -> Result<Vec<String>, Halt> {
        let Some(form) = self.forms.get(&person.id()).cloned() else {
            return Err(missing("de formulaire"));
        };
        let typed: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| (name.clone(), self.typed(value)))
            .collect();
        let texts: Vec<(&str, &str)> = typed
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer = person.submit(&form, &texts).await?;
        Ok(self.received(person, &answer))
    }

    async fn validate(
        &mut self,
        scenario: &Scenario,
        person: &Person,
        fields: &[(String, String)],
    ) -> Result<Vec<String>, Halt> {
        self.slash(scenario, person, "valider", &[]).await?;
        self.fill(person, fields).await?;
        self.press(person, "Confirmer", false, None).await
    }

    async fn choose(&mut self, person: &Person, labels: &[String]) -> Result<Vec<String>, Halt> {
        let offers = |message: &Message| selects(message).any(|select| offers_all(select, labels));
        let message = self
            .on_screen(person, None, offers)
            .ok_or_else(|| missing(&format!("de choix {labels:?}")))?;
        let found = self.discord.read(|world| {
            let message = world.message(message)?;
            selects(message).find(|select| offers_all(select, labels)).cloned()
        });
        let Some(select) = found else {
            return Err(missing(&format!("de choix {labels:?}")));
        };
        let whole: Vec<String> = labels.iter().filter_map(|label| option_of(&select, label)).collect();
        let chosen: Vec<&str> = whole.iter().map(String::as_str).collect();
        let answer = person
            .select(message, select["custom_id"].as_str().unwrap_or("0"), &chosen)
            .await?;
        Ok(self.received(person, &answer))
    }

    async fn choose_person(&mut self, person: &Person, chosen: Id) -> Result<Vec<String>, Halt> {
        let offers = |message: &Message| selects(message).any(|select| select["type"] == 5 || select["type"] == 7);
        let message = self
            .on_screen(person, None, offers)
            .ok_or_else(|| missing("de choix d’une personne"))?;
        let found = self.discord.read(|world| {
            let message = world.message(message)?;
            selects(message)
                .find(|select| select["type"] == 5 || select["type"] == 7)
                .cloned()
        });
        let which = found
            .as_ref()
            .and_then(|select| select["custom_id"].as_str())
            .unwrap_or("0");
        let answer = person.select_users(message, which, &[chosen]).await?;
        Ok(self.received(person, &answer))
    }

    /// The message that a person means: the one that the last act led to, else the newest that fits.
    fn on_screen(&self, person: &Person, under: Option<&str>, fits: impl Fn(&Message) -> bool) -> Option<Id> {
        let user = person.id();
        let picture = self.picture();
        let reads = |message: &Message| {
            let text = fold(&markup::plain(&text_of(message), &picture));
            under.is_none_or(|under| text.contains(&fold(under)))
        };
        self.discord.read(|world| {
            let conversation = world.dm_channel(user).map(|channel| channel.id);
            let visible = |message: &&Message| match message.ephemeral_to {
                Some(only) => only == user,
                None => Some(message.channel_id) == conversation || world.sees(user, message.channel_id),
            };
            let fitting = |message: &&Message| visible(message) && fits(message) && reads(message);
            let last = self.last.get(&user).and_then(|id| world.message(*id)).filter(fitting);
            let lasting = world.messages.values().flat_map(BTreeMap::values);
            let newest = || {
                lasting
                    .chain(world.ephemerals.values())
                    .filter(fitting)
                    .max_by_key(|message| message.id)
            };
            last.or_else(newest).map(|message| message.id)
        })
    }
}

/// Why an act could not be done.
enum Halt {
    /// The client or the bot.
    Refused(Refusal),
    /// The script.
    Script(DemoError),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn missing(what: &str) -> Halt {
    Halt::Refused(Refusal::NotOffered(format!("il n’y a pas {what} à l’écran")))
}

/// The options of a command's leaf, as registered.
fn definitions(world: &World, line: &str) -> Vec<Json> {
    let mut words = line.split_whitespace();
    let Some(command) = words.next().and_then(|root| world.command_named(root)) else {
        return Vec::new();
    };
    let list = |value: &Json| value["options"].as_array().cloned().unwrap_or_default();
    words.fold(list(&command.definition), |options, word| {
        options
            .iter()
            .find(|option| option["name"] == word)
            .map(list)
            .unwrap_or_default()
    })
}

fn suggestions(name: &str, offered: &[Choice]) -> String {
    let names: Vec<&str> = offered
        .iter()
        .take(SUGGESTIONS)
        .map(|choice| choice.name.as_str())
        .collect();
    match offered.len() {
        0 => format!("({name} : rien n’est proposé)"),
        n if n > SUGGESTIONS => format!("({name} : {} … et {} autres)", names.join(" · "), n - SUGGESTIONS),
        _ => format!("({name} : {})", names.join(" · ")),
    }
}

/// A one-time code: eight capitals and digits, perhaps parted in the middle, with a digit at least.
fn code_in(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .map(str::to_owned)
        .find(|word| {
            let signs = word.chars().filter(|c| *c != '-');
            signs.clone().count() == 8 && signs.clone().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        })
}

fn selects(message: &Message) -> impl Iterator<Item = &Json> {
    let rows = message.components.iter().filter_map(|row| row["components"].as_array());
    rows.flatten()
        .filter(|part| part["type"].as_u64().is_some_and(|kind| (3..=8).contains(&kind)))
}

fn offers_all(select: &Json, labels: &[String]) -> bool {
    labels.iter().all(|label| option_of(select, label).is_some())
}

/// The whole label of an option called by its label or the beginning of it.
fn option_of(select: &Json, wanted: &str) -> Option<String> {
    let labels: Vec<&str> = select["options"]
        .as_array()?
        .iter()
        .filter_map(|option| option["label"].as_str())
        .collect();
    let same = labels.iter().find(|label| fold(label) == fold(wanted));
    let begins = || labels.iter().find(|label| fold(label).starts_with(&fold(wanted)));
    same.or_else(begins).map(|label| (*label).to_owned())
}
