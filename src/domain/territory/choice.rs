//! Where a person is put, and who said so.

use super::atlas::{Atlas, Resolution, TerritoryKey};
use super::postal::PostalCode;
use std::fmt;

/// Who said in which territory a person is (product.md §4: `origine`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A guess: the postal code touches several territories and the most populous part was taken. To be corrected.
    Auto,
    /// The postal code touches one territory only.
    Code,
    /// The `commune` column of an import decided.
    Commune,
    /// A person chose; survives any later automatic choice.
    Manual,
}

/// A stored origin that is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown origin of a territory")]
pub struct UnknownOrigin;

impl Origin {
    /// All of them.
    pub const ALL: [Origin; 4] = [Origin::Auto, Origin::Code, Origin::Commune, Origin::Manual];

    /// The stored form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Auto => "auto",
            Origin::Code => "code",
            Origin::Commune => "commune",
            Origin::Manual => "manuel",
        }
    }

    /// Whether a choice of this origin stands when a later one comes for the same postal code: a manual one yields only to
    /// another, and a guess never replaces what was known.
    #[must_use]
    pub fn stands_against(self, later: Origin) -> bool {
        match (self, later) {
            (_, Origin::Manual) => false,
            (Origin::Manual, _) => true,
            (_, Origin::Auto) => self > Origin::Auto,
            (_, Origin::Code | Origin::Commune) => false,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Origin {
    type Err = UnknownOrigin;

    fn from_str(stored: &str) -> Result<Self, UnknownOrigin> {
        Self::ALL
            .into_iter()
            .find(|origin| origin.as_str() == stored)
            .ok_or(UnknownOrigin)
    }
}

/// A territory for a person, how it was found, and the commune when it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice {
    /// The territory.
    pub key: TerritoryKey,
    /// INSEE's code of the commune, or of the municipal arrondissement, when the postal code or the name leaves no doubt.
    pub commune: Option<String>,
    /// Who said so.
    pub origin: Origin,
}

impl Atlas {
    /// Where an import puts a person (product.md §4): the commune's territory when its name is given and known for this code,
    /// else the most populous part. `None` sends the person to «à placer».
    #[must_use]
    pub fn choose(&self, code: PostalCode, commune: Option<&str>) -> Option<Choice> {
        let certain = matches!(self.resolve(code, None), Resolution::Certain(_));
        let by_name = commune.is_some_and(|name| !self.named(code, name).is_empty());
        let (part, clear) = match self.resolve(code, commune) {
            Resolution::Certain(part) => (part, true),
            Resolution::Ambiguous(parts) => (parts.into_iter().next()?, false),
            Resolution::NoBasin(_) | Resolution::Unknown => return None,
        };
        let origin = match (certain, clear && by_name) {
            (true, _) => Origin::Code,
            (false, true) => Origin::Commune,
            (false, false) => Origin::Auto,
        };
        let commune = match part.places.as_slice() {
            [place] if origin != Origin::Auto => Some(place.unit.to_owned()),
            _ => None,
        };
        Some(Choice {
            key: part.key().clone(),
            commune,
            origin,
        })
    }
}
