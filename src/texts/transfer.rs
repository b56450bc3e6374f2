//! The words of a transfer from one group to another (product.md §6.5). Its messages are DMs to relays: «Prénom N.» only.

use super::markdown::{escape_line, fit};
use crate::domain::action::{Action, DraftId};
use crate::domain::ids::TransferId;
use crate::domain::view::{Button, Message, Style};

/// A transfer, for its messages.
#[derive(Clone, PartialEq, Eq)]
pub struct Facts {
    /// The transfer.
    pub id: TransferId,
    /// «Camille D.».
    pub name: String,
    /// The name of the group to leave.
    pub from: String,
    /// The name of the group to join.
    pub to: String,
    /// The question to ask the person again.
    pub consent: String,
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facts")
            .field("id", &self.id)
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// The three names, escaped.
fn names(facts: &Facts) -> [String; 3] {
    [&facts.name, &facts.from, &facts.to].map(|name| escape_line(&fit(name, 120)))
}

/// The button under «déjà membre du groupe …».
#[must_use]
pub fn button(draft: &DraftId) -> Button {
    Button::new(
        "Proposer un transfert",
        Style::Primary,
        Action::TransferAsk(draft.clone()),
    )
}

/// Under the mention of someone whose direct messages are closed: shows the transfer to whoever may see it.
#[must_use]
pub fn see(transfer: TransferId) -> Button {
    Button::new("Voir le transfert", Style::Primary, Action::TransferSee(transfer))
}

/// The proposal is on its way.
#[must_use]
pub fn proposed(facts: &Facts) -> Message {
    let [name, from, to] = names(facts);
    Message::text(format!(
        "✅ **Le transfert de {name} vers le groupe {to} est proposé.** Le relai du groupe {from} reçoit la demande. Dès son \
         accord, un message vous invite à redemander celui de cette personne."
    ))
}

/// To the relays of the group to leave.
#[must_use]
pub fn asked(facts: &Facts) -> Message {
    let [name, from, to] = names(facts);
    Message::text(format!(
        "**Une demande de transfert\u{a0}:** le groupe {to} propose d’accueillir {name}, membre du groupe {from}.\n\
         Si vous l’acceptez, cette personne sera consultée à nouveau, puis changera de groupe."
    ))
    .with_buttons(vec![
        Button::new(
            "Accepter le transfert",
            Style::Success,
            Action::TransferAccept(facts.id),
        ),
        Button::new("Refuser", Style::Secondary, Action::TransferDecline(facts.id)),
    ])
}

/// To whoever has just agreed.
#[must_use]
pub fn agreed(facts: &Facts) -> Message {
    let [name, _, to] = names(facts);
    Message::text(format!(
        "✅ **Vous acceptez le transfert de {name}.** Le relai du groupe {to} va redemander l’accord de cette personne\u{a0}; \
         d’ici là, rien ne change."
    ))
}

/// To whoever has just declined.
#[must_use]
pub fn declined(facts: &Facts) -> Message {
    let [name, from, _] = names(facts);
    Message::text(format!(
        "{name} reste membre du groupe {from}. Le relai qui proposait le transfert est prévenu."
    ))
}

/// To the relay who asked: the other group agrees, the person is to be asked again.
#[must_use]
pub fn accepted(facts: &Facts) -> Message {
    let [name, from, to] = names(facts);
    Message::text(format!(
        "✅ **Le groupe {from} accepte le transfert de {name}.** Il reste à redemander son accord, pour le groupe {to}\u{a0}:\n\
         {}",
        fit(&facts.consent, 1000)
    ))
    .with_buttons(vec![
        Button::new("Cette personne accepte", Style::Success, Action::TransferConfirm(facts.id)),
        Button::new("Abandonner", Style::Secondary, Action::TransferDrop(facts.id)),
    ])
}

/// To the relay who asked: the other group does not agree.
#[must_use]
pub fn refused(facts: &Facts) -> Message {
    let [name, from, _] = names(facts);
    Message::text(format!(
        "Le groupe {from} n’a pas accepté le transfert de {name}, qui en reste membre. Parlez-en avec son relai, ou avec votre \
         référent régional."
    ))
}

/// To the relays of the group that was left.
#[must_use]
pub fn done(facts: &Facts) -> Message {
    let [name, from, to] = names(facts);
    Message::text(format!(
        "✅ **{name} a quitté le groupe {from} pour le groupe {to}**, comme convenu."
    ))
}

/// The relay who asked gives up.
#[must_use]
pub fn dropped(facts: &Facts) -> Message {
    let [name, from, _] = names(facts);
    Message::text(format!(
        "Le transfert est abandonné\u{a0}: {name} reste membre du groupe {from}."
    ))
}

/// Out of scope, or never was: the same words.
#[must_use]
pub fn not_found() -> String {
    "⚠️ Ce transfert est introuvable.".to_owned()
}

/// It was answered, or dropped.
#[must_use]
pub fn already_answered() -> String {
    "⚠️ Cette demande de transfert a déjà reçu une réponse. Rien n’a changé.".to_owned()
}

/// It was made.
#[must_use]
pub fn already_done() -> String {
    "⚠️ Ce transfert est déjà fait\u{a0}: cette personne est déjà membre du nouveau groupe.".to_owned()
}

/// The other group has not agreed.
#[must_use]
pub fn not_agreed_yet() -> String {
    "⚠️ L’autre groupe n’a pas encore accepté ce transfert.".to_owned()
}

/// The person is no longer a member of the group to leave.
#[must_use]
pub fn no_longer_there() -> String {
    "⚠️ Cette personne n’est plus membre du groupe qu’elle devait quitter. Validez sa participation avec `/valider`."
        .to_owned()
}
