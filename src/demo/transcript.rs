//! What changed on everybody's screen between two instants, as a block of lines.
//!
//! Only what a Discord client shows is looked at: messages, channels, roles, events. The order is fixed (people in the
//! order of the cast, channels as the server lists them), so that the same story gives the same lines.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::markup::{self, Names};
use super::page;
use crate::loopback::model::{Channel, ChannelKind, Message, MessageKind};
use crate::loopback::{Id, World};
use crate::texts::dates;

/// A new series of messages in one channel longer than this is shown by the head of each.
const SERIES: usize = 3;

/// The world as it stood, with the names by which it is read.
#[derive(Clone, Debug)]
pub struct Picture {
    cast: Vec<(Id, String)>,
    bot: Id,
    everyone: Id,
    now: DateTime<Utc>,
    accounts: BTreeMap<Id, String>,
    roles: BTreeMap<Id, String>,
    channels: BTreeMap<Id, Channel>,
    holders: BTreeMap<Id, BTreeSet<Id>>,
    messages: BTreeMap<Id, Message>,
    events: BTreeMap<Id, String>,
}

impl Names for Picture {
    fn account(&self, id: u64) -> String {
        self.accounts
            .get(&id)
            .cloned()
            .unwrap_or_else(|| "compte inconnu".to_owned())
    }

    fn role(&self, id: u64) -> String {
        self.roles
            .get(&id)
            .cloned()
            .unwrap_or_else(|| "rôle inconnu".to_owned())
    }

    fn channel(&self, id: u64) -> String {
        self.channels
            .get(&id)
            .map_or_else(|| "salon inconnu".to_owned(), |channel| channel.name.clone())
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }
}

impl Picture {
    /// Takes the picture. `cast` are the accounts of the story with their names, in order; `now` is the bot's present.
    #[must_use]
    pub fn take(world: &World, cast: &[(Id, String)], now: DateTime<Utc>) -> Self {
        let guild = world.guild();
        let mut accounts: BTreeMap<Id, String> = world
            .users
            .keys()
            .map(|user| (*user, world.display_name(*user)))
            .collect();
        accounts.extend(cast.iter().cloned());
        let event = |event: &crate::loopback::model::ScheduledEvent| {
            let place = event
                .location
                .as_ref()
                .map(|place| format!(", {place}"))
                .unwrap_or_default();
            let over = if event.status.is_over() {
                ", annulé ou terminé"
            } else {
                ""
            };
            format!(
                "« {} », {}{place}{over}",
                event.name,
                dates::weekday_moment(event.start)
            )
        };
        let lasting = world.messages.values().flat_map(BTreeMap::values);
        Self {
            cast: cast.to_vec(),
            bot: world.bot.user_id,
            everyone: guild.id,
            now,
            accounts,
            roles: guild.roles.values().map(|role| (role.id, role.name.clone())).collect(),
            channels: world.channels.clone(),
            holders: guild
                .members
                .values()
                .map(|member| (member.user_id, member.roles.clone()))
                .collect(),
            messages: lasting
                .chain(world.ephemerals.values())
                .map(|message| (message.id, message.clone()))
                .collect(),
            events: guild.events.values().map(|one| (one.id, event(one))).collect(),
        }
    }

    /// The channels of the server in the order of a client: without category first, then category by category.
    fn order(&self) -> Vec<&Channel> {
        let mut list: Vec<&Channel> = self
            .channels
            .values()
            .filter(|channel| channel.guild_id.is_some())
            .collect();
        list.sort_by_key(|channel| {
            let category = if channel.kind == ChannelKind::Category {
                Some(*channel)
            } else {
                self.category(channel)
            };
            let head = category.map_or((0, 0, 0), |category| (1, category.position, category.id));
            (
                head,
                channel.kind != ChannelKind::Category,
                channel.position,
                channel.id,
            )
        });
        list
    }

    fn category(&self, channel: &Channel) -> Option<&Channel> {
        channel.parent_id.and_then(|parent| self.channels.get(&parent))
    }

    /// «#registre (🌱 Lunel)», «la catégorie 🌱 Lunel».
    fn full_name(&self, channel: &Channel) -> String {
        match (channel.kind, self.category(channel)) {
            (ChannelKind::Category, _) => format!("la catégorie {}", channel.name),
            (_, Some(category)) => format!("#{} ({})", channel.name, category.name),
            _ => format!("#{}", channel.name),
        }
    }

    /// Everything that is new since `before`.
    #[must_use]
    pub fn since(&self, before: &Picture) -> Vec<String> {
        let mut lines = self.private(before);
        lines.extend(self.places(before));
        lines.extend(self.roles_since(before));
        lines.extend(self.public(before));
        lines.extend(self.events_since(before));
        lines
    }

    /// Ephemeral answers, then direct messages, person by person.
    fn private(&self, before: &Picture) -> Vec<String> {
        let mut lines = Vec::new();
        for (user, name) in &self.cast {
            let own = |message: &&Message| message.ephemeral_to == Some(*user);
            for message in self.messages.values().filter(own) {
                match before.messages.get(&message.id) {
                    None => lines.extend(block(&format!("À {name} seulement :"), &page::message(message, self))),
                    Some(old) if differs(old, message) => lines.extend(block(
                        &format!("À {name} seulement, le message devient :"),
                        &page::message(message, self),
                    )),
                    Some(_) => {}
                }
            }
            for _ in before
                .messages
                .values()
                .filter(own)
                .filter(|old| !self.messages.contains_key(&old.id))
            {
                lines.push(format!("À {name} seulement : le message disparaît."));
            }
        }
        for (user, name) in &self.cast {
            let conversation = self
                .channels
                .values()
                .find(|c| c.kind == ChannelKind::Dm && c.recipient == Some(*user));
            let Some(conversation) = conversation else { continue };
            for message in self.in_channel(conversation.id) {
                match before.messages.get(&message.id) {
                    None => lines.extend(block(
                        &format!("Message privé à {name} :"),
                        &page::message(message, self),
                    )),
                    Some(old) if differs(old, message) => lines.extend(block(
                        &format!("Message privé à {name}, qui devient :"),
                        &page::message(message, self),
                    )),
                    Some(_) => {}
                }
            }
            for _ in before
                .in_channel(conversation.id)
                .filter(|old| !self.messages.contains_key(&old.id))
            {
                lines.push(format!("Message privé à {name} : un message disparaît."));
            }
        }
        lines
    }

    fn in_channel(&self, channel: Id) -> impl Iterator<Item = &Message> {
        self.messages
            .values()
            .filter(move |message| message.channel_id == channel && !message.is_ephemeral())
    }

    fn places(&self, before: &Picture) -> Vec<String> {
        let mut lines = Vec::new();
        for channel in self.order() {
            match before.channels.get(&channel.id) {
                None => lines.push(format!("+ {}", self.full_name(channel))),
                Some(old) if old.name != channel.name => {
                    lines.push(format!("{} devient {}", before.full_name(old), self.full_name(channel)));
                }
                Some(old) if old.overwrites != channel.overwrites => {
                    lines.push(format!("Les droits changent : {}", self.full_name(channel)));
                }
                Some(_) => {}
            }
        }
        let gone = before
            .order()
            .into_iter()
            .filter(|old| !self.channels.contains_key(&old.id));
        lines.extend(gone.map(|old| format!("− {}", before.full_name(old))));
        lines
    }

    fn roles_since(&self, before: &Picture) -> Vec<String> {
        let mut lines = Vec::new();
        for (id, name) in self.roles.iter().filter(|(id, _)| **id != self.everyone) {
            match before.roles.get(id) {
                None => lines.push(format!("+ rôle « {name} »")),
                Some(old) if old != name => lines.push(format!("Le rôle « {old} » devient « {name} »")),
                Some(_) => {}
            }
        }
        let gone = before.roles.iter().filter(|(id, _)| !self.roles.contains_key(id));
        lines.extend(gone.map(|(_, name)| format!("− rôle « {name} »")));
        let nothing = BTreeSet::new();
        for (user, name) in &self.cast {
            let (old, new) = (
                before.holders.get(user).unwrap_or(&nothing),
                self.holders.get(user).unwrap_or(&nothing),
            );
            let list = |roles: &mut dyn Iterator<Item = &Id>| {
                let names: Vec<String> = roles
                    .map(|role| self.roles.get(role).or_else(|| before.roles.get(role)))
                    .map(|name| format!("« {} »", name.map_or("?", String::as_str)))
                    .collect();
                names.join(", ")
            };
            if self.holders.contains_key(user) && new.difference(old).next().is_some() {
                lines.push(format!("{name} reçoit le rôle {}", list(&mut new.difference(old))));
            }
            if self.holders.contains_key(user) && old.difference(new).next().is_some() {
                lines.push(format!("{name} perd le rôle {}", list(&mut old.difference(new))));
            }
        }
        lines
    }

    fn public(&self, before: &Picture) -> Vec<String> {
        let mut lines = Vec::new();
        for channel in self.order() {
            let name = self.full_name(channel);
            let new: Vec<&Message> = self
                .in_channel(channel.id)
                .filter(|message| !before.messages.contains_key(&message.id))
                .collect();
            let series = new.len() > SERIES;
            if series {
                lines.push(format!("Dans {name}, {} messages :", new.len()));
            }
            for message in new {
                let pinned = if message.pinned { ", épinglé" } else { "" };
                if series {
                    lines.extend(page::text(&self.head_of(message), "  "));
                } else {
                    lines.extend(block(
                        &format!("Dans {name}{}{pinned} :", self.author(message)),
                        &self.content(message),
                    ));
                }
            }
            for message in self.in_channel(channel.id) {
                let Some(old) = before.messages.get(&message.id) else {
                    continue;
                };
                if differs(old, message) {
                    let pinned = if message.pinned {
                        "le message épinglé"
                    } else {
                        "un message"
                    };
                    let changes = changed_lines(&before.content(old), &self.content(message));
                    lines.extend(block(&format!("Dans {name}, {pinned} change :"), &changes));
                }
                match (old.pinned, message.pinned) {
                    (false, true) => lines.push(format!("Dans {name}, un message est épinglé.")),
                    (true, false) => lines.push(format!("Dans {name}, un message n’est plus épinglé.")),
                    _ => {}
                }
            }
            for _ in before
                .in_channel(channel.id)
                .filter(|old| !self.messages.contains_key(&old.id))
            {
                lines.push(format!("Dans {name}, un message disparaît."));
            }
        }
        lines
    }

    fn events_since(&self, before: &Picture) -> Vec<String> {
        let mut lines = Vec::new();
        for (id, event) in &self.events {
            match before.events.get(id) {
                None => lines.push(format!("+ événement {}", markup::plain(event, self))),
                Some(old) if old != event => lines.push(format!("L’événement devient {}", markup::plain(event, self))),
                Some(_) => {}
            }
        }
        let gone = before.events.iter().filter(|(id, _)| !self.events.contains_key(id));
        lines.extend(gone.map(|(_, event)| format!("− événement {}", markup::plain(event, self))));
        lines
    }

    /// « (Camille) », or nothing when the bot wrote the message by itself.
    fn author(&self, message: &Message) -> String {
        if message.author_id == self.bot {
            String::new()
        } else {
            format!(", {}", self.account(message.author_id))
        }
    }

    fn content(&self, message: &Message) -> Vec<String> {
        if message.kind == MessageKind::PinNotice {
            return vec![format!("{} a épinglé un message.", self.account(message.author_id))];
        }
        page::message(message, self)
    }

    /// The first line of a message.
    fn head_of(&self, message: &Message) -> String {
        let all = self.content(message);
        let mut full = all
            .iter()
            .map(|line| line.trim_start_matches('▏').trim())
            .filter(|line| !line.is_empty());
        let pin = if message.pinned { "📌 " } else { "" };
        let (first, more) = (
            full.next().unwrap_or_default(),
            if full.next().is_some() { " …" } else { "" },
        );
        format!("{pin}{first}{more}")
    }

    /// A channel as `user` reads it: what is pinned, then the other messages.
    #[must_use]
    pub fn channel_page(&self, channel: Id) -> Vec<String> {
        let mut lines = Vec::new();
        let Some(place) = self.channels.get(&channel) else {
            return lines;
        };
        lines.push(format!("{} :", self.full_name(place)));
        let (pinned, others): (Vec<&Message>, Vec<&Message>) =
            self.in_channel(channel).partition(|message| message.pinned);
        for message in pinned {
            lines.extend(block("📌", &self.content(message)));
        }
        for message in others {
            let author = if message.author_id == self.bot {
                "maillage".to_owned()
            } else {
                self.account(message.author_id)
            };
            lines.extend(block(&format!("{author} :"), &self.content(message)));
        }
        if lines.len() == 1 {
            lines.push("  (rien)".to_owned());
        }
        lines
    }

    /// The direct conversation of a person with the bot.
    #[must_use]
    pub fn conversation(&self, user: Id) -> Vec<String> {
        let mut lines = Vec::new();
        let found = self
            .channels
            .values()
            .find(|c| c.kind == ChannelKind::Dm && c.recipient == Some(user));
        for message in found.into_iter().flat_map(|channel| self.in_channel(channel.id)) {
            lines.extend(block("·", &self.content(message)));
        }
        if lines.is_empty() {
            vec!["(aucun message privé)".to_owned()]
        } else {
            lines
        }
    }

    /// The channels among `seen`, category by category, one line for each category.
    #[must_use]
    pub fn tree(&self, seen: &BTreeSet<Id>) -> Vec<String> {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for channel in self.order() {
            if !seen.contains(&channel.id) || channel.kind == ChannelKind::Category {
                continue;
            }
            let head = self
                .category(channel)
                .map_or_else(|| "(sans catégorie)".to_owned(), |c| c.name.clone());
            let name = format!("#{}", channel.name);
            match groups.last_mut().filter(|(last, _)| *last == head) {
                Some((_, names)) => names.push(name),
                None => groups.push((head, vec![name])),
            }
        }
        groups
            .iter()
            .flat_map(|(head, names)| page::text(&format!("{head} : {}", names.join(", ")), ""))
            .collect()
    }

    /// The channel that a script means.
    #[must_use]
    pub fn find(&self, category: &str, name: &str) -> Option<Id> {
        let fits = |channel: &&&Channel| {
            channel.kind != ChannelKind::Category
                && channel.name == name
                && (category.is_empty()
                    || self
                        .category(channel)
                        .is_some_and(|parent| parent.name.contains(category)))
        };
        self.order().iter().find(fits).map(|channel| channel.id)
    }
}

/// A heading with its lines below, or beside it when there is one short line only.
fn block(heading: &str, lines: &[String]) -> Vec<String> {
    let mut out = vec![heading.to_owned()];
    out.extend(lines.iter().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!("  {line}")
        }
    }));
    out
}

/// Whether a reader would see a difference.
fn differs(old: &Message, new: &Message) -> bool {
    let files = |message: &Message| {
        message
            .attachments
            .iter()
            .map(|file| file.filename.clone())
            .collect::<Vec<_>>()
    };
    old.content != new.content
        || old.embeds != new.embeds
        || old.components != new.components
        || old.loading != new.loading
        || files(old) != files(new)
}

/// The lines that went and the lines that came, each with its sign; what stays is not repeated.
fn changed_lines(old: &[String], new: &[String]) -> Vec<String> {
    let gone = old
        .iter()
        .filter(|line| !line.is_empty() && !new.contains(line))
        .map(|line| format!("− {line}"));
    let come = new
        .iter()
        .filter(|line| !line.is_empty() && !old.contains(line))
        .map(|line| format!("+ {line}"));
    gone.chain(come).collect()
}

/// A framed text longer than this is shown once in a story.
const LONG_FRAME: usize = 4;
/// How much of a framed text that was read before is shown again, in characters.
const REMINDER: usize = 40;

/// Whether a line of a block is part of a frame, whatever its margin.
fn is_framed(line: &str) -> bool {
    line.trim_start().starts_with('▏')
}

/// The long framed texts of a block.
pub fn frames(block: &[String]) -> impl Iterator<Item = String> {
    block
        .chunk_by(|a, b| is_framed(a) == is_framed(b))
        .filter(|lines| lines.len() > LONG_FRAME && is_framed(&lines[0]))
        .map(|lines| lines.join("\n"))
}

/// The block, with the head alone of long framed texts that were `read` before: a reader of the story skips them.
#[must_use]
pub fn without_repeats(block: &[String], read: &BTreeSet<String>) -> Vec<String> {
    let mut out = Vec::new();
    for lines in block.chunk_by(|a, b| is_framed(a) == is_framed(b)) {
        if lines.len() > LONG_FRAME && is_framed(&lines[0]) && read.contains(&lines.join("\n")) {
            let head: String = lines[0].chars().take(REMINDER).collect();
            let head = head
                .rsplit_once(' ')
                .map_or(head.as_str(), |(whole_words, _)| whole_words);
            out.push(format!("{head} … (même texte que plus haut)"));
        } else {
            out.extend_from_slice(lines);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loopback::model::Overwrite;
    use crate::loopback::{Builder, Loopback, permissions};

    const NOW: &str = "2027-03-01T17:00:00Z";

    async fn stage() -> (Loopback, Vec<(Id, String)>) {
        let now = NOW.parse().unwrap();
        let builder = Builder::at(now)
            .member("camille.d", "Camille", &[])
            .member("noe", "Noé", &[]);
        let discord = Loopback::start(builder).await.unwrap();
        let cast = [("camille.d", "Camille"), ("noe", "Noé")]
            .map(|(username, name)| (discord.user(username), name.to_owned()))
            .to_vec();
        (discord, cast)
    }

    fn picture(discord: &Loopback, cast: &[(Id, String)]) -> Picture {
        discord.read(|world| Picture::take(world, cast, NOW.parse().unwrap()))
    }

    #[tokio::test]
    async fn what_changes_is_told_place_by_place() {
        let (discord, cast) = stage().await;
        let admin = discord.admin();
        let before = picture(&discord, &cast);
        assert!(before.since(&before).is_empty());

        let role = admin.create_role("Groupe Lunel", 0);
        let category = admin.create_category("🌱 Lunel", Vec::new());
        let hidden = vec![Overwrite::role(discord.guild_id(), 0, permissions::VIEW_CHANNEL)];
        let register = admin.create_channel("registre", Some(category), hidden);
        admin.give_role(cast[0].0, role);
        let message = admin.post(
            register,
            discord.bot_id(),
            &format!("**Registre** de <@{}>\n1 / 5", cast[0].0),
        );
        admin.pin(message, discord.bot_id());
        let after = picture(&discord, &cast);
        assert_eq!(
            after.since(&before),
            [
                "+ la catégorie 🌱 Lunel",
                "+ #registre (🌱 Lunel)",
                "+ rôle « Groupe Lunel »",
                "Camille reçoit le rôle « Groupe Lunel »",
                "Dans #registre (🌱 Lunel), épinglé :",
                "  Registre de @Camille",
                "  1 / 5",
                "Dans #registre (🌱 Lunel) :",
                "  maillage a épinglé un message.",
            ]
        );

        admin.delete_message(message);
        admin.take_role(cast[0].0, role);
        admin.edit_channel(category, |channel| channel.name = "🏛️ ACP Lunel".into());
        let last = picture(&discord, &cast);
        assert_eq!(
            last.since(&after),
            [
                "la catégorie 🌱 Lunel devient la catégorie 🏛️ ACP Lunel",
                "Camille perd le rôle « Groupe Lunel »",
                "Dans #registre (🏛️ ACP Lunel), un message disparaît.",
            ]
        );
    }

    #[tokio::test]
    async fn a_long_series_is_told_by_its_heads() {
        let (discord, cast) = stage().await;
        let before = picture(&discord, &cast);
        let channel = discord.channel("général");
        for n in 1..=4 {
            let _ = discord
                .admin()
                .post(channel, discord.bot_id(), &format!("Article {n}\n\ntexte\nsuite"));
        }
        let lines = picture(&discord, &cast).since(&before);
        assert_eq!(lines[..2], ["Dans #général, 4 messages :", "  Article 1 …"]);
        assert_eq!(lines.len(), 5);
    }

    #[tokio::test]
    async fn everyone_sees_what_he_may() {
        let (discord, cast) = stage().await;
        let hidden = vec![Overwrite::role(discord.guild_id(), 0, permissions::VIEW_CHANNEL)];
        let channel = discord.admin().create_channel("registre", None, hidden);
        discord
            .admin()
            .put_overwrite(channel, Overwrite::member(cast[0].0, permissions::VIEW_CHANNEL, 0));
        let picture = picture(&discord, &cast);
        let tree = |user: Id| {
            let seen = discord
                .as_user(user)
                .visible_channels()
                .iter()
                .map(|channel| channel.id)
                .collect();
            picture.tree(&seen)
        };
        assert_eq!(tree(cast[0].0), ["(sans catégorie) : #général, #registre"]);
        assert_eq!(tree(cast[1].0), ["(sans catégorie) : #général"]);
        assert_eq!(picture.channel_page(channel), ["#registre :", "  (rien)"]);
        assert_eq!(picture.conversation(cast[0].0), ["(aucun message privé)"]);
        assert_eq!(picture.find("", "registre"), Some(channel));
        assert_eq!(picture.find("Lunel", "registre"), None);
    }

    #[test]
    fn a_long_frame_is_shown_once() {
        let frame = |n: usize| {
            (1..=n)
                .map(|n| format!("  ▏ Vos données, ligne {n} de ce texte-ci"))
                .collect::<Vec<_>>()
        };
        let block = [vec!["À Camille :".to_owned()], frame(5), vec!["  [Oui]".to_owned()]].concat();
        let read: BTreeSet<String> = frames(&block).collect();
        assert_eq!(read.len(), 1);
        assert_eq!(without_repeats(&block, &BTreeSet::new()), block);
        let again = without_repeats(&block, &read);
        assert_eq!(
            again,
            [
                "À Camille :",
                "  ▏ Vos données, ligne 1 de ce … (même texte que plus haut)",
                "  [Oui]"
            ]
        );
        assert_eq!(frames(&frame(4)).count(), 0);
    }

    #[test]
    fn an_edit_is_told_by_its_lines() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            changed_lines(&lines("a\nb\nc"), &lines("a\nB\nc\nd")),
            ["− b", "+ B", "+ d"]
        );
    }
}
