//! From the snapshot to what should exist on Discord: roles, categories, channels with their overwrites, messages, access.
//!
//! Objects that do not exist yet are named by their keys ([`Target::Bound`]); the ids come in when a call is made. The
//! layout is one function: another one fills the same [`Space`].

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::bindings::{Duty, Key, Room};
use super::ids::{ChannelId, GroupId, GuildId, RoleId, UserId};
use super::ladder::{Step, Thresholds};
use super::observed::{Bits, ChannelKind};
use super::permissions::{QUIET, READ, VIEW_CHANNEL, WRITE};
use super::place::{Place, Shelf, Spot};
use super::register::{self, Columns, Page};
use super::snapshot::{ArticleFacts, GroupFacts, HashKey, Installed, Snapshot};
use super::view::{Embed, Message, Tone};
use super::words::{Links, Occasion, Places, Words};

/// The host's settings that shape the spaces.
#[derive(Clone)]
pub struct Rules {
    /// The five numbers of the ladder.
    pub thresholds: Thresholds,
    /// The columns of the register.
    pub columns: Columns,
    /// The entry links.
    pub links: Links,
    /// The channels of the whole server.
    pub places: PlaceRules,
    /// The wording.
    pub words: &'static dyn Words,
}

/// What the channels of the whole server are called (product.md §17).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceRules {
    /// The name of the national team's role.
    pub national: String,
    /// The names of their categories.
    pub shelves: Vec<(Shelf, String)>,
    /// The channels to make, in this order: those that the host chose by hand are not among them.
    pub signs: Vec<Sign>,
}

/// The sign of a channel of the whole server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// Which.
    pub spot: Spot,
    /// Its name, as Discord keeps it.
    pub name: String,
    /// Its topic, which ends with its marker.
    pub topic: String,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules")
            .field("thresholds", &self.thresholds)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

/// Where the spaces are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    /// The bound server.
    pub guild: GuildId,
    /// The bot's own account.
    pub bot: UserId,
    /// The national team's role, when it exists.
    pub national: Option<RoleId>,
    /// Whether that role was found or made once: then no other of its name takes its place (product.md §2).
    pub national_known: bool,
}

/// Whom an overwrite concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The holders of a role that exists.
    Role(RoleId),
    /// The holders of a role of ours, which may not exist yet.
    Bound(Key),
    /// One account.
    Member(UserId),
}

/// A role that should exist: without permissions, not mentionable, not shown apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSpec {
    /// Its key.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// The accounts that should hold it, when they are on the server.
    pub holders: BTreeSet<UserId>,
}

/// The role of the national team, which should exist since the last `/installer`. Neither its holders nor what it allows are
/// ours to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NationalSpec {
    /// Its name.
    pub name: String,
    /// The number of the last `/installer`: a role that people deleted since is not made again before the next one.
    pub wish: i64,
    /// The role, when it is there.
    pub present: Option<RoleId>,
    /// See [`Server::national_known`].
    pub known: bool,
}

/// A category or channel that should exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelSpec {
    /// Its key.
    pub key: Key,
    /// A category or a text channel.
    pub kind: ChannelKind,
    /// Its name.
    pub name: String,
    /// Its topic; empty for a category.
    pub topic: String,
    /// Its category.
    pub parent: Option<Key>,
    /// Its complete overwrites, each subject once.
    pub overwrites: Vec<(Target, Bits)>,
}

/// An article of the statutes as it is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    group: GroupId,
    facts: ArticleFacts,
}

/// The announcement of a step in the space: posted once, never edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    group: GroupId,
    occasion: Occasion,
}

/// A message that should exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Post {
    /// A page of the register.
    Page(Page),
    /// An article of the statutes.
    Article(Article),
    /// The announcement of a step.
    Announcement(Announcement),
}

impl Post {
    /// The object that this message is.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Post::Page(page) => page.key(),
            Post::Article(article) => Key::Article(article.group, article.facts.number),
            Post::Announcement(announcement) => Key::Announcement(announcement.group, announcement.occasion.step),
        }
    }

    /// The channel where it lies.
    #[must_use]
    pub fn room(&self) -> Key {
        match self {
            Post::Page(page) => Key::Room(page.group, Room::Register),
            Post::Article(article) => Key::Room(article.group, Room::Documents),
            Post::Announcement(announcement) => Key::Room(announcement.group, Room::Discussion),
        }
    }

    /// What changes when the message should be edited; the date of a register page is not part of it.
    #[must_use]
    pub fn hash(&self, key: &HashKey) -> String {
        match self {
            Post::Page(page) => page.hash(key),
            Post::Article(Article {
                group,
                facts:
                    ArticleFacts {
                        number,
                        title,
                        body,
                        since,
                    },
            }) => key.hash(&format!("{group} {number} v{since}\n{title}\n{body}")),
            Post::Announcement(announcement) => key.hash(announcement.occasion.step.key()),
        }
    }

    /// The message as of `now`; `None` while an object that it names does not exist.
    pub fn message(&self, words: &dyn Words, ids: impl Fn(Key) -> Option<u64>, now: DateTime<Utc>) -> Option<Message> {
        let marker = self.key().marker().unwrap_or_default();
        match self {
            Post::Page(page) => Some(page.message(words, now)),
            Post::Article(article) => {
                let (title, body, footer) = words.article(&article.facts, &marker);
                let embed = Embed {
                    footer,
                    ..Embed::new(Tone::Neutral, title, body)
                };
                Some(Message::default().with_embed(embed))
            }
            Post::Announcement(Announcement { group, occasion }) => {
                let role = RoleId(ids(Key::Role(*group))?);
                let places = Places {
                    role,
                    register: ChannelId(ids(Key::Room(*group, Room::Register))?),
                    documents: ChannelId(ids(Key::Room(*group, Room::Documents))?),
                };
                let mut message = Message::text(words.announcement(occasion, places, &marker));
                message.mentions.roles.push(role.0);
                Some(message)
            }
        }
    }
}

/// The reserved space of one group, in the order in which it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// The group.
    pub group: GroupId,
    /// Its role and who holds it.
    pub role: RoleSpec,
    /// Its category, then its channels.
    pub channels: Vec<ChannelSpec>,
    /// The pages of its register.
    pub pages: Vec<Page>,
    /// The articles of its statutes.
    pub articles: Vec<Post>,
    /// The announcements due, lowest step first.
    pub announcements: Vec<Post>,
}

/// What should exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// The spaces, oldest group first: when Discord is full, the others wait in this order.
    pub spaces: Vec<Space>,
    /// The roles of functions that someone holds.
    pub duties: Vec<RoleSpec>,
    /// The role of the national team.
    pub national: Option<NationalSpec>,
    /// The channels of the whole server, categories first.
    pub places: Vec<ChannelSpec>,
    /// What content hashes are keyed with.
    pub hash_key: HashKey,
}

/// Computes what should exist.
#[must_use]
pub fn desired(snapshot: &Snapshot, server: &Server, rules: &Rules) -> Desired {
    let Snapshot {
        groups,
        duties,
        installed,
        hash_key,
    } = snapshot;
    Desired {
        spaces: groups
            .iter()
            .filter(|group| group.since(Step::Forming).is_some())
            .map(|group| ample(group, server, rules))
            .collect(),
        duties: Duty::ALL
            .into_iter()
            .filter_map(|duty| {
                let holders = duties.get(&duty)?;
                let key = Key::Duty(duty);
                Some(RoleSpec {
                    key,
                    name: rules.words.duty(duty),
                    holders: holders.clone(),
                })
            })
            .collect(),
        national: installed.as_ref().map(|installed| NationalSpec {
            name: rules.places.national.clone(),
            wish: installed.wish,
            present: server.national,
            known: server.national_known,
        }),
        places: installed
            .as_ref()
            .map(|installed| places(installed, server, &rules.places))
            .unwrap_or_default(),
        hash_key: *hash_key,
    }
}

/// The channels of the whole server, each after its category. A category of which nothing is to be made is not made either.
fn places(installed: &Installed, server: &Server, rules: &PlaceRules) -> Vec<ChannelSpec> {
    let is_used = |shelf: Shelf| rules.signs.iter().any(|sign| sign.spot.shelf() == shelf);
    let shelves = rules.shelves.iter().filter(|(shelf, _)| is_used(*shelf));
    let shelves = shelves.map(|(shelf, name)| ChannelSpec {
        key: Key::Shelf(*shelf),
        kind: ChannelKind::Category,
        name: name.clone(),
        topic: String::new(),
        parent: None,
        overwrites: reserved(server, BTreeSet::new()),
    });
    let channels = rules.signs.iter().map(|Sign { spot, name, topic }| ChannelSpec {
        key: Key::Place(*spot),
        kind: ChannelKind::Text,
        name: name.clone(),
        topic: topic.clone(),
        parent: Some(Key::Shelf(spot.shelf())),
        overwrites: match spot.place() {
            Place::National | Place::Review => reserved(server, BTreeSet::new()),
            Place::Feed(region) => reserved(server, installed.referents.get(&region).cloned().unwrap_or_default()),
            // Only what is published stands there.
            Place::Works => open(server, QUIET),
            // Who may write follows the server's own settings.
            Place::Welcome | Place::Meeting => open(server, 0),
        },
    });
    shelves.chain(channels).collect()
}

/// A channel of the national team, and of these accounts.
fn reserved(server: &Server, people: BTreeSet<UserId>) -> Vec<(Target, Bits)> {
    let everyone = Bits {
        allow: 0,
        deny: VIEW_CHANNEL,
    };
    let inside = Bits { allow: WRITE, deny: 0 };
    let mut overwrites = vec![
        (Target::Role(RoleId(server.guild.0)), everyone),
        (Target::Member(server.bot), inside),
    ];
    overwrites.extend(server.national.map(|role| (Target::Role(role), inside)));
    let people = people.into_iter().filter(|user| *user != server.bot);
    overwrites.extend(people.map(|user| (Target::Member(user), inside)));
    overwrites
}

/// A channel that everyone reads, without what is denied.
fn open(server: &Server, deny: u64) -> Vec<(Target, Bits)> {
    vec![
        (Target::Role(RoleId(server.guild.0)), Bits { allow: READ, deny }),
        (Target::Member(server.bot), Bits { allow: WRITE, deny: 0 }),
    ]
}

/// The layout `ample`: one role, one category and three channels for each group (product.md §7).
fn ample(group: &GroupFacts, server: &Server, rules: &Rules) -> Space {
    let (id, words) = (group.id, rules.words);
    let members = group
        .members
        .iter()
        .filter(|member| member.present)
        .filter_map(|member| member.user);
    let relays = group
        .relays
        .iter()
        .filter(|relay| relay.present)
        .map(|relay| relay.user);
    let readers = group.merged.iter().flat_map(|merged| merged.readers.iter().copied());
    let category = ChannelSpec {
        key: Key::Category(id),
        kind: ChannelKind::Category,
        name: words.category(&group.name, group.stage()),
        topic: String::new(),
        parent: None,
        overwrites: overwrites(group, server, None),
    };
    let rooms = Room::ALL.map(|room| {
        let key = Key::Room(id, room);
        ChannelSpec {
            key,
            kind: ChannelKind::Text,
            name: room.name().to_owned(),
            topic: words.topic(room, &key.marker().unwrap_or_default()),
            parent: Some(Key::Category(id)),
            overwrites: overwrites(group, server, Some(room)),
        }
    });
    Space {
        group: id,
        role: RoleSpec {
            key: Key::Role(id),
            name: words.role(&group.name),
            holders: members.chain(relays).chain(readers).collect(),
        },
        channels: std::iter::once(category).chain(rooms).collect(),
        pages: register::pages(group, rules.columns, &rules.thresholds, words),
        articles: articles(group),
        announcements: announcements(group, rules),
    }
}

/// The complete overwrites of a room, or of the category (`None`): who is not named sees nothing.
///
/// Relays come in by the group's role, without any moderation power; the referents by name, because they serve many groups
/// without belonging to them; the bot by name, because what is denied to everyone is denied to it too.
fn overwrites(group: &GroupFacts, server: &Server, room: Option<Room>) -> Vec<(Target, Bits)> {
    let quiet = room.is_none_or(Room::is_quiet) || group.archived || group.merged.is_some();
    let (allow, deny) = match (room, quiet) {
        (None, _) => (READ, 0),
        (Some(_), true) => (READ, QUIET),
        (Some(_), false) => (WRITE, 0),
    };
    let people = Bits { allow, deny };
    let everyone = Bits {
        allow: 0,
        deny: VIEW_CHANNEL | deny,
    };
    let mut overwrites = vec![
        (Target::Role(RoleId(server.guild.0)), everyone),
        (Target::Member(server.bot), Bits { allow: WRITE, deny: 0 }),
        (Target::Bound(Key::Role(group.id)), people),
    ];
    overwrites.extend(server.national.map(|role| (Target::Role(role), people)));
    let referents: BTreeSet<UserId> = group
        .referents
        .iter()
        .filter(|referent| referent.present && referent.user != server.bot)
        .map(|referent| referent.user)
        .collect();
    overwrites.extend(referents.into_iter().map(|user| (Target::Member(user), people)));
    overwrites
}

fn articles(group: &GroupFacts) -> Vec<Post> {
    let Some(statutes) = &group.statutes else {
        return Vec::new();
    };
    statutes
        .articles
        .iter()
        .map(|facts| {
            Post::Article(Article {
                group: group.id,
                facts: facts.clone(),
            })
        })
        .collect()
}

fn announcements(group: &GroupFacts, rules: &Rules) -> Vec<Post> {
    group
        .announce
        .iter()
        .filter(|step| **step != Step::Possible)
        .map(|step| {
            let occasion = Occasion {
                group: group.name.clone(),
                step: *step,
                members: u32::try_from(group.members.len()).unwrap_or(u32::MAX),
                next: rules.thresholds.next(&group.reached()),
                links: rules.links.clone(),
            };
            Post::Announcement(Announcement {
                group: group.id,
                occasion,
            })
        })
        .collect()
}
