//! The words of `/retirer` (product.md §6.7).

use super::markdown::{escape_line, fit};
use crate::domain::view::Message;

/// The reasons of the option `motif`, in order: value and label (product.md §19).
pub const REASONS: [(&str, &str); 5] = [
    ("depart", "Départ"),
    ("demenagement", "Déménagement"),
    ("exclusion", "Exclusion décidée par le groupe"),
    ("deces", "Décès"),
    ("erreur", "Erreur"),
];

/// What follows for the person, by the value of the reason.
fn after(reason: &str) -> &'static str {
    match reason {
        "depart" => "Cette personne ne sera plus appelée.",
        "demenagement" => "Un relai de son nouveau bassin de vie peut valider une nouvelle participation.",
        "deces" => "Cette personne ne figure plus dans aucune liste d’appels.",
        _ => "Sa fiche revient dans les contacts.",
    }
}

/// The participation has ended.
#[must_use]
pub fn done(name: &str, group: &str, reason: &str, standing: &str) -> Message {
    Message::text(format!(
        "✅ **{} n’est plus membre du groupe {}.** L’accès à l’espace du groupe est retiré et le registre se met à jour. {}\n\
         {standing}.",
        escape_line(&fit(name, 120)),
        escape_line(&fit(group, 120)),
        after(reason)
    ))
}

/// A relay alone cannot exclude.
#[must_use]
pub fn exclusion_needs_a_decision() -> String {
    "⛔ **Une exclusion se décide en groupe.** Elle demande une décision adoptée de type «\u{a0}exclusion\u{a0}» qui nomme \
     cette personne. Rien n’a changé."
        .to_owned()
}
