//! Everything the planner needs to know of the groups, frozen: the database at one moment, identities opened in memory.
//!
//! These types hold names and, when the host asked for it, phones and mails: their `Debug` shows none (product.md §16).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};

use super::bindings::Duty;
use super::ids::{GroupId, RegionCode, UserId};
use super::ladder::{Stage, Step};

/// The database, as far as Discord is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Every group that has a space or should, those merged into another included, in the order in which they became «en
    /// formation», then of id.
    pub groups: Vec<GroupFacts>,
    /// The accounts that hold each function, on the server or not.
    pub duties: BTreeMap<Duty, BTreeSet<UserId>>,
    /// What the channels of the whole server depend on; `None` before `/installer` (product.md §17).
    pub installed: Option<Installed>,
    /// What content hashes are keyed with, so that a hash tells nothing to who has only the database.
    pub hash_key: HashKey,
}

/// What the channels of the whole server depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// The number of the last `/installer`.
    pub wish: i64,
    /// The référents of each région who are on the server.
    pub referents: BTreeMap<RegionCode, BTreeSet<UserId>>,
}

/// A secret key for content hashes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct HashKey(pub [u8; 32]);

impl HashKey {
    /// A short keyed hash of `text`.
    #[must_use]
    pub fn hash(&self, text: &str) -> String {
        blake3::keyed_hash(&self.0, text.as_bytes())
            .to_hex()
            .chars()
            .take(32)
            .collect()
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(…)")
    }
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Whether it is archived: its space is then read-only.
    pub archived: bool,
    /// The steps reached, lowest first, each with its date.
    pub steps: Vec<(Step, DateTime<Utc>)>,
    /// The steps to announce in the space, once each, lowest first.
    pub announce: Vec<Step>,
    /// Its validated members, in the order of their numbers.
    pub members: Vec<MemberFacts>,
    /// Its relays, first named first.
    pub relays: Vec<HolderFacts>,
    /// The referents of its région, first named first.
    pub referents: Vec<HolderFacts>,
    /// Its statutes in force.
    pub statutes: Option<StatutesFacts>,
    /// What became of it, when it was merged into another: it has no members then, and its space is read-only.
    pub merged: Option<MergedFacts>,
}

/// What became of a group that was merged into another (product.md §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedFacts {
    /// The name of the group that its members are in now.
    pub into: String,
    /// The accounts on the server that still read its space: those of its members who are in that group, and of its relays
    /// who serve it.
    pub readers: BTreeSet<UserId>,
}

impl GroupFacts {
    /// The steps reached, without their dates.
    #[must_use]
    pub fn reached(&self) -> Vec<Step> {
        self.steps.iter().map(|(step, _)| *step).collect()
    }

    /// What the group is at present.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Stage::of(&self.reached())
    }

    /// When the group reached `step`.
    #[must_use]
    pub fn since(&self, step: Step) -> Option<DateTime<Utc>> {
        self.steps
            .iter()
            .find(|(reached, _)| *reached == step)
            .map(|(_, at)| *at)
    }
}

/// One validated member.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberFacts {
    /// The number in the group's register: never given twice.
    pub number: u32,
    /// «Prénom NOM».
    pub name: String,
    /// The linked Discord account.
    pub user: Option<UserId>,
    /// The Discord pseudo that was typed or imported, shown while no account is linked.
    pub pseudo: Option<String>,
    /// Whether that account is on the server.
    pub present: bool,
    /// Postal code; empty when unknown.
    pub postal_code: String,
    /// When the participation was validated.
    pub since: DateTime<Utc>,
    /// Phone, as it is to be shown; only when the register shows phones.
    pub phone: Option<String>,
    /// Mail; only when the register shows mails.
    pub mail: Option<String>,
}

impl fmt::Debug for MemberFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberFacts")
            .field("number", &self.number)
            .field("user", &self.user)
            .field("present", &self.present)
            .finish_non_exhaustive()
    }
}

/// Someone who holds a post.
#[derive(Clone, PartialEq, Eq)]
pub struct HolderFacts {
    /// The account.
    pub user: UserId,
    /// Whether it is on the server.
    pub present: bool,
    /// The linked person's name, else the display name; `None` when neither is known (product.md §2).
    pub display: Option<String>,
}

impl fmt::Debug for HolderFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HolderFacts")
            .field("user", &self.user)
            .field("present", &self.present)
            .finish_non_exhaustive()
    }
}

/// The statutes in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatutesFacts {
    /// Their version, from 1.
    pub version: u32,
    /// Their articles, in the order of their numbers.
    pub articles: Vec<ArticleFacts>,
}

/// One article.
#[derive(Clone, PartialEq, Eq)]
pub struct ArticleFacts {
    /// Its number.
    pub number: u32,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The version since which it reads so: a new version edits the articles that changed, and no other.
    pub since: u32,
}

impl fmt::Debug for ArticleFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArticleFacts")
            .field("number", &self.number)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_identity() {
        let member = MemberFacts {
            number: 1,
            name: "Camille DUPRÉ".to_owned(),
            user: Some(UserId(42)),
            pseudo: Some("camille.d".to_owned()),
            present: true,
            postal_code: "34400".to_owned(),
            since: DateTime::UNIX_EPOCH,
            phone: Some("06 39 98 12 34".to_owned()),
            mail: Some("camille@example.org".to_owned()),
        };
        let holder = HolderFacts {
            user: UserId(42),
            present: true,
            display: Some("Camille Dupré".to_owned()),
        };
        let shown = format!("{member:?} {holder:?}");
        for secret in ["Camille", "camille", "DUPR", "Dupr", "34400", "98", "example"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn hashes_depend_on_the_key() {
        assert_ne!(HashKey([1; 32]).hash("x"), HashKey([2; 32]).hash("x"));
        assert_eq!(HashKey([1; 32]).hash("x").len(), 32);
    }
}
