//! What a change of zoning changes (product.md §4): people and groups are re-attached and the differences told.

use super::atlas::{Atlas, TerritoryKey};
use super::choice::{Choice, Origin};
use super::postal::PostalCode;
use crate::domain::ids::GroupId;
use std::collections::{BTreeMap, BTreeSet};

/// Where someone is before the change; the people in one situation are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Situation {
    /// The postal code.
    pub postal_code: PostalCode,
    /// INSEE's code of the commune or arrondissement, when known.
    pub commune: Option<String>,
    /// The territory; none for someone «à placer».
    pub key: Option<TerritoryKey>,
    /// Who chose it.
    pub origin: Origin,
}

/// People who change territory otherwise than with their group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleMove {
    /// From where; none for people who were «à placer».
    pub from: Option<TerritoryKey>,
    /// To where; none for people who become «à placer».
    pub to: Option<TerritoryKey>,
    /// How many.
    pub people: u64,
}

/// A group's territory before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMove {
    /// The group.
    pub group: GroupId,
    /// Before.
    pub from: TerritoryKey,
    /// After; none when the old territory is unknown to the old zoning.
    pub to: Option<TerritoryKey>,
}

/// The report of a change of zoning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// People who go where the group of their old territory goes, or stay «à placer».
    pub following: u64,
    /// The others.
    pub moves: Vec<PeopleMove>,
    /// People whose new territory is a guess that was none before: to be checked.
    pub to_check: u64,
    /// The groups, in the order given.
    pub groups: Vec<GroupMove>,
    /// New territories to which several groups come: the first one, in the order given, keeps it, the others keep their members
    /// only, and the national team merges them.
    pub shared: Vec<(TerritoryKey, Vec<GroupId>)>,
}

/// The territory that takes over a group's: the one of its main town, by which the group is named.
#[must_use]
pub fn heir(old: &Atlas, new: &Atlas, key: &TerritoryKey) -> Option<TerritoryKey> {
    let main_town = old.territory(key)?.main_town_code.as_str();
    new.place_of_code(main_town)?.key.cloned()
}

/// Where someone goes under the new zoning. `None`: «à placer».
///
/// A known commune decides. What a person chose, or a commune's name, is narrowed to the communes of the postal code that lay in
/// the old territory; when these are in several new ones the most populous is taken, as a guess. Else the choice is made anew,
/// and someone placed by hand where his postal code does not lead goes with the group there.
#[must_use]
pub fn reattach(old: &Atlas, new: &Atlas, situation: &Situation) -> Option<Choice> {
    let code = situation.postal_code;
    // Who was placed by hand elsewhere than in his commune's territory is not sent back there.
    let at_home = |commune: &str| old.place_of_code(commune).and_then(|place| place.key) == situation.key.as_ref();
    if situation.origin > Origin::Auto
        && let Some(commune) = situation.commune.as_deref().filter(|commune| at_home(commune))
        && let Some(key) = new.place_of_code(commune).and_then(|place| place.key)
    {
        let alone = new.parts(code).len() == 1;
        let origin = match situation.origin {
            // The code used to decide and does no more, but it left no doubt on the commune.
            Origin::Code if !alone => Origin::Commune,
            origin => origin,
        };
        return Some(Choice {
            key: key.clone(),
            commune: situation.commune.clone(),
            origin,
        });
    }
    if matches!(situation.origin, Origin::Manual | Origin::Commune)
        && let Some(key) = &situation.key
    {
        let in_old: BTreeSet<&str> = old
            .places(code)
            .into_iter()
            .filter(|place| place.key == Some(key))
            .map(|place| place.unit)
            .collect();
        let places = new
            .places(code)
            .into_iter()
            .filter(|place| in_old.contains(place.unit))
            .collect();
        let parts = new.gather(places);
        if let Some(part) = parts.first() {
            let origin = if parts.len() == 1 {
                situation.origin
            } else {
                Origin::Auto
            };
            return Some(Choice {
                key: part.key().clone(),
                commune: None,
                origin,
            });
        }
        if situation.origin == Origin::Manual
            && let Some(key) = heir(old, new, key)
        {
            return Some(Choice {
                key,
                commune: None,
                origin: Origin::Manual,
            });
        }
    }
    new.choose(code, None)
}

/// What the change does to the people and groups there are. Pure: nothing is written.
#[must_use]
pub fn differences(
    old: &Atlas,
    new: &Atlas,
    people: &[(Situation, u64)],
    groups: &[(GroupId, TerritoryKey)],
) -> Differences {
    let mut report = Differences::default();
    let mut moves: BTreeMap<(Option<TerritoryKey>, Option<TerritoryKey>), u64> = BTreeMap::new();
    let mut heirs: BTreeMap<&TerritoryKey, Option<TerritoryKey>> = BTreeMap::new();
    for (situation, count) in people {
        let choice = reattach(old, new, situation);
        if choice.as_ref().is_some_and(|c| c.origin == Origin::Auto) && situation.origin != Origin::Auto {
            report.to_check += count;
        }
        let to = choice.map(|choice| choice.key);
        let follows = match &situation.key {
            None => to.is_none(),
            Some(key) => to.is_some() && *heirs.entry(key).or_insert_with(|| heir(old, new, key)) == to,
        };
        if follows {
            report.following += count;
        } else {
            *moves.entry((situation.key.clone(), to)).or_default() += count;
        }
    }
    report.moves = moves
        .into_iter()
        .map(|((from, to), people)| PeopleMove { from, to, people })
        .collect();
    report.moves.sort_by_key(|moved| std::cmp::Reverse(moved.people));
    let mut comers: BTreeMap<TerritoryKey, Vec<GroupId>> = BTreeMap::new();
    for (group, from) in groups {
        let to = heir(old, new, from);
        if let Some(to) = &to {
            let here = comers.entry(to.clone()).or_default();
            // A group of several territories may come twice.
            if !here.contains(group) {
                here.push(*group);
            }
        }
        report.groups.push(GroupMove {
            group: *group,
            from: from.clone(),
            to,
        });
    }
    report.shared = comers.into_iter().filter(|(_, groups)| groups.len() > 1).collect();
    report
}
