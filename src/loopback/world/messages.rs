//! Messages: writing, editing, deleting, pinning, and who is really notified.

use serde_json::{Value, json};

use super::super::gateway::intents;
use super::super::model::{Attachment, ChannelKind, Message, MessageKind};
use super::super::permissions;
use super::super::snowflake::{Id, iso};
use super::super::wire;
use super::World;

/// What `allowed_mentions` lets through.
#[derive(Clone, Debug)]
pub(in super::super) struct AllowedMentions {
    pub(in super::super) everyone: bool,
    pub(in super::super) all_users: bool,
    pub(in super::super) all_roles: bool,
    pub(in super::super) users: Vec<Id>,
    pub(in super::super) roles: Vec<Id>,
}

impl Default for AllowedMentions {
    /// Without `allowed_mentions`, everything that is written notifies.
    fn default() -> Self {
        Self {
            everyone: true,
            all_users: true,
            all_roles: true,
            users: Vec::new(),
            roles: Vec::new(),
        }
    }
}

/// A message about to be written or edited; None leaves what an edit found.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Draft {
    pub(in super::super) content: Option<String>,
    pub(in super::super) embeds: Option<Vec<Value>>,
    pub(in super::super) components: Option<Vec<Value>>,
    /// Attachments to keep, when an edit names them.
    pub(in super::super) keep: Option<Vec<Id>>,
    pub(in super::super) files: Vec<Attachment>,
    pub(in super::super) flags: u64,
    pub(in super::super) nonce: Option<Value>,
    pub(in super::super) enforce_nonce: bool,
    pub(in super::super) allowed: AllowedMentions,
    pub(in super::super) reference: Option<Id>,
}

impl World {
    /// Writes a message and tells everyone concerned. `shape` sets what a draft does not have.
    pub(in super::super) fn post(
        &mut self,
        channel: Id,
        author: Id,
        draft: Draft,
        shape: impl FnOnce(&mut Message),
    ) -> Id {
        let id = self.next_id();
        let mut message = Message::blank(id, channel, author, self.now());
        message.content = draft.content.unwrap_or_default();
        message.embeds = draft.embeds.unwrap_or_default();
        message.components = draft.components.unwrap_or_default();
        message.attachments = draft.files;
        message.flags = draft.flags;
        message.nonce = draft.nonce;
        if let Some(reference) = draft.reference {
            message.reference = Some(reference);
            message.kind = MessageKind::Reply;
        }
        shape(&mut message);
        self.resolve_mentions(&mut message, &draft.allowed);
        self.keep_files(&message.attachments);
        if message.is_ephemeral() {
            self.ephemerals.insert(id, message);
        } else {
            if let Some(channel) = self.channels.get_mut(&channel) {
                channel.last_message_id = Some(id);
            }
            self.messages.entry(channel).or_default().insert(id, message);
            self.emit_message("MESSAGE_CREATE", id);
        }
        id
    }

    /// Edits a message; mentions in an edit notify nobody.
    pub(in super::super) fn edit(&mut self, id: Id, draft: Draft) {
        let now = self.now();
        let Some(mut message) = self.message(id).cloned() else {
            return;
        };
        if let Some(content) = draft.content {
            message.content = content;
        }
        if let Some(embeds) = draft.embeds {
            message.embeds = embeds;
        }
        if let Some(components) = draft.components {
            message.components = components;
        }
        if let Some(keep) = draft.keep {
            message.attachments.retain(|a| keep.contains(&a.id));
        }
        message.attachments.extend(draft.files);
        // Only link previews can be switched by an edit (flag 4); ephemeral never changes.
        message.flags = message.flags & !4 | draft.flags & 4;
        // The end of «réfléchit…» is the first appearance of the answer, not an edit.
        if message.loading {
            message.loading = false;
            message.flags &= !128;
            message.timestamp = now;
        } else {
            message.edited = Some(now);
            message.edits += 1;
        }
        let notified = message.notified.clone();
        self.resolve_mentions(&mut message, &draft.allowed);
        message.notified = notified;
        self.keep_files(&message.attachments);
        if let Some(slot) = self.message_mut(id) {
            *slot = message;
        }
        self.emit_message("MESSAGE_UPDATE", id);
    }

    pub(in super::super) fn delete_message(&mut self, id: Id) -> bool {
        if self.ephemerals.remove(&id).is_some() {
            return true;
        }
        let Some(channel) = self.message(id).map(|m| m.channel_id) else {
            return false;
        };
        if let Some(list) = self.messages.get_mut(&channel) {
            list.remove(&id);
        }
        let mut data = json!({"id": wire::id(id), "channel_id": wire::id(channel)});
        let Some(place) = self.channels.get(&channel) else {
            return true;
        };
        if let Some(guild) = place.guild_id {
            data["guild_id"] = wire::id(guild);
        }
        let needed = Self::message_intent(place);
        self.emit_in(channel, "MESSAGE_DELETE", &data, needed);
        true
    }

    pub(in super::super) fn delete_messages(&mut self, channel: Id, ids: &[Id]) {
        if let Some(list) = self.messages.get_mut(&channel) {
            list.retain(|id, _| !ids.contains(id));
        }
        let guild = self.channels.get(&channel).and_then(|c| c.guild_id);
        let data = json!({
            "ids": ids.iter().map(|id| wire::id(*id)).collect::<Vec<_>>(), "channel_id": wire::id(channel),
            "guild_id": guild.map(wire::id),
        });
        self.emit_in(channel, "MESSAGE_DELETE_BULK", &data, intents::GUILD_MESSAGES);
    }

    /// Pins a message: MESSAGE_UPDATE, CHANNEL_PINS_UPDATE and the notice, which is a message of `by`.
    pub(in super::super) fn pin(&mut self, id: Id, by: Id) {
        let now = self.now();
        let Some(message) = self.message_mut(id) else { return };
        if message.pinned {
            return;
        }
        message.pinned = true;
        message.pinned_at = Some(now);
        let channel = message.channel_id;
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.last_pin = Some(now);
        }
        self.emit_message("MESSAGE_UPDATE", id);
        self.emit_pins(channel);
        self.post(channel, by, Draft::default(), |notice| {
            notice.kind = MessageKind::PinNotice;
            notice.reference = Some(id);
        });
    }

    pub(in super::super) fn unpin(&mut self, id: Id) {
        let Some(message) = self.message_mut(id) else { return };
        if !message.pinned {
            return;
        }
        message.pinned = false;
        message.pinned_at = None;
        let channel = message.channel_id;
        self.emit_message("MESSAGE_UPDATE", id);
        self.emit_pins(channel);
    }

    fn emit_pins(&mut self, channel: Id) {
        let Some(place) = self.channels.get(&channel) else {
            return;
        };
        let mut data = json!({"channel_id": wire::id(channel), "last_pin_timestamp": place.last_pin.map(iso)});
        if let Some(guild) = place.guild_id {
            data["guild_id"] = wire::id(guild);
        }
        let needed = if place.kind == ChannelKind::Dm {
            intents::DIRECT_MESSAGES
        } else {
            intents::GUILDS
        };
        self.emit_in(channel, "CHANNEL_PINS_UPDATE", &data, needed);
    }

    /// The direct conversation with a person, opened when there is none.
    pub(in super::super) fn open_dm(&mut self, user: Id) -> Id {
        if let Some(channel) = self.dm_channel(user) {
            return channel.id;
        }
        let id = self.next_id();
        let mut channel = super::super::model::Channel::text(id, 0, "");
        channel.guild_id = None;
        channel.kind = ChannelKind::Dm;
        channel.recipient = Some(user);
        self.channels.insert(id, channel);
        id
    }

    /// Keeps a file under an address of this server.
    pub(in super::super) fn new_attachment(
        &mut self,
        channel: Id,
        filename: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Attachment {
        let id = self.next_id();
        let expiry = self.now().timestamp() + 86_400;
        let safe: String = filename
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        Attachment {
            id,
            filename: safe.clone(),
            description: None,
            content_type: content_type.to_owned(),
            size: bytes.len() as u64,
            bytes: bytes.into(),
            url: format!(
                "{}/attachments/{channel}/{id}/{safe}?ex={expiry:x}&is={:x}&hm=0",
                self.base_url,
                expiry - 86_400
            ),
        }
    }

    pub(in super::super) fn keep_files(&mut self, files: &[Attachment]) {
        for file in files {
            self.attachments.insert(file.id, file.clone());
        }
    }

    /// Fills in who is named and who is notified, as far as `allowed` and permissions let it.
    fn resolve_mentions(&self, message: &mut Message, allowed: &AllowedMentions) {
        let Some(channel) = self.channels.get(&message.channel_id) else {
            return;
        };
        let found = Found::in_text(&message.content);
        let guild = channel.guild_id.and_then(|id| self.guilds.get(&id));
        let may_all = self.permissions_of(message.author_id, channel) & permissions::MENTION_EVERYONE != 0;
        message.mentions = found
            .users
            .into_iter()
            .filter(|id| self.users.contains_key(id) && (allowed.all_users || allowed.users.contains(id)))
            .collect();
        message.mention_roles = found
            .roles
            .into_iter()
            .filter(|id| guild.is_some_and(|g| g.roles.contains_key(id)))
            .filter(|id| allowed.all_roles || allowed.roles.contains(id))
            .collect();
        message.mention_everyone = found.everyone && allowed.everyone && may_all && guild.is_some();

        let mut notified = message.mentions.clone();
        if let Some(guild) = guild {
            for role in message.mention_roles.iter().filter_map(|id| guild.roles.get(id)) {
                if role.mentionable || may_all {
                    notified.extend(
                        guild
                            .members
                            .values()
                            .filter(|m| m.roles.contains(&role.id))
                            .map(|m| m.user_id),
                    );
                }
            }
            if message.mention_everyone {
                notified.extend(guild.members.keys());
            }
        }
        if channel.kind == ChannelKind::Dm && message.author_id == self.bot.user_id {
            notified.extend(channel.recipient);
        }
        notified.sort_unstable();
        notified.dedup();
        // Nobody is notified of what he does not see, nor of his own words; flag 4096 is a silent message.
        notified.retain(|user| {
            *user != message.author_id
                && message.flags & 4096 == 0
                && message.ephemeral_to.is_none_or(|only| only == *user)
                && self.permissions_of(*user, channel) & permissions::VIEW_CHANNEL != 0
        });
        message.notified = notified;
    }
}

/// Mentions as they stand in a text.
struct Found {
    users: Vec<Id>,
    roles: Vec<Id>,
    everyone: bool,
}

impl Found {
    fn in_text(text: &str) -> Self {
        let mut found = Self {
            users: Vec::new(),
            roles: Vec::new(),
            everyone: false,
        };
        found.everyone = text.contains("@everyone") || text.contains("@here");
        for piece in text.split("<@").skip(1) {
            let Some((inside, _)) = piece.split_once('>') else {
                continue;
            };
            let (list, digits) = match inside.strip_prefix('&') {
                Some(digits) => (&mut found.roles, digits),
                None => (&mut found.users, inside.strip_prefix('!').unwrap_or(inside)),
            };
            if let Ok(id) = digits.parse()
                && !list.contains(&id)
            {
                list.push(id);
            }
        }
        found
    }
}
