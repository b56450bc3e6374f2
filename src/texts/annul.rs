//! The words of «Annuler la validation» (product.md §6.4).

use super::markdown::{escape_line, fit};
use crate::domain::action::Action;
use crate::domain::ids::MembershipId;
use crate::domain::view::{Field, Message, Modal};

/// The button, on the answer to a validation, on the person's card, and under the notice to the referent.
pub const BUTTON: &str = "Annuler la validation";
/// The field of the form.
pub const REASON: &str = "motif";

/// The form that asks why.
#[must_use]
pub fn form(membership: MembershipId) -> Modal {
    Modal {
        action: Action::AnnulForm(membership),
        title: BUTTON.to_owned(),
        fields: vec![
            Field::long(REASON, "Motif", 500)
                .example("Le relai du groupe le lira. Pas de coordonnées, s’il vous plaît."),
        ],
    }
}

/// The validation is annulled.
#[must_use]
pub fn done(name: &str, group: &str, standing: &str, is_contact: bool) -> Message {
    let after = if is_contact {
        " Sa fiche revient dans les contacts."
    } else {
        ""
    };
    Message::text(format!(
        "✅ **La validation de {} est annulée.** Cette personne n’est plus membre du groupe {}.{after}\n{standing}.",
        escape_line(&fit(name, 120)),
        escape_line(&fit(group, 120))
    ))
}

/// It was annulled before.
#[must_use]
pub fn already() -> String {
    "⚠️ Cette validation est déjà annulée. Rien n’a changé.".to_owned()
}

/// The participation ended otherwise.
#[must_use]
pub fn ended() -> String {
    "⚠️ Cette participation a déjà pris fin. Il n’y a plus rien à annuler.".to_owned()
}

/// The relay's 24 hours are over.
#[must_use]
pub fn too_late_for_relay(hours: i64) -> String {
    format!(
        "⛔ **Le délai est passé.** Un relai peut annuler une validation pendant {hours}\u{a0}heures. Votre référent régional le \
         peut plus longtemps\u{a0}; sinon, `/retirer` met fin à la participation."
    )
}

/// The referent's 14 days are over.
#[must_use]
pub fn too_late_for_referent(days: i64) -> String {
    format!(
        "⛔ **Le délai est passé.** Une validation peut être annulée pendant {days}\u{a0}jours. `/retirer` met fin à la \
         participation."
    )
}

/// No reason was typed.
#[must_use]
pub fn reason_missing() -> String {
    "⚠️ Indiquez en quelques mots pourquoi cette validation est annulée. Rien n’a changé.".to_owned()
}

/// The participation is out of scope, or never was: the same words.
#[must_use]
pub fn not_found() -> String {
    "⚠️ Cette validation est introuvable.".to_owned()
}
