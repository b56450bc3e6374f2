//! The two kinds of failure, and the only conversion between them.
//!
//! A [`UserError`] is French, precise, and shown as it is; it is not logged as an error. An [`Error`] is ours: logged once,
//! with its chain of causes, while the person sees one neutral sentence (`texts::common::internal_failure`).

use crate::store::StoreError;

/// Why an intention was refused; the reader's own affair, told in French.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError {
    /// The kind, for tests and for what can be offered next.
    pub kind: Refusal,
    /// What happened, what it means and what to do; shown as it is.
    pub text: String,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The function lacks: «Cette action est réservée à …» (product.md §2).
    Reserved,
    /// Out of scope, or does not exist: the two are told alike (product.md §2).
    NotFound,
    /// Something typed is to be corrected.
    Invalid,
    /// Already so, too late, or impossible in the present state.
    Conflict,
    /// Try again later: a limit, or a service that is away.
    Later,
}

impl UserError {
    /// A refusal of a given kind.
    #[must_use]
    pub fn new(kind: Refusal, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }
}

impl std::fmt::Display for UserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for UserError {}

/// A failure that is ours, with what was being tried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or broke.
    #[error("database")]
    Store(#[from] StoreError),
    /// A file could not be read or written.
    #[error("{doing}")]
    Io {
        /// What was being tried.
        doing: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Discord refused or broke.
    #[error("Discord: {doing}")]
    Discord {
        /// What was being tried.
        doing: &'static str,
        /// The cause; holds no body.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An invariant of ours does not hold.
    #[error("invariant: {0}")]
    Invariant(&'static str),
}

/// What a use case can answer instead of its outcome.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Refused, with a reason for the person.
    #[error(transparent)]
    User(#[from] UserError),
    /// Broken, with a cause for the host.
    #[error(transparent)]
    Internal(#[from] Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Internal(Error::Store(error))
    }
}

/// The result of a use case.
pub type Outcome<T> = Result<T, Failure>;
