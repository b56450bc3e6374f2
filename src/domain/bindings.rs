//! What the product owns on Discord: a logical key for each object, the id that Discord gave it, and what was last sent.
//!
//! «Own only what you recorded»: an object that no binding names is invisible to the planner. A binding without an id is an
//! *intention*, stored before the call that creates the object, so that a crash between the call and its record does not
//! leave a second one (product.md §7).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::ids::{ChannelId, GroupId, UserId};
use super::ladder::Step;
use super::place::{Place, Shelf, Spot};

/// A function that has a Discord role of its own on the whole server (product.md §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// «Relai local».
    Relay,
    /// «Référent régional».
    Referent,
}

impl Duty {
    /// Both.
    pub const ALL: [Duty; 2] = [Duty::Relay, Duty::Referent];

    fn key(self) -> &'static str {
        match self {
            Duty::Relay => "relay",
            Duty::Referent => "referent",
        }
    }
}

/// A text channel of a group's space (product.md §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Room {
    /// Where members write.
    Discussion,
    /// Where the register is pinned.
    Register,
    /// Where statutes, decisions and minutes are.
    Documents,
}

impl Room {
    /// Every room, in the order in which they are created and shown.
    pub const ALL: [Room; 3] = [Room::Discussion, Room::Register, Room::Documents];

    /// The name of the channel, which is also its part of keys and markers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Room::Discussion => "discussion",
            Room::Register => "registre",
            Room::Documents => "documents",
        }
    }

    /// Whether only the bot writes there.
    #[must_use]
    pub fn is_quiet(self) -> bool {
        match self {
            Room::Discussion => false,
            Room::Register | Room::Documents => true,
        }
    }
}

/// The key of the national team's role.
const NATIONAL: &str = "role:national";

/// The logical name of one object on Discord.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The role of the national team: made by `/installer`, given by people only (product.md §2).
    National,
    /// A category of the channels of the whole server.
    Shelf(Shelf),
    /// A channel of the whole server.
    Place(Spot),
    /// The role of a function.
    Duty(Duty),
    /// The role of a function, given to an account.
    DutyHeld(Duty, UserId),
    /// The role of a group.
    Role(GroupId),
    /// The role of a group, given to an account.
    Access(GroupId, UserId),
    /// The category of a group.
    Category(GroupId),
    /// A text channel of a group.
    Room(GroupId, Room),
    /// A page of the register, from 1.
    Page(GroupId, u32),
    /// An article of the statutes, by number.
    Article(GroupId, u32),
    /// The announcement of a step in the space.
    Announcement(GroupId, Step),
}

impl Key {
    /// The group whose object this is.
    #[must_use]
    pub fn group(self) -> Option<GroupId> {
        match self {
            Key::National | Key::Shelf(_) | Key::Place(_) | Key::Duty(_) | Key::DutyHeld(..) => None,
            Key::Role(group)
            | Key::Access(group, _)
            | Key::Category(group)
            | Key::Room(group, _)
            | Key::Page(group, _)
            | Key::Article(group, _)
            | Key::Announcement(group, _) => Some(group),
        }
    }

    /// The kind of the object, as the table of bindings names it. A role given is filed with the roles.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Key::National | Key::Duty(_) | Key::DutyHeld(..) | Key::Role(_) | Key::Access(..) => "role",
            Key::Shelf(_) | Key::Category(_) => "category",
            Key::Place(_) | Key::Room(..) => "channel",
            Key::Page(..) | Key::Article(..) | Key::Announcement(..) => "message",
        }
    }

    /// What an object of ours bears where people can see it, and by which it is found again after a crash: the end of a
    /// topic, of a footer or of a last line. `None` for the kinds that have no such place.
    #[must_use]
    pub fn marker(self) -> Option<String> {
        match self {
            Key::Place(spot) => Some(format!("maillage:{}", spot.place().key())),
            Key::Room(group, room) => Some(format!("maillage:{group}:{}", room.name())),
            Key::Page(group, page) => Some(format!("réf. registre {group}.{page}")),
            Key::Article(group, number) => Some(format!("réf. statuts {group}.{number}")),
            Key::Announcement(group, step) => Some(format!("réf. étape {group}.{}", rank(step))),
            Key::National
            | Key::Shelf(_)
            | Key::Duty(_)
            | Key::DutyHeld(..)
            | Key::Role(_)
            | Key::Access(..)
            | Key::Category(_) => None,
        }
    }

    /// The key of the message whose content or footer ends with a marker of ours.
    #[must_use]
    pub fn of_message(text: &str) -> Option<Key> {
        let (_, marker) = text.rsplit_once("réf. ")?;
        let (kind, place) = marker.split_once(' ')?;
        let (group, number) = place.split_once('.')?;
        let (group, number) = (group.parse().ok()?, number.parse::<u32>().ok()?);
        match kind {
            "registre" => Some(Key::Page(group, number)),
            "statuts" => Some(Key::Article(group, number)),
            "étape" => Step::ALL
                .into_iter()
                .find(|step| rank(*step) == number)
                .map(|step| Key::Announcement(group, step)),
            _ => None,
        }
    }
}

/// The place of a step on the ladder, from 0.
fn rank(step: Step) -> u32 {
    match step {
        Step::Possible => 0,
        Step::Forming => 1,
        Step::Assembly => 2,
        Step::PublishRic => 3,
        Step::PublishWorks => 4,
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::National => f.write_str(NATIONAL),
            Key::Shelf(shelf) => f.write_str(shelf.key()),
            Key::Place(spot) => f.write_str(&spot.place().key()),
            Key::Duty(duty) => write!(f, "role:{}", duty.key()),
            Key::DutyHeld(duty, user) => write!(f, "role:{}:access:{user}", duty.key()),
            Key::Role(group) => write!(f, "group:{group}:role"),
            Key::Access(group, user) => write!(f, "group:{group}:access:{user}"),
            Key::Category(group) => write!(f, "group:{group}:category"),
            Key::Room(group, room) => write!(f, "group:{group}:{}", room.name()),
            Key::Page(group, page) => write!(f, "group:{group}:page:{page}"),
            Key::Article(group, number) => write!(f, "group:{group}:article:{number}"),
            Key::Announcement(group, step) => write!(f, "group:{group}:announcement:{}", step.key()),
        }
    }
}

/// A key that this planner does not know: another part's, or another version's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignKey;

impl FromStr for Key {
    type Err = ForeignKey;

    fn from_str(text: &str) -> Result<Key, ForeignKey> {
        parse(text).ok_or(ForeignKey)
    }
}

fn parse(text: &str) -> Option<Key> {
    if text == NATIONAL {
        return Some(Key::National);
    }
    if let Some(shelf) = Shelf::ALL.into_iter().find(|shelf| shelf.key() == text) {
        return Some(Key::Shelf(shelf));
    }
    if let Some(place) = Place::from_key(text) {
        return place.spot().map(Key::Place);
    }
    let mut parts = text.split(':');
    let scope = parts.next()?;
    let owner = parts.next()?;
    let what = parts.next();
    let which = parts.next();
    if parts.next().is_some() {
        return None;
    }
    if scope == "role" {
        let duty = Duty::ALL.into_iter().find(|duty| duty.key() == owner)?;
        return match (what, which) {
            (None, None) => Some(Key::Duty(duty)),
            (Some("access"), Some(user)) => Some(Key::DutyHeld(duty, user.parse().ok()?)),
            _ => None,
        };
    }
    if scope != "group" {
        return None;
    }
    let group = owner.parse().ok()?;
    match (what?, which) {
        ("role", None) => Some(Key::Role(group)),
        ("category", None) => Some(Key::Category(group)),
        (name, None) => Room::ALL
            .into_iter()
            .find(|room| room.name() == name)
            .map(|room| Key::Room(group, room)),
        ("access", Some(user)) => Some(Key::Access(group, user.parse().ok()?)),
        ("page", Some(page)) => Some(Key::Page(group, page.parse().ok()?)),
        ("article", Some(number)) => Some(Key::Article(group, number.parse().ok()?)),
        ("announcement", Some(step)) => Some(Key::Announcement(group, Step::from_key(step)?)),
        _ => None,
    }
}

/// One row of the bindings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The id that Discord gave; `None` while it is only an intention. For a role given to an account: the role.
    pub id: Option<u64>,
    /// The channel of a message.
    pub channel: Option<ChannelId>,
    /// A hash of what was last sent.
    pub hash: Option<String>,
    /// Whether the message was pinned by us.
    pub pinned: bool,
    /// What the creating call of a message bears, so that Discord itself refuses a second one.
    pub nonce: Option<String>,
    /// When the intention was stored.
    pub intended_at: DateTime<Utc>,
    /// When the id was stored.
    pub bound_at: Option<DateTime<Utc>>,
    /// When it was last edited; of a channel: last renamed.
    pub edited_at: Option<DateTime<Utc>>,
}

impl Binding {
    /// An intention: what is stored before the creating call.
    #[must_use]
    pub fn intention(channel: Option<ChannelId>, nonce: Option<String>, now: DateTime<Utc>) -> Self {
        Self {
            id: None,
            channel,
            hash: None,
            pinned: false,
            nonce,
            intended_at: now,
            bound_at: None,
            edited_at: None,
        }
    }
}

/// Every binding of ours.
pub type Bindings = BTreeMap<Key, Binding>;

/// The nonce of a message: at most 25 characters (Discord documentation, resources/message), stable for one intention.
#[must_use]
pub fn nonce(key: Key, now: DateTime<Utc>) -> String {
    let hash = blake3::hash(format!("{key}@{}", now.timestamp_micros()).as_bytes());
    hash.to_hex().chars().take(24).collect()
}

/// Why something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetbackKind {
    /// Discord is away or failing.
    Transient,
    /// Too many calls.
    RateLimited,
    /// Edits of messages older than one hour are limited (30046).
    OldEdit,
    /// A permission is missing, or the bot's role is too low.
    Forbidden,
    /// «Épingler des messages» is missing: a permission of its own since 2026.
    PinForbidden,
    /// Discord has no room for more (product.md §7): the group waits in a queue.
    Full,
    /// Discord refuses what we send: a fault of ours.
    Invalid,
    /// The object is not where it was.
    Missing,
}

impl SetbackKind {
    /// Every kind.
    pub const ALL: [SetbackKind; 8] = [
        SetbackKind::Transient,
        SetbackKind::RateLimited,
        SetbackKind::OldEdit,
        SetbackKind::Forbidden,
        SetbackKind::PinForbidden,
        SetbackKind::Full,
        SetbackKind::Invalid,
        SetbackKind::Missing,
    ];

    /// The stable name written in the database.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            SetbackKind::Transient => "transient",
            SetbackKind::RateLimited => "rate_limited",
            SetbackKind::OldEdit => "old_edit",
            SetbackKind::Forbidden => "forbidden",
            SetbackKind::PinForbidden => "pin_forbidden",
            SetbackKind::Full => "full",
            SetbackKind::Invalid => "invalid",
            SetbackKind::Missing => "missing",
        }
    }

    /// The kind that [`SetbackKind::key`] names.
    #[must_use]
    pub fn from_key(key: &str) -> Option<SetbackKind> {
        SetbackKind::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// What Discord refused or failed, and when it may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setback {
    /// How many times it failed in a row.
    pub attempts: u32,
    /// Not to be tried before.
    pub not_before: DateTime<Utc>,
    /// When it first failed.
    pub first_at: DateTime<Utc>,
    /// Discord's JSON code, else the HTTP status.
    pub code: Option<i64>,
    /// Why.
    pub kind: SetbackKind,
}

/// Setbacks by subject: the name of an act on an object (`Step::subject` of the plan).
pub type Setbacks = BTreeMap<String, Setback>;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::RegionCode;

    fn keys() -> Vec<Key> {
        let (group, user) = (GroupId(12), UserId(42));
        let feed = Place::Feed(RegionCode("76".to_owned()));
        let mut keys = vec![
            Key::National,
            Key::Place(feed.spot().unwrap()),
            Key::Role(group),
            Key::Category(group),
            Key::Access(group, user),
            Key::Page(group, 3),
            Key::Article(group, 7),
        ];
        keys.extend(
            Duty::ALL
                .into_iter()
                .flat_map(|duty| [Key::Duty(duty), Key::DutyHeld(duty, user)]),
        );
        keys.extend(Shelf::ALL.map(Key::Shelf));
        keys.extend(Place::SINGLE.iter().filter_map(Place::spot).map(Key::Place));
        keys.extend(Room::ALL.map(|room| Key::Room(group, room)));
        keys.extend(Step::ALL.map(|step| Key::Announcement(group, step)));
        keys
    }

    #[test]
    fn keys_round_trip() {
        for key in keys() {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for foreign in [
            "",
            "feed:84",
            "group:12",
            "group:12:salon",
            "group:x:role",
            "role:chef",
            "group:1:page:1:2",
        ] {
            assert_eq!(foreign.parse::<Key>(), Err(ForeignKey), "{foreign}");
        }
    }

    #[test]
    fn messages_are_known_by_the_end_of_their_text() {
        for key in keys().into_iter().filter(|key| key.kind() == "message") {
            let text = format!("Un texte · {}", key.marker().unwrap());
            assert_eq!(Key::of_message(&text), Some(key));
            assert_eq!(Key::of_message(&format!("{text} suivi d’autre chose")), None);
        }
        assert_eq!(Key::of_message("réf. registre douze.1"), None);
    }

    #[test]
    fn setback_kinds_round_trip() {
        for kind in SetbackKind::ALL {
            assert_eq!(SetbackKind::from_key(kind.key()), Some(kind));
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,60}") {
            if let Ok(key) = text.parse::<Key>() {
                prop_assert_eq!(key.to_string().parse(), Ok(key));
            }
            let _ = Key::of_message(&text);
        }

        #[test]
        fn a_nonce_is_short_and_differs(a in 0i64..4_000_000_000, b in 0i64..4_000_000_000) {
            let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            let (one, other) = (nonce(Key::Page(GroupId(1), 1), at(a)), nonce(Key::Page(GroupId(1), 1), at(b)));
            prop_assert!(one.len() <= 25);
            prop_assert_eq!(one == other, a == b);
        }
    }
}
