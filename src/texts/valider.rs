//! The words of `/valider` (product.md §6; voice.md, «`/valider`, summary before consent» and «After « Confirmer »»).

use super::ladder;
use super::markdown::{escape_line, fit};
use super::templates::{Consent, Versioned};
use super::{contact, fields};
use crate::domain::action::{Action, DraftId};
use crate::domain::contact::CallState;
use crate::domain::ids::{ChannelId, GroupId, GuildId, MembershipId};
use crate::domain::ladder::Step;
use crate::domain::person::{Field as PersonField, FieldError, Identity};
use crate::domain::view::{Button, Choice, Embed, Field, Message, Modal, OPTIONS_MAX, Select, SelectOf, Style, Tone};

/// The most characters of an option's label or description.
const OPTION_MAX: usize = 100;
/// The most characters of a name within a sentence: longer ones are cut, so that every message fits.
const NAME_MAX: usize = 120;

/// What stands before a stage of the form.
#[derive(Clone, PartialEq, Eq)]
pub struct Filled<'a> {
    /// First name.
    pub first: &'a str,
    /// Last name.
    pub last: &'a str,
    /// Phone.
    pub phone: &'a str,
    /// Mail.
    pub mail: &'a str,
    /// Postal code.
    pub postal_code: &'a str,
}

/// The form, filled with what is known.
#[must_use]
pub fn form(draft: &DraftId, filled: &Filled<'_>) -> Modal {
    let field = |field: PersonField, value: &str, max: u16, example: &str| Field {
        max,
        ..Field::short(field.id(), fields::label(field))
            .filled(value)
            .example(example)
    };
    Modal {
        action: Action::ValiderForm(draft.clone()),
        title: "Valider une participation".to_owned(),
        fields: vec![
            field(PersonField::Prenom, filled.first, 100, ""),
            field(PersonField::Nom, filled.last, 100, ""),
            field(PersonField::Telephone, filled.phone, 100, "06 12 34 56 78"),
            field(PersonField::Mail, filled.mail, 300, "prenom.nom@example.org"),
            field(PersonField::CodePostal, filled.postal_code, 20, "34400"),
        ],
    }
}

/// The charter of the relay, on the way to what was asked; `accept` goes straight on (product.md §5).
#[must_use]
pub fn charter(charter: &Versioned, accept: Action) -> Message {
    let embed = Embed::new(Tone::Neutral, charter.title.clone(), charter.text.clone());
    Message::text("Avant de commencer, une lecture, une seule fois\u{a0}:")
        .with_embed(embed)
        .with_buttons(vec![Button::new(ACCEPT_CHARTER, Style::Primary, accept)])
}

/// The button under the charter.
pub const ACCEPT_CHARTER: &str = "J’accepte la charte";

/// The fields to correct, with what is wrong in each.
#[must_use]
pub fn faults(draft: &DraftId, errors: &[FieldError]) -> Message {
    Message::text(fit(&fields::to_correct(errors, escape_line), 1900))
        .with_buttons(vec![correct(draft, Style::Primary)])
}

fn correct(draft: &DraftId, style: Style) -> Button {
    Button::new("Corriger", style, Action::ValiderCorrect(draft.clone()))
}

/// One line of the select of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOption {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// One line of the select of territories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOption {
    /// The key of the territory.
    pub value: String,
    /// Its name.
    pub label: String,
    /// Its communes of this postal code.
    pub description: String,
}

/// Where the person is a member already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The name of the group.
    pub group: String,
    /// The number in its register.
    pub number: u32,
    /// Whether it is the very group of this validation.
    pub same: bool,
}

/// What is verified with the person before «Confirmer».
#[derive(Clone, PartialEq, Eq)]
pub struct Summary {
    /// The draft.
    pub draft: DraftId,
    /// Who.
    pub identity: Identity,
    /// The postal code.
    pub postal_code: String,
    /// What it designates: «Lunel, Hérault».
    pub place: Option<String>,
    /// Display name and unique name of the account to link.
    pub account: Option<(String, String)>,
    /// The name of the group, once it is known which.
    pub group: Option<String>,
    /// The groups to choose from; empty when there is one only.
    pub groups: Vec<GroupOption>,
    /// The territories to choose from; empty when the postal code leaves no doubt.
    pub places: Vec<PlaceOption>,
    /// The territory chosen.
    pub place_chosen: Option<String>,
    /// What is asked of the person, once the group is known.
    pub consent: Option<Consent>,
    /// Where the person is a member already.
    pub already: Option<Elsewhere>,
    /// Whether the place lies outside the group's territory.
    pub outside: bool,
    /// Whether nothing is left to choose.
    pub ready: bool,
}

impl std::fmt::Debug for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Summary")
            .field("group", &self.group)
            .field("groups", &self.groups)
            .field("places", &self.places)
            .field("place_chosen", &self.place_chosen)
            .field("already", &self.already)
            .field("outside", &self.outside)
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}

/// The summary, with the consent to ask, the choices that are needed, and «Confirmer».
#[must_use]
pub fn summary(summary: &Summary) -> Message {
    let mut lines = vec![format!("**Vérifiez avec {}**", name(&summary.identity.full()))];
    let phone = summary
        .identity
        .phone
        .as_ref()
        .map(crate::domain::person::Phone::national)
        .unwrap_or_default();
    let mail = summary.identity.mail.as_ref().map_or("", |mail| mail.as_str());
    // While the territory is to be chosen, naming one would be guessing.
    let known = summary.places.is_empty() || summary.place_chosen.is_some();
    let place = summary
        .place
        .as_ref()
        .filter(|_| known)
        .map(|place| format!(" ({})", escape_line(place)))
        .unwrap_or_default();
    lines.push(format!(
        "Téléphone\u{a0}: {phone} · Mail\u{a0}: {} · Code postal\u{a0}: {}{place}",
        escape_line(mail),
        summary.postal_code
    ));
    lines.push(match &summary.account {
        Some((display, username)) => {
            format!("Compte Discord\u{a0}: {} (@{})", name(display), escape_line(username))
        }
        None => "Compte Discord\u{a0}: aucun pour le moment".to_owned(),
    });
    if let Some(already) = &summary.already {
        lines.push(format!("⚠️ {}", already_sentence("Cette personne", already)));
    }
    if summary.outside {
        lines.push(outside(summary.group.as_deref().unwrap_or_default()));
    }
    if let Some(consent) = &summary.consent {
        let account = if summary.account.is_some() {
            format!(" {}", consent.account)
        } else {
            String::new()
        };
        lines.push(format!("{}{account}", consent.question));
    }
    if !summary.ready {
        lines.push(to_choose());
    }
    let mut message = Message::text(fit(&lines.join("\n"), 1990));
    if let Some(consent) = &summary.consent {
        message = message.with_embed(Embed::new(Tone::Neutral, "", consent.information.clone()));
    }
    if !summary.groups.is_empty() {
        message = message.with_select(groups(&summary.draft, &summary.groups));
    }
    if !summary.places.is_empty() {
        message = message.with_select(places(&summary.draft, &summary.places, summary.place_chosen.as_deref()));
    }
    message.with_buttons(vec![
        Button::new(
            "Confirmer",
            Style::Success,
            Action::ValiderConfirm(summary.draft.clone()),
        )
        .enabled(summary.ready),
        correct(&summary.draft, Style::Secondary),
        Button::new(
            "Annuler",
            Style::Secondary,
            Action::ValiderCancel(summary.draft.clone()),
        ),
    ])
}

fn groups(draft: &DraftId, options: &[GroupOption]) -> Select {
    Select {
        action: Action::ValiderGroup(draft.clone()),
        placeholder: "Pour quel groupe\u{a0}?".to_owned(),
        of: SelectOf::Choices(
            options
                .iter()
                .take(OPTIONS_MAX)
                .map(|option| Choice {
                    label: fit(&option.name, OPTION_MAX),
                    value: option.id.to_string(),
                    description: String::new(),
                    chosen: option.chosen,
                })
                .collect(),
        ),
        bounds: (1, 1),
    }
}

fn places(draft: &DraftId, options: &[PlaceOption], chosen: Option<&str>) -> Select {
    Select {
        action: Action::ValiderPlace(draft.clone()),
        placeholder: "Dans quel bassin de vie\u{a0}?".to_owned(),
        of: SelectOf::Choices(
            options
                .iter()
                .take(OPTIONS_MAX)
                .map(|option| Choice {
                    label: option.label.clone(),
                    value: option.value.clone(),
                    description: option.description.clone(),
                    chosen: chosen == Some(option.value.as_str()),
                })
                .collect(),
        ),
        bounds: (1, 1),
    }
}

fn outside(group: &str) -> String {
    format!(
        "⚠️ Ce code postal est hors du territoire du groupe {}. Ce n’est pas un obstacle, si c’est bien le groupe que cette \
         personne souhaite rejoindre.",
        name(group)
    )
}

/// The space of a group, as far as an answer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// The group has not reached the step that gives one.
    NotYet,
    /// Being made.
    Preparing,
    /// There.
    Ready {
        /// The server.
        guild: GuildId,
        /// Where members write.
        channel: ChannelId,
    },
}

/// A participation that is written.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The participation.
    pub membership: MembershipId,
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub group_name: String,
    /// «Camille D.».
    pub name: String,
    /// «Camille».
    pub first: String,
    /// The number in the register.
    pub number: u32,
    /// The members of the group, now.
    pub members: u32,
    /// The step that this very participation crossed, with its number.
    pub crossed: Option<(Step, u32)>,
    /// The next step, with its number.
    pub next: Option<(Step, u32)>,
    /// The number of the highest step.
    pub top: u32,
    /// The space.
    pub space: Space,
    /// Whether an account is linked.
    pub linked: bool,
    /// Whether the person lives outside the group's territory.
    pub outside: bool,
}

impl std::fmt::Debug for Confirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Confirmed")
            .field("membership", &self.membership)
            .field("number", &self.number)
            .field("members", &self.members)
            .field("crossed", &self.crossed)
            .field("space", &self.space)
            .finish_non_exhaustive()
    }
}

/// The answer to «Confirmer», also when it is edited with the link to the space.
#[must_use]
pub fn confirmed(confirmed: &Confirmed) -> Message {
    let mut lines = vec![format!(
        "✅ **{} est membre du groupe {}.**",
        name(&confirmed.name),
        name(&confirmed.group_name)
    )];
    lines.push(standing(confirmed));
    lines.extend(space(confirmed));
    if !confirmed.linked {
        lines.push(format!(
            "{} n’a pas encore de compte Discord lié\u{a0}: `/invitation` vous donne un code à lui envoyer par SMS.",
            name(&confirmed.first)
        ));
    }
    Message::text(fit(&lines.join("\n"), 1990)).with_buttons(vec![annul(confirmed.membership)])
}

/// «5 / 5 : le groupe passe « en formation ».»
fn standing(confirmed: &Confirmed) -> String {
    match confirmed.crossed {
        Some((step, threshold)) => format!("{threshold} / {threshold}\u{a0}: {}.", ladder::becomes(step)),
        None => format!(
            "{}.",
            ladder::progress(confirmed.members, confirmed.next, confirmed.top)
        ),
    }
}

fn space(confirmed: &Confirmed) -> Option<String> {
    match confirmed.space {
        Space::NotYet => None,
        Space::Preparing => Some(
            "Son espace Discord est en cours de création\u{a0}; le lien apparaîtra ici dans quelques secondes."
                .to_owned(),
        ),
        Space::Ready { guild, channel } => Some(format!("Espace du groupe\u{a0}: {}", channel_link(guild, channel))),
    }
}

/// A channel, as Discord names it, with its address for whoever reads elsewhere.
#[must_use]
pub fn channel_link(guild: GuildId, channel: ChannelId) -> String {
    format!("<#{channel}> (https://discord.com/channels/{guild}/{channel})")
}

/// «Annuler la validation», for 24 hours by the relay, 14 days by the referent (product.md §6.4).
#[must_use]
pub fn annul(membership: MembershipId) -> Button {
    Button::new(super::annul::BUTTON, Style::Danger, Action::Annul(membership))
}

/// The participation was there before: the second press, or the second relay.
#[must_use]
pub fn already(confirmed: &Confirmed) -> Message {
    let already = Elsewhere {
        group: confirmed.group_name.clone(),
        number: confirmed.number,
        same: true,
    };
    let standing = ladder::progress(confirmed.members, confirmed.next, confirmed.top);
    Message::text(format!(
        "⚠️ {} Rien n’a changé.\n{standing}.",
        already_sentence(&confirmed.name, &already)
    ))
}

/// The person is a member of another group; `transfer` proposes to move.
#[must_use]
pub fn elsewhere(standing: &Elsewhere, transfer: Option<Button>) -> Message {
    let text = format!(
        "⛔ {} On ne fait partie que d’un groupe à la fois\u{a0}: rien n’a changé.",
        already_sentence("Cette personne", standing)
    );
    Message::text(text).with_buttons(transfer.into_iter().collect())
}

fn already_sentence(who: &str, already: &Elsewhere) -> String {
    format!(
        "**{} est déjà membre du groupe {}** (n°\u{a0}{}).",
        name(who),
        name(&already.group),
        already.number
    )
}

/// One suggestion of the option `inscrit`: «Camille D. — 34400 — à appeler».
#[must_use]
pub fn suggestion(short: &str, postal_code: &str, state: CallState) -> String {
    let place = if postal_code.is_empty() {
        String::new()
    } else {
        format!(" — {postal_code}")
    };
    let tail = format!("{place} — {}", contact::state(state));
    let room = OPTION_MAX.saturating_sub(tail.encode_utf16().count());
    format!("{}{tail}", fit(short, room))
}

/// A name within a sentence, escaped.
fn name(typed: &str) -> String {
    escape_line(&fit(typed, NAME_MAX))
}

/// «Annuler» was pressed.
#[must_use]
pub fn cancelled() -> Message {
    Message::text("La saisie est effacée\u{a0}: rien n’a été enregistré.")
}

/// A button of a draft that was confirmed or cancelled.
#[must_use]
pub fn closed() -> String {
    "⚠️ Cette saisie est close. Refaites `/valider` pour en commencer une autre.".to_owned()
}

/// «Confirmer» before a choice was made.
#[must_use]
pub fn to_choose() -> String {
    "⚠️ Faites d’abord votre choix dans le menu ci-dessous\u{a0}; «\u{a0}Confirmer\u{a0}» s’active ensuite.".to_owned()
}

/// «Confirmer» on a form that was never completed.
#[must_use]
pub fn to_complete() -> String {
    "⚠️ Des champs sont à revoir avant de confirmer\u{a0}: le bouton «\u{a0}Corriger\u{a0}» rouvre le formulaire, rempli."
        .to_owned()
}

/// Every group of this relay is archived.
#[must_use]
pub fn only_archived_groups() -> String {
    "⚠️ Ce groupe est archivé\u{a0}: il n’accueille plus de membres. L’équipe nationale peut le rouvrir.".to_owned()
}

/// The option `membre` is a program.
#[must_use]
pub fn account_is_a_program() -> String {
    "⚠️ Ce compte Discord est celui d’un programme\u{a0}: il ne peut pas être membre d’un groupe.".to_owned()
}

/// The option `membre` is not on the server.
#[must_use]
pub fn account_is_away(display: &str) -> String {
    format!(
        "⚠️ {} n’est pas sur ce serveur. Validez sans l’option `membre`\u{a0}; `/invitation` donnera un code pour lier son \
         compte plus tard.",
        name(display)
    )
}

/// The option `membre` is linked to somebody else.
#[must_use]
pub fn account_is_linked(display: &str) -> String {
    format!(
        "⚠️ Le compte {} est déjà lié à une autre personne. Si c’est une erreur, la personne concernée peut le délier, ou \
         l’équipe nationale peut vous aider.",
        name(display)
    )
}

/// The person is linked to another account.
#[must_use]
pub fn person_is_linked() -> String {
    "⚠️ Cette personne est déjà liée à un autre compte Discord. Validez sans l’option `membre`\u{a0}: le lien actuel est \
     gardé."
        .to_owned()
}

#[cfg(test)]
mod tests;
