//! The words of «Ce n’est pas moi» (product.md §6).

use crate::domain::action::Action;
use crate::domain::ids::PersonId;
use crate::domain::view::{Button, Message, Style};

/// The button, under the DM that tells an account that it was linked.
#[must_use]
pub fn button(person: PersonId) -> Button {
    Button::new("Ce n’est pas moi", Style::Danger, Action::NotMe(person))
}

/// The account is unlinked.
#[must_use]
pub fn done() -> Message {
    Message::text(
        "✅ **Votre compte n’est plus lié à cette personne.** L’accès à l’espace du groupe vous est retiré et le relai est \
         prévenu. Vous n’avez rien d’autre à faire.",
    )
}

/// It is not linked, any longer or at all.
#[must_use]
pub fn already() -> String {
    "⚠️ Votre compte n’est plus lié à cette personne. Il n’y a rien à faire de plus.".to_owned()
}
