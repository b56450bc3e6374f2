//! The words of `/inscrits` and of what the national team can undo (product.md §3, §4).

use chrono::{DateTime, NaiveDate, Utc};

use super::dates::{Style as At, day, timestamp};
use super::markdown::{count, enumeration, escape_line, fit, number, typeset};
use super::regroup::undo_button;
use super::{contact, groups::turning};
use crate::domain::action::Action;
use crate::domain::contact::CallState;
use crate::domain::duplicates::Doubt;
use crate::domain::ids::{JournalId, PersonId, UserId};
use crate::domain::view::{Button, Choice, Embed, Field, Message, Modal, Select, SelectOf, Style, Tone};

/// The most characters of an option.
const OPTION: usize = 100;

/// Someone without a territory.
#[derive(Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Who.
    pub id: PersonId,
    /// «Camille D.».
    pub name: String,
    /// The postal code.
    pub postal_code: String,
    /// What the postal code designates, when it is known.
    pub place: Option<String>,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A page of those who wait to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToPlace {
    /// How many wait.
    pub waiting: u32,
    /// Which page, from 0.
    pub page: u32,
    /// How many there are.
    pub pages: u32,
    /// Those of the page.
    pub people: Vec<Waiting>,
}

/// One record of a pair.
#[derive(Clone, PartialEq, Eq)]
pub struct Side {
    /// Who.
    pub id: PersonId,
    /// «Camille Dupré».
    pub name: String,
    /// The phone, as one dials it.
    pub phone: Option<String>,
    /// The mail.
    pub mail: Option<String>,
    /// The postal code.
    pub postal_code: String,
    /// The day of the sign-up.
    pub signed_up_on: Option<NaiveDate>,
    /// What the calls have given.
    pub state: CallState,
    /// The group of which this person is a member.
    pub group: Option<String>,
    /// The account linked.
    pub linked: Option<UserId>,
}

impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Side").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A pair, side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairView {
    /// The older record.
    pub left: Side,
    /// The younger record.
    pub right: Side,
    /// Why they may be one person.
    pub why: Doubt,
    /// Its rank among those that wait, from 0.
    pub rank: u32,
    /// How many wait.
    pub waiting: u32,
}

/// A page of those who wait to be placed.
#[must_use]
pub fn to_place(list: &ToPlace) -> Message {
    if list.people.is_empty() {
        return Message::text(
            "✅ Personne n’attend d’être placé : chaque code postal mène à un bassin.".replace(" :", "\u{a0}:"),
        );
    }
    let mut lines = vec![format!(
        "{} à placer : leur code postal ne mène à aucun bassin connu.\n",
        count(u64::from(list.waiting), "personne", "personnes")
    )];
    lines.extend(list.people.iter().map(|person| {
        let place = person
            .place
            .as_deref()
            .map_or_else(|| "code inconnu".to_owned(), escape_line);
        fit(
            &format!("**{}** — {} ({place})", escape_line(&person.name), person.postal_code),
            200,
        )
    }));
    let embed = Embed {
        footer: typeset(&format!("Page {} / {}", list.page + 1, list.pages)),
        ..Embed::new(Tone::Check, "À placer", typeset(&lines.join("\n")))
    };
    let choices = list
        .people
        .iter()
        .map(|person| Choice {
            label: fit(&format!("{} — {}", person.name, person.postal_code), OPTION),
            value: person.id.to_string(),
            description: String::new(),
            chosen: false,
        })
        .collect();
    let message = Message::default().with_embed(embed).with_select(Select {
        action: Action::ToPlacePick,
        placeholder: "Placer une personne".to_owned(),
        of: SelectOf::Choices(choices),
        bounds: (1, 1),
    });
    if list.pages > 1 {
        message.with_buttons(turning(list.page as usize, list.pages as usize, Action::ToPlace))
    } else {
        message
    }
}

/// Asks for a basin.
#[must_use]
pub fn place_form(person: PersonId) -> Modal {
    Modal {
        action: Action::PlaceForm(person),
        title: "Placer une personne".to_owned(),
        fields: vec![Field::short("bassin", "Bassin, commune ou code postal").example("Lunel")],
    }
}

/// Several basins answer: key and label of each.
#[must_use]
pub fn choose_basin(person: PersonId, found: &[(String, String)]) -> Message {
    let choices = found
        .iter()
        .map(|(key, label)| Choice {
            label: fit(label, OPTION),
            value: key.clone(),
            description: String::new(),
            chosen: false,
        })
        .collect();
    Message::text("**Plusieurs bassins répondent.** Choisissez celui de cette personne.").with_select(Select {
        action: Action::PlaceChoice(person),
        placeholder: "Choisir un bassin".to_owned(),
        of: SelectOf::Choices(choices),
        bounds: (1, 1),
    })
}

/// Someone was placed.
#[must_use]
pub fn placed(name: &str, place: &str, declared: &[String]) -> Message {
    let mut text = format!(
        "✅ **{} : {}.** Ce choix restera, même après un nouvel import.",
        escape_line(name),
        escape_line(place)
    );
    if !declared.is_empty() {
        let names: Vec<String> = declared.iter().map(|name| escape_line(name)).collect();
        text.push_str(&format!("\n🌱 Groupe possible : {}.", enumeration(&names)));
    }
    Message::text(typeset(&text))
}

/// Someone else placed this person.
#[must_use]
pub fn placed_already() -> String {
    "Cette personne a été placée entre-temps. Rien n’a changé.".to_owned()
}

/// No basin answers to what was typed.
#[must_use]
pub fn no_basin_answers(typed: &str) -> String {
    typeset(&format!(
        "⚠️ Aucun bassin ne répond à « {} ». Essayez le nom d’une commune voisine, ou un code postal.",
        fit(&escape_line(typed), OPTION)
    ))
}

/// A pair, side by side, with what can be decided of it.
#[must_use]
pub fn pair(view: &PairView) -> Message {
    let (a, b) = (view.left.id, view.right.id);
    let why = match view.why {
        Doubt::Phone => "Le même téléphone, sous deux noms.",
        Doubt::NameAndPostalCode => "Le même nom et le même code postal.",
        Doubt::SamePersonTwice => "Une même inscription répond aux deux fiches.",
    };
    let embed = Embed {
        fields: vec![
            (typeset(&format!("Fiche {a}")), side(&view.left)),
            (typeset(&format!("Fiche {b}")), side(&view.right)),
        ],
        footer: typeset(&format!("{} / {}", view.rank + 1, view.waiting)),
        ..Embed::new(Tone::Check, "Une ou deux personnes ?".replace(" ?", "\u{a0}?"), why)
    };
    let message = Message::default().with_embed(embed).with_buttons(vec![
        Button::new("Même personne", Style::Primary, Action::PairSame(a, b, view.rank)),
        Button::new(
            "Pas un doublon",
            Style::Secondary,
            Action::PairDistinct(a, b, view.rank),
        ),
    ]);
    if view.waiting > 1 {
        message.with_buttons(turning(view.rank as usize, view.waiting as usize, Action::Pair))
    } else {
        message
    }
}

fn side(side: &Side) -> String {
    let mut lines = vec![format!("**{}**", escape_line(&side.name))];
    lines.push(format!("Téléphone : {}", side.phone.as_deref().unwrap_or("—")));
    lines.push(format!(
        "Mail : {}",
        side.mail.as_deref().map_or_else(|| "—".to_owned(), escape_line)
    ));
    lines.push(format!("Code postal : {}", side.postal_code));
    if let Some(date) = side.signed_up_on {
        lines.push(format!("Inscription : {}", day(date)));
    }
    lines.push(format!("Appels : {}", contact::state(side.state)));
    if let Some(group) = &side.group {
        lines.push(format!("Membre du groupe {}", escape_line(group)));
    }
    if let Some(account) = side.linked {
        lines.push(format!("Compte Discord : <@{account}>"));
    }
    fit(&typeset(&lines.join("\n")), 1000)
}

/// No pair waits.
#[must_use]
pub fn no_pair() -> Message {
    Message::text(typeset("✅ Aucun doublon à vérifier."))
}

/// Two records were made one; it can be undone.
#[must_use]
pub fn merged(name: &str, line: JournalId) -> Message {
    Message::text(typeset(&format!(
        "✅ **{} : les deux fiches n’en font plus qu’une.** Rien n’est perdu ; vous pouvez défaire la fusion pendant 30 jours.",
        escape_line(name)
    )))
    .with_buttons(vec![undo_button(line)])
}

/// What undoing a merge would change.
#[must_use]
pub fn unmerge(name: &str) -> String {
    typeset(&format!(
        "**Défaire cette fusion ?** {} aura de nouveau deux fiches, à vérifier ; ce qui a changé depuis reste.",
        escape_line(name)
    ))
}

/// A merge was undone.
#[must_use]
pub fn unmerged(name: &str) -> String {
    typeset(&format!(
        "✅ La fusion est défaite : {} a de nouveau deux fiches, à vérifier.",
        escape_line(name)
    ))
}

/// One suggestion of `personne` and `avec`.
#[must_use]
pub fn suggestion(short: &str, postal_code: &str, id: PersonId) -> String {
    fit(&format!("{} — {postal_code} — fiche {id}", fit(short, 60)), OPTION)
}

/// The two options name one record.
#[must_use]
pub fn same_record() -> String {
    "⚠️ C’est deux fois la même fiche : il n’y a rien à fusionner.".replace(" :", "\u{a0}:")
}

/// Both are members.
#[must_use]
pub fn two_members(groups: &[String]) -> String {
    let names: Vec<String> = groups.iter().map(|name| escape_line(name)).collect();
    typeset(&format!(
        "⛔ **Ces deux fiches sont celles de membres ({}).** Mettez d’abord fin à l’une des deux participations avec `/retirer`, \
         motif « erreur ».",
        enumeration(&names)
    ))
}

/// Both are linked to an account.
#[must_use]
pub fn two_accounts() -> String {
    typeset(
        "⛔ **Ces deux fiches sont liées à deux comptes Discord.** Une personne n’en a qu’un ici : vérifiez d’abord lequel est \
         le sien.",
    )
}

/// The pair was decided on meanwhile.
#[must_use]
pub fn decided() -> String {
    "Cette paire a déjà été jugée. Rien n’a changé.".to_owned()
}

/// An undo comes too late; `days` is how long it was possible.
#[must_use]
pub fn too_late(days: i64) -> String {
    typeset(&format!(
        "⚠️ Ce changement ne peut plus être défait : les {} sont passés.",
        count(days.unsigned_abs(), "jour", "jours")
    ))
}

/// An undo comes for the second time.
#[must_use]
pub fn undone_already(at: DateTime<Utc>) -> String {
    typeset(&format!(
        "Ce changement est déjà défait, depuis le {}. Rien d’autre n’a changé.",
        timestamp(at, At::ShortDateTime)
    ))
}

/// A line of the journal that tells nothing to undo.
#[must_use]
pub fn never_undone() -> String {
    "⚠️ Cette ligne du journal ne se défait pas.".to_owned()
}

/// What an undo would put back has changed since.
#[must_use]
pub fn changed_since() -> String {
    typeset("⚠️ Ce changement ne peut plus être défait : autre chose a changé depuis.")
}

/// A name that a group cannot bear.
#[must_use]
pub fn group_name(max: usize) -> String {
    typeset(&format!(
        "⚠️ Un nom de groupe compte de 1 à {} caractères, dont une lettre.",
        number(max as u64)
    ))
}

/// Another group bears this name.
#[must_use]
pub fn name_taken(name: &str) -> String {
    typeset(&format!(
        "⚠️ Un autre groupe s’appelle déjà « {} ». Ajoutez ce qui les distingue, par exemple le département.",
        escape_line(name)
    ))
}

/// A group has another name.
#[must_use]
pub fn renamed(before: &str, name: &str, line: Option<JournalId>) -> Message {
    match line {
        None => Message::text(typeset(&format!("Le groupe s’appelle déjà {}. Rien n’a changé.", escape_line(name)))),
        Some(line) => Message::text(typeset(&format!(
            "✅ **Le groupe {} s’appelle désormais {}.** Son espace suit dans quelques minutes ; ce changement peut être défait pendant \
             30 jours.",
            escape_line(before),
            escape_line(name)
        )))
        .with_buttons(vec![undo_button(line)]),
    }
}

/// A group was archived.
#[must_use]
pub fn archived(name: &str, line: Option<JournalId>) -> Message {
    match line {
        None => Message::text(typeset(&format!("Le groupe {} est déjà archivé. Rien n’a changé.", escape_line(name)))),
        Some(line) => Message::text(typeset(&format!(
            "✅ **Le groupe {} est archivé.** Son espace passe en lecture seule et rien n’est supprimé ; ce changement peut \
             être défait pendant 30 jours.",
            escape_line(name)
        )))
        .with_buttons(vec![undo_button(line)]),
    }
}

/// What undoing a renaming would change.
#[must_use]
pub fn rename_undo(name: &str, before: &str) -> String {
    typeset(&format!(
        "**Défaire ce changement ?** Le groupe {} s’appelle de nouveau {} ; son espace suit.",
        escape_line(name),
        escape_line(before)
    ))
}

/// What undoing an archiving would change.
#[must_use]
pub fn archive_undo(name: &str) -> String {
    typeset(&format!(
        "**Défaire cet archivage ?** Le groupe {} est de nouveau ouvert ; ses membres peuvent de nouveau écrire dans son espace.",
        escape_line(name)
    ))
}

/// A group has its former name again.
#[must_use]
pub fn rename_undone(name: &str) -> String {
    typeset(&format!("✅ Le groupe s’appelle de nouveau {}.", escape_line(name)))
}

/// An archived group is open again.
#[must_use]
pub fn archive_undone(name: &str) -> String {
    typeset(&format!("✅ Le groupe {} n’est plus archivé.", escape_line(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: i64, name: &str) -> Side {
        Side {
            id: PersonId(id),
            name: name.to_owned(),
            phone: Some("06 39 98 12 34".to_owned()),
            mail: None,
            postal_code: "34400".to_owned(),
            signed_up_on: "2027-01-02".parse().ok(),
            state: CallState::ToCall,
            group: (id == 1).then(|| "Lunel".to_owned()),
            linked: (id == 1).then_some(UserId(77)),
        }
    }

    #[test]
    fn a_pair_reads_well() {
        let message = pair(&PairView {
            left: record(1, "Camille Dupré"),
            right: record(2, "*Noé* Dupré"),
            why: Doubt::Phone,
            rank: 0,
            waiting: 12,
        });
        assert_eq!(message.faults(), Vec::<String>::new());
        let embed = &message.embeds[0];
        let fields: Vec<String> = embed
            .fields
            .iter()
            .map(|(name, value)| format!("[{name}]\n{value}"))
            .collect();
        insta::assert_snapshot!(format!(
            "{}\n{}\n{}\n{}",
            embed.title,
            embed.description,
            fields.join("\n"),
            embed.footer
        ));
    }

    #[test]
    fn people_to_place_read_well() {
        let people = (1..=10)
            .map(|n| Waiting {
                id: PersonId(n),
                name: format!("{} {n}.", "x".repeat(60)),
                postal_code: "98800".to_owned(),
                place: (n == 1).then(|| "Nouméa, Nouvelle-Calédonie".to_owned()),
            })
            .collect();
        let message = to_place(&ToPlace {
            waiting: 25,
            page: 1,
            pages: 3,
            people,
        });
        assert_eq!(message.faults(), Vec::<String>::new());
        insta::assert_snapshot!(
            message.embeds[0]
                .description
                .lines()
                .take(4)
                .collect::<Vec<_>>()
                .join("\n")
        );
    }

    #[test]
    fn what_is_done_and_refused_reads_well() {
        let texts = [
            placed("Camille D.", "Lunel (Hérault)", &["Lunel".to_owned()]).content,
            merged("Camille D.", JournalId(3)).content,
            unmerged("Camille D."),
            two_members(&["Lunel".to_owned(), "Sète".to_owned()]),
            two_accounts(),
            renamed("Lunel", "Lunel et environs", Some(JournalId(3))).content,
            archived("Lunel", Some(JournalId(3))).content,
            name_taken("Sète"),
            group_name(60),
            too_late(30),
            undone_already(DateTime::UNIX_EPOCH),
            never_undone(),
            unmerge("Camille D."),
            rename_undo("Lunel et environs", "Lunel"),
            archive_undo("Lunel"),
            changed_since(),
            no_pair().content,
        ];
        insta::assert_snapshot!(texts.join("\n---\n"));
    }
}
