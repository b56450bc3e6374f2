//! What `/couverture` shows (product.md §12): for each of the 101 départements, how many groups and the best stage reached.
//! Groups only: nothing here tells how many people signed up or belong to one.

use std::collections::HashMap;

use super::ladder::Stage;
use super::tiles::{self, Tile};

/// A département on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Covered {
    /// Where it stands.
    pub tile: Tile,
    /// Its groups; archived and merged ones left out.
    pub groups: u32,
    /// The best stage that one of them has reached; `None` without a group.
    pub best: Option<Stage>,
}

/// The whole map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Coverage {
    /// The 101 départements, in the order of the grid.
    pub departements: Vec<Covered>,
}

impl Coverage {
    /// The map of these groups, each given by its département and its stage. A département that is not one of the 101 is
    /// on no map.
    #[must_use]
    pub fn of<'a>(groups: impl IntoIterator<Item = (&'a str, Stage)>) -> Self {
        let mut found: HashMap<&str, (u32, Stage)> = HashMap::new();
        for (departement, stage) in groups {
            let (number, best) = found.entry(departement).or_insert((0, stage));
            *number += 1;
            *best = stage.max(*best);
        }
        let departements = tiles::tiles()
            .into_iter()
            .map(|tile| {
                let of_tile = found.get(tile.code);
                Covered {
                    tile,
                    groups: of_tile.map_or(0, |(number, _)| *number),
                    best: of_tile.map(|(_, best)| *best),
                }
            })
            .collect();
        Self { departements }
    }

    /// All groups of the map.
    #[must_use]
    pub fn groups(&self) -> u32 {
        self.departements.iter().map(|covered| covered.groups).sum()
    }

    /// How many départements have at least one group.
    #[must_use]
    pub fn covered(&self) -> usize {
        self.departements.iter().filter(|covered| covered.groups > 0).count()
    }

    /// How many départements have reached this stage and none higher; `None` for those without a group.
    #[must_use]
    pub fn at(&self, best: Option<Stage>) -> usize {
        self.departements.iter().filter(|covered| covered.best == best).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stage_colours_the_departement() {
        let coverage = Coverage::of([
            ("34", Stage::Possible),
            ("34", Stage::Assembly),
            ("34", Stage::Forming),
            ("2A", Stage::Possible),
            ("988", Stage::Assembly),
        ]);
        assert_eq!((coverage.groups(), coverage.covered()), (4, 2));
        assert_eq!(coverage.at(Some(Stage::Assembly)), 1);
        assert_eq!(coverage.at(None), 99);
        let herault = coverage.departements.iter().find(|c| c.tile.code == "34").unwrap();
        assert_eq!((herault.groups, herault.best), (3, Some(Stage::Assembly)));
        assert_eq!(
            coverage,
            Coverage::of([
                ("2A", Stage::Possible),
                ("34", Stage::Assembly),
                ("34", Stage::Forming),
                ("34", Stage::Forming)
            ])
        );
    }

    #[test]
    fn a_country_without_a_group_still_has_its_map() {
        let coverage = Coverage::of([]);
        assert_eq!(
            (coverage.groups(), coverage.covered(), coverage.departements.len()),
            (0, 0, 101)
        );
    }
}
