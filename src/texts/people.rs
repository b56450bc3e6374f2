//! Words for people.

/// Stands for the name of a person whose identity was erased.
#[must_use]
pub fn erased() -> &'static str {
    "Personne effacée"
}

/// Stands for the name of a relay whom neither a person nor the server names, in an SMS.
#[must_use]
pub fn a_relay() -> &'static str {
    "votre relai local"
}
