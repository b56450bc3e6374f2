//! Words for people.

/// Stands for the name of a person whose identity was erased.
#[must_use]
pub fn erased() -> &'static str {
    "Personne effacée"
}
