//! INSEE's «table d’appartenance géographique des communes» (product.md §4): which commune lies in which bassin de vie 2022.
//!
//! The official workbook has its header on the sixth line, its municipal arrondissements in a sheet of their own, and the names of
//! the basins in another sheet (NIVGEO, CODGEO, LIBGEO). Sheets are known by their columns, not by their names, which vary from
//! year to year. A CSV made from it is read too, whatever its separator and encoding, with the names in a column or without.

use crate::domain::fold::compact;
use crate::domain::territory::{BasinMapping, Lines, normalise_insee_code};
use calamine::{DataRef, Reader, Xlsx, XlsxCellReader};
use std::io::{Cursor, Read, Seek};
use std::path::Path;

/// The largest file that is read, in bytes, also once unpacked; the official workbook has about 6 MB.
const LARGEST: u64 = 200 * 1024 * 1024;

/// How many lines from the top the header is looked for.
const HEADER_WITHIN: u64 = 60;

/// How many columns of a sheet are looked at; the official one has about thirty.
const COLUMNS_WITHIN: usize = 256;

/// Columns are compared without accents, case, spaces nor signs.
const COMMUNE_COLUMNS: [&str; 7] = [
    "codgeo",
    "codeinsee",
    "codecommune",
    "codecommuneinsee",
    "inseecom",
    "depcom",
    "codeinseecommune",
];
const BASIN_COLUMNS: [&str; 6] = [
    "bv2022",
    "bassincode",
    "codebassin",
    "codebv2022",
    "bv2022code",
    "bassindevie2022",
];
const LABEL_COLUMNS: [&str; 7] = [
    "libbv2022",
    "bv2022lib",
    "libellebv2022",
    "nombv2022",
    "bassinnom",
    "nombassin",
    "libellebassin",
];

/// Why a file gives no zoning; told to the host by `texts::territories::import_error`.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("reading the table")]
    Read(#[source] std::io::Error),
    /// The file is empty.
    #[error("the file is empty")]
    Empty,
    /// The file is larger than any such table.
    #[error("the file is too large")]
    TooLarge,
    /// An old workbook (.xls), which is not read.
    #[error("an .xls workbook")]
    OldWorkbook,
    /// A workbook or a compressed file that cannot be opened.
    #[error("opening the file")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No line names both a column of communes (CODGEO) and a column of basins (BV2022).
    #[error("no header with CODGEO and BV2022")]
    NoHeader,
    /// There is a header, but no line with a commune and a basin under it.
    #[error("no commune under the header")]
    NoCommune,
}

/// Why a line was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectedReason {
    /// The code of the commune is none.
    Commune,
    /// The code of the basin is none.
    Basin,
    /// The commune was in another basin above; the first one stays.
    Conflict,
}

/// A line that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The sheet; none in a CSV.
    pub sheet: Option<String>,
    /// The line, from 1, as a spreadsheet numbers it.
    pub line: u64,
    /// Why.
    pub reason: RejectedReason,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Commune → basin, and the names of the basins.
    pub mapping: BasinMapping,
    /// Lines whose commune has no basin (INSEE writes ZZZZZ, or nothing).
    pub without_basin: usize,
    /// Basins that the file does not name; they take the name of the commune whose code they have.
    pub unnamed: usize,
    /// Lines left out.
    pub rejected: Vec<Rejected>,
}

/// Reads a table from a file: .xlsx, .csv or .csv.gz, known by its content.
///
/// # Errors
/// See [`ImportError`].
pub fn read_file(path: &Path) -> Result<Imported, ImportError> {
    let file = std::fs::File::open(path).map_err(ImportError::Read)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(ImportError::Read)?;
    read(&bytes)
}

/// Reads a table from the bytes of a file; see [`read_file`].
///
/// # Errors
/// See [`ImportError`].
pub fn read(bytes: &[u8]) -> Result<Imported, ImportError> {
    match bytes {
        [] => Err(ImportError::Empty),
        _ if bytes.len() as u64 > LARGEST => Err(ImportError::TooLarge),
        [b'P', b'K', 3, 4, ..] => contained(|| read_workbook(bytes)),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Err(ImportError::OldWorkbook),
        [0x1F, 0x8B, ..] => {
            let mut unpacked = Vec::new();
            let decoder = flate2::read::GzDecoder::new(bytes);
            decoder
                .take(LARGEST + 1)
                .read_to_end(&mut unpacked)
                .map_err(|e| ImportError::Damaged(e.into()))?;
            if unpacked.len() as u64 > LARGEST {
                return Err(ImportError::TooLarge);
            }
            read_csv(&unpacked)
        }
        _ => read_csv(bytes),
    }
}

/// A table in the form that [`read`] understands, to be kept with the database: one line a commune, sorted.
#[must_use]
pub fn write_csv(mapping: &BasinMapping) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    // Writing into memory does not fail.
    let _ = writer.write_record(["CODGEO", "BV2022", "LIBBV2022"]);
    for (commune, basin) in mapping.communes() {
        let _ = writer.write_record([commune, basin, mapping.label(basin).unwrap_or_default()]);
    }
    writer
        .into_inner()
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// Where the columns are in a table of communes.
struct Columns {
    commune: usize,
    basin: usize,
    label: Option<usize>,
}

impl Columns {
    fn of(header: &[String]) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|cell| compact(cell)).collect();
        let find = |wanted: &[&str]| wanted.iter().find_map(|w| names.iter().position(|name| name == w));
        Some(Self {
            commune: find(&COMMUNE_COLUMNS)?,
            basin: find(&BASIN_COLUMNS)?,
            label: find(&LABEL_COLUMNS),
        })
    }
}

/// Where the columns are in the sheet that names the zones of every level.
struct LabelColumns {
    level: usize,
    code: usize,
    label: usize,
}

impl LabelColumns {
    fn of(header: &[String]) -> Option<Self> {
        let find = |wanted: &str| header.iter().position(|cell| compact(cell) == wanted);
        Some(Self {
            level: find("nivgeo")?,
            code: find("codgeo")?,
            label: find("libgeo")?,
        })
    }
}

impl Imported {
    /// Takes one line of a table of communes.
    fn take(&mut self, columns: &Columns, cells: &[String], sheet: Option<&str>, line: u64) {
        let cell = |at: usize| cells.get(at).map_or("", |text| text.trim());
        let (commune, basin) = (cell(columns.commune), cell(columns.basin));
        if commune.is_empty() {
            return;
        }
        if basin.is_empty() || basin.bytes().all(|b| b.eq_ignore_ascii_case(&b'z')) {
            // Only what is a commune counts: a note under the table («Source : Insee») is none.
            self.without_basin += usize::from(normalise_insee_code(commune).is_some());
            return;
        }
        let mut reject = |reason| {
            self.rejected.push(Rejected {
                sheet: sheet.map(str::to_owned),
                line,
                reason,
            });
        };
        let Some(commune) = normalise_insee_code(commune) else {
            return reject(RejectedReason::Commune);
        };
        let Some(basin) = normalise_insee_code(basin) else {
            return reject(RejectedReason::Basin);
        };
        match self.mapping.basin_of(&commune) {
            Some(before) if before != basin => return reject(RejectedReason::Conflict),
            Some(_) => {}
            None => {
                self.mapping.put(&commune, &basin);
            }
        }
        if let Some(label) = columns.label.map(cell).filter(|label| !label.is_empty()) {
            self.mapping.name(&basin, &typographic(label));
        }
    }

    fn checked(mut self) -> Result<Self, ImportError> {
        if self.mapping.is_empty() {
            return Err(ImportError::NoCommune);
        }
        let basins = self.mapping.basins();
        self.unnamed = basins
            .iter()
            .filter(|basin| self.mapping.label(basin).is_none())
            .count();
        Ok(self)
    }
}

/// Runs a reading of which a damaged file makes the library panic (sums of sizes that overflow, with checks on): the file is
/// damaged, and that is all there is to say.
fn contained(reading: impl FnOnce() -> Result<Imported, ImportError>) -> Result<Imported, ImportError> {
    // Nothing that the reading touches outlives it.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(reading))
        .unwrap_or_else(|_| Err(ImportError::Damaged("the workbook cannot be read".into())))
}

fn read_workbook(bytes: &[u8]) -> Result<Imported, ImportError> {
    let damaged = |error: calamine::XlsxError| ImportError::Damaged(error.into());
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut imported = Imported::default();
    let mut labels: Vec<(String, String)> = Vec::new();
    let mut found = false;
    for sheet in workbook.sheet_names() {
        // A chart sheet has no cells.
        let Ok(cells) = workbook.worksheet_cells_reader(&sheet) else {
            continue;
        };
        let mut header = None;
        each_row(cells, |line, row| match &header {
            None if line <= HEADER_WITHIN => header = Header::of(row),
            None => {}
            Some(Header::Communes(columns)) => imported.take(columns, row, Some(&sheet), line),
            Some(Header::Labels(columns)) => labels.extend(label(columns, row)),
        })
        .map_err(damaged)?;
        found |= matches!(header, Some(Header::Communes(_)));
    }
    if !found {
        return Err(ImportError::NoHeader);
    }
    let basins: std::collections::HashSet<String> = imported.mapping.basins().into_iter().map(str::to_owned).collect();
    for (basin, label) in labels.iter().filter(|(basin, _)| basins.contains(basin)) {
        imported.mapping.name(basin, label);
    }
    imported.checked()
}

enum Header {
    Communes(Columns),
    Labels(LabelColumns),
}

impl Header {
    fn of(row: &[String]) -> Option<Self> {
        Columns::of(row)
            .map(Header::Communes)
            .or_else(|| LabelColumns::of(row).map(Header::Labels))
    }
}

/// The code and name of a bassin de vie, when the line is one's.
fn label(columns: &LabelColumns, row: &[String]) -> Option<(String, String)> {
    let cell = |at: usize| row.get(at).map_or("", |text| text.trim());
    if !cell(columns.level).eq_ignore_ascii_case("BV2022") || cell(columns.label).is_empty() {
        return None;
    }
    Some((
        normalise_insee_code(cell(columns.code))?,
        typographic(cell(columns.label)),
    ))
}

/// Gives the rows of a sheet one after the other, with their line from 1, so that a large workbook is never held whole.
fn each_row<RS: Read + Seek>(
    mut cells: XlsxCellReader<'_, RS>,
    mut each: impl FnMut(u64, &[String]),
) -> Result<(), calamine::XlsxError> {
    let mut current = 0;
    let mut row: Vec<String> = Vec::new();
    while let Some(cell) = cells.next_cell()? {
        let (line, column) = cell.get_position();
        if line != current {
            each(u64::from(current) + 1, &row);
            row.clear();
            current = line;
        }
        let column = column as usize;
        if column < COLUMNS_WITHIN {
            if row.len() <= column {
                row.resize(column + 1, String::new());
            }
            if let Some(slot) = row.get_mut(column) {
                *slot = text(cell.get_value());
            }
        }
    }
    each(u64::from(current) + 1, &row);
    Ok(())
}

/// A cell as text; a spreadsheet that was saved again may have turned codes into numbers.
fn text(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // A code has no decimals: `{}` writes 1004.0 as «1004».
        DataRef::Float(number) => number.to_string(),
        _ => String::new(),
    }
}

fn read_csv(bytes: &[u8]) -> Result<Imported, ImportError> {
    let text = decode(bytes);
    if text.trim().is_empty() {
        return Err(ImportError::Empty);
    }
    for separator in *b";,\t|" {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut lines = Lines::new(&text);
        let mut rows = reader.records().filter_map(Result::ok).map(|record| {
            let line = lines.of(record.position().map_or(0, csv::Position::byte));
            (line, record.iter().map(str::to_owned).collect::<Vec<String>>())
        });
        let Some(columns) = rows
            .by_ref()
            .take(HEADER_WITHIN as usize)
            .find_map(|(_, row)| Columns::of(&row))
        else {
            continue;
        };
        let mut imported = Imported::default();
        for (line, row) in rows {
            imported.take(&columns, &row, None, line);
        }
        return imported.checked();
    }
    Err(ImportError::NoHeader)
}

/// UTF-8, UTF-16 with its mark, or else Windows-1252, in which every byte means something.
fn decode(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let encoding = match (encoding_rs::Encoding::for_bom(bytes), std::str::from_utf8(bytes)) {
        (Some((encoding, _)), _) => encoding,
        (None, Ok(_)) => encoding_rs::UTF_8,
        (None, Err(_)) => encoding_rs::WINDOWS_1252,
    };
    encoding.decode(bytes).0
}

/// The apostrophe of French typography (voice.md).
fn typographic(label: &str) -> String {
    label.replace('\'', "\u{2019}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_that_panics_is_a_damaged_file() {
        let read = contained(|| panic!("a sum overflowed"));
        assert!(matches!(read, Err(ImportError::Damaged(_))), "{read:?}");
    }
}
