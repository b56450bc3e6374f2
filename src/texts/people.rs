//! Words for people.

use super::markdown::fit;

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

/// One suggestion of the option `personne`: «Camille D. — Lunel».
#[must_use]
pub fn suggestion(short: &str, group: &str) -> String {
    fit(&format!("{} — {}", fit(short, 60), group), 100)
}

/// One suggestion of the option `groupe`: «Lunel (34)».
#[must_use]
pub fn group_suggestion(name: &str, departement: &str) -> String {
    let mark = format!("({departement})");
    if name.ends_with(&mark) {
        fit(name, 100)
    } else {
        fit(&format!("{} {mark}", fit(name, 80)), 100)
    }
}
