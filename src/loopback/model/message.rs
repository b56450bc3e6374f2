//! Messages and the files in them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Id;

/// A file kept by this Discord.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its identifier.
    pub id: Id,
    /// Its name.
    pub filename: String,
    /// Its alternative text.
    pub description: Option<String>,
    /// Its content type.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// The size that Discord announces; equal to the length of `bytes` unless a test lies.
    pub size: u64,
    /// Where it is served from, on the loopback itself.
    pub url: String,
}

/// Kinds of message that this Discord has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// An ordinary message (0).
    Default,
    /// «X a épinglé un message» (6).
    PinNotice,
    /// An answer to another message (19).
    Reply,
    /// The answer to a slash command (20).
    ChatInputCommand,
}

impl MessageKind {
    /// Discord's number for it.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Default => 0,
            Self::PinNotice => 6,
            Self::Reply => 19,
            Self::ChatInputCommand => 20,
        }
    }
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its identifier.
    pub id: Id,
    /// Its channel.
    pub channel_id: Id,
    /// Who wrote it.
    pub author_id: Id,
    /// Its kind.
    pub kind: MessageKind,
    /// Its text.
    pub content: String,
    /// When it was written.
    pub timestamp: DateTime<Utc>,
    /// When it was edited last.
    pub edited: Option<DateTime<Utc>>,
    /// How many times it was edited.
    pub edits: u32,
    /// Its embeds, as JSON.
    pub embeds: Vec<Value>,
    /// Its action rows, as JSON.
    pub components: Vec<Value>,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// When it was pinned.
    pub pinned_at: Option<DateTime<Utc>>,
    /// Message flags; 64 is ephemeral.
    pub flags: u64,
    /// The sender's own mark.
    pub nonce: Option<Value>,
    /// The message to which this one refers (answers and pin notices).
    pub reference: Option<Id>,
    /// Accounts named in it that `allowed_mentions` lets through.
    pub mentions: Vec<Id>,
    /// Roles named in it that `allowed_mentions` lets through.
    pub mention_roles: Vec<Id>,
    /// Whether @everyone or @here was let through.
    pub mention_everyone: bool,
    /// The accounts that were really notified.
    pub notified: Vec<Id>,
    /// The only account that sees it, when it is ephemeral.
    pub ephemeral_to: Option<Id>,
    /// The interaction that it answers.
    pub interaction: Option<Id>,
    /// «réfléchit…»: a deferred answer that is still to come.
    pub loading: bool,
}

impl Message {
    pub(in super::super) fn blank(id: Id, channel_id: Id, author_id: Id, at: DateTime<Utc>) -> Self {
        Self {
            id,
            channel_id,
            author_id,
            kind: MessageKind::Default,
            content: String::new(),
            timestamp: at,
            edited: None,
            edits: 0,
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            pinned: false,
            pinned_at: None,
            flags: 0,
            nonce: None,
            reference: None,
            mentions: Vec::new(),
            mention_roles: Vec::new(),
            mention_everyone: false,
            notified: Vec::new(),
            ephemeral_to: None,
            interaction: None,
            loading: false,
        }
    }

    /// Whether only one person sees it.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        self.ephemeral_to.is_some()
    }
}
