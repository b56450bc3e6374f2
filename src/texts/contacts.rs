//! The relay's lists and cards, what a call leads to, and the evening's reminder (product.md §5).

use chrono::{DateTime, NaiveDate, Utc};

use super::contact;
use super::dates::{self, Style, timestamp};
use super::markdown::{code_block, count, escape_line, fit, fit_lines};
use crate::domain::action::{Action, DraftId, ListAt};
use crate::domain::contact::{CallState, Filter, OutcomeKind, Pace};
use crate::domain::ids::PersonId;
use crate::domain::view::{
    Button, Choice, DESCRIPTION_MAX, Embed, Field, Message, Modal, Select, SelectOf, Style as Look, Tone,
};

mod facts;
mod reminders;

pub use facts::{Attempt, Card, Colleague, Held, Line, Page};
pub use reminders::{Digest, call_backs, call_backs_in_channel, digest};

/// «Demain», in the select under «À rappeler…».
pub const TOMORROW: &str = "demain";
/// «Dans 3 jours».
pub const IN_THREE_DAYS: &str = "3_jours";
/// Another day, to be typed.
pub const OTHER_DAY: &str = "date";
/// The field of a typed day.
pub const DAY_FIELD: &str = "rappel";
/// The field of a note.
pub const NOTE_FIELD: &str = "note";
/// The longest note, in characters.
pub const NOTE_MAX: u16 = 1000;

/// The choices of the option `filtre`: value (product.md §19) and label.
pub const FILTERS: [(&str, &str); 5] = [
    labelled(Filter::ToCall),
    labelled(Filter::CallBack),
    labelled(Filter::Validated),
    labelled(Filter::Refused),
    labelled(Filter::All),
];
/// The choices of the option `issue`.
pub const OUTCOMES: [(&str, &str); 7] = [
    named(OutcomeKind::NoAnswer),
    named(OutcomeKind::MessageLeft),
    named(OutcomeKind::CallBack),
    named(OutcomeKind::WrongNumber),
    named(OutcomeKind::Refusal),
    named(OutcomeKind::DoNotCall),
    named(OutcomeKind::TextSent),
];

const fn labelled(filter: Filter) -> (&'static str, &'static str) {
    (filter.code(), contact::filter(filter))
}

const fn named(outcome: OutcomeKind) -> (&'static str, &'static str) {
    (outcome.code(), contact::outcome(outcome))
}

/// How much of a name stands in a line of a list, escapes included.
const NAME_IN_LINE: usize = 90;
/// How much of a note stands on the card.
const NOTE_ON_CARD: usize = 300;
/// How much of the attempts stands on the card.
const ATTEMPTS_ON_CARD: usize = 2200;

/// A page of a list.
#[must_use]
pub fn page(page: &Page, pace: &Pace) -> Message {
    let title = format!(
        "📞 {}\u{a0}: {}",
        contact::filter(page.at.filter),
        count(page.total as u64, "personne", "personnes")
    );
    if page.lines.is_empty() {
        let why = match &page.empty {
            Some(list) => contact::empty_list(list, pace),
            None => nobody(page.at.filter).to_owned(),
        };
        return Message::default().with_embed(Embed::new(Tone::Neutral, title, why));
    }
    let mut lines: Vec<String> = page.lines.iter().map(line).collect();
    if page.elsewhere > 0 {
        let open = count(page.elsewhere as u64, "fiche ouverte", "fiches ouvertes");
        lines.push(format!(
            "{open} chez l’autre relai\u{a0}: le filtre «\u{a0}Tous\u{a0}» dit lesquelles."
        ));
    }
    let mut embed = Embed::new(Tone::Neutral, title, fit_lines(&lines, DESCRIPTION_MAX, ""));
    embed.footer = format!("Page {} / {}", page.at.page + 1, page.pages);
    let select = Select {
        action: Action::ContactPick(page.at),
        placeholder: "Ouvrir une fiche".to_owned(),
        of: SelectOf::Choices(page.lines.iter().map(choice).collect()),
        bounds: (1, 1),
    };
    let mut message = Message::default().with_embed(embed).with_select(select);
    if page.pages > 1 {
        // Two buttons never bear the same identifier: on the first page «Précédent», which is closed, stays where it is.
        let (here, first) = (page.at.page, page.at.page == 0);
        let button = |label, to| Button::new(label, Look::Secondary, Action::Contacts(page.at.at(to)));
        message = message.with_buttons(vec![
            button("Précédent", here.saturating_sub(1)).enabled(!first),
            button("Suivant", here.saturating_add(1)).enabled(here + 1 < page.pages),
        ]);
    }
    message
}

/// A list without anyone, but for «à appeler», which says why.
const fn nobody(filter: Filter) -> &'static str {
    match filter {
        Filter::ToCall => "Personne à appeler pour le moment.",
        Filter::CallBack => "Aucun rappel n’est prévu.",
        Filter::Validated => "Aucune participation n’est encore validée. `/valider` en enregistre une après un appel.",
        Filter::Refused => "Personne n’a refusé.",
        Filter::All => "Votre liste est vide\u{a0}: personne n’est encore inscrit sur votre territoire.",
    }
}

fn line(line: &Line) -> String {
    let mut parts = vec![
        format!("**{}**", fit(&escape_line(&line.name), NAME_IN_LINE)),
        line.postal_code.clone(),
        standing(line.state, line.member_since),
    ];
    match &line.held {
        Some(Held::ByYou { until }) => {
            parts.push(format!(
                "fiche gardée pour vous jusqu’à {}",
                timestamp(*until, Style::ShortTime)
            ));
        }
        Some(Held::By { whom, until }) => {
            parts.push(format!(
                "chez {} jusqu’à {}",
                whom.shown(),
                timestamp(*until, Style::ShortTime)
            ));
        }
        None => {}
    }
    if line.member_since.is_none() {
        if let Some(at) = line.last_call {
            parts.push(format!("dernier appel {}", timestamp(at, Style::Relative)));
        }
        if line.without_phone {
            parts.push("sans numéro à appeler".to_owned());
        }
    }
    parts.join(" · ")
}

/// «à rappeler le 3 mars 2027», «membre depuis le …».
fn standing(state: CallState, member_since: Option<DateTime<Utc>>) -> String {
    match (member_since, state) {
        (Some(since), _) => format!("membre depuis le {}", timestamp(since, Style::LongDate)),
        (None, CallState::CallBack { on }) => format!("à rappeler le {}", dates::day(on)),
        (None, state) => contact::state(state).to_owned(),
    }
}

fn choice(line: &Line) -> Choice {
    let state = match line.state {
        CallState::CallBack { on } => format!("à rappeler le {}", dates::day(on)),
        state => contact::state(state).to_owned(),
    };
    Choice {
        label: fit(&format!("{} — {}", line.name, line.postal_code), 100),
        value: line.id.to_string(),
        description: state,
        chosen: false,
    }
}

/// The card of one person, with its buttons.
#[must_use]
pub fn card(card: &Card) -> Message {
    let (id, at) = (card.id, card.at);
    let call = |kind: OutcomeKind, look| Button::new(contact::outcome(kind), look, Action::CallOutcome(id, kind, at));
    let message = sheet(card);
    let back = Button::new("Retour à la liste", Look::Secondary, Action::Contacts(at));
    let note = Button::new("Note", Look::Secondary, Action::CallNote(id, at));
    let validate = Button::new("Valider", Look::Success, Action::ContactValidate(id));
    if card.member_since.is_some() {
        let mut buttons = Vec::new();
        if let Some(membership) = card.annullable {
            buttons.push(super::valider::annul(membership));
        }
        if !card.never {
            buttons.push(call(OutcomeKind::DoNotCall, Look::Danger));
        }
        buttons.extend([note, back]);
        return message.with_buttons(buttons);
    }
    if card.never {
        return message.with_buttons(vec![validate, note, back]);
    }
    let may_call = !card.number_blocked;
    message
        .with_buttons(vec![
            validate,
            call(OutcomeKind::NoAnswer, Look::Secondary).enabled(may_call),
            call(OutcomeKind::MessageLeft, Look::Secondary).enabled(may_call),
            call(OutcomeKind::CallBack, Look::Secondary).enabled(may_call),
            call(OutcomeKind::WrongNumber, Look::Secondary),
        ])
        .with_buttons(vec![
            call(OutcomeKind::Refusal, Look::Secondary),
            call(OutcomeKind::DoNotCall, Look::Danger),
            call(OutcomeKind::TextSent, Look::Secondary).enabled(may_call),
            note,
            back,
        ])
}

/// The facts of the card.
fn sheet(card: &Card) -> Message {
    let mut lines = Vec::new();
    if card.never {
        lines.push("⛔ **Ne plus appeler.** Cette personne l’a demandé\u{a0}; ce choix est définitif.".to_owned());
    } else {
        lines.push(match &card.phone {
            Some((national, e164)) => format!("**Téléphone**\u{a0}: {national} ({e164})"),
            None if card.number_blocked => {
                "⛔ **Ce numéro ne doit plus être appelé**\u{a0}: quelqu’un qui le partage l’a demandé.".to_owned()
            }
            None => "**Téléphone**\u{a0}: aucun numéro".to_owned(),
        });
        lines.push(match &card.mail {
            Some(mail) => format!("**Mail**\u{a0}: {}", escape_line(mail)),
            None => "**Mail**\u{a0}: aucune adresse".to_owned(),
        });
    }
    lines.push(match &card.place {
        Some(place) => format!("**Code postal**\u{a0}: {} ({})", card.postal_code, escape_line(place)),
        None => format!("**Code postal**\u{a0}: {}", card.postal_code),
    });
    lines.push(match card.signed_up_on {
        Some(on) => format!("**Inscription**\u{a0}: le {}", dates::day(on)),
        None => "**Inscription**\u{a0}: sans date connue".to_owned(),
    });
    lines.push(format!("**Groupe**\u{a0}: {}", escape_line(&card.group)));
    if !card.never {
        lines.push(format!(
            "**Situation**\u{a0}: {}",
            standing(card.state, card.member_since)
        ));
    }
    if let Some(until) = card.kept_until {
        lines.push(format!(
            "Fiche gardée pour vous jusqu’à {}.",
            timestamp(until, Style::ShortTime)
        ));
    }
    let mut embed = Embed::new(
        if card.never || card.number_blocked {
            Tone::Refused
        } else {
            Tone::Neutral
        },
        format!("📞 {}", escape_line(&card.name)),
        lines.join("\n"),
    );
    if !card.attempts.is_empty() {
        let shown: Vec<String> = card.attempts.iter().map(attempt).collect();
        let left = (card.attempts_total as usize).saturating_sub(shown.len());
        let more = if left > 0 {
            format!(
                "\n… et {}",
                count(left as u64, "autre plus ancien", "autres plus anciens")
            )
        } else {
            String::new()
        };
        embed.description = format!(
            "{}\n\n**Appels et notes**\n{}{more}",
            embed.description,
            fit_lines(&shown, ATTEMPTS_ON_CARD, "")
        );
    }
    Message::default().with_embed(embed)
}

fn attempt(attempt: &Attempt) -> String {
    let what = match (attempt.outcome, attempt.call_back_on) {
        (Some(OutcomeKind::CallBack), Some(on)) => format!("à rappeler le {}", dates::day(on)),
        (Some(kind), _) => done(kind).to_owned(),
        (None, _) => "note".to_owned(),
    };
    let by = match &attempt.by {
        Some(colleague) => format!("par {}", colleague.shown()),
        None => "par vous".to_owned(),
    };
    let head = format!("- {} · {what} · {by}", timestamp(attempt.at, Style::ShortDateTime));
    match &attempt.note {
        Some(note) => format!("{head}\u{a0}: «\u{a0}{}\u{a0}»", fit(&escape_line(note), NOTE_ON_CARD)),
        None => head,
    }
}

/// An outcome in the middle of a sentence.
const fn done(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::NoAnswer => "pas de réponse",
        OutcomeKind::MessageLeft => "message laissé",
        OutcomeKind::CallBack => "à rappeler",
        OutcomeKind::WrongNumber => "faux numéro",
        OutcomeKind::Refusal => "refus",
        OutcomeKind::DoNotCall => "ne plus appeler",
        OutcomeKind::TextSent => "SMS envoyé",
    }
}

/// The card after an outcome, with the SMS text to copy when one was asked for.
#[must_use]
pub fn recorded(after: &Card, kind: OutcomeKind, sms: Option<&str>, pace: &Pace) -> Message {
    let rest = match (kind, after.state) {
        (OutcomeKind::NoAnswer | OutcomeKind::MessageLeft, _) => format!(
            "Cette personne ne sera pas proposée pendant {}\u{a0}h.",
            pace.cooldown.num_hours()
        ),
        (OutcomeKind::CallBack, CallState::CallBack { on }) => format!(
            "Le {} à {}, un message vous le rappellera.",
            dates::day(on),
            dates::hour(pace.reminder)
        ),
        (OutcomeKind::WrongNumber, _) => {
            "Cette personne sort de la liste à appeler, jusqu’à ce que son numéro soit corrigé.".to_owned()
        }
        (OutcomeKind::Refusal, _) => "Cette personne sort de la liste à appeler. Merci de l’avoir respecté.".to_owned(),
        (OutcomeKind::DoNotCall, _) => {
            "Ce numéro ne sera plus proposé à personne, même après un nouvel import.".to_owned()
        }
        (OutcomeKind::TextSent, _) => "Texte à copier\u{a0}:".to_owned(),
        (OutcomeKind::CallBack, _) => String::new(),
    };
    let mut message = card(after);
    message.content = format!("✅ **Noté\u{a0}: {}.** {rest}", done(kind));
    if let Some(sms) = sms {
        message.content.push('\n');
        message.content.push_str(&code_block(sms));
    }
    message
}

/// The card after a note.
#[must_use]
pub fn noted(after: &Card) -> Message {
    let mut message = card(after);
    message.content = "✅ **Note enregistrée.** Elle est visible des relais du groupe seulement.".to_owned();
    message
}

/// The select under «À rappeler…».
#[must_use]
pub fn ask_day(card: &Card, today: NaiveDate) -> Message {
    let option = |value: &str, label: &str, day: Option<NaiveDate>| Choice {
        label: label.to_owned(),
        value: value.to_owned(),
        description: day.map(dates::weekday_day).unwrap_or_default(),
        chosen: false,
    };
    let in_days = |days| crate::domain::contact::in_days(today, days);
    let mut message = sheet(card);
    message.content = format!("**Quand rappeler {}\u{a0}?**", escape_line(&card.short));
    message
        .with_select(Select {
            action: Action::CallBackPick(card.id, card.at),
            placeholder: "Choisir le jour du rappel".to_owned(),
            of: SelectOf::Choices(vec![
                option(TOMORROW, "Demain", Some(in_days(1))),
                option(IN_THREE_DAYS, "Dans 3\u{a0}jours", Some(in_days(3))),
                option(OTHER_DAY, "À une date", None),
            ]),
            bounds: (1, 1),
        })
        .with_buttons(vec![Button::new(
            "Annuler",
            Look::Secondary,
            Action::Contact(card.id, card.at),
        )])
}

/// The modal for another day.
#[must_use]
pub fn day_form(person: PersonId, at: ListAt) -> Modal {
    Modal {
        action: Action::CallBackForm(person, at),
        title: "À rappeler".to_owned(),
        fields: vec![Field {
            max: 30,
            ..Field::short(DAY_FIELD, "Jour du rappel").example("29/03/2027")
        }],
    }
}

/// The modal of a note.
#[must_use]
pub fn note_form(person: PersonId, at: ListAt) -> Modal {
    Modal {
        action: Action::CallNoteForm(person, at),
        title: "Note sur cet échange".to_owned(),
        fields: vec![Field::long(NOTE_FIELD, "Note", NOTE_MAX).example("Ce que vous pourriez lire à la personne")],
    }
}

/// How «ne plus appeler» is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// From the card.
    Card,
    /// From `/appel`, which may hold a note.
    Command(DraftId),
}

/// The question before «ne plus appeler», asked once.
#[must_use]
pub fn ask_never(card: &Card, how: Confirm) -> Message {
    let confirm = match how {
        Confirm::Card => Action::DoNotCall(card.id, card.at),
        Confirm::Command(draft) => Action::CallConfirm(draft),
    };
    Message::text(format!(
        "⚠️ **Ne plus appeler {}\u{a0}?** C’est définitif, et cela vaut pour tous les groupes\u{a0}: ce numéro ne sera plus \
         jamais proposé, même après un nouvel import.",
        escape_line(&card.short)
    ))
    .with_buttons(vec![
        Button::new("Confirmer", Look::Danger, confirm),
        Button::new("Annuler", Look::Secondary, Action::Contact(card.id, card.at)),
    ])
}

/// The other relay has the card open.
#[must_use]
pub fn held_by(whom: &Colleague, until: DateTime<Utc>) -> String {
    format!(
        "⚠️ **Cette fiche est ouverte chez {}**, jusqu’à {}. Choisissez une autre personne\u{a0}: vous n’appellerez pas \
         deux fois la même.",
        whom.shown(),
        timestamp(until, Style::ShortTime)
    )
}

/// Calls to this number were forbidden by somebody who shares it.
#[must_use]
pub fn number_blocked() -> String {
    "⛔ Ce numéro ne doit plus être appelé\u{a0}: quelqu’un qui le partage l’a demandé. Un mail reste possible."
        .to_owned()
}

/// An option of `/appel` that is no outcome, which only an old client can send.
#[must_use]
pub fn unknown_outcome() -> String {
    "⚠️ Choisissez l’issue de l’appel dans la liste proposée.".to_owned()
}

/// A note without a word.
#[must_use]
pub fn empty_note() -> String {
    "⚠️ La note est vide\u{a0}: rien n’a été enregistré.".to_owned()
}

/// A refusal of the rules, with its sign.
#[must_use]
pub fn outcome_refused(refusal: crate::domain::contact::OutcomeRefusal) -> String {
    format!("⚠️ {}", contact::refusal(refusal))
}

/// A typed day that cannot be read.
#[must_use]
pub fn day_refused(fault: crate::domain::calendar::DateFault) -> String {
    format!("⚠️ {}", dates::fault(fault))
}

#[cfg(test)]
mod tests;
