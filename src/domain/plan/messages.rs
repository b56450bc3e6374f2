//! The decisions about messages: pages of the register, articles of the statutes, announcements, and what is swept away.

use chrono::{DateTime, Utc};

use super::planner::{Place, Planner};
use super::{Act, Found, Step};
use crate::domain::bindings::{Binding, Key, Room};
use crate::domain::desired::Post;
use crate::domain::ids::{ChannelId, GroupId, MessageId};
use crate::domain::notice::PutBack;
use crate::domain::observed::SeenMessages;
use crate::domain::register::Page;

/// A message that is there.
struct There {
    id: MessageId,
    pinned: bool,
    /// Pinned when we last looked after it: unpinned since, it was by hand.
    was_pinned: bool,
    hash: Option<String>,
    edited_at: Option<DateTime<Utc>>,
}

/// What is known of a message of ours.
enum Search {
    There(There),
    /// Not there; whether it was once.
    Missing {
        lost: bool,
    },
    /// The channel has to be listed first.
    Unknown,
}

impl Planner<'_> {
    /// Pages are pinned and keep their order: a missing one is posted anew with the pages after it (product.md §8).
    pub(super) fn pages(&mut self, group: GroupId, pages: &[Page]) {
        let posts: Vec<Post> = pages.iter().cloned().map(Post::Page).collect();
        let Some(searches) = self.search_all(Key::Room(group, Room::Register), &posts) else {
            return;
        };
        let first_missing = searches
            .iter()
            .position(|search| matches!(search, Search::Missing { .. }));
        let keep = first_missing.unwrap_or(posts.len());
        let last = u32::try_from(posts.len()).unwrap_or(u32::MAX);
        self.drop_surplus(
            group,
            Key::Page(group, last.saturating_add(1)),
            Key::Page(group, u32::MAX),
        );
        for (post, search) in posts.iter().zip(&searches).take(keep) {
            self.maintain(post, search);
        }
        if keep == posts.len() || self.is_held(&posts[keep].key().to_string()) {
            return;
        }
        for (post, search) in posts.iter().zip(&searches).skip(keep) {
            if let (Search::There(there), Place::Here(room)) = (search, self.place(post.room())) {
                let act = Act::Delete {
                    channel: ChannelId(room),
                    message: there.id,
                };
                if !self.push(Step {
                    key: post.key(),
                    act,
                    report: None,
                }) {
                    return;
                }
            }
        }
        for (post, search) in posts.iter().zip(&searches).skip(keep) {
            if !self.post_and_pin(post, search) {
                return;
            }
        }
    }

    /// Articles are pinned; a missing one is posted anew alone, for other documents lie between them anyway.
    pub(super) fn articles(&mut self, group: GroupId, articles: &[Post]) {
        let Some(searches) = self.search_all(Key::Room(group, Room::Documents), articles) else {
            return;
        };
        for (post, search) in articles.iter().zip(&searches) {
            match search {
                Search::There(_) => self.maintain(post, search),
                Search::Missing { .. } => {
                    self.post_and_pin(post, search);
                }
                Search::Unknown => {}
            }
        }
        let wanted: Vec<Key> = articles.iter().map(Post::key).collect();
        let recorded: Vec<Key> = self
            .bindings
            .range(Key::Article(group, 0)..=Key::Article(group, u32::MAX))
            .map(|(key, _)| *key)
            .filter(|key| !wanted.contains(key))
            .collect();
        for key in recorded {
            self.drop_surplus(group, key, key);
        }
    }

    /// An announcement is posted once; deleted by hand, it stays deleted.
    pub(super) fn announcement(&mut self, post: &Post) {
        let key = post.key();
        if self.bindings.get(&key).is_some_and(|binding| binding.id.is_some()) {
            return;
        }
        let needed = [Room::Register, Room::Documents].map(|room| key.group().map(|group| Key::Room(group, room)));
        if needed
            .into_iter()
            .flatten()
            .any(|room| self.place(room) == Place::Blocked)
        {
            return;
        }
        let Some(searches) = self.search_all(post.room(), std::slice::from_ref(post)) else {
            return;
        };
        if let [Search::Missing { .. }] = searches.as_slice() {
            self.push(Step {
                key,
                act: Act::Post { post: post.clone() },
                report: None,
            });
        }
    }

    /// Where only the bot writes, pin notices go, and stray copies of our own messages.
    pub(super) fn sweep(&mut self, group: GroupId) {
        for room in [Room::Register, Room::Documents] {
            let key = Key::Room(group, room);
            let Place::Here(id) = self.place(key) else { continue };
            let channel = ChannelId(id);
            let Some(seen) = self.observed.messages.get(&channel) else {
                continue;
            };
            let swept: Vec<MessageId> = seen
                .iter()
                .filter(|(id, message)| {
                    let copy = message.ours
                        && message.marker.is_some_and(|marker| marker.group() == Some(group))
                        && !self.claimed.contains(&id.0);
                    message.notice || copy
                })
                .map(|(id, _)| *id)
                .collect();
            for message in swept {
                self.push(Step {
                    key,
                    act: Act::Sweep { channel, message },
                    report: None,
                });
            }
        }
    }

    /// Looks for each message of a room; `None` when the room can't be used now, or has to be listed first.
    fn search_all(&mut self, room: Key, posts: &[Post]) -> Option<Vec<Search>> {
        let place = match self.place(room) {
            Place::Blocked => return None,
            Place::Coming => None,
            Place::Here(id) => Some(ChannelId(id)),
        };
        let searches: Vec<Search> = posts.iter().map(|post| self.search(post.key(), place)).collect();
        if searches.iter().any(|search| matches!(search, Search::Unknown)) {
            self.plan.look.extend(place);
            return None;
        }
        Some(searches)
    }

    fn search(&mut self, key: Key, room: Option<ChannelId>) -> Search {
        let Some(binding) = self.bindings.get(&key) else {
            return Search::Missing { lost: false };
        };
        let Some(room) = room.filter(|room| binding.channel == Some(*room)) else {
            // Its channel is gone, which is reported for the channel.
            return Search::Missing { lost: false };
        };
        let listed = self.observed.messages.get(&room);
        match (binding.id, listed) {
            (Some(id), None) => Search::There(there(MessageId(id), binding.pinned, binding)),
            (Some(id), Some(listed)) => match listed.get(&MessageId(id)) {
                Some(seen) => Search::There(there(MessageId(id), seen.pinned, binding)),
                None => Search::Missing { lost: true },
            },
            (None, None) => Search::Unknown,
            (None, Some(listed)) => match self.adoptable(key, binding, listed) {
                Some((id, pinned)) => {
                    self.claimed.insert(id.0);
                    let act = Act::Adopt {
                        id: id.0,
                        channel: Some(room),
                        pinned,
                    };
                    self.push(Step { key, act, report: None });
                    Search::There(there(id, pinned, binding))
                }
                None => Search::Missing { lost: false },
            },
        }
    }

    /// A message is found again by its nonce, then by the marker that ends its text or footer (product.md §7).
    fn adoptable(&self, key: Key, intention: &Binding, listed: &SeenMessages) -> Option<(MessageId, bool)> {
        let mut ours = listed
            .iter()
            .filter(|(id, seen)| seen.ours && !self.claimed.contains(&id.0));
        let by_nonce = ours
            .clone()
            .find(|(_, seen)| seen.nonce.is_some() && seen.nonce == intention.nonce);
        let found = by_nonce.or_else(|| ours.find(|(_, seen)| seen.marker == Some(key)));
        found.map(|(id, seen)| (*id, seen.pinned))
    }

    /// Posts a message and pins it; tells whether the next one may follow.
    fn post_and_pin(&mut self, post: &Post, search: &Search) -> bool {
        let lost = matches!(search, Search::Missing { lost: true });
        let step = Step {
            key: post.key(),
            act: Act::Post { post: post.clone() },
            report: lost.then_some(PutBack::Message),
        };
        if !self.push(step) {
            return false;
        }
        self.push(Step {
            key: post.key(),
            act: Act::Pin,
            report: None,
        });
        true
    }

    /// Edits and pins a message that is there.
    fn maintain(&mut self, post: &Post, search: &Search) {
        let (Search::There(there), Place::Here(room)) = (search, self.place(post.room())) else {
            return;
        };
        let key = post.key();
        let room = ChannelId(room);
        if there.hash.as_deref() != Some(&post.hash(self.hash_key())) {
            let early = match post {
                Post::Page(_) => there
                    .edited_at
                    .map(|last| last + self.pace.coalesce)
                    .filter(|at| *at > self.now),
                Post::Article(_) | Post::Announcement(_) => None,
            };
            match early {
                Some(at) => self.wake(at),
                None => {
                    let act = Act::Edit {
                        channel: room,
                        message: there.id,
                        post: post.clone(),
                    };
                    self.push(Step { key, act, report: None });
                }
            }
        }
        match (there.pinned, there.was_pinned) {
            (true, true) => {}
            (true, false) => {
                self.push(Step {
                    key,
                    act: Act::Remember { found: Found::Pinned },
                    report: None,
                });
            }
            (false, was_pinned) => {
                self.push(Step {
                    key,
                    act: Act::Pin,
                    report: was_pinned.then_some(PutBack::Message),
                });
            }
        }
    }

    /// Deletes the recorded messages between two keys, last first; forgets those that are gone.
    fn drop_surplus(&mut self, group: GroupId, from: Key, to: Key) {
        let recorded: Vec<(Key, Binding)> = self
            .bindings
            .range(from..=to)
            .rev()
            .map(|(key, binding)| (*key, binding.clone()))
            .collect();
        for (key, binding) in recorded {
            debug_assert_eq!(key.group(), Some(group));
            let there = match (binding.id, binding.channel) {
                (Some(id), Some(channel)) if self.observed.channels.contains_key(&channel) => {
                    let listed = self.observed.messages.get(&channel);
                    listed
                        .is_none_or(|listed| listed.contains_key(&MessageId(id)))
                        .then_some((channel, MessageId(id)))
                }
                _ => None,
            };
            let act = match there {
                Some((channel, message)) => Act::Delete { channel, message },
                None => Act::Forget,
            };
            self.push(Step { key, act, report: None });
        }
    }
}

fn there(id: MessageId, pinned: bool, binding: &Binding) -> There {
    There {
        id,
        pinned,
        was_pinned: binding.pinned,
        hash: binding.hash.clone(),
        edited_at: binding.edited_at,
    }
}
