//! Which commune lies in which basin: the intercommunalités by default, or a table that was imported (product.md §4).

use super::geography::{Geography, UnitId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A table commune → basin, as read from INSEE's official file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BasinMapping {
    basin_of: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
}

impl BasinMapping {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a commune (INSEE code) in a basin (code); gives the basin in which it was before, if another.
    pub fn put(&mut self, commune: &str, basin: &str) -> Option<String> {
        self.basin_of
            .insert(commune.to_owned(), basin.to_owned())
            .filter(|before| before != basin)
    }

    /// Names a basin.
    pub fn name(&mut self, basin: &str, label: &str) {
        self.labels.insert(basin.to_owned(), label.to_owned());
    }

    /// The basin of a commune.
    #[must_use]
    pub fn basin_of(&self, commune: &str) -> Option<&str> {
        self.basin_of.get(commune).map(String::as_str)
    }

    /// The name of a basin, when the table gives one.
    #[must_use]
    pub fn label(&self, basin: &str) -> Option<&str> {
        self.labels.get(basin).map(String::as_str)
    }

    /// Every commune with its basin, in the order of the codes.
    pub fn communes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.basin_of
            .iter()
            .map(|(commune, basin)| (commune.as_str(), basin.as_str()))
    }

    /// The codes of the basins, each once.
    #[must_use]
    pub fn basins(&self) -> BTreeSet<&str> {
        self.basin_of.values().map(String::as_str).collect()
    }

    /// The number of communes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.basin_of.len()
    }

    /// Whether no commune is in the table.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.basin_of.is_empty()
    }
}

/// How well an imported table covers the communes of the atlas. Codes are INSEE's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Communes found in the table.
    pub covered: usize,
    /// Communes absent from the table that took the basin of a former commune they hold, or of one of their arrondissements.
    pub by_parts: Vec<String>,
    /// Communes absent from the table that took the basin of the communes with the same postal code and département.
    pub by_neighbours: Vec<String>,
    /// Communes absent from the table that kept their intercommunalité.
    pub kept: Vec<String>,
    /// Codes of the table that the atlas knows neither as a commune nor as a former one.
    pub unknown: Vec<String>,
}

/// A basin of a zoning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Basin {
    pub(super) code: String,
    /// Its own name: «Nîmes» for a bassin de vie, «CA de Nîmes Métropole» for an intercommunalité.
    pub(super) name: String,
    /// Whether a part is called by its main town rather than by the basin's name.
    pub(super) named_by_town: bool,
}

/// The basin of each unit of a geography.
#[derive(Debug, Default)]
pub(super) struct Assignment {
    pub(super) basins: Vec<Basin>,
    /// By unit; `None` in the overseas collectivities.
    pub(super) of_unit: Vec<Option<u32>>,
}

/// Gives an index to each basin that is in use.
#[derive(Default)]
struct Register {
    basins: Vec<Basin>,
    by_code: HashMap<String, u32>,
}

impl Register {
    fn id(&mut self, code: &str, make: impl FnOnce() -> Basin) -> u32 {
        if let Some(id) = self.by_code.get(code) {
            return *id;
        }
        // There are fewer basins than units, which are counted in 32 bits.
        let id = self.basins.len() as u32;
        self.basins.push(make());
        self.by_code.insert(code.to_owned(), id);
        id
    }

    /// The intercommunalité of a commune; the four islands that have none are a basin each, under the commune's code.
    fn epci(&mut self, geography: &Geography, commune: UnitId) -> u32 {
        match geography
            .epci_of_unit(commune)
            .and_then(|epci| geography.epci().get(epci))
        {
            Some((code, name)) => self.id(code, || Basin {
                code: code.clone(),
                name: name.clone(),
                named_by_town: true,
            }),
            None => {
                let (code, name) = (geography.code(commune), geography.name(commune));
                self.id(code, || Basin {
                    code: code.to_owned(),
                    name: name.to_owned(),
                    named_by_town: true,
                })
            }
        }
    }

    /// A basin of an imported table. Without a label it bears the name of the commune whose code it has, as INSEE's do.
    fn mapped(&mut self, geography: &Geography, mapping: &BasinMapping, code: &str) -> u32 {
        self.id(code, || {
            let label = mapping
                .label(code)
                .or_else(|| geography.unit_of_code(code).map(|unit| geography.name(unit)));
            Basin {
                code: code.to_owned(),
                name: label.unwrap_or(code).to_owned(),
                named_by_town: label.is_none(),
            }
        })
    }
}

/// Communes that belong to no basin: those of the overseas collectivities.
fn outside(geography: &Geography, unit: UnitId) -> bool {
    geography
        .departement_of_unit(unit)
        .is_none_or(|departement| departement.collectivity)
}

/// The default zoning: each commune in its intercommunalité.
pub(super) fn by_epci(geography: &Geography) -> Assignment {
    let mut register = Register::default();
    let of_unit = (0..geography.units())
        .map(|unit| (!outside(geography, unit)).then(|| register.epci(geography, geography.commune(unit))))
        .collect();
    Assignment {
        basins: register.basins,
        of_unit,
    }
}

/// The zoning of an imported table. A commune that the table lacks (created since, or the table is partial) takes the basin of
/// its parts, else of its neighbours, else keeps its intercommunalité: nobody loses a territory.
pub(super) fn by_mapping(geography: &Geography, mapping: &BasinMapping) -> (Assignment, Coverage) {
    let mut register = Register::default();
    let mut coverage = Coverage::default();
    let mut of_unit: Vec<Option<u32>> = vec![None; geography.units() as usize];
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut absent: Vec<UnitId> = Vec::new();

    let mut arrondissements: HashMap<UnitId, Vec<UnitId>> = HashMap::new();
    for unit in (0..geography.units()).filter(|unit| geography.commune(*unit) != *unit) {
        arrondissements.entry(geography.commune(unit)).or_default().push(unit);
    }
    for commune in geography.communes().filter(|commune| !outside(geography, *commune)) {
        let code = geography.code(commune);
        known.insert(code);
        let own_arrondissements = arrondissements
            .get(&commune)
            .into_iter()
            .flatten()
            .map(|unit| geography.code(*unit));
        let parts: Vec<&str> = own_arrondissements
            .chain(geography.former_of(commune).map(|(code, _)| code))
            .collect();
        known.extend(&parts);
        let basin = match mapping.basin_of(code) {
            Some(basin) => {
                coverage.covered += 1;
                Some(basin)
            }
            None => {
                let of_parts = most(
                    parts
                        .iter()
                        .filter_map(|part| mapping.basin_of(part))
                        .map(|basin| (basin, 1)),
                );
                if of_parts.is_some() {
                    coverage.by_parts.push(code.to_owned());
                }
                of_parts
            }
        };
        match (basin, of_unit.get_mut(commune as usize)) {
            (Some(basin), Some(slot)) => *slot = Some(register.mapped(geography, mapping, basin)),
            _ => absent.push(commune),
        }
    }
    if !absent.is_empty() {
        let neighbours = neighbours(geography, &of_unit);
        for commune in absent {
            let code = geography.code(commune).to_owned();
            let (basin, list) = match neighbours.get(&commune) {
                Some(basin) => (*basin, &mut coverage.by_neighbours),
                None => (register.epci(geography, commune), &mut coverage.kept),
            };
            list.push(code);
            if let Some(slot) = of_unit.get_mut(commune as usize) {
                *slot = Some(basin);
            }
        }
    }
    for unit in 0..geography.units() {
        let basin = of_unit.get(geography.commune(unit) as usize).copied().flatten();
        if let Some(slot) = of_unit.get_mut(unit as usize) {
            *slot = basin;
        }
    }
    coverage.unknown = mapping
        .communes()
        .map(|(commune, _)| commune)
        .filter(|code| !known.contains(code) && geography.unit_of_code(code).is_none())
        .map(str::to_owned)
        .collect();
    (
        Assignment {
            basins: register.basins,
            of_unit,
        },
        coverage,
    )
}

/// For each commune without a basin: that of most inhabitants among the communes with the same postal code and département.
fn neighbours(geography: &Geography, of_unit: &[Option<u32>]) -> HashMap<UnitId, u32> {
    let basin = |unit: UnitId| of_unit.get(unit as usize).copied().flatten();
    let departement = |unit| geography.departement_of_unit(unit).map(|d| d.code.as_str());
    let mut weights: HashMap<UnitId, Vec<(u32, u64)>> = HashMap::new();
    for code in geography.postal_codes() {
        let units = geography.units_of_postal(code);
        let absent = units.iter().map(|(unit, _)| *unit);
        for absent in absent.filter(|unit| basin(*unit).is_none() && geography.commune(*unit) == *unit) {
            let near = units
                .iter()
                .filter(|(near, _)| departement(*near) == departement(absent));
            let found = near.filter_map(|(near, people)| basin(*near).map(|b| (b, u64::from(*people))));
            weights.entry(absent).or_default().extend(found);
        }
    }
    weights
        .into_iter()
        .filter_map(|(commune, found)| Some((commune, most(found)?)))
        .collect()
}

/// The value of the greatest total weight; of equals the least, so that the answer is always the same.
fn most<T: Ord + Copy>(weighted: impl IntoIterator<Item = (T, u64)>) -> Option<T> {
    let mut totals: BTreeMap<T, u64> = BTreeMap::new();
    for (value, weight) in weighted {
        *totals.entry(value).or_default() += weight;
    }
    totals
        .into_iter()
        .max_by_key(|(value, total)| (*total, std::cmp::Reverse(*value)))
        .map(|(value, _)| value)
}

/// Whether a text is an INSEE code of a commune or of a bassin de vie: five characters, Corsica's second one A or B.
#[must_use]
pub fn is_insee_code(code: &str) -> bool {
    let mut chars = code.bytes();
    code.len() == 5
        && chars.next().is_some_and(|c| c.is_ascii_digit())
        && chars
            .next()
            .is_some_and(|c| c.is_ascii_digit() || (matches!(c, b'A' | b'B') && code.starts_with('2')))
        && chars.all(|c| c.is_ascii_digit())
}

/// An INSEE code as spreadsheets leave it: spaces, lower case and a lost leading zero are mended. `None` when it is no code.
#[must_use]
pub fn normalise_insee_code(cell: &str) -> Option<String> {
    let mut code = cell.trim().to_ascii_uppercase();
    if code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit()) {
        code.insert(0, '0');
    }
    is_insee_code(&code).then_some(code)
}
