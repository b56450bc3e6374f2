//! Refusals: who can, and what to do instead (voice.md).

/// Completes «Cette action est réservée …».
pub const NATIONAL: &str = "à l’équipe nationale";
/// Completes «Cette action est réservée …».
pub const RELAYS: &str = "aux relais locaux";
/// Completes «Cette action est réservée …».
pub const REFERENTS: &str = "aux référents régionaux et à l’équipe nationale";
/// Completes «Cette action est réservée …».
pub const RELAYS_AND_REFERENTS: &str = "aux relais locaux et aux référents régionaux";
/// Completes «Cette action est réservée …».
pub const MEMBERS: &str = "aux membres d’un groupe";
/// Completes «Cette action est réservée …».
pub const SERVER_MANAGERS: &str = "aux personnes qui peuvent gérer ce serveur";

/// The function lacks.
#[must_use]
pub fn reserved(to: &str) -> String {
    format!("⛔ Cette action est réservée {to}.")
}

/// A group out of scope, or that does not exist: the same words.
#[must_use]
pub fn group_not_found() -> String {
    "⚠️ Ce groupe est introuvable. Choisissez-le dans la liste qui s’affiche pendant la saisie.".to_owned()
}

/// A person out of scope, or who is not on file: the same words.
#[must_use]
pub fn person_not_found() -> String {
    "⚠️ Cette personne est introuvable. Choisissez-la dans la liste qui s’affiche pendant la saisie.".to_owned()
}

/// A button of a message whose object is gone, or written by another version.
#[must_use]
pub fn stale() -> String {
    "⚠️ Ce bouton ne sert plus : ce qu’il proposait a changé depuis. Refaites la commande pour repartir de l’état \
     actuel."
        .to_owned()
}

/// What was typed has been forgotten: drafts live one hour.
#[must_use]
pub fn draft_expired() -> String {
    "⚠️ Cette saisie a expiré : par précaution, les coordonnées tapées ne sont gardées qu’une heure. Rien n’a été \
     enregistré ; refaites la commande."
        .to_owned()
}

/// A command or button from a server that is not the bound one.
#[must_use]
pub fn other_server() -> String {
    "⛔ Ce programme est lié à un autre serveur : ici, il ne fait rien et n’enregistre rien.".to_owned()
}

/// A command sent before the server is known.
#[must_use]
pub fn starting() -> String {
    "⚠️ Le programme démarre ; réessayez dans quelques secondes.".to_owned()
}

/// Something of ours broke; the host has the details.
#[must_use]
pub fn internal_failure() -> String {
    "⚠️ Une erreur inattendue a interrompu cette action. Rien n’a été perdu de ce qui était déjà confirmé ; réessayez \
     dans un instant. Si cela se répète, prévenez la personne qui héberge ce programme."
        .to_owned()
}
