//! The website's export of sign-ups, read with full tolerance (product.md §4): bytes in, people and rejected lines out.
//!
//! ```text
//! bytes ─ source ─► text bytes ─ records ─► cells with their line number ─ row ─► SignupRow | Rejection
//!         gzip, UTF-16, limits    quotes, blank lines          columns by name, fields parsed
//! ```
//!
//! [`SignupFile::open`] looks through the whole file once (size, what it is, its header), so that reading afterwards cannot
//! fail: each line gives a person or a rejection, and one bad line never stops the others. Reading is an iterator; it holds
//! one line at a time, so that 100,000 lines need no more memory than ten.
//!
//! How a line is judged, where product.md leaves the choice open:
//! - The two names and the postal code are required, and a telephone or a mail.
//! - A telephone or a mail that is present but impossible rejects the line, even when the other is good: dropping it in
//!   silence would lose the way to reach that person. A cell that says «nothing» («-», «NULL», «néant») is empty, not wrong.
//! - An unreadable date of sign-up, which is optional, is left out and told ([`RowNotice`]); nobody is rejected for it.
//! - The postal code is only required to be there: whether it is well formed and where it lies is the territory's to say,
//!   and [`SignupRow::reject`] turns the line into a rejection then.

mod date;
mod header;
mod records;
mod row;
mod source;

#[cfg(test)]
mod tests;

pub use header::Column;
pub use row::{Rejection, RowNotice, RowProblem, SignupRow};

use header::Header;
use records::{Cells, Records};
use source::Source;
use std::fmt;

/// The largest file taken as it arrives, compressed or not, when it is a Discord attachment: 10 MiB (product.md §4).
pub const MAX_ATTACHMENT_BYTES: u64 = 10 * 1024 * 1024;
/// The largest file once unpacked: 100 MiB (product.md §4).
pub const MAX_UNPACKED_BYTES: u64 = 100 * 1024 * 1024;
/// The most physical lines a file may have: twice the 100,000 that product.md §4 asks for.
pub const MAX_LINES: u64 = 200_000;

/// Why a file cannot be read at all. Neither `Debug` nor `Display` shows a cell: a file without a header has a person there.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// More than [`MAX_UNPACKED_BYTES`], unpacked.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// More than [`MAX_LINES`].
    #[error("the file has more than {limit} lines")]
    TooManyLines {
        /// The limit.
        limit: u64,
    },
    /// A gzip file that is cut or damaged.
    #[error("the compressed file is damaged")]
    DamagedGzip,
    /// A workbook: xlsx, xls, ods.
    #[error("the file is a workbook")]
    Workbook,
    /// A zip archive or another one.
    #[error("the file is an archive")]
    Archive,
    /// A PDF.
    #[error("the file is a PDF")]
    Pdf,
    /// A web page, most often the sign-in page of the site saved in place of its export.
    #[error("the file is a web page")]
    WebPage,
    /// Not text.
    #[error("the file is not text")]
    Binary,
    /// The first line names too few columns.
    #[error("columns are missing: {missing:?}")]
    MissingColumns {
        /// Those that were not found. [`Column::Contact`] stands for «a telephone or a mail».
        missing: Vec<Column>,
        /// The names that the first line holds, cut short.
        found: Vec<String>,
    },
}

impl fmt::Debug for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileError({self})")
    }
}

/// A file of sign-ups, checked and ready to be read.
pub struct SignupFile<'a> {
    source: Source<'a>,
    separator: u8,
    header: Header,
    /// The physical lines up to the header's last, already read.
    header_lines: u64,
}

impl<'a> SignupFile<'a> {
    /// Looks through the file: unpacks it when it is compressed (whatever its name), checks its size, finds its encoding,
    /// its separator and its columns.
    ///
    /// # Errors
    /// What the file is, when it cannot be read.
    pub fn open(bytes: &'a [u8]) -> Result<Self, FileError> {
        let source = Source::open(bytes)?;
        let mut best: Option<(Header, u8, u64)> = None;
        for separator in records::separators(source.reader()) {
            let mut records = Records::new(source.reader(), separator, source.is_utf8());
            let Some(first) = records.find(|record| !record.is_blank()) else {
                continue;
            };
            let (Cells::Whole(cells) | Cells::UnclosedQuote(cells) | Cells::TooLong(cells)) = first.cells;
            let header = Header::read(&cells);
            if best.as_ref().is_none_or(|(other, ..)| header.rank() > other.rank()) {
                best = Some((header, separator, records.position()));
            }
        }
        let (header, separator, header_lines) =
            best.filter(|(header, ..)| !header.is_blank()).ok_or(FileError::Empty)?;
        let missing = header.missing();
        if !missing.is_empty() {
            let found = header.shown();
            return Err(FileError::MissingColumns { missing, found });
        }
        Ok(Self {
            source,
            separator,
            header,
            header_lines,
        })
    }

    /// The names of the columns, as the file has them.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        self.header.names()
    }

    /// The columns that were recognised.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        self.header.known()
    }

    /// How many physical lines follow the header, blank ones included: the measure of a progress message.
    #[must_use]
    pub const fn lines_total(&self) -> u64 {
        self.source.lines().saturating_sub(self.header_lines)
    }

    /// The lines after the header, each a person or a rejection; blank lines are skipped. Each call begins anew.
    pub fn rows(&self) -> impl Iterator<Item = Result<SignupRow, Rejection>> + '_ {
        let records = Records::new(self.source.reader(), self.separator, self.source.is_utf8());
        // The header is the first line that is not blank.
        records
            .filter(|record| !record.is_blank())
            .skip(1)
            .map(|record| row::read(&self.header, record))
    }
}
