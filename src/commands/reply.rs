//! Answers to interactions (Discord documentation, interactions/receiving-and-responding).
//!
//! Everything that shows personal data is ephemeral, so ephemeral is what a plain [`Reply::send`] does. A lost first answer
//! is tried again at once: it is idempotent, since Discord answers 40060 when the first try had arrived.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use serenity::all::{Http, InteractionId};
use serenity::http::HttpError;

use crate::discord::view;
use crate::domain::view::{Message, Modal};
use crate::error::Error;

/// Tries of a first answer, within the three seconds that Discord gives.
const TRIES: u32 = 3;
/// «Interaction has already been acknowledged».
const ALREADY_ACKNOWLEDGED: isize = 40060;

/// The thread between one interaction and its answers.
#[derive(Debug)]
pub struct Reply<'a> {
    http: &'a Http,
    id: InteractionId,
    token: &'a str,
    // A button's answer may edit the message that bears it; the other kinds cannot.
    answered: Answered<'a>,
}

/// Whether the first answer was given.
#[derive(Debug)]
enum Answered<'a> {
    Here(AtomicBool),
    // Of a command: known to whoever answers its failure too, after a promise to answer.
    Shared(&'a AtomicBool),
}

impl Answered<'_> {
    fn flag(&self) -> &AtomicBool {
        match self {
            Answered::Here(flag) => flag,
            Answered::Shared(flag) => flag,
        }
    }
}

impl<'a> Reply<'a> {
    /// The answers to one interaction.
    #[must_use]
    pub fn new(http: &'a Http, id: InteractionId, token: &'a str) -> Self {
        Self {
            http,
            id,
            token,
            answered: Answered::Here(AtomicBool::new(false)),
        }
    }

    /// The same, when others answer this interaction too: `answered` tells all of them that the first answer was given.
    #[must_use]
    pub fn sharing(self, answered: &'a AtomicBool) -> Self {
        Self {
            answered: Answered::Shared(answered),
            ..self
        }
    }

    /// The client that answers.
    #[must_use]
    pub fn http(&self) -> &'a Http {
        self.http
    }

    /// The token of the interaction, to be sealed when it must be answered later.
    #[must_use]
    pub fn token(&self) -> &'a str {
        self.token
    }

    /// Answers with a message that only its reader sees; after [`Reply::defer`], fills the awaited answer.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached.
    pub async fn send(&self, message: &Message) -> Result<(), Error> {
        self.answer(message, true).await
    }

    /// Answers with a message that everyone in the channel sees.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached.
    pub async fn send_public(&self, message: &Message) -> Result<(), Error> {
        self.answer(message, false).await
    }

    /// Replaces the message that bears the pressed component.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached.
    pub async fn update(&self, message: &Message) -> Result<(), Error> {
        if self.is_answered() {
            return self.edit(message).await;
        }
        self.first(&json!({"type": 7, "data": view::message(message)}), message)
            .await
    }

    /// Opens a form; only as the first answer, never to a form.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached.
    pub async fn open(&self, modal: &Modal) -> Result<(), Error> {
        self.first(&json!({"type": 9, "data": view::modal(modal)}), &Message::default())
            .await
    }

    /// Says that the answer will come, within 15 minutes; whether only its reader will see it is decided here.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached.
    pub async fn defer(&self, ephemeral: bool) -> Result<(), Error> {
        let flags = if ephemeral { 64 } else { 0 };
        self.first(&json!({"type": 5, "data": {"flags": flags}}), &Message::default())
            .await
    }

    /// Says that the message bearing the pressed component will change, within 15 minutes.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached.
    pub async fn defer_update(&self) -> Result<(), Error> {
        self.first(&json!({"type": 6}), &Message::default()).await
    }

    /// Edits the answer already given.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached.
    pub async fn edit(&self, message: &Message) -> Result<(), Error> {
        let edited = self
            .http
            .edit_original_interaction_response(self.token, &view::message(message), view::files(message))
            .await
            .map_err(editing)?;
        self.add_files(message, &edited).await
    }

    /// Adds the second file of a message and those after it, one by one.
    async fn add_files(&self, message: &Message, shown: &serenity::all::Message) -> Result<(), Error> {
        let mut shown = kept(shown);
        for file in message.files.iter().skip(1) {
            let body = view::one_more(file, &shown);
            let edited = self
                .http
                .edit_original_interaction_response(self.token, &body, vec![view::file(file)])
                .await
                .map_err(editing)?;
            shown = kept(&edited);
        }
        Ok(())
    }

    /// Adds a message that only its reader sees, after the answer.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached.
    pub async fn follow_up(&self, message: &Message) -> Result<(), Error> {
        let failed = |source| Error::Discord {
            doing: "following up an answer",
            source: Box::new(source),
        };
        let mut shown = self
            .http
            .create_followup_message(self.token, &view::answer(message, true), view::files(message))
            .await
            .map_err(failed)?;
        for file in message.files.iter().skip(1) {
            let body = view::one_more(file, &kept(&shown));
            shown = self
                .http
                .edit_followup_message(self.token, shown.id, &body, vec![view::file(file)])
                .await
                .map_err(failed)?;
        }
        Ok(())
    }

    fn is_answered(&self) -> bool {
        self.answered.flag().load(Ordering::Acquire)
    }

    async fn answer(&self, message: &Message, ephemeral: bool) -> Result<(), Error> {
        if self.is_answered() {
            return self.edit(message).await;
        }
        self.first(&json!({"type": 4, "data": view::answer(message, ephemeral)}), message)
            .await
    }

    async fn first(&self, body: &Value, message: &Message) -> Result<(), Error> {
        let mut tried = 0;
        loop {
            tried += 1;
            let sent = self
                .http
                .create_interaction_response(self.id, self.token, body, view::files(message))
                .await;
            match sent {
                Ok(()) => break,
                // The first try arrived, its answer was lost.
                Err(error) if tried > 1 && json_code(&error) == Some(ALREADY_ACKNOWLEDGED) => break,
                Err(error) if tried < TRIES && is_transient(&error) => {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
                Err(source) => {
                    return Err(Error::Discord {
                        doing: "answering an interaction",
                        source: Box::new(source),
                    });
                }
            }
        }
        self.answered.flag().store(true, Ordering::Release);
        if message.files.len() > 1 {
            let shown = self
                .http
                .get_original_interaction_response(self.token)
                .await
                .map_err(editing)?;
            self.add_files(message, &shown).await?;
        }
        Ok(())
    }
}

/// The files that a message shows.
fn kept(shown: &serenity::all::Message) -> Vec<u64> {
    shown.attachments.iter().map(|file| file.id.get()).collect()
}

fn editing(source: serenity::Error) -> Error {
    Error::Discord {
        doing: "editing an answer",
        source: Box::new(source),
    }
}

/// Discord's JSON code, if the failure has one.
fn json_code(error: &serenity::Error) -> Option<isize> {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => Some(response.error.code),
        _ => None,
    }
}

/// Whether the same request may pass in an instant: no answer at all, 5xx, 429.
fn is_transient(error: &serenity::Error) -> bool {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => {
            response.status_code.is_server_error() || response.status_code.as_u16() == 429
        }
        serenity::Error::Http(HttpError::Request(_)) => true,
        _ => false,
    }
}
