//! One line of a sign-up file: a person, or the reasons why not.

use super::date;
use super::header::{Column, Header};
use super::records::{Cells, Record};
use crate::domain::csv_export::restored;
use crate::domain::person::{
    Field, FieldError, FirstName, Identity, LastName, Mail, MailProblem, Phone, PhoneProblem, PostalCodeProblem,
    collect,
};
use chrono::{DateTime, Utc};
use std::fmt;

/// The longest commune or pseudo that is kept, in characters; the rest is cut.
const TEXT_MAX: usize = 100;
/// The longest cell that can be a postal code, in bytes.
const POSTAL_CODE_MAX: usize = 40;

/// A person read from a line. `Debug` shows the line number only.
#[derive(Clone, PartialEq, Eq)]
pub struct SignupRow {
    /// The physical line of the file on which the person begins; the first line of the file is 1.
    pub line: u64,
    /// Names, and a telephone or a mail at least.
    pub identity: Identity,
    /// The postal code as it stands in the file, trimmed, never empty; not yet parsed.
    pub postal_code_raw: String,
    /// The commune as it stands in the file.
    pub commune: Option<String>,
    /// The Discord pseudo as it stands in the file.
    pub discord: Option<String>,
    /// When the person signed up; midnight in Paris when the file says the day only.
    pub signed_up_at: Option<DateTime<Utc>>,
    /// What was left out.
    pub notices: Vec<RowNotice>,
    cells: Vec<String>,
}

/// Something that was left out of an accepted line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowNotice {
    /// The date of sign-up is no date.
    UnreadableDate,
}

/// A line that gives no person. `Debug` shows no cell.
#[derive(Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The physical line of the file on which it begins; the first line of the file is 1.
    pub line: u64,
    /// Every reason.
    pub problems: Vec<RowProblem>,
    /// Its cells, as they stand in the file.
    pub cells: Vec<String>,
}

/// Why a line is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// A field is missing or impossible.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Neither a telephone nor a mail.
    #[error("neither a telephone nor a mail")]
    NoContact,
    /// A quote is opened and never closed.
    #[error("a quote is never closed")]
    UnclosedQuote,
    /// The line is too long to be one.
    #[error("the line is too long")]
    TooLong,
}

impl SignupRow {
    /// Rejects the line after all, for a reason found later: a malformed postal code.
    #[must_use]
    pub fn reject(self, problem: impl Into<RowProblem>) -> Rejection {
        Rejection {
            line: self.line,
            problems: vec![problem.into()],
            cells: self.cells,
        }
    }
}

impl fmt::Debug for SignupRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignupRow")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("line", &self.line)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

/// Reads a record under a header.
pub(super) fn read(header: &Header, record: Record) -> Result<SignupRow, Rejection> {
    let line = record.line;
    let broken = |problem, cells| {
        Err(Rejection {
            line,
            problems: vec![problem],
            cells,
        })
    };
    let cells = match record.cells {
        Cells::Whole(cells) => cells,
        Cells::UnclosedQuote(cells) => return broken(RowProblem::UnclosedQuote, cells),
        Cells::TooLong(cells) => return broken(RowProblem::TooLong, cells),
    };
    let plain: Vec<String> = cells.iter().map(|cell| unwrapped(cell)).collect();
    match person(header, line, &plain) {
        Ok(row) => Ok(SignupRow { cells, ..row }),
        Err(problems) => Err(Rejection { line, problems, cells }),
    }
}

fn person(header: &Header, line: u64, cells: &[String]) -> Result<SignupRow, Vec<RowProblem>> {
    let cell = |column| header.cell(column, cells);
    // Where «nothing» may be written out. A name may well be «Néant».
    let optional = |column| Some(cell(column)).filter(|text| !says_nothing(text));
    let text = |column| optional(column).map(|text| text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect());

    let mut errors = Vec::new();
    let (typed_first, typed_last) = (cell(Column::FirstName), cell(Column::LastName));
    let first = collect(&mut errors, Field::Prenom, typed_first, FirstName::parse(typed_first));
    let last = collect(&mut errors, Field::Nom, typed_last, LastName::parse(typed_last));
    let postal_code_raw = optional(Column::PostalCode).unwrap_or_default();
    if postal_code_raw.is_empty() {
        errors.push(FieldError::new(Field::CodePostal, "", PostalCodeProblem::Empty));
    } else if postal_code_raw.len() > POSTAL_CODE_MAX {
        errors.push(FieldError::new(
            Field::CodePostal,
            postal_code_raw,
            PostalCodeProblem::Malformed,
        ));
    }
    let typed_phone = optional(Column::Phone).unwrap_or_default();
    let phone = match Phone::parse_near(typed_phone, postal_code_raw) {
        Err(PhoneProblem::Empty) => None,
        parsed => collect(&mut errors, Field::Telephone, typed_phone, parsed),
    };
    let typed_mail = optional(Column::Mail).unwrap_or_default();
    let mail = match Mail::parse(typed_mail) {
        Err(MailProblem::Empty) => None,
        parsed => collect(&mut errors, Field::Mail, typed_mail, parsed),
    };
    let mut problems: Vec<RowProblem> = errors.into_iter().map(RowProblem::Field).collect();
    let refused = |field| {
        problems
            .iter()
            .any(|problem| matches!(problem, RowProblem::Field(error) if error.field == field))
    };
    if phone.is_none() && mail.is_none() && !refused(Field::Telephone) && !refused(Field::Mail) {
        problems.push(RowProblem::NoContact);
    }
    let (Some(first), Some(last), true) = (first, last, problems.is_empty()) else {
        return Err(problems);
    };

    let typed_date = optional(Column::Date);
    let signed_up_at = typed_date.and_then(date::read);
    let unreadable = typed_date.is_some_and(|text| !text.is_empty()) && signed_up_at.is_none();
    Ok(SignupRow {
        line,
        identity: Identity {
            first,
            last,
            phone,
            mail,
        },
        postal_code_raw: postal_code_raw.to_owned(),
        commune: text(Column::Commune).filter(|text: &String| !text.is_empty()),
        discord: text(Column::Discord).filter(|text: &String| !text.is_empty()),
        signed_up_at,
        notices: if unreadable {
            vec![RowNotice::UnreadableDate]
        } else {
            Vec::new()
        },
        cells: Vec::new(),
    })
}

/// The cell without what exports put around it: spaces, quotes left by a space before them, the apostrophe of our own
/// exports, and `="…"`, which keeps a spreadsheet from reading a number.
fn unwrapped(cell: &str) -> String {
    let cell = cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\0' | '\u{feff}'));
    let plain = restored(cell);
    if plain.len() < cell.len() {
        return plain.trim().to_owned();
    }
    let formula = cell.strip_prefix('=').unwrap_or(cell);
    match formula.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.trim().to_owned(),
        None => cell.to_owned(),
    }
}

/// Whether a cell says that there is nothing to say.
fn says_nothing(text: &str) -> bool {
    matches!(
        text.to_lowercase().as_str(),
        "-" | "--"
            | "—"
            | "."
            | "/"
            | "?"
            | "x"
            | "n/a"
            | "na"
            | "null"
            | "none"
            | "nil"
            | "néant"
            | "neant"
            | "aucun"
            | "\\n"
    )
}
