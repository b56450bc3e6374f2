//! What a person sees after an act.

use serde_json::Value as Json;

use super::super::handle::Handle;
use super::super::interactions::{Choice, First};
use super::super::model::{Attachment, Message};
use super::super::snowflake::Id;
use super::super::validate::Modal;
use super::super::world::World;
use super::fold;

/// How a person's act was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// A message, at once or after «réfléchit…».
    Message,
    /// The message with the component was edited.
    Update,
    /// Nothing visible (yet).
    Silent,
    /// A form.
    Modal,
    /// Suggestions.
    Choices,
}

/// The answer to one act. Its message is looked up anew each time, so that later edits show.
#[derive(Clone, Debug)]
pub struct Answer {
    handle: Handle,
    interaction: Id,
    /// How the act was answered.
    pub kind: AnswerKind,
    /// The message of the answer.
    pub message_id: Option<Id>,
    /// Whether the first answer was «réfléchit…».
    pub deferred: bool,
    modal: Option<Modal>,
    choices: Vec<Choice>,
}

impl Answer {
    pub(super) fn new(handle: Handle, interaction: Id, first: &First) -> Self {
        let silent = handle.read(|w| w.interactions.get(&interaction).and_then(|i| i.source));
        let (kind, message_id) = match first {
            First::Message(id) | First::Deferred(id) => (AnswerKind::Message, Some(*id)),
            First::Update(id) => (AnswerKind::Update, Some(*id)),
            First::Silent => (AnswerKind::Silent, silent),
            First::Modal(_) => (AnswerKind::Modal, None),
            First::Choices(_) => (AnswerKind::Choices, None),
        };
        Self {
            handle,
            interaction,
            kind,
            message_id,
            deferred: matches!(first, First::Deferred(_)),
            modal: if let First::Modal(modal) = first {
                Some(modal.clone())
            } else {
                None
            },
            choices: if let First::Choices(choices) = first {
                choices.clone()
            } else {
                Vec::new()
            },
        }
    }

    /// The message as it is now; none for a form, or when it was deleted.
    #[must_use]
    pub fn message(&self) -> Option<Message> {
        self.message_id
            .and_then(|id| self.handle.read(|w| w.message(id).cloned()))
    }

    /// All that can be read in the message now: content, then titles, descriptions, fields and footers of embeds.
    #[must_use]
    pub fn text(&self) -> String {
        self.message().map(|m| text_of(&m)).unwrap_or_default()
    }

    /// The content now.
    #[must_use]
    pub fn content(&self) -> String {
        self.message().map(|m| m.content).unwrap_or_default()
    }

    /// The embeds now, as JSON.
    #[must_use]
    pub fn embeds(&self) -> Vec<Json> {
        self.message().map(|m| m.embeds).unwrap_or_default()
    }

    /// The files now.
    #[must_use]
    pub fn attachments(&self) -> Vec<Attachment> {
        self.message().map(|m| m.attachments).unwrap_or_default()
    }

    /// Whether only this person sees it.
    #[must_use]
    pub fn ephemeral(&self) -> bool {
        self.message().is_some_and(|m| m.is_ephemeral())
    }

    /// Labels of the buttons that can be pressed now.
    #[must_use]
    pub fn buttons(&self) -> Vec<String> {
        self.message().map(|m| labels_of(&m)).unwrap_or_default()
    }

    /// The form.
    ///
    /// # Panics
    /// When the answer is not a form.
    #[must_use]
    pub fn modal(&self) -> &Modal {
        match &self.modal {
            Some(modal) => modal,
            None => panic!("not a form but {:?}: {}", self.kind, self.text()),
        }
    }

    /// The suggestions.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// Further messages of the bot about the same act, oldest first.
    #[must_use]
    pub fn followups(&self) -> Vec<Message> {
        self.handle.read(|w| {
            let ids = w
                .interactions
                .get(&self.interaction)
                .map(|i| i.followups.clone())
                .unwrap_or_default();
            ids.iter().filter_map(|id| w.message(*id).cloned()).collect()
        })
    }

    /// Waits until the message is as wanted, ten seconds at most.
    ///
    /// # Panics
    /// With a dump of the world when it does not become so.
    pub async fn wait_until(&self, what: &str, is: impl Fn(&Message) -> bool) -> Message {
        let id = self.message_id.unwrap_or_default();
        self.handle
            .wait_some(what, |w| w.message(id).filter(|m| is(m)).cloned())
            .await
    }

    /// Waits for the n-th further message (from 0), ten seconds at most.
    ///
    /// # Panics
    /// With a dump of the world when it does not come.
    pub async fn followup(&self, n: usize) -> Message {
        let find = |w: &World| {
            let id = w.interactions.get(&self.interaction)?.followups.get(n)?;
            w.message(*id).cloned()
        };
        self.handle.wait_some(&format!("followup {n}"), find).await
    }
}

/// Something with components: an answer, a message, or a message's identifier.
pub trait On {
    /// The message in question.
    fn message_id(&self) -> Option<Id>;
}

impl On for Answer {
    fn message_id(&self) -> Option<Id> {
        self.message_id
    }
}

impl On for Message {
    fn message_id(&self) -> Option<Id> {
        Some(self.id)
    }
}

impl On for Id {
    fn message_id(&self) -> Option<Id> {
        Some(*self)
    }
}

impl<T: On> On for &T {
    fn message_id(&self) -> Option<Id> {
        (*self).message_id()
    }
}

/// All that can be read in a message.
#[must_use]
pub fn text_of(message: &Message) -> String {
    let mut parts = vec![message.content.clone()];
    for embed in &message.embeds {
        let mut push = |value: &Json| parts.extend(value.as_str().map(str::to_owned));
        push(&embed["author"]["name"]);
        push(&embed["title"]);
        push(&embed["description"]);
        for field in embed["fields"].as_array().into_iter().flatten() {
            push(&field["name"]);
            push(&field["value"]);
        }
        push(&embed["footer"]["text"]);
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// All components of a message, row after row.
pub(super) fn components_of(message: &Message) -> Vec<Json> {
    let rows = message.components.iter().filter_map(|row| row["components"].as_array());
    rows.flatten().cloned().collect()
}

/// Labels of the buttons of a message that can be pressed.
#[must_use]
pub fn labels_of(message: &Message) -> Vec<String> {
    let enabled = |c: &Json| c["type"] == 2 && c["disabled"] != true;
    components_of(message)
        .iter()
        .filter(|c| enabled(c))
        .map(|c| fold(c["label"].as_str().unwrap_or_default()))
        .collect()
}
