//! Sends one message at a time, and finds again those that were sent by a process that died before writing it down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use serenity::all::{self, ActionRowComponent, ButtonKind, MessagePagination};
use serenity::http::Http;

use super::failure::{ApiFailure, Kind, UNKNOWN_CHANNEL};
use super::view;
use crate::domain::ids::{ChannelId, UserId};
use crate::domain::view::{Message, Row, Target};

/// The longest time for one delivery. Behind serenity's limiter a request may wait much longer than its own time.
const DELIVERY: Duration = Duration::from_secs(150);
/// Clocks of machines differ: a message is looked for from so long before the first try.
const SKEW: TimeDelta = TimeDelta::minutes(2);
/// How a timestamp begins (Discord documentation, «Message formatting»).
const STAMP: &str = "<t:";
/// Messages looked through, at most: those since the first try.
const LOOK: u8 = 100;
/// Discord's first instant, in milliseconds since 1970 (Discord documentation, reference, «Snowflakes»).
const EPOCH: i64 = 1_420_070_400_000;

/// Where a message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The channel, a DM's included.
    pub channel: u64,
    /// The message.
    pub message: u64,
}

/// Where a message is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// The conversation with someone.
    User(UserId),
    /// A channel of the server.
    Channel(ChannelId),
}

/// Sends messages. Knows the conversations that it has opened.
#[derive(Debug)]
pub struct Courier {
    http: Arc<Http>,
    conversations: Mutex<HashMap<UserId, u64>>,
}

impl Courier {
    /// A courier that has opened no conversation yet.
    #[must_use]
    pub fn new(http: Arc<Http>) -> Self {
        Self {
            http,
            conversations: Mutex::default(),
        }
    }

    /// Remembers where someone was written to before.
    pub fn recall(&self, user: UserId, channel: u64) {
        self.conversations().insert(user, channel);
    }

    /// Sends a message once: the same `nonce` within minutes gives the message sent before (Discord documentation,
    /// «Create Message», `enforce_nonce`). When it may have been sent since `tried`, it is looked for first.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached in time.
    pub async fn send(
        &self,
        to: To,
        message: &Message,
        nonce: &str,
        tried: Option<DateTime<Utc>>,
    ) -> Result<Sent, ApiFailure> {
        let sending = self.send_now(to, message, nonce, tried);
        tokio::time::timeout(DELIVERY, sending)
            .await
            .unwrap_or(Err(ApiFailure::UNREACHABLE))
    }

    async fn send_now(
        &self,
        to: To,
        message: &Message,
        nonce: &str,
        tried: Option<DateTime<Utc>>,
    ) -> Result<Sent, ApiFailure> {
        let channel = match to {
            To::Channel(channel) => channel.0,
            To::User(user) => self.conversation(user).await?,
        };
        let looked_for = tried.map(|tried| (tried, Mark::All));
        let sent = self.post(channel, message, nonce, looked_for).await;
        match (to, sent) {
            // A conversation remembered from before, which is no more.
            (To::User(user), Err(failure)) if failure.code == Some(UNKNOWN_CHANNEL) => {
                self.conversations().remove(&user);
                let channel = self.conversation(user).await?;
                self.post(channel, message, nonce, looked_for).await
            }
            (_, sent) => sent,
        }
    }

    /// Posts a message of a channel that may have changed since it was first tried: it is found again by the end of its first
    /// embed's footer. Tells too whether it was sent just now, as it is.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached in time.
    pub async fn publish(
        &self,
        channel: ChannelId,
        message: &Message,
        nonce: &str,
        tried: Option<DateTime<Utc>>,
    ) -> Result<(Sent, bool), ApiFailure> {
        let looked_for = tried.map(|tried| (tried, Mark::Footer));
        let posting = self.post(channel.0, message, nonce, looked_for);
        let sent = tokio::time::timeout(DELIVERY, posting)
            .await
            .unwrap_or(Err(ApiFailure::UNREACHABLE))?;
        // A message found, or given by Discord for the same nonce, may be an earlier one.
        Ok((sent, tried.is_none()))
    }

    /// Replaces a message of ours in a channel.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached in time.
    pub async fn edit(&self, channel: ChannelId, id: u64, message: &Message) -> Result<(), ApiFailure> {
        let (channel, id) = (all::ChannelId::new(channel.0), all::MessageId::new(id));
        let body = view::message(message);
        let editing = self.http.edit_message(channel, id, &body, view::files(message));
        match tokio::time::timeout(DELIVERY, editing).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => done_anyway(ApiFailure::read(&error)),
            Err(_) => Err(ApiFailure::UNREACHABLE),
        }
    }

    /// Replaces the answer to an interaction; its token is good for 15 minutes.
    ///
    /// # Errors
    /// When Discord refuses, or cannot be reached in time.
    pub async fn edit_answer(&self, token: &str, message: &Message) -> Result<(), ApiFailure> {
        let (body, files) = (view::message(message), view::files(message));
        let editing = self.http.edit_original_interaction_response(token, &body, files);
        match tokio::time::timeout(DELIVERY, editing).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => done_anyway(ApiFailure::read(&error)),
            Err(_) => Err(ApiFailure::UNREACHABLE),
        }
    }

    /// The conversation with someone; opening it again gives the same one.
    async fn conversation(&self, user: UserId) -> Result<u64, ApiFailure> {
        if let Some(known) = self.conversations().get(&user) {
            return Ok(*known);
        }
        let body = json!({"recipient_id": user.to_string()});
        let opened = self
            .http
            .create_private_channel(&body)
            .await
            .map_err(|error| ApiFailure::read(&error))?;
        let channel = opened.id.get();
        self.recall(user, channel);
        Ok(channel)
    }

    async fn post(
        &self,
        channel: u64,
        message: &Message,
        nonce: &str,
        looked_for: Option<(DateTime<Utc>, Mark)>,
    ) -> Result<Sent, ApiFailure> {
        if let Some((tried, mark)) = looked_for
            && let Some(found) = self.find(channel, message, tried, mark).await?
        {
            return Ok(Sent {
                channel,
                message: found,
            });
        }
        debug_assert!(
            message.files.len() < 2,
            "what is told of our own accord bears one file at most"
        );
        let mut body = view::message(message);
        body["nonce"] = json!(nonce);
        body["enforce_nonce"] = json!(true);
        let sent = self
            .http
            .send_message(all::ChannelId::new(channel), view::files(message), &body)
            .await;
        match sent {
            Ok(sent) => Ok(Sent {
                channel,
                message: sent.id.get(),
            }),
            // Sent, but under a name that could not be read.
            Err(error) => done_anyway(ApiFailure::read(&error)).map(|()| Sent { channel, message: 0 }),
        }
    }

    /// A message of ours that shows what `message` shows, among those sent since the first try.
    async fn find(
        &self,
        channel: u64,
        message: &Message,
        tried: DateTime<Utc>,
        mark: Mark,
    ) -> Result<Option<u64>, ApiFailure> {
        let from = MessagePagination::After(all::MessageId::new(snowflake(tried - SKEW)));
        let recent = self
            .http
            .get_messages(all::ChannelId::new(channel), Some(from), Some(LOOK))
            .await
            .map_err(|error| ApiFailure::read(&error))?;
        Ok(recent
            .iter()
            .find(|seen| {
                seen.author.bot
                    && match mark {
                        Mark::All => shows(seen, message),
                        Mark::Footer => bears(seen, message),
                    }
            })
            .map(|seen| seen.id.get()))
    }

    fn conversations(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, u64>> {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that cannot be read is an answer: what was asked is done.
fn done_anyway(failure: ApiFailure) -> Result<(), ApiFailure> {
    if failure.kind == Kind::Invalid && failure.status.is_none() {
        Ok(())
    } else {
        Err(failure)
    }
}

/// The least identifier that Discord gives at an instant.
fn snowflake(at: DateTime<Utc>) -> u64 {
    let millis = at.timestamp_millis().saturating_sub(EPOCH).max(1);
    millis.cast_unsigned() << 22
}

/// By what a message that may have been sent is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// By everything that it shows.
    All,
    /// By the footer of its first embed, which no other message bears.
    Footer,
}

/// Whether a message on Discord bears the footer of ours.
fn bears(seen: &all::Message, ours: &Message) -> bool {
    let footer = ours.embeds.first().map_or("", |embed| embed.footer.trim());
    !footer.is_empty()
        && seen
            .embeds
            .iter()
            .any(|embed| embed.footer.as_ref().is_some_and(|seen| seen.text.trim() == footer))
}

/// Whether a message on Discord shows what ours shows: its text, its embeds, its buttons.
fn shows(seen: &all::Message, ours: &Message) -> bool {
    let embeds = seen.embeds.len() == ours.embeds.len()
        && seen.embeds.iter().zip(&ours.embeds).all(|(seen, ours)| {
            seen.title.as_deref().unwrap_or_default().trim() == ours.title.trim()
                && seen.description.as_deref().unwrap_or_default().trim() == ours.description.trim()
        });
    undated(seen.content.trim()) == undated(ours.content.trim()) && embeds && pressed(seen) == pressable(ours)
}

/// A text without the dates in its timestamps: «the next meeting» may be another one than at the first try.
fn undated(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(STAMP) {
        out.push_str(before);
        out.push_str(STAMP);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out.push_str(rest);
    out
}

/// The identifiers of what can be pressed in a message of Discord.
fn pressed(message: &all::Message) -> Vec<String> {
    message
        .components
        .iter()
        .flat_map(|row| &row.components)
        .filter_map(|component| match component {
            ActionRowComponent::Button(button) => match &button.data {
                ButtonKind::NonLink { custom_id, .. } => Some(custom_id.clone()),
                _ => None,
            },
            ActionRowComponent::SelectMenu(menu) => menu.custom_id.clone(),
            _ => None,
        })
        .collect()
}

/// The identifiers of what can be pressed in a message of ours.
fn pressable(message: &Message) -> Vec<String> {
    let mut ids = Vec::new();
    for row in &message.rows {
        match row {
            Row::Buttons(buttons) => ids.extend(buttons.iter().filter_map(|button| match &button.target {
                Target::Act(action) => Some(action.custom_id()),
                Target::Open(_) => None,
            })),
            Row::Select(select) => ids.push(select.action.custom_id()),
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_with_another_date_is_the_same() {
        assert_eq!(undated("le <t:1806084000:F>, ou <t:5:R>."), "le <t::F>, ou <t::R>.");
        assert_eq!(undated("<t:"), "<t:");
        assert_eq!(undated("sans date"), "sans date");
    }

    #[test]
    fn an_instant_is_before_every_message_sent_after_it() {
        let at = DateTime::from_timestamp_millis(EPOCH + 1000).unwrap();
        assert_eq!(snowflake(at), 1000 << 22);
        assert!(snowflake(at) < (1000 << 22 | 1));
        assert!(
            snowflake(DateTime::UNIX_EPOCH) > 0,
            "never zero, which is no identifier"
        );
    }
}
