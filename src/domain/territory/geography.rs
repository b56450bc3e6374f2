//! What does not depend on the zoning: communes, postal codes, départements, régions, intercommunalités.
//!
//! 35,000 communes are kept as indices into one text, so that the whole takes about three megabytes.

use super::names::name_key;
use super::postal::PostalCode;
use super::tables::{Table, TableError, TableProblem, Tables, read};
use std::collections::HashMap;

/// A département, or an overseas collectivity, which is handled alike but has no basin (product.md §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departement {
    /// INSEE's code: «34», «2A», «974».
    pub code: String,
    /// Its name: «Hérault».
    pub name: String,
    /// The code of its région; empty for a collectivity.
    pub region: String,
    /// Whether it is an overseas collectivity: its people go to «à placer».
    pub collectivity: bool,
}

/// One of the 18 régions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// INSEE's code: «76».
    pub code: String,
    /// Its name: «Occitanie».
    pub name: String,
}

/// A stretch of [`Geography::text`].
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    len: u16,
}

/// A commune or a municipal arrondissement, by index.
pub(super) type UnitId = u32;

#[derive(Debug, Clone, Copy)]
struct Unit {
    code: Span,
    name: Span,
    population: u32,
    /// The commune that holds this arrondissement; itself otherwise.
    commune: UnitId,
    epci: u16,
    departement: u8,
}

#[derive(Debug, Clone, Copy)]
struct Former {
    code: Span,
    name: Span,
    commune: UnitId,
}

/// No intercommunalité.
const NO_EPCI: u16 = u16::MAX;

/// See the module.
#[derive(Debug)]
pub(super) struct Geography {
    text: String,
    /// Sorted by code.
    units: Vec<Unit>,
    /// Sorted by commune: names that people still write.
    former: Vec<Former>,
    /// Sorted: code, and where its units begin in `postal_units`.
    postal: Vec<(PostalCode, u32)>,
    postal_units: Vec<(UnitId, u32)>,
    departements: Vec<Departement>,
    regions: Vec<Region>,
    epci: Vec<(String, String)>,
}

/// One line of the table of communes, before indices are known.
struct Line {
    unit: Unit,
    commune: String,
    postal: Vec<PostalCode>,
}

impl Geography {
    /// Reads the four tables.
    pub(super) fn read(tables: &Tables) -> Result<Self, TableError> {
        let regions = read_regions(&tables.regions)?;
        let departements = read_departements(&tables.departements, &regions)?;
        let epci = read_epci(&tables.epci)?;
        let mut this = Self {
            text: String::with_capacity(tables.communes.len() / 2),
            units: Vec::new(),
            former: Vec::new(),
            postal: Vec::new(),
            postal_units: Vec::new(),
            departements,
            regions,
            epci,
        };
        this.read_communes(&tables.communes)?;
        Ok(this)
    }

    fn read_communes(&mut self, text: &str) -> Result<(), TableError> {
        let departement_ids: HashMap<String, usize> = self
            .departements
            .iter()
            .enumerate()
            .map(|(id, d)| (d.code.clone(), id))
            .collect();
        let epci_ids: HashMap<String, usize> = self
            .epci
            .iter()
            .enumerate()
            .map(|(id, (code, _))| (code.clone(), id))
            .collect();
        let mut lines: Vec<Line> = Vec::new();
        let mut former: Vec<(Span, Span, String)> = Vec::new();
        read(Table::Communes, text, |record| {
            let field = |at: usize| record.get(at).unwrap_or_default();
            let (kind, code, name, commune) = (field(0), field(1), field(2), field(7));
            if code.is_empty() {
                return Err(TableProblem::Value("code"));
            }
            if name.is_empty() {
                return Err(TableProblem::Value("nom"));
            }
            let code = self.keep(code).ok_or(TableProblem::Value("code"))?;
            let name = self.keep(name).ok_or(TableProblem::Value("nom"))?;
            match (kind, commune.is_empty()) {
                ("COM", true) | ("ARM", false) => {}
                ("COMA" | "COMD", false) => {
                    former.push((code, name, commune.to_owned()));
                    return Ok(());
                }
                ("COM" | "ARM" | "COMA" | "COMD", _) => return Err(TableProblem::Value("commune")),
                _ => return Err(TableProblem::Value("type")),
            }
            let departement = departement_ids
                .get(field(3))
                .and_then(|id| u8::try_from(*id).ok())
                .ok_or(TableProblem::Value("departement"))?;
            let epci = match field(4) {
                "" => NO_EPCI,
                code => epci_ids
                    .get(code)
                    .and_then(|id| u16::try_from(*id).ok())
                    .filter(|id| *id != NO_EPCI)
                    .ok_or(TableProblem::Value("epci"))?,
            };
            let population = field(5).parse().map_err(|_| TableProblem::Value("population"))?;
            let postal = field(6)
                .split_whitespace()
                .map(PostalCode::parse)
                .collect::<Result<_, _>>()
                .map_err(|_| TableProblem::Value("codes_postaux"))?;
            let unit = Unit {
                code,
                name,
                population,
                commune: UnitId::MAX,
                epci,
                departement,
            };
            lines.push(Line {
                unit,
                commune: commune.to_owned(),
                postal,
            });
            Ok(())
        })?;
        self.text.shrink_to_fit();
        self.index(lines, former).map_err(|problem| TableError {
            table: Table::Communes,
            line: 1,
            problem,
        })
    }

    /// Sorts the lines and turns codes into indices.
    fn index(&mut self, mut lines: Vec<Line>, former: Vec<(Span, Span, String)>) -> Result<(), TableProblem> {
        lines.sort_by(|a, b| self.str(a.unit.code).cmp(self.str(b.unit.code)));
        self.units = lines.iter().map(|line| line.unit).collect();
        if self
            .units
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if self.str(a.code) == self.str(b.code)))
        {
            return Err(TableProblem::Twice);
        }
        let mut postal: Vec<(PostalCode, UnitId)> = Vec::new();
        for (id, line) in (0..).zip(&lines) {
            let commune = if line.commune.is_empty() {
                Some(id)
            } else {
                self.unit_of_code(&line.commune).filter(|c| *c != id)
            };
            let commune = commune.ok_or(TableProblem::Value("commune"))?;
            if let Some(unit) = self.units.get_mut(id as usize) {
                unit.commune = commune;
            }
            postal.extend(line.postal.iter().map(|code| (*code, id)));
        }
        for (code, name, commune) in former {
            let commune = self.unit_of_code(&commune).ok_or(TableProblem::Value("commune"))?;
            self.former.push(Former { code, name, commune });
        }
        self.former.sort_by_key(|f| f.commune);
        postal.sort_unstable();
        // 75116 was written 75016 on reading: the same pair may stand twice.
        postal.dedup();
        let mut codes_of: HashMap<UnitId, u32> = HashMap::new();
        for (_, unit) in &postal {
            *codes_of.entry(*unit).or_default() += 1;
        }
        let mut given: HashMap<UnitId, u32> = HashMap::new();
        for (at, (code, unit)) in (0_u32..).zip(&postal) {
            if self.postal.last().is_none_or(|(last, _)| last != code) {
                self.postal.push((*code, at));
            }
            // Nothing tells how a commune's inhabitants live among its postal codes: they are divided evenly, and the first
            // codes get what is left over.
            let codes = codes_of.get(unit).copied().unwrap_or(1).max(1);
            let rank = given.entry(*unit).or_default();
            let population = self.population(*unit);
            let share = population / codes + u32::from(*rank < population % codes);
            *rank += 1;
            self.postal_units.push((*unit, share));
        }
        Ok(())
    }

    fn keep(&mut self, text: &str) -> Option<Span> {
        let start = u32::try_from(self.text.len()).ok()?;
        let len = u16::try_from(text.len()).ok()?;
        self.text.push_str(text);
        Some(Span { start, len })
    }

    fn str(&self, span: Span) -> &str {
        let start = span.start as usize;
        self.text.get(start..start + usize::from(span.len)).unwrap_or_default()
    }

    fn unit(&self, id: UnitId) -> Option<&Unit> {
        self.units.get(id as usize)
    }

    /// The number of units; their ids are `0..count`.
    pub(super) fn units(&self) -> UnitId {
        // The table is far smaller than 2³² lines: a `Span` could not hold its text otherwise.
        self.units.len() as UnitId
    }

    /// The unit of an INSEE code.
    pub(super) fn unit_of_code(&self, code: &str) -> Option<UnitId> {
        self.units
            .binary_search_by(|unit| self.str(unit.code).cmp(code))
            .ok()
            .map(|id| id as UnitId)
    }

    /// The INSEE code of a unit.
    pub(super) fn code(&self, id: UnitId) -> &str {
        self.unit(id).map_or("", |unit| self.str(unit.code))
    }

    /// The name of a unit.
    pub(super) fn name(&self, id: UnitId) -> &str {
        self.unit(id).map_or("", |unit| self.str(unit.name))
    }

    /// The inhabitants of a unit.
    pub(super) fn population(&self, id: UnitId) -> u32 {
        self.unit(id).map_or(0, |unit| unit.population)
    }

    /// The commune that holds a unit: itself, unless it is a municipal arrondissement.
    pub(super) fn commune(&self, id: UnitId) -> UnitId {
        self.unit(id).map_or(id, |unit| unit.commune)
    }

    /// The communes, without the municipal arrondissements.
    pub(super) fn communes(&self) -> impl Iterator<Item = UnitId> {
        (0..self.units()).filter(|id| self.commune(*id) == *id)
    }

    /// The département or collectivity of a unit.
    pub(super) fn departement_of_unit(&self, id: UnitId) -> Option<&Departement> {
        self.unit(id)
            .and_then(|unit| self.departements.get(usize::from(unit.departement)))
    }

    /// The intercommunalité of a unit, by its index in [`Geography::epci`].
    pub(super) fn epci_of_unit(&self, id: UnitId) -> Option<usize> {
        self.unit(self.commune(id))
            .map(|unit| unit.epci)
            .filter(|epci| *epci != NO_EPCI)
            .map(usize::from)
    }

    /// The units of a postal code, with the inhabitants that count for this code: a commune's are divided among its codes.
    pub(super) fn units_of_postal(&self, code: PostalCode) -> &[(UnitId, u32)] {
        let Ok(at) = self.postal.binary_search_by_key(&code, |(code, _)| *code) else {
            return &[];
        };
        let start = self.postal.get(at).map_or(0, |(_, start)| *start as usize);
        let end = self
            .postal
            .get(at + 1)
            .map_or(self.postal_units.len(), |(_, start)| *start as usize);
        self.postal_units.get(start..end).unwrap_or_default()
    }

    /// Every postal code, in order.
    pub(super) fn postal_codes(&self) -> impl Iterator<Item = PostalCode> {
        self.postal.iter().map(|(code, _)| *code)
    }

    /// The former communes that a commune holds: code and name.
    pub(super) fn former_of(&self, commune: UnitId) -> impl Iterator<Item = (&str, &str)> {
        let start = self.former.partition_point(|f| f.commune < commune);
        let own = self.former.get(start..).unwrap_or_default();
        own.iter()
            .take_while(move |f| f.commune == commune)
            .map(|f| (self.str(f.code), self.str(f.name)))
    }

    /// Whether a unit bears a name, whatever the writing: its own, its commune's, or a former commune's that it holds.
    pub(super) fn bears_name(&self, id: UnitId, key: &str) -> bool {
        let commune = self.commune(id);
        name_key(self.name(commune)) == key || self.former_of(commune).any(|(_, name)| name_key(name) == key)
    }

    /// Départements, then collectivities, in the order of their codes.
    pub(super) fn departements(&self) -> &[Departement] {
        &self.departements
    }

    /// The 18 régions.
    pub(super) fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Code and name of each intercommunalité.
    pub(super) fn epci(&self) -> &[(String, String)] {
        &self.epci
    }
}

fn read_regions(text: &str) -> Result<Vec<Region>, TableError> {
    let mut regions = Vec::new();
    read_pairs(Table::Regions, text, |code, name| regions.push(Region { code, name }))?;
    Ok(regions)
}

fn read_epci(text: &str) -> Result<Vec<(String, String)>, TableError> {
    let mut epci = Vec::new();
    read_pairs(Table::Epci, text, |code, name| epci.push((code, name)))?;
    Ok(epci)
}

fn read_pairs(table: Table, text: &str, mut keep: impl FnMut(String, String)) -> Result<(), TableError> {
    let mut seen = std::collections::HashSet::new();
    read(table, text, |record| {
        let (code, name) = (record.get(0).unwrap_or_default(), record.get(1).unwrap_or_default());
        if code.is_empty() {
            return Err(TableProblem::Value("code"));
        }
        if name.is_empty() {
            return Err(TableProblem::Value("nom"));
        }
        if !seen.insert(code.to_owned()) {
            return Err(TableProblem::Twice);
        }
        keep(code.to_owned(), name.to_owned());
        Ok(())
    })
}

fn read_departements(text: &str, regions: &[Region]) -> Result<Vec<Departement>, TableError> {
    let mut departements: Vec<Departement> = Vec::new();
    read(Table::Departements, text, |record| {
        let field = |at: usize| record.get(at).unwrap_or_default().to_owned();
        let (code, name, region) = (field(0), field(1), field(2));
        if code.is_empty() {
            return Err(TableProblem::Value("code"));
        }
        if name.is_empty() {
            return Err(TableProblem::Value("nom"));
        }
        if departements.iter().any(|d| d.code == code) {
            return Err(TableProblem::Twice);
        }
        let collectivity = match record.get(3) {
            Some("oui") => true,
            Some("non") => false,
            _ => return Err(TableProblem::Value("collectivite")),
        };
        let known = regions.iter().any(|r| r.code == region);
        if known == collectivity || (collectivity && !region.is_empty()) {
            return Err(TableProblem::Value("region"));
        }
        departements.push(Departement {
            code,
            name,
            region,
            collectivity,
        });
        Ok(())
    })?;
    Ok(departements)
}
