//! Roles, channels and overwrites.

use serde_json::json;

use super::super::gateway::intents;
use super::super::model::{Channel, ChannelKind, Overwrite, OverwriteKind, Role};
use super::super::snowflake::Id;
use super::super::wire;
use super::World;

/// What is asked of a new role.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct RoleSpec {
    pub(in super::super) name: String,
    pub(in super::super) permissions: u64,
    pub(in super::super) color: u32,
    pub(in super::super) hoist: bool,
    pub(in super::super) mentionable: bool,
}

/// What is asked of a new channel.
#[derive(Clone, Debug)]
pub(in super::super) struct ChannelSpec {
    pub(in super::super) kind: ChannelKind,
    pub(in super::super) name: String,
    pub(in super::super) topic: Option<String>,
    pub(in super::super) parent_id: Option<Id>,
    pub(in super::super) position: Option<i64>,
    /// None: those of the category, which is how Discord syncs a new channel.
    pub(in super::super) overwrites: Option<Vec<Overwrite>>,
    pub(in super::super) nsfw: bool,
    pub(in super::super) slowmode: u64,
}

impl ChannelSpec {
    pub(in super::super) fn new(kind: ChannelKind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            topic: None,
            parent_id: None,
            position: None,
            overwrites: None,
            nsfw: false,
            slowmode: 0,
        }
    }
}

/// The name that Discord gives a text channel: lower case, spaces as hyphens, most punctuation dropped.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().chars().flat_map(char::to_lowercase) {
        let c = if c.is_whitespace() { '-' } else { c };
        let dropped = c.is_ascii_punctuation() && c != '-' && c != '_';
        // Runs of hyphens collapse into one.
        let repeated = c == '-' && out.ends_with('-');
        if !dropped && !repeated {
            out.push(c);
        }
    }
    out
}

/// Whether names of this kind of channel are made into slugs.
pub(in super::super) fn is_slugged(kind: ChannelKind) -> bool {
    matches!(kind, ChannelKind::Text | ChannelKind::News)
}

impl World {
    pub(in super::super) fn create_role(&mut self, guild_id: Id, spec: &RoleSpec) -> Option<Id> {
        let id = self.next_id();
        let guild = self.guilds.get_mut(&guild_id)?;
        // A new role lands just above @everyone; older ones of the same position stay above it.
        let role = Role {
            color: spec.color,
            hoist: spec.hoist,
            mentionable: spec.mentionable,
            ..Role::new(id, &spec.name, spec.permissions, 1)
        };
        let data = json!({"guild_id": wire::id(guild_id), "role": wire::role(&role)});
        guild.roles.insert(id, role);
        self.emit("GUILD_ROLE_CREATE", &data, intents::GUILDS);
        Some(id)
    }

    pub(in super::super) fn update_role(&mut self, guild_id: Id, role_id: Id, change: impl FnOnce(&mut Role)) {
        let Some(role) = self.guilds.get_mut(&guild_id).and_then(|g| g.roles.get_mut(&role_id)) else {
            return;
        };
        change(role);
        let data = json!({"guild_id": wire::id(guild_id), "role": wire::role(role)});
        self.emit("GUILD_ROLE_UPDATE", &data, intents::GUILDS);
    }

    /// Deletes a role; it disappears from its holders and from overwrites without further events.
    pub(in super::super) fn delete_role(&mut self, guild_id: Id, role_id: Id) -> bool {
        let Some(guild) = self.guilds.get_mut(&guild_id) else {
            return false;
        };
        if guild.roles.remove(&role_id).is_none() {
            return false;
        }
        for member in guild.members.values_mut() {
            member.roles.remove(&role_id);
        }
        for channel in self.channels.values_mut().filter(|c| c.guild_id == Some(guild_id)) {
            channel
                .overwrites
                .retain(|o| !(o.kind == OverwriteKind::Role && o.id == role_id));
        }
        let data = json!({"guild_id": wire::id(guild_id), "role_id": wire::id(role_id)});
        self.emit("GUILD_ROLE_DELETE", &data, intents::GUILDS);
        true
    }

    pub(in super::super) fn create_channel(&mut self, guild_id: Id, spec: ChannelSpec) -> Id {
        let id = self.next_id();
        let parent = spec.parent_id.and_then(|p| self.channels.get(&p));
        let overwrites = spec
            .overwrites
            .unwrap_or_else(|| parent.map(|parent| parent.overwrites.clone()).unwrap_or_default());
        let siblings = self.channels.values().filter(|c| {
            c.guild_id == Some(guild_id) && (c.kind == ChannelKind::Category) == (spec.kind == ChannelKind::Category)
        });
        let position = spec
            .position
            .unwrap_or_else(|| i64::try_from(siblings.count()).unwrap_or(0));
        let channel = Channel {
            kind: spec.kind,
            name: if is_slugged(spec.kind) {
                slug(&spec.name)
            } else {
                spec.name.trim().to_owned()
            },
            topic: spec.topic,
            parent_id: spec.parent_id,
            position,
            overwrites,
            nsfw: spec.nsfw,
            slowmode: spec.slowmode,
            ..Channel::text(id, guild_id, "")
        };
        let data = wire::channel(self, &channel);
        self.channels.insert(id, channel);
        self.emit_in(id, "CHANNEL_CREATE", &data, intents::GUILDS);
        id
    }

    /// Changes a channel. Children of a category that had its overwrites keep following it.
    pub(in super::super) fn update_channel(&mut self, id: Id, change: impl FnOnce(&mut Channel)) {
        let Some((before, after)) = self.update_alone(id, change) else {
            return;
        };
        if before.kind == ChannelKind::Category && before.overwrites != after.overwrites {
            let synced: Vec<Id> = self
                .channels
                .values()
                .filter(|c| c.parent_id == Some(id) && same_overwrites(&c.overwrites, &before.overwrites))
                .map(|c| c.id)
                .collect();
            for child in synced {
                self.update_alone(child, |c| c.overwrites.clone_from(&after.overwrites));
            }
        }
    }

    /// Changes one channel and tells it; gives what it was and what it is.
    fn update_alone(&mut self, id: Id, change: impl FnOnce(&mut Channel)) -> Option<(Channel, Channel)> {
        let channel = self.channels.get_mut(&id)?;
        let before = channel.clone();
        change(channel);
        if is_slugged(channel.kind) {
            channel.name = slug(&channel.name);
        }
        let after = channel.clone();
        // Who loses sight of a channel is still told how it became invisible.
        if self.bot_sees(&before) || self.bot_sees(&after) {
            let data = wire::channel(self, &after);
            self.emit("CHANNEL_UPDATE", &data, intents::GUILDS);
        }
        Some((before, after))
    }

    /// Deletes a channel with its messages. The channels of a category are orphaned, not deleted.
    pub(in super::super) fn delete_channel(&mut self, id: Id) -> Option<Channel> {
        let channel = self.channels.get(&id)?.clone();
        let data = wire::channel(self, &channel);
        self.emit_in(id, "CHANNEL_DELETE", &data, intents::GUILDS);
        self.channels.remove(&id);
        self.messages.remove(&id);
        self.invites.retain(|_, invite| invite.channel_id != id);
        let children: Vec<Id> = self
            .channels
            .values()
            .filter(|c| c.parent_id == Some(id))
            .map(|c| c.id)
            .collect();
        for child in children {
            self.update_channel(child, |c| c.parent_id = None);
        }
        Some(channel)
    }

    /// Puts an overwrite; true when something changed.
    pub(in super::super) fn put_overwrite(&mut self, channel: Id, overwrite: Overwrite) -> bool {
        let Some(held) = self.channels.get(&channel) else {
            return false;
        };
        if held.overwrites.contains(&overwrite) {
            return false;
        }
        self.update_channel(channel, |c| {
            match c
                .overwrites
                .iter_mut()
                .find(|o| o.id == overwrite.id && o.kind == overwrite.kind)
            {
                Some(old) => *old = overwrite,
                None => c.overwrites.push(overwrite),
            }
        });
        true
    }

    /// Removes the overwrite of a role or account; false when there was none.
    pub(in super::super) fn remove_overwrite(&mut self, channel: Id, target: Id) -> bool {
        if !self
            .channels
            .get(&channel)
            .is_some_and(|c| c.overwrites.iter().any(|o| o.id == target))
        {
            return false;
        }
        self.update_channel(channel, |c| c.overwrites.retain(|o| o.id != target));
        true
    }
}

/// Whether two channels have the same exceptions, in whatever order.
pub(in super::super) fn same_overwrites(a: &[Overwrite], b: &[Overwrite]) -> bool {
    let sorted = |list: &[Overwrite]| {
        let mut list: Vec<_> = list.iter().map(|o| (o.kind, o.id, o.allow, o.deny)).collect();
        list.sort_unstable();
        list
    };
    sorted(a) == sorted(b)
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn text_channel_names_become_slugs_and_keep_accents_and_emoji() {
        assert_eq!(slug("Réunions du Lundi !"), "réunions-du-lundi-");
        assert_eq!(slug("🌱 Groupe  Lunel"), "🌱-groupe-lunel");
        assert_eq!(slug("remontées_occitanie"), "remontées_occitanie");
    }
}
