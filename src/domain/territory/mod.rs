//! Territories: postal code → communes → basin, département, région (product.md §4).
//!
//! A group lives on a [`TerritoryKey`], the pair (basin, département): Paris' basin alone spreads over eight départements.
//! A basin is an intercommunalité (EPCI) by default, or one of INSEE's «bassins de vie 2022» once the official table was
//! imported. An [`Atlas`] joins the two halves: the geography, which never changes while the process lives and is shared, and
//! the zoning, which says in which basin each commune is. [`Atlas::with_basins`] gives another atlas on the same geography.
//!
//! The three large cities are one commune each, divided into municipal arrondissements. A [`Place`] tells both: the commune
//! (Paris, 75056) and the unit that the postal code designates (Paris 16e Arrondissement, 75116), by which a very large
//! territory can be split.
//!
//! Nothing here reads a file; `crate::territories` does.

mod atlas;
mod basins;
mod choice;
mod geography;
mod lines;
mod names;
mod naming;
mod postal;
mod reattach;
mod search;
mod tables;
#[cfg(test)]
mod tests;

pub use atlas::{Atlas, Part, Place, Resolution, Territory, TerritoryKey, Zoning};
pub use basins::{BasinMapping, Coverage, is_insee_code, normalise_insee_code};
pub use choice::{Choice, Origin, UnknownOrigin};
pub use geography::{Departement, Region};
pub(crate) use lines::Lines;
pub use names::name_key;
pub use postal::{PostalCode, PostalCodeError};
pub use reattach::{Differences, GroupMove, PeopleMove, Situation, differences, heir, reattach};
pub use tables::{Table, TableError, TableProblem, Tables};
