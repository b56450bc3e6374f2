//! `maillage territoires construire DIR`: makes the tables of `config/territoires/` from the JSON files of the npm package
//! `@etalab/decoupage-administratif` (see `config/territoires/SOURCE.md`).

use crate::domain::territory::Table;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Why the tables cannot be made; told to the host by `texts::territories::build_error`.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file of the package is missing or cannot be read.
    #[error("reading {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file of the package is not what this program understands.
    #[error("understanding {}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// A table cannot be written.
    #[error("writing {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildReport {
    /// The version that the package gives itself, when it does.
    pub version: Option<String>,
    /// Communes, overseas collectivities included.
    pub communes: usize,
    /// Municipal arrondissements.
    pub arrondissements: usize,
    /// Names of former communes.
    pub former: usize,
    /// Postal codes.
    pub postal_codes: usize,
    /// Intercommunalités.
    pub epci: usize,
    /// Départements, without the collectivities.
    pub departements: usize,
    /// Overseas collectivities.
    pub collectivities: usize,
    /// Régions.
    pub regions: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commune {
    code: String,
    nom: String,
    r#type: String,
    departement: String,
    population: Option<u32>,
    #[serde(default)]
    codes_postaux: Vec<String>,
    /// The commune that holds an associated or delegated one.
    chef_lieu: Option<String>,
    /// The commune that holds a municipal arrondissement.
    commune: Option<String>,
}

#[derive(Deserialize)]
struct Departement {
    code: String,
    nom: String,
    region: String,
    zone: String,
}

#[derive(Deserialize)]
struct Region {
    code: String,
    nom: String,
    zone: String,
}

#[derive(Deserialize)]
struct Epci {
    code: String,
    nom: String,
    membres: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    code: String,
}

#[derive(Deserialize)]
struct Package {
    version: Option<String>,
}

/// Reads the unpacked package in `package` and writes the four tables into `out`, which is made when absent.
///
/// The same package gives the same bytes. Uninhabited places without a postal code (the southern lands, Clipperton) are left
/// out. The three large cities leave their postal codes to their municipal arrondissements; 75116 is left out, being 75016.
///
/// # Errors
/// A file of the package that cannot be read, or a table that cannot be written.
pub fn build(package: &Path, out: &Path) -> Result<BuildReport, BuildError> {
    let data = if package.join("data").is_dir() {
        package.join("data")
    } else {
        package.to_owned()
    };
    let communes: Vec<Commune> = json(&data.join("communes.json"))?;
    let departements: Vec<Departement> = json(&data.join("departements.json"))?;
    let regions: Vec<Region> = json(&data.join("regions.json"))?;
    let epci: Vec<Epci> = json(&data.join("epci.json"))?;
    let about = json::<Package>(&package.join("package.json")).or_else(|_| json(&data.join("../package.json")));
    let version = about.ok().and_then(|about| about.version);

    let lines = commune_lines(&communes, &epci);
    let inhabited: BTreeSet<&str> = lines.iter().map(|line| line.departement.as_str()).collect();
    let is_collectivity = |d: &Departement| d.zone == "com";
    let kept: Vec<&Departement> = departements
        .iter()
        .filter(|d| inhabited.contains(d.code.as_str()))
        .collect();
    let own_regions: Vec<&Region> = regions.iter().filter(|r| r.zone != "com").collect();
    let count = |kind: &str| lines.iter().filter(|line| line.kind == kind).count();
    let report = BuildReport {
        version,
        communes: count("COM"),
        arrondissements: count("ARM"),
        former: lines.len() - count("COM") - count("ARM"),
        postal_codes: lines
            .iter()
            .flat_map(|line| line.postal.split(' '))
            .filter(|c| !c.is_empty())
            .collect::<BTreeSet<_>>()
            .len(),
        epci: epci.len(),
        departements: kept.iter().filter(|d| !is_collectivity(d)).count(),
        collectivities: kept.iter().filter(|d| is_collectivity(d)).count(),
        regions: own_regions.len(),
    };

    std::fs::create_dir_all(out).map_err(|source| BuildError::Write {
        path: out.to_owned(),
        source,
    })?;
    write(out, Table::Communes, lines.iter().map(Line::fields))?;
    write(
        out,
        Table::Departements,
        kept.iter().map(|d| {
            let (region, flag) = if is_collectivity(d) {
                ("", "oui")
            } else {
                (d.region.as_str(), "non")
            };
            [d.code.clone(), typographic(&d.nom), region.to_owned(), flag.to_owned()]
        }),
    )?;
    write(
        out,
        Table::Regions,
        own_regions.iter().map(|r| [r.code.clone(), typographic(&r.nom)]),
    )?;
    let mut epci: Vec<[String; 2]> = epci.into_iter().map(|e| [e.code, typographic(&e.nom)]).collect();
    epci.sort();
    write(out, Table::Epci, epci.into_iter())?;
    Ok(report)
}

/// A line of the table of communes.
struct Line {
    kind: &'static str,
    code: String,
    name: String,
    departement: String,
    epci: String,
    population: String,
    postal: String,
    commune: String,
}

impl Line {
    fn fields(&self) -> [String; 8] {
        [
            self.kind.to_owned(),
            self.code.clone(),
            self.name.clone(),
            self.departement.clone(),
            self.epci.clone(),
            self.population.clone(),
            self.postal.clone(),
            self.commune.clone(),
        ]
    }
}

fn commune_lines(communes: &[Commune], epci: &[Epci]) -> Vec<Line> {
    let epci_of: HashMap<&str, &str> = epci
        .iter()
        .flat_map(|e| e.membres.iter().map(|m| (m.code.as_str(), e.code.as_str())))
        .collect();
    let name_of: HashMap<&str, &str> = communes
        .iter()
        .filter(|c| c.r#type == "commune-actuelle")
        .map(|c| (c.code.as_str(), c.nom.as_str()))
        .collect();
    let mut of_arrondissements: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrondissement in communes.iter().filter(|c| c.r#type == "arrondissement-municipal") {
        if let Some(commune) = &arrondissement.commune {
            let codes = of_arrondissements.entry(commune).or_default();
            codes.extend(arrondissement.codes_postaux.iter().map(String::as_str));
        }
    }
    let mut lines: Vec<Line> = communes
        .iter()
        .filter_map(|c| line(c, &epci_of, &name_of, &of_arrondissements))
        .collect();
    lines.sort_by(|a, b| (a.kind_order(), &a.code, &a.name).cmp(&(b.kind_order(), &b.code, &b.name)));
    lines
}

impl Line {
    fn kind_order(&self) -> usize {
        ["COM", "ARM", "COMA", "COMD"]
            .iter()
            .position(|kind| *kind == self.kind)
            .unwrap_or(usize::MAX)
    }
}

fn line(
    commune: &Commune,
    epci_of: &HashMap<&str, &str>,
    name_of: &HashMap<&str, &str>,
    of_arrondissements: &BTreeMap<&str, BTreeSet<&str>>,
) -> Option<Line> {
    let (kind, holder) = match commune.r#type.as_str() {
        "commune-actuelle" => ("COM", None),
        "arrondissement-municipal" => ("ARM", Some(commune.commune.as_deref()?)),
        "commune-associee" => ("COMA", Some(commune.chef_lieu.as_deref()?)),
        "commune-deleguee" => ("COMD", Some(commune.chef_lieu.as_deref()?)),
        _ => return None,
    };
    let inhabited = matches!(kind, "COM" | "ARM");
    let mut postal: BTreeSet<&str> = commune.codes_postaux.iter().map(String::as_str).collect();
    postal.remove("75116");
    if inhabited && (commune.population.is_none() || postal.is_empty()) {
        return None;
    }
    if let Some(given) = of_arrondissements.get(commune.code.as_str()) {
        postal.retain(|code| !given.contains(code));
    }
    // A former commune of the same name as the one that holds it adds nothing.
    if !inhabited
        && holder
            .and_then(|code| name_of.get(code))
            .is_none_or(|name| *name == commune.nom)
    {
        return None;
    }
    Some(Line {
        kind,
        code: commune.code.clone(),
        name: typographic(&commune.nom),
        departement: if inhabited {
            commune.departement.clone()
        } else {
            String::new()
        },
        epci: epci_of
            .get(commune.code.as_str())
            .filter(|_| kind == "COM")
            .map(|e| (*e).to_owned())
            .unwrap_or_default(),
        population: commune
            .population
            .filter(|_| inhabited)
            .map(|p| p.to_string())
            .unwrap_or_default(),
        postal: postal.into_iter().collect::<Vec<_>>().join(" "),
        commune: holder.unwrap_or_default().to_owned(),
    })
}

/// The apostrophe of French typography (voice.md).
fn typographic(name: &str) -> String {
    name.trim().replace('\'', "\u{2019}")
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, BuildError> {
    let bytes = std::fs::read(path).map_err(|source| BuildError::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|source| BuildError::Json {
        path: path.to_owned(),
        source,
    })
}

fn write<const N: usize>(out: &Path, table: Table, lines: impl Iterator<Item = [String; N]>) -> Result<(), BuildError> {
    let path = out.join(table.file_name());
    let failed = |source: std::io::Error| BuildError::Write {
        path: path.clone(),
        source,
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(table.columns())
        .map_err(|error| failed(error.into()))?;
    for line in lines {
        writer.write_record(&line).map_err(|error| failed(error.into()))?;
    }
    let text = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    let bytes = if table == Table::Communes {
        compress(&text).map_err(failed)?
    } else {
        text
    };
    std::fs::write(&path, bytes).map_err(failed)
}

/// Without a date or a file name inside, so that the same table gives the same bytes.
fn compress(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), flate2::Compression::best());
    encoder.write_all(text)?;
    encoder.finish()
}
