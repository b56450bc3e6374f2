//! Territory data: the table shipped in the binary, the files that may take its place, the making of the table, and the reading
//! of INSEE's official one (product.md §4, §17).

mod build;
pub mod insee;

pub use build::{BuildError, BuildReport, build};

use crate::domain::territory::{Atlas, Table, TableError, Tables};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where files that take the place of the shipped table are looked for, in the working directory.
pub const FOLDER: &str = "config/territoires";

/// The largest a table may be once unpacked, in bytes; the shipped one has 2 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why the territories cannot be loaded; told to the host by `texts::territories::load_error`.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file of the folder cannot be read.
    #[error("reading {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file is too large, not compressed as it should be, or not UTF-8.
    #[error("unpacking {table}")]
    Unpack {
        /// The table.
        table: Table,
    },
    /// A line is unusable.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// The bytes shipped in the binary.
fn shipped(table: Table) -> &'static [u8] {
    match table {
        Table::Communes => include_bytes!("../../config/territoires/communes.csv.gz"),
        Table::Departements => include_bytes!("../../config/territoires/departements.csv"),
        Table::Regions => include_bytes!("../../config/territoires/regions.csv"),
        Table::Epci => include_bytes!("../../config/territoires/epci.csv"),
    }
}

/// The atlas of the shipped tables, each replaced by the file of its name when `folder` has one. The zoning is the
/// intercommunalité; [`Atlas::with_basins`] changes it.
///
/// Takes some tens of milliseconds: call it once.
///
/// # Errors
/// A file that cannot be read or used.
pub fn load(folder: &Path) -> Result<Atlas, LoadError> {
    let text = |table: Table| -> Result<String, LoadError> {
        let path = folder.join(table.file_name());
        match std::fs::read(&path) {
            Ok(bytes) => unpack(table, &bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => unpack(table, shipped(table)),
            Err(source) => Err(LoadError::Read { path, source }),
        }
    };
    atlas_of(text)
}

/// The atlas of the shipped tables alone.
///
/// # Errors
/// None, unless the binary was built with an unusable table; a test makes sure of it.
pub fn load_shipped() -> Result<Atlas, LoadError> {
    atlas_of(|table| unpack(table, shipped(table)))
}

fn atlas_of(text: impl Fn(Table) -> Result<String, LoadError>) -> Result<Atlas, LoadError> {
    let tables = Tables {
        communes: text(Table::Communes)?,
        departements: text(Table::Departements)?,
        regions: text(Table::Regions)?,
        epci: text(Table::Epci)?,
    };
    Ok(Atlas::new(&tables)?)
}

fn unpack(table: Table, bytes: &[u8]) -> Result<String, LoadError> {
    let mut text = String::new();
    let read = if table == Table::Communes {
        flate2::read::GzDecoder::new(bytes)
            .take(LARGEST)
            .read_to_string(&mut text)
    } else {
        bytes.take(LARGEST).read_to_string(&mut text)
    };
    match read {
        Ok(size) if (size as u64) < LARGEST => Ok(text),
        _ => Err(LoadError::Unpack { table }),
    }
}

#[cfg(test)]
mod tests;
