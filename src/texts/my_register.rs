//! The words of `/registre` (product.md §8).

use super::markdown::fit;
use crate::domain::action::Action;
use crate::domain::ids::GroupId;
use crate::domain::view::{Button, Choice, Message, OPTIONS_MAX, Row, Select, SelectOf, Style};

/// The columns of the exported register.
pub const CSV_HEADER: [&str; 8] = [
    "numero",
    "prenom",
    "nom",
    "pseudo_discord",
    "code_postal",
    "membre_depuis",
    "telephone",
    "mail",
];

/// A page, with the buttons to the others beside the one that it bears.
#[must_use]
pub fn page(mut message: Message, group: GroupId, index: u32, of: u32) -> Message {
    let to = |index: u32| Action::RegisterPage(group, index);
    let mut buttons: Vec<Button> = Vec::new();
    if of > 1 {
        buttons.push(Button::new("Précédent", Style::Secondary, to(index.saturating_sub(1))).enabled(index > 0));
        buttons.push(Button::new("Suivant", Style::Secondary, to(index + 1)).enabled(index + 1 < of));
    }
    buttons.push(Button::new(
        super::register::COORDINATES,
        Style::Primary,
        Action::Coordinates(group, 0),
    ));
    message.rows = vec![Row::Buttons(buttons)];
    message
}

/// The relay of several groups chooses.
#[must_use]
pub fn choose(groups: &[(GroupId, String)]) -> Message {
    let choices = groups
        .iter()
        .take(OPTIONS_MAX)
        .map(|(id, name)| Choice {
            label: fit(name, 100),
            value: id.to_string(),
            description: String::new(),
            chosen: false,
        })
        .collect();
    Message::text("De quel groupe souhaitez-vous lire le registre\u{a0}?").with_select(Select {
        action: Action::RegisterPick,
        placeholder: "Choisir un groupe".to_owned(),
        of: SelectOf::Choices(choices),
        bounds: (1, 1),
    })
}

/// The files, with what to beware of.
#[must_use]
pub fn exported() -> String {
    "✅ **Voici le registre.** Ce fichier contient les coordonnées que les membres ont confiées au groupe\u{a0}: ne le \
     transmettez à personne et effacez-le après usage. Cette consultation est notée."
        .to_owned()
}

/// No group of this relay has a member.
#[must_use]
pub fn nothing_to_export() -> String {
    "⚠️ Votre groupe n’a pas encore de membre\u{a0}: il n’y a rien à exporter.".to_owned()
}
