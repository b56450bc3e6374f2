//! Accounts and memberships.

use serde_json::{Value, json};

use super::super::gateway::intents;
use super::super::model::{Member, OverwriteKind, User};
use super::super::snowflake::Id;
use super::super::wire;
use super::World;

impl World {
    /// Adds an account, without making it a member of anything.
    pub(in super::super) fn add_user(&mut self, user: User) {
        self.users.insert(user.id, user);
    }

    /// Makes an account a member. The event is sent for members too: Discord may repeat it.
    pub(in super::super) fn add_member(&mut self, guild_id: Id, member: Member) {
        let data = self.member_event(guild_id, &member);
        let user_id = member.user_id;
        if let Some(guild) = self.guilds.get_mut(&guild_id) {
            guild.members.insert(user_id, member);
            self.emit("GUILD_MEMBER_ADD", &data, intents::GUILD_MEMBERS);
        }
    }

    pub(in super::super) fn update_member(&mut self, guild_id: Id, user_id: Id, change: impl FnOnce(&mut Member)) {
        let Some(member) = self.guilds.get_mut(&guild_id).and_then(|g| g.members.get_mut(&user_id)) else {
            return;
        };
        change(member);
        let member = member.clone();
        let data = self.member_event(guild_id, &member);
        // A bot hears about itself without the privileged intent.
        let needed = if user_id == self.bot.user_id {
            0
        } else {
            intents::GUILD_MEMBERS
        };
        self.emit("GUILD_MEMBER_UPDATE", &data, needed);
    }

    /// Ends a membership; roles are lost, overwrites in channels stay, as on Discord.
    pub(in super::super) fn remove_member(&mut self, guild_id: Id, user_id: Id) -> bool {
        let Some(guild) = self.guilds.get_mut(&guild_id) else {
            return false;
        };
        if guild.members.remove(&user_id).is_none() {
            return false;
        }
        let data = json!({
            "guild_id": wire::id(guild_id), "user": self.users.get(&user_id).map_or(Value::Null, wire::user),
        });
        if user_id == self.bot.user_id {
            self.emit("GUILD_DELETE", &json!({"id": wire::id(guild_id)}), intents::GUILDS);
        } else {
            self.emit("GUILD_MEMBER_REMOVE", &data, intents::GUILD_MEMBERS);
        }
        true
    }

    pub(in super::super) fn member_event(&self, guild_id: Id, member: &Member) -> Value {
        let mut data = wire::member(self, member);
        data["guild_id"] = wire::id(guild_id);
        data
    }

    /// Whether the bot shares a server with this account.
    pub(in super::super) fn shares_a_guild(&self, user: Id) -> bool {
        self.guilds
            .values()
            .any(|g| g.members.contains_key(&user) && g.members.contains_key(&self.bot.user_id))
    }

    /// The account to which an overwrite applies, when it is one.
    pub(in super::super) fn overwrite_target_exists(&self, guild: Id, kind: OverwriteKind, id: Id) -> bool {
        match kind {
            OverwriteKind::Role => self.guilds.get(&guild).is_some_and(|g| g.roles.contains_key(&id)),
            OverwriteKind::Member => self.users.contains_key(&id),
        }
    }
}
