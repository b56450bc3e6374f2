//! What keeps the mirror true between two looks: events, and our own calls.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Mirror, People};
use crate::discord::apply::Shown;
use crate::discord::events::{Event, readable_bits};
use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::observed::{Bits, SeenChannel, SeenMessage, SeenPerson, SeenRole};

impl Mirror {
    /// Takes an event in; gives what it changes among the members.
    pub fn hear(&mut self, event: Event) -> Option<People> {
        if event.guild().is_some_and(|guild| guild != self.guild) {
            return None;
        }
        match event {
            Event::Ready { bot } => {
                self.bot = bot;
                self.forget_all();
            }
            Event::Away(_) => self.away = true,
            Event::Back(_) => {
                if std::mem::take(&mut self.away) {
                    self.forget_all();
                }
            }
            Event::Role(_, id, seen) => self.hear_role(id, seen),
            Event::RoleGone(_, id) => {
                if self.observed.roles.contains_key(&id) {
                    self.stir();
                }
            }
            Event::Channel { id, seen, made, .. } => self.hear_channel(id, seen, made),
            Event::ChannelGone(_, id) => {
                if self.observed.channels.contains_key(&id) {
                    self.stir();
                }
            }
            Event::Joined(_, person) | Event::Person(_, person) => return Some(self.hear_person(person)),
            Event::PersonGone(_, user) => {
                // Events may overtake each other: whether this account came back since is asked, not guessed.
                self.stale.members.insert(user);
            }
            Event::PinNotice(_, channel, id) => {
                if self.owned.contains(&channel.0) {
                    self.notices.remove(&channel);
                    let notice = SeenMessage {
                        ours: false,
                        notice: true,
                        pinned: false,
                        nonce: None,
                        marker: None,
                    };
                    if let Some(listed) = self.observed.messages.get_mut(&channel) {
                        listed.entry(id).or_insert(notice);
                    }
                }
            }
            Event::MessagesGone(_, channel, ids) => {
                if let Some(listed) = self.observed.messages.get_mut(&channel) {
                    listed.retain(|id, _| !ids.contains(id));
                }
            }
            Event::Pins(_, channel) => {
                if self.observed.messages.contains_key(&channel) && !echo(&mut self.pin_echoes, channel) {
                    self.stale.some_rooms.insert(channel);
                }
            }
        }
        None
    }

    fn stir(&mut self) {
        self.stale.structure = true;
        self.stirred = true;
    }

    fn hear_role(&mut self, id: RoleId, seen: SeenRole) {
        let readable = readable_bits();
        let alike = |known: &SeenRole| {
            let known = SeenRole {
                permissions: known.permissions & readable,
                ..known.clone()
            };
            known
                == SeenRole {
                    permissions: seen.permissions & readable,
                    ..seen.clone()
                }
        };
        // What the bot itself may do depends on its own roles, and on everyone's.
        let of_the_bot = self
            .observed
            .members
            .get(&self.bot)
            .is_some_and(|bot| bot.roles.contains(&id));
        match self.observed.roles.get(&id) {
            Some(known) if self.owned.contains(&id.0) => {
                let alike = alike(known);
                // Alike but not ours: a bit that events do not show may have changed.
                if !(echo(&mut self.role_echoes, id) && alike) {
                    self.stir();
                }
            }
            Some(_) if of_the_bot || id.0 == self.guild.0 => self.stir(),
            _ => {
                self.observed.roles.insert(id, seen);
            }
        }
    }

    fn hear_channel(&mut self, id: ChannelId, seen: SeenChannel, made: bool) {
        let readable = |channel: &SeenChannel| {
            let mask = readable_bits();
            let mut channel = channel.clone();
            for Bits { allow, deny } in channel.overwrites.values_mut() {
                *allow &= mask;
                *deny &= mask;
            }
            channel
        };
        match self.observed.channels.get(&id) {
            None => {
                self.observed.channels.insert(id, seen);
            }
            Some(_) if !self.owned.contains(&id.0) => {
                self.observed.channels.insert(id, seen);
            }
            Some(known) => {
                let alike = readable(known) == readable(&seen);
                let expected = made || echo(&mut self.edit_echoes, id);
                // Alike but not ours: a bit that events do not show may have changed.
                if !(alike && expected) {
                    self.stir();
                }
            }
        }
    }

    fn hear_person(&mut self, person: SeenPerson) -> People {
        let user = person.user;
        match self.observed.members.get(&user) {
            // Who was here may be told late: the roles that matter are asked for, not believed.
            Some(known) => {
                let differs = known
                    .roles
                    .symmetric_difference(&person.member.roles)
                    .any(|role| self.owned.contains(&role.0));
                let rejoined = known.joined_at != person.member.joined_at;
                // The screening is passed once: who is known and still pending may have passed it in an event that overtook
                // this one.
                if differs || rejoined || person.pending {
                    self.stale.members.insert(user);
                }
                if user == self.bot && known.roles != person.member.roles {
                    self.stir();
                }
                if !differs {
                    self.observed.members.insert(user, person.member.clone());
                }
            }
            None => {
                self.observed.members.insert(user, person.member.clone());
            }
        }
        People::One(person)
    }

    /// Takes over what one of our own calls has shown.
    pub fn applied(&mut self, shown: Shown, edited: bool, now: DateTime<Utc>) {
        match shown {
            Shown::Role(id, seen) => {
                *self.role_echoes.entry(id).or_default() += 1;
                self.observed.roles.insert(id, seen);
            }
            Shown::Channel(id, seen) => {
                if edited {
                    *self.edit_echoes.entry(id).or_default() += 1;
                } else {
                    // A channel of ours just made: it holds nothing, and nobody else writes where we look.
                    self.observed.messages.entry(id).or_default();
                }
                self.observed.channels.insert(id, seen);
            }
            Shown::Message(channel, id, seen) => {
                if let Some(listed) = self.observed.messages.get_mut(&channel) {
                    listed.insert(id, seen);
                }
            }
            Shown::Pinned(channel, id) => {
                *self.pin_echoes.entry(channel).or_default() += 1;
                self.notices.insert(channel, now);
                if let Some(message) = self
                    .observed
                    .messages
                    .get_mut(&channel)
                    .and_then(|listed| listed.get_mut(&id))
                {
                    message.pinned = true;
                }
            }
            Shown::Gone(channel, id) => {
                if let Some(listed) = self.observed.messages.get_mut(&channel) {
                    listed.remove(&id);
                }
            }
            Shown::Granted(user, role) => {
                if let Some(member) = self.observed.members.get_mut(&user) {
                    member.roles.insert(role);
                }
            }
            Shown::Revoked(user, role) => {
                if let Some(member) = self.observed.members.get_mut(&user) {
                    member.roles.remove(&role);
                }
            }
            Shown::Nothing => {}
        }
    }
}

/// Whether an event is the echo of an act of ours, which is then heard.
fn echo<Id: Ord + Copy>(echoes: &mut BTreeMap<Id, u32>, of: Id) -> bool {
    let Some(left) = echoes.get_mut(&of) else {
        return false;
    };
    *left -= 1;
    if *left == 0 {
        echoes.remove(&of);
    }
    true
}
