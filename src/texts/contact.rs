//! The wording of the phone work: states, outcomes, lists, and why a list is empty (product.md §5).

use super::dates::{Style, day, timestamp};
use super::markdown::count;
use crate::domain::contact::{CallState, EmptyList, Filter, OutcomeKind, OutcomeRefusal, Pace};
use chrono::{DateTime, Utc};

/// The name of a state.
#[must_use]
pub const fn state(state: CallState) -> &'static str {
    match state {
        CallState::ToCall => "à appeler",
        CallState::CallBack { .. } => "à rappeler",
        CallState::Unreachable => "injoignable",
        CallState::Refused => "refus",
        CallState::DoNotCall => "ne plus appeler",
        CallState::Validated => "validé",
    }
}

/// The label of an outcome: that of its button on the card, and of its choice in `/appel`. The call-back opens a select, which
/// its three dots say.
#[must_use]
pub const fn outcome(outcome: OutcomeKind) -> &'static str {
    match outcome {
        OutcomeKind::NoAnswer => "Pas de réponse",
        OutcomeKind::MessageLeft => "Message laissé",
        OutcomeKind::CallBack => "À rappeler…",
        OutcomeKind::WrongNumber => "Faux numéro",
        OutcomeKind::Refusal => "Refus",
        OutcomeKind::DoNotCall => "Ne plus appeler",
        OutcomeKind::TextSent => "SMS envoyé",
    }
}

/// The label of a list.
#[must_use]
pub const fn filter(filter: Filter) -> &'static str {
    match filter {
        Filter::ToCall => "À appeler",
        Filter::CallBack => "À rappeler",
        Filter::Validated => "Validés",
        Filter::Refused => "Refus",
        Filter::All => "Tous",
    }
}

/// Why an outcome was not recorded.
#[must_use]
pub fn refusal(refusal: OutcomeRefusal) -> String {
    match refusal {
        OutcomeRefusal::DoNotCallIsFinal => {
            "Cette personne a demandé à ne plus être appelée. Ce choix est définitif et vaut pour tous les groupes."
                .to_owned()
        }
        OutcomeRefusal::AlreadyMember => {
            "Cette personne est déjà membre. Pour mettre fin à sa participation\u{a0}: `/retirer`.".to_owned()
        }
        OutcomeRefusal::DayMissing => {
            "Indiquez le jour du rappel, par exemple «\u{a0}29/03/2027\u{a0}», dans l’option `rappel`.".to_owned()
        }
        OutcomeRefusal::DayPast { on } => {
            format!("Le {} est passé. Choisissez un jour à partir d’aujourd’hui.", day(on))
        }
        OutcomeRefusal::DayTooFar { latest, .. } => {
            format!("Ce jour est bien loin. Choisissez un jour jusqu’au {}.", day(latest))
        }
    }
}

/// Why the list «à appeler» is empty, one reason a line. Instants are Discord timestamps, so that everyone reads the local hour.
#[must_use]
pub fn empty_list(list: &EmptyList, pace: &Pace) -> String {
    if list.total == 0 {
        return "Votre liste est vide\u{a0}: personne n’est encore inscrit sur votre territoire.".to_owned();
    }
    let mut lines = vec!["**Personne à appeler pour le moment.**".to_owned()];
    if list.done == list.total {
        lines.push("Toutes les personnes de votre liste ont été appelées. Merci\u{a0}!".to_owned());
        return lines.join("\n");
    }
    if list.cooldown > 0 {
        lines.push(format!(
            "- {} depuis moins de {}\u{a0}h{}",
            counted(list.cooldown, "personne appelée", "personnes appelées"),
            pace.cooldown.num_hours(),
            list.cooldown_ends
                .map(|at| format!(" (la première revient {})", relative(at)))
                .unwrap_or_default()
        ));
    }
    if list.leased > 0 {
        lines.push(format!(
            "- {} chez l’autre relai{}",
            counted(list.leased, "fiche ouverte", "fiches ouvertes"),
            list.lease_ends
                .map(|at| format!(" (libre {})", relative(at)))
                .unwrap_or_default()
        ));
    }
    if list.later > 0 {
        lines.push(format!(
            "- {} plus tard{}",
            counted(list.later, "rappel prévu", "rappels prévus"),
            list.next_day
                .map(|on| format!(" (le premier, le {})", day(on)))
                .unwrap_or_default()
        ));
    }
    if list.without_phone > 0 {
        lines.push(format!(
            "- {} sans numéro à appeler",
            counted(list.without_phone, "personne", "personnes")
        ));
    }
    if list.done > 0 {
        lines.push(format!(
            "- {}",
            counted(list.done, "appel déjà conclu", "appels déjà conclus")
        ));
    }
    lines.join("\n")
}

fn counted(number: usize, one: &str, several: &str) -> String {
    count(number as u64, one, several)
}

/// «dans 3 heures», in everyone's own language and zone.
fn relative(at: DateTime<Utc>) -> String {
    timestamp(at, Style::Relative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_gives_each_reason_with_its_number() {
        let list = EmptyList {
            total: 9,
            done: 2,
            later: 1,
            next_day: Some("2027-04-01".parse().unwrap()),
            cooldown: 3,
            cooldown_ends: DateTime::from_timestamp(1_800_000_000, 0),
            without_phone: 1,
            leased: 2,
            lease_ends: DateTime::from_timestamp(1_800_003_600, 0),
        };
        assert_eq!(
            empty_list(&list, &Pace::default()),
            "**Personne à appeler pour le moment.**\n\
             - 3\u{a0}personnes appelées depuis moins de 20\u{a0}h (la première revient <t:1800000000:R>)\n\
             - 2\u{a0}fiches ouvertes chez l’autre relai (libre <t:1800003600:R>)\n\
             - 1\u{a0}rappel prévu plus tard (le premier, le 1er avril 2027)\n\
             - 1\u{a0}personne sans numéro à appeler\n\
             - 2\u{a0}appels déjà conclus"
        );
        let done = EmptyList {
            total: 2,
            done: 2,
            ..EmptyList::default()
        };
        assert!(empty_list(&done, &Pace::default()).contains("Toutes les personnes de votre liste ont été appelées."));
        assert!(empty_list(&EmptyList::default(), &Pace::default()).contains("personne n’est encore inscrit"));
    }

    #[test]
    fn a_refused_day_is_named() {
        let on = "2027-03-13".parse().unwrap();
        assert_eq!(
            refusal(OutcomeRefusal::DayPast { on }),
            "Le 13 mars 2027 est passé. Choisissez un jour à partir d’aujourd’hui."
        );
    }
}
