//! The hand of people other than the bot who may do anything: the server's owner, moderators, Discord itself.
//!
//! Nothing is checked here; each change is told to the gateway as if it had been made in a Discord client.

use chrono::{DateTime, Utc};

use super::handle::Handle;
use super::model::{Channel, ChannelKind, Member, Overwrite, Role, User};
use super::snowflake::Id;
use super::world::{ChannelSpec, Draft, RoleSpec, World};

/// See the module.
#[derive(Clone, Debug)]
pub struct Admin(pub(super) Handle);

impl Admin {
    fn on_guild<T>(&self, act: impl FnOnce(&mut World, Id) -> T) -> T {
        self.0.write(|w| {
            let guild = w.main_guild;
            act(w, guild)
        })
    }

    /// Creates a role just above @everyone.
    #[must_use = "the identifier of the new role"]
    pub fn create_role(&self, name: &str, permissions: u64) -> Id {
        let spec = RoleSpec {
            name: name.to_owned(),
            permissions,
            ..RoleSpec::default()
        };
        self.on_guild(|w, guild| w.create_role(guild, &spec))
            .unwrap_or_default()
    }

    /// Changes a role.
    pub fn edit_role(&self, role: Id, change: impl FnOnce(&mut Role)) {
        self.on_guild(|w, guild| w.update_role(guild, role, change));
    }

    /// Deletes a role.
    pub fn delete_role(&self, role: Id) {
        self.on_guild(|w, guild| w.delete_role(guild, role));
    }

    /// Creates a text channel.
    #[must_use = "the identifier of the new channel"]
    pub fn create_channel(&self, name: &str, parent: Option<Id>, overwrites: Vec<Overwrite>) -> Id {
        let mut spec = ChannelSpec::new(ChannelKind::Text, name);
        spec.parent_id = parent;
        spec.overwrites = Some(overwrites);
        self.on_guild(|w, guild| w.create_channel(guild, spec))
    }

    /// Creates a category.
    #[must_use = "the identifier of the new category"]
    pub fn create_category(&self, name: &str, overwrites: Vec<Overwrite>) -> Id {
        let mut spec = ChannelSpec::new(ChannelKind::Category, name);
        spec.overwrites = Some(overwrites);
        self.on_guild(|w, guild| w.create_channel(guild, spec))
    }

    /// Changes a channel or category: name, topic, place, overwrites.
    pub fn edit_channel(&self, channel: Id, change: impl FnOnce(&mut Channel)) {
        self.0.write(|w| w.update_channel(channel, change));
    }

    /// Deletes a channel; a category leaves its channels behind.
    pub fn delete_channel(&self, channel: Id) {
        self.0.write(|w| w.delete_channel(channel));
    }

    /// Sets the overwrite of a role or account in a channel.
    pub fn put_overwrite(&self, channel: Id, overwrite: Overwrite) {
        self.0.write(|w| w.put_overwrite(channel, overwrite));
    }

    /// Removes the overwrite of a role or account in a channel.
    pub fn remove_overwrite(&self, channel: Id, target: Id) {
        self.0.write(|w| w.remove_overwrite(channel, target));
    }

    /// Gives a role.
    pub fn give_role(&self, user: Id, role: Id) {
        self.on_guild(|w, guild| {
            w.update_member(guild, user, |m| {
                m.roles.insert(role);
            });
        });
    }

    /// Takes a role away.
    pub fn take_role(&self, user: Id, role: Id) {
        self.on_guild(|w, guild| {
            w.update_member(guild, user, |m| {
                m.roles.remove(&role);
            });
        });
    }

    /// Changes a membership: name, roles, screening.
    pub fn edit_member(&self, user: Id, change: impl FnOnce(&mut Member)) {
        self.on_guild(|w, guild| w.update_member(guild, user, change));
    }

    /// Opens an account, without making it a member.
    #[must_use = "the identifier of the new account"]
    pub fn create_user(&self, username: &str, display: &str) -> Id {
        self.0.write(|w| {
            let id = w.next_id();
            w.add_user(User {
                id,
                username: username.to_owned(),
                global_name: (!display.is_empty()).then(|| display.to_owned()),
                bot: false,
                dms_closed: false,
            });
            id
        })
    }

    /// Makes an account a member, screened or not; for a member, Discord merely repeats the event.
    pub fn join(&self, user: Id, pending: bool) {
        self.on_guild(|w, guild| {
            let known = w.guilds.get(&guild).and_then(|g| g.members.get(&user)).cloned();
            let now = w.now();
            let mut member = known.unwrap_or_else(|| Member::new(user, &[], now));
            member.pending = pending;
            w.add_member(guild, member);
        });
    }

    /// Removes a member (or the bot itself).
    pub fn kick(&self, user: Id) {
        self.on_guild(|w, guild| w.remove_member(guild, user));
    }

    /// Opens or closes a person's direct messages.
    pub fn set_dms_closed(&self, user: Id, closed: bool) {
        self.0.write(|w| {
            if let Some(user) = w.users.get_mut(&user) {
                user.dms_closed = closed;
            }
        });
    }

    /// Writes a message in the name of an account, permissions unseen.
    #[must_use = "the identifier of the new message"]
    pub fn post(&self, channel: Id, author: Id, content: &str) -> Id {
        let draft = Draft {
            content: Some(content.to_owned()),
            ..Draft::default()
        };
        self.0.write(|w| w.post(channel, author, draft, |_| ()))
    }

    /// Deletes a message, ephemeral ones too.
    pub fn delete_message(&self, message: Id) {
        self.0.write(|w| w.delete_message(message));
    }

    /// Pins a message in the name of an account.
    pub fn pin(&self, message: Id, by: Id) {
        self.0.write(|w| w.pin(message, by));
    }

    /// Unpins a message.
    pub fn unpin(&self, message: Id) {
        self.0.write(|w| w.unpin(message));
    }

    /// Deletes a scheduled event.
    pub fn delete_event(&self, event: Id) {
        self.on_guild(|w, guild| w.delete_event(guild, event));
    }

    /// Moves a scheduled event.
    pub fn move_event(&self, event: Id, start: DateTime<Utc>, end: Option<DateTime<Utc>>) {
        self.on_guild(|w, guild| {
            w.update_event(guild, event, |e| {
                e.start = start;
                e.end = end;
            });
        });
    }

    /// Changes the permissions of the bot's managed role.
    pub fn set_bot_permissions(&self, permissions: u64) {
        self.on_guild(|w, guild| {
            let bot = w.bot.user_id;
            let role = w
                .guilds
                .get(&guild)
                .and_then(|g| g.roles.values().find(|r| r.bot_id == Some(bot)));
            if let Some(role) = role.map(|r| r.id) {
                w.update_role(guild, role, |r| r.permissions = permissions);
            }
        });
    }

    /// Changes which privileged intents are on.
    pub fn set_privileged_intents(&self, intents: u64) {
        self.0.write(|w| w.bot.privileged_intents = intents);
    }

    /// Changes the token, as a reset in the portal does; the sockets stay open until they are closed.
    pub fn reset_token(&self, token: &str) {
        self.0.write(|w| token.clone_into(&mut w.bot.token));
    }

    /// Announces a file as having another size than it has.
    pub fn lie_about_size(&self, attachment: Id, size: u64) {
        self.0.write(|w| {
            if let Some(file) = w.attachments.get_mut(&attachment) {
                file.size = size;
            }
        });
    }
}
