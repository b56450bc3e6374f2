//! The first half of an import, beside the runtime: bytes in, batches of parsed, placed and hashed lines out.
//!
//! Parsing 100,000 phone numbers takes seconds, so it is done on a thread of its own, a batch ahead of the database.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::mpsc;

use crate::domain::calendar::paris_date;
use crate::domain::duplicates::Incoming;
use crate::domain::person::{Field, FieldError, Identity, PostalCodeProblem};
use crate::domain::signup_file::{Column, FileError, Rejection, RowNotice, RowProblem, SignupFile, SignupRow};
use crate::domain::territory::{Atlas, Choice, PostalCode};
use crate::store::people::Indexes;
use crate::store::suppressions::Hashes;
use crate::store::vault::{BlindIndex, Index, Vault};

/// Lines written by one transaction (product.md §4 asks for 100,000; row by row is twenty times slower).
pub(super) const BATCH: usize = 1000;

/// A line that is someone.
pub(super) struct Line {
    /// Names, phone, mail.
    pub(super) identity: Identity,
    /// The postal code, in its one form.
    pub(super) postal_code: String,
    /// Where the line puts this person; `None`: «à placer».
    pub(super) choice: Option<Choice>,
    /// The Discord pseudo.
    pub(super) pseudo: Option<String>,
    /// The instant of the sign-up, against which an erasure is compared.
    pub(super) signed_up_at: Option<DateTime<Utc>>,
    /// The day of the sign-up, which is kept.
    pub(super) signed_up_on: Option<NaiveDate>,
    /// The blind indexes.
    pub(super) indexes: Indexes,
    /// The hashes in the suppression list.
    pub(super) hashes: Hashes,
    /// The keyed hash of the whole line.
    pub(super) memory: BlindIndex,
}

/// What the reader sends.
pub(super) enum Part {
    /// The file can be read.
    Opened(Opened),
    /// Some lines.
    Lines(Batch),
}

/// What is known of a file before its lines.
pub(super) struct Opened {
    /// The names of its columns.
    pub(super) headers: Vec<String>,
    /// How many physical lines follow the header.
    pub(super) total: u64,
    /// Whether it has a column of dates.
    pub(super) has_dates: bool,
}

/// Lines read together.
pub(super) struct Batch {
    /// Those that are someone, in the order of the file.
    pub(super) lines: Vec<Line>,
    /// The others.
    pub(super) rejected: Vec<Rejection>,
    /// Dates of sign-up that could not be read.
    pub(super) unreadable_dates: u64,
    /// Whether nothing comes after.
    pub(super) last: bool,
}

/// Reads a file to its end, or until nobody listens.
pub(super) fn read(
    bytes: &[u8],
    vault: &Arc<Vault>,
    atlas: &Arc<Atlas>,
    parts: &mpsc::Sender<Part>,
) -> Result<(), FileError> {
    let file = SignupFile::open(bytes)?;
    let has_dates = file.columns().contains(&Column::Date);
    let opened = Opened {
        headers: file.headers().to_vec(),
        total: file.lines_total(),
        has_dates,
    };
    if parts.blocking_send(Part::Opened(opened)).is_err() {
        return Ok(());
    }
    let mut rows = file.rows().peekable();
    loop {
        let mut batch = Batch {
            lines: Vec::with_capacity(BATCH),
            rejected: Vec::new(),
            unreadable_dates: 0,
            last: false,
        };
        for row in rows.by_ref().take(BATCH) {
            match row.and_then(|row| {
                batch.unreadable_dates +=
                    row.notices.iter().filter(|&&n| n == RowNotice::UnreadableDate).count() as u64;
                line(row, vault, atlas, has_dates)
            }) {
                Ok(line) => batch.lines.push(line),
                Err(rejection) => batch.rejected.push(rejection),
            }
        }
        batch.last = rows.peek().is_none();
        let last = batch.last;
        if parts.blocking_send(Part::Lines(batch)).is_err() || last {
            return Ok(());
        }
    }
}

fn line(row: SignupRow, vault: &Vault, atlas: &Atlas, file_has_dates: bool) -> Result<Line, Rejection> {
    let Ok(code) = PostalCode::parse(&row.postal_code_raw) else {
        let error = FieldError::new(Field::CodePostal, &row.postal_code_raw, PostalCodeProblem::Malformed);
        return Err(row.reject(RowProblem::Field(error)));
    };
    let postal_code = code.to_string();
    let incoming = Incoming {
        identity: &row.identity,
        postal_code: &postal_code,
        commune: row.commune.as_deref(),
        discord: row.discord.as_deref(),
        signed_up_at: row.signed_up_at,
        file_has_dates,
    };
    Ok(Line {
        memory: vault.suppression(Index::Line, &incoming.canonical()),
        choice: atlas.choose(code, row.commune.as_deref()),
        indexes: Indexes::of(vault, &row.identity, &postal_code),
        hashes: Hashes::of(vault, &row.identity),
        signed_up_on: row.signed_up_at.map(paris_date),
        signed_up_at: row.signed_up_at,
        pseudo: row.discord,
        identity: row.identity,
        postal_code,
    })
}
