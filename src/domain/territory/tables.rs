//! The text form of the geography: four small CSV tables, as `config/territoires/` holds them.

use super::lines::Lines;
use std::fmt;

/// The four tables of `config/territoires/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Communes, municipal arrondissements and names of former communes.
    Communes,
    /// Départements and overseas collectivities.
    Departements,
    /// The 18 régions.
    Regions,
    /// Intercommunalités (EPCI).
    Epci,
}

impl Table {
    /// All of them.
    pub const ALL: [Table; 4] = [Table::Communes, Table::Departements, Table::Regions, Table::Epci];

    /// The name of the file, in `config/territoires/`; the communes are compressed.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Table::Communes => "communes.csv.gz",
            Table::Departements => "departements.csv",
            Table::Regions => "regions.csv",
            Table::Epci => "epci.csv",
        }
    }

    /// The columns, in their order; the first line of the table names them.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            // `type` is INSEE's: COM a commune, ARM a municipal arrondissement, COMA and COMD the associated and delegated
            // communes, whose names people still write. `commune` is the commune that holds the last three.
            Table::Communes => &[
                "type",
                "code",
                "nom",
                "departement",
                "epci",
                "population",
                "codes_postaux",
                "commune",
            ],
            Table::Departements => &["code", "nom", "region", "collectivite"],
            Table::Regions | Table::Epci => &["code", "nom"],
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_name())
    }
}

/// The texts of the four tables, unpacked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables {
    /// See [`Table::Communes`].
    pub communes: String,
    /// See [`Table::Departements`].
    pub departements: String,
    /// See [`Table::Regions`].
    pub regions: String,
    /// See [`Table::Epci`].
    pub epci: String,
}

/// What makes a table unusable, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{table}, line {line}: {problem:?}")]
pub struct TableError {
    /// The table.
    pub table: Table,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub problem: TableProblem,
}

/// What can be wrong in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableProblem {
    /// The first line does not name the columns of [`Table::columns`].
    Header,
    /// The line is no CSV of that many columns.
    Malformed,
    /// A column holds what it cannot hold, or names what no other table knows.
    Value(&'static str),
    /// The same code stands twice.
    Twice,
    /// There is no line but the header.
    Empty,
}

/// Reads a table line by line; `each` is given the fields of a line and tells what is wrong with them.
pub(super) fn read(
    table: Table,
    text: &str,
    mut each: impl FnMut(&csv::StringRecord) -> Result<(), TableProblem>,
) -> Result<(), TableError> {
    let at = |line, problem| TableError { table, line, problem };
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let named = reader.headers().map_err(|_| at(1, TableProblem::Header))?;
    if !named.iter().eq(table.columns().iter().copied()) {
        return Err(at(1, TableProblem::Header));
    }
    let mut record = csv::StringRecord::new();
    let mut lines = Lines::new(text);
    let mut seen = false;
    loop {
        let line = lines.of(reader.position().byte());
        match reader.read_record(&mut record) {
            Ok(true) => each(&record).map_err(|problem| at(line, problem))?,
            Ok(false) if !seen => return Err(at(1, TableProblem::Empty)),
            Ok(false) => return Ok(()),
            Err(_) => return Err(at(line, TableProblem::Malformed)),
        }
        seen = true;
    }
}
