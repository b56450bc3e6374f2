//! What an import of sign-ups counts, and how far it is (product.md §4).

/// What an import did, or would do. Every line that is not blank is new, updated, unchanged, rejected or erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// People who were not on file.
    pub new: u64,
    /// Lines that change someone on file.
    pub updated: u64,
    /// Lines that say nothing new.
    pub unchanged: u64,
    /// Pairs of people who may be one, not known before.
    pub to_review: u64,
    /// Lines that are nobody.
    pub rejected: u64,
    /// Lines of people who were erased and have not signed up since: nothing is written (product.md §16).
    pub erased: u64,
    /// Of the new people, those whose postal code leads to no territory: «à placer».
    pub to_place: u64,
    /// Dates of sign-up that could not be read and were left out.
    pub unreadable_dates: u64,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines done.
    pub done: u64,
    /// Lines in all.
    pub total: u64,
}

impl Counts {
    /// One line for the journal: numbers only.
    #[must_use]
    pub fn summary(&self) -> String {
        let Counts {
            new,
            updated,
            unchanged,
            to_review,
            rejected,
            erased,
            to_place,
            unreadable_dates,
        } = self;
        format!(
            "new={new} updated={updated} unchanged={unchanged} to_review={to_review} rejected={rejected} erased={erased} \
             to_place={to_place} unreadable_dates={unreadable_dates}"
        )
    }
}
