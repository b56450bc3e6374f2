//! The atlas: geography and zoning together, and the questions asked of them.

use super::basins::{Assignment, BasinMapping, Coverage, by_epci, by_mapping};
use super::geography::{Departement, Geography, Region, UnitId};
use super::names::name_key;
use super::naming::give_names;
use super::postal::PostalCode;
use super::search::SearchIndex;
use super::tables::{TableError, Tables};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The key of a group's territory (product.md §4). Written «200066355-34», for identifiers of components and for storage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerritoryKey {
    /// The code of the basin: an EPCI's SIREN number, or INSEE's code of a bassin de vie.
    pub basin: String,
    /// INSEE's code of the département.
    pub departement: String,
}

impl TerritoryKey {
    /// The key of a basin's part in a département.
    #[must_use]
    pub fn new(basin: impl Into<String>, departement: impl Into<String>) -> Self {
        Self {
            basin: basin.into(),
            departement: departement.into(),
        }
    }

    /// Reads what `Display` writes. Whether there is such a territory is [`Atlas::territory`]'s affair.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let (basin, departement) = written.trim().rsplit_once('-')?;
        let sane = |part: &str| !part.is_empty() && part.len() <= 16 && part.bytes().all(|b| b.is_ascii_alphanumeric());
        (sane(basin) && sane(departement)).then(|| Self::new(basin, departement))
    }
}

impl fmt::Display for TerritoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.basin, self.departement)
    }
}

/// What the basins of an atlas are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zoning {
    /// Intercommunalités, shipped by default.
    Epci,
    /// INSEE's bassins de vie 2022, from the official table.
    BassinsDeVie,
}

/// The part of a basin that lies in one département.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Territory {
    /// Its key.
    pub key: TerritoryKey,
    /// A group's default name; no other territory has it.
    pub name: String,
    /// The name before what tells it apart from another of the same name.
    pub base_name: String,
    /// The basin's own name («CA de Nîmes Métropole»; «Nîmes» as a bassin de vie).
    pub basin_name: String,
    /// The most populous commune of the part.
    pub main_town: String,
    /// INSEE's code of that commune.
    pub main_town_code: String,
    /// The name of the département; its code is in the key.
    pub departement_name: String,
    /// The code of the région.
    pub region: String,
    /// The name of the région.
    pub region_name: String,
    /// Inhabitants, of all its communes.
    pub population: u64,
    /// The number of its communes.
    pub communes: usize,
}

impl Territory {
    /// The name with its département: «Lunel (Hérault)» (voice.md).
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} ({})", self.base_name, self.departement_name)
    }
}

/// What a postal code designates in one commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// INSEE's code of the commune; 75056 for Paris.
    pub insee: &'a str,
    /// The name of the commune.
    pub commune: &'a str,
    /// INSEE's code of the municipal arrondissement (75116) in Paris, Lyon and Marseille; the commune's elsewhere.
    pub unit: &'a str,
    /// The name of the arrondissement, or of the commune.
    pub unit_name: &'a str,
    /// The département, or the overseas collectivity.
    pub departement: &'a Departement,
    /// The territory; none in an overseas collectivity.
    pub key: Option<&'a TerritoryKey>,
    /// Inhabitants of the unit. When asked by postal code, those that count for it: a unit of several postal codes is divided
    /// evenly among them.
    pub population: u32,
}

/// What a postal code designates in one territory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// The territory.
    pub territory: &'a Territory,
    /// Its places with this postal code, the most populous first; never empty.
    pub places: Vec<Place<'a>>,
    /// Inhabitants of these places.
    pub population: u64,
}

impl Part<'_> {
    /// The key of the territory.
    #[must_use]
    pub fn key(&self) -> &TerritoryKey {
        &self.territory.key
    }
}

/// What a postal code leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<'a> {
    /// One territory.
    Certain(Part<'a>),
    /// Several, the most populous first: someone chooses.
    Ambiguous(Vec<Part<'a>>),
    /// An overseas collectivity, which has no basin: «à placer».
    NoBasin(&'a Departement),
    /// Well-formed but unknown, or a CEDEX code: «à placer» at import, refused at `/valider` (product.md §4).
    Unknown,
}

/// The geography and a zoning of it. Cheap to derive from another ([`Atlas::with_basins`]): the geography is shared.
#[derive(Debug)]
pub struct Atlas {
    pub(super) geography: Arc<Geography>,
    zoning: Zoning,
    /// Sorted by key.
    territories: Vec<Territory>,
    /// By unit: its place in `territories`.
    territory_of: Vec<Option<u32>>,
    /// Made at the first search.
    index: OnceLock<SearchIndex>,
}

impl Atlas {
    /// Reads the four tables; the zoning is the intercommunalité.
    ///
    /// # Errors
    /// The first thing that makes a table unusable, with its line.
    pub fn new(tables: &Tables) -> Result<Self, TableError> {
        let geography = Arc::new(Geography::read(tables)?);
        let assignment = by_epci(&geography);
        Ok(Self::zoned(geography, Zoning::Epci, &assignment))
    }

    /// The same geography under the basins of an imported table, and how well that table covers it. Communes that the table
    /// lacks are attached all the same, see [`Coverage`].
    #[must_use]
    pub fn with_basins(&self, mapping: &BasinMapping) -> (Self, Coverage) {
        let (assignment, coverage) = by_mapping(&self.geography, mapping);
        (
            Self::zoned(Arc::clone(&self.geography), Zoning::BassinsDeVie, &assignment),
            coverage,
        )
    }

    /// The same geography under the default zoning.
    #[must_use]
    pub fn with_epci(&self) -> Self {
        let assignment = by_epci(&self.geography);
        Self::zoned(Arc::clone(&self.geography), Zoning::Epci, &assignment)
    }

    fn zoned(geography: Arc<Geography>, zoning: Zoning, assignment: &Assignment) -> Self {
        let basin = |unit: UnitId| {
            let id = assignment.of_unit.get(unit as usize).copied().flatten()?;
            assignment.basins.get(id as usize)
        };
        // Sorted by the key, as the territories are.
        let mut parts: BTreeMap<(&str, &str), Vec<UnitId>> = BTreeMap::new();
        for commune in geography.communes() {
            if let (Some(basin), Some(departement)) = (basin(commune), geography.departement_of_unit(commune)) {
                parts.entry((&basin.code, &departement.code)).or_default().push(commune);
            }
        }
        let mut territory_of = vec![None; geography.units() as usize];
        let mut territories = Vec::with_capacity(parts.len());
        for (id, ((basin_code, departement_code), communes)) in (0_u32..).zip(parts) {
            // The most populous; of equals the least code.
            let main = communes
                .iter()
                .copied()
                .max_by_key(|c| (geography.population(*c), std::cmp::Reverse(*c)));
            let Some(main) = main else { continue };
            let (Some(basin), Some(departement)) = (basin(main), geography.departement_of_unit(main)) else {
                continue;
            };
            let main_town = geography.name(main).to_owned();
            let region = geography.regions().iter().find(|r| r.code == departement.region);
            territories.push(Territory {
                key: TerritoryKey::new(basin_code, departement_code),
                name: String::new(),
                base_name: if basin.named_by_town {
                    main_town.clone()
                } else {
                    basin.name.clone()
                },
                basin_name: basin.name.clone(),
                main_town,
                main_town_code: geography.code(main).to_owned(),
                departement_name: departement.name.clone(),
                region: departement.region.clone(),
                region_name: region.map(|r| r.name.clone()).unwrap_or_default(),
                population: communes.iter().map(|c| u64::from(geography.population(*c))).sum(),
                communes: communes.len(),
            });
            for commune in communes {
                if let Some(slot) = territory_of.get_mut(commune as usize) {
                    *slot = Some(id);
                }
            }
        }
        for unit in 0..geography.units() {
            let of_commune = territory_of.get(geography.commune(unit) as usize).copied().flatten();
            if let Some(slot) = territory_of.get_mut(unit as usize) {
                *slot = of_commune;
            }
        }
        give_names(&mut territories);
        Self {
            geography,
            zoning,
            territories,
            territory_of,
            index: OnceLock::new(),
        }
    }

    /// What the basins are.
    #[must_use]
    pub fn zoning(&self) -> Zoning {
        self.zoning
    }

    /// All territories, in the order of their keys.
    #[must_use]
    pub fn territories(&self) -> &[Territory] {
        &self.territories
    }

    /// The territory of a key.
    #[must_use]
    pub fn territory(&self, key: &TerritoryKey) -> Option<&Territory> {
        let at = self
            .territories
            .binary_search_by(|territory| territory.key.cmp(key))
            .ok()?;
        self.territories.get(at)
    }

    pub(super) fn territory_of_unit(&self, unit: UnitId) -> Option<&Territory> {
        let id = self.territory_of.get(unit as usize).copied().flatten()?;
        self.territories.get(id as usize)
    }

    fn place(&self, unit: UnitId, population: u32) -> Option<Place<'_>> {
        let commune = self.geography.commune(unit);
        Some(Place {
            insee: self.geography.code(commune),
            commune: self.geography.name(commune),
            unit: self.geography.code(unit),
            unit_name: self.geography.name(unit),
            departement: self.geography.departement_of_unit(unit)?,
            key: self.territory_of_unit(unit).map(|territory| &territory.key),
            population,
        })
    }

    /// The places of units with their inhabitants, the most populous first.
    fn sorted_places(&self, units: impl Iterator<Item = (UnitId, u32)>) -> Vec<Place<'_>> {
        let mut places: Vec<Place<'_>> = units
            .filter_map(|(unit, population)| self.place(unit, population))
            .collect();
        places.sort_by(|a, b| b.population.cmp(&a.population).then_with(|| a.unit.cmp(b.unit)));
        places
    }

    /// The places of a postal code, the most populous first; none when the code is unknown.
    #[must_use]
    pub fn places(&self, code: PostalCode) -> Vec<Place<'_>> {
        self.sorted_places(self.geography.units_of_postal(code).iter().copied())
    }

    /// The place of an INSEE code: a commune, or a municipal arrondissement.
    #[must_use]
    pub fn place_of_code(&self, insee: &str) -> Option<Place<'_>> {
        let unit = self.geography.unit_of_code(insee)?;
        self.place(unit, self.geography.population(unit))
    }

    /// The places of a territory by which it can be split, the most populous first: its communes, the three large cities
    /// replaced by their arrondissements (product.md §3, `/groupe scinder`).
    #[must_use]
    pub fn places_of(&self, key: &TerritoryKey) -> Vec<Place<'_>> {
        let geography = &self.geography;
        let divided: std::collections::HashSet<UnitId> = (0..geography.units())
            .filter(|u| geography.commune(*u) != *u)
            .map(|u| geography.commune(u))
            .collect();
        let own = |unit: &UnitId| {
            self.territory_of_unit(*unit)
                .is_some_and(|territory| territory.key == *key)
        };
        self.sorted_places(
            (0..geography.units())
                .filter(own)
                .filter(|unit| !divided.contains(unit))
                .map(|unit| (unit, geography.population(unit))),
        )
    }

    /// The territories that a postal code touches, the most populous part first.
    #[must_use]
    pub fn parts(&self, code: PostalCode) -> Vec<Part<'_>> {
        self.gather(self.places(code))
    }

    /// Groups places by territory; those without a basin are left out.
    pub(super) fn gather<'a>(&'a self, places: Vec<Place<'a>>) -> Vec<Part<'a>> {
        let mut parts: Vec<Part<'a>> = Vec::new();
        for place in places {
            let Some(territory) = place.key.and_then(|key| self.territory(key)) else {
                continue;
            };
            let population = u64::from(place.population);
            match parts.iter_mut().find(|part| part.territory.key == territory.key) {
                Some(part) => {
                    part.population += population;
                    part.places.push(place);
                }
                None => parts.push(Part {
                    territory,
                    places: vec![place],
                    population,
                }),
            }
        }
        parts.sort_by(|a, b| b.population.cmp(&a.population).then_with(|| a.key().cmp(b.key())));
        parts
    }

    /// Where a postal code leads, with the name of the commune when it is known. A name that is not one of the code's communes
    /// is passed over.
    #[must_use]
    pub fn resolve(&self, code: PostalCode, commune: Option<&str>) -> Resolution<'_> {
        let places = self.places(code);
        let Some(first) = places.first() else {
            return Resolution::Unknown;
        };
        let departement = first.departement;
        let named = commune.map(|name| self.named(code, name)).unwrap_or_default();
        let mut parts = self.gather(if named.is_empty() { places } else { named });
        if parts.len() > 1 {
            return Resolution::Ambiguous(parts);
        }
        match parts.pop() {
            Some(part) => Resolution::Certain(part),
            None => Resolution::NoBasin(departement),
        }
    }

    /// The places of a postal code whose commune bears a name, whatever the writing. The name that a commune bears today goes
    /// before the one of a former commune.
    pub(super) fn named(&self, code: PostalCode, name: &str) -> Vec<Place<'_>> {
        let key = name_key(name);
        if key.is_empty() {
            return Vec::new();
        }
        let units = self.geography.units_of_postal(code);
        let today = |(unit, _): &(UnitId, u32)| name_key(self.geography.name(self.geography.commune(*unit))) == key;
        let places = self.sorted_places(units.iter().copied().filter(today));
        if !places.is_empty() {
            return places;
        }
        self.sorted_places(
            units
                .iter()
                .copied()
                .filter(|(unit, _)| self.geography.bears_name(*unit, &key)),
        )
    }

    /// The default name of the group of a territory (product.md §4): its main town, «Nom (dép.)» when the name occurs twice.
    #[must_use]
    pub fn default_group_name(&self, key: &TerritoryKey) -> Option<&str> {
        self.territory(key).map(|territory| territory.name.as_str())
    }

    /// The name of a territory with its département: «Lunel (Hérault)».
    #[must_use]
    pub fn label_with_departement(&self, key: &TerritoryKey) -> Option<String> {
        self.territory(key).map(Territory::label)
    }

    /// What is shown beside a postal code: «Lunel, Hérault», of the most populous place of the code in the territory; without
    /// a territory, of the code itself. `None` when there is none.
    #[must_use]
    pub fn place_label(&self, code: PostalCode, key: Option<&TerritoryKey>) -> Option<String> {
        let places = self.places(code);
        let place = places.iter().find(|place| key.is_none() || place.key == key)?;
        Some(format!("{}, {}", place.unit_name, place.departement.name))
    }

    /// The 18 régions, in the order of their codes.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        self.geography.regions()
    }

    /// The région of a code.
    #[must_use]
    pub fn region(&self, code: &str) -> Option<&Region> {
        self.regions().iter().find(|region| region.code == code)
    }

    /// The 101 départements and the overseas collectivities, which are flagged, in the order of their codes.
    #[must_use]
    pub fn departements(&self) -> &[Departement] {
        self.geography.departements()
    }

    /// The département or overseas collectivity of a code.
    #[must_use]
    pub fn departement(&self, code: &str) -> Option<&Departement> {
        self.departements().iter().find(|departement| departement.code == code)
    }

    /// The région of a département; none for an overseas collectivity.
    #[must_use]
    pub fn region_of(&self, departement: &str) -> Option<&Region> {
        self.region(&self.departement(departement)?.region)
    }

    /// Every postal code that is known, in order.
    pub fn postal_codes(&self) -> impl Iterator<Item = PostalCode> {
        self.geography.postal_codes()
    }

    /// The territories that answer to what was typed, the best first: see `SearchIndex`'s order in `search.rs`. Accents, case
    /// and hyphens do not count. Names, communes (former ones too), postal codes and codes of départements are understood; an
    /// empty text gives the most populous territories.
    #[must_use]
    pub fn search(&self, typed: &str, limit: usize) -> Vec<&Territory> {
        if let Ok(code) = PostalCode::parse(typed) {
            return self
                .parts(code)
                .into_iter()
                .map(|part| part.territory)
                .take(limit)
                .collect();
        }
        let index = self.index.get_or_init(|| SearchIndex::new(self));
        index
            .search(typed, limit)
            .into_iter()
            .filter_map(|id| self.territories.get(id as usize))
            .collect()
    }

    pub(super) fn territory_id_of_unit(&self, unit: UnitId) -> Option<u32> {
        self.territory_of.get(unit as usize).copied().flatten()
    }
}
