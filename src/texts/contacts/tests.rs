//! What relays read, as it is shown; and that it fits with the longest names there can be.

use super::super::shown;
use super::*;
use zeroize::Zeroizing;

use crate::domain::contact::{EmptyList, OutcomeRefusal};
use crate::domain::ids::{MembershipId, UserId};
use crate::domain::person::NAME_MAX;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn camille() -> Card {
    Card {
        id: PersonId(12),
        at: ListAt {
            filter: Filter::ToCall,
            page: 1,
        },
        name: "Camille Dupré".to_owned(),
        short: "Camille D.".to_owned(),
        phone: Some(("06 39 98 12 34".to_owned(), "+33639981234".to_owned())),
        mail: Some("camille.dupre@example.org".to_owned()),
        postal_code: "34400".to_owned(),
        place: Some("Lunel, Hérault".to_owned()),
        group: "Lunel".to_owned(),
        signed_up_on: Some(day("2027-02-01")),
        state: CallState::ToCall,
        never: false,
        number_blocked: false,
        member_since: None,
        annullable: None,
        kept_until: Some(at("2027-03-01T14:00:00Z")),
        attempts: Vec::new(),
        attempts_total: 0,
    }
}

fn tried() -> Card {
    let noe = Colleague {
        user: UserId(7),
        name: Some("Noé Le Goff".to_owned()),
    };
    let attempt = |at: &str, by: Option<&Colleague>, outcome, on: Option<&str>, note: Option<&str>| Attempt {
        at: self::at(at),
        by: by.cloned(),
        outcome,
        call_back_on: on.map(day),
        note: note.map(|note| Zeroizing::new(note.to_owned())),
    };
    Card {
        state: CallState::CallBack { on: day("2027-03-04") },
        attempts: vec![
            attempt(
                "2027-03-01T12:00:00Z",
                None,
                Some(OutcomeKind::CallBack),
                Some("2027-03-04"),
                Some("le soir, **après** 20 h"),
            ),
            attempt(
                "2027-02-20T12:00:00Z",
                Some(&noe),
                Some(OutcomeKind::NoAnswer),
                None,
                None,
            ),
            attempt(
                "2027-02-19T12:00:00Z",
                Some(&noe),
                None,
                None,
                Some("numéro trouvé dans le fichier de 2026"),
            ),
        ],
        attempts_total: 14,
        ..camille()
    }
}

/// A card on which everything is as long as it can be.
fn longest() -> Card {
    let name = "*".repeat(NAME_MAX);
    let colleague = Colleague {
        user: UserId(u64::MAX >> 1),
        name: Some(format!("{name} {name}")),
    };
    let attempt = Attempt {
        at: at("2027-03-01T12:00:00Z"),
        by: Some(colleague),
        outcome: Some(OutcomeKind::CallBack),
        call_back_on: Some(day("2027-09-24")),
        note: Some(Zeroizing::new("_".repeat(usize::from(NOTE_MAX)))),
    };
    Card {
        id: PersonId(i64::MAX),
        at: ListAt {
            filter: Filter::CallBack,
            page: u32::MAX - 1,
        },
        name: format!("{name} {name}"),
        short: format!("{name} N."),
        mail: Some(format!("{}@example.org", "_".repeat(240))),
        place: Some("Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson, Territoire de Belfort".to_owned()),
        group: "*".repeat(100),
        state: CallState::CallBack { on: day("2027-09-24") },
        attempts: vec![attempt; 10],
        attempts_total: 5000,
        ..camille()
    }
}

fn line(id: i64, name: &str, state: CallState) -> Line {
    Line {
        id: PersonId(id),
        name: name.to_owned(),
        postal_code: "34400".to_owned(),
        state,
        last_call: None,
        member_since: None,
        held: None,
        without_phone: false,
    }
}

fn pages() -> Page {
    let held = |user, name: Option<&str>| {
        let whom = Colleague {
            user: UserId(user),
            name: name.map(str::to_owned),
        };
        Some(Held::By {
            whom,
            until: at("2027-03-01T14:00:00Z"),
        })
    };
    Page {
        at: ListAt {
            filter: Filter::All,
            page: 1,
        },
        pages: 3,
        total: 26,
        lines: vec![
            line(1, "Camille D.", CallState::ToCall),
            Line {
                last_call: Some(at("2027-02-20T12:00:00Z")),
                ..line(2, "No_é L.", CallState::CallBack { on: day("2027-03-04") })
            },
            Line {
                held: held(7, Some("Noé Le Goff")),
                ..line(3, "Awa M.", CallState::ToCall)
            },
            Line {
                held: held(8, None),
                ..line(4, "Lou R.", CallState::ToCall)
            },
            Line {
                held: Some(Held::ByYou {
                    until: at("2027-03-01T14:00:00Z"),
                }),
                ..line(5, "Sam P.", CallState::ToCall)
            },
            Line {
                without_phone: true,
                ..line(6, "Lin T.", CallState::ToCall)
            },
            Line {
                member_since: Some(at("2027-02-28T12:00:00Z")),
                ..line(7, "Élie B.", CallState::Validated)
            },
            line(8, "Ana C.", CallState::Unreachable),
        ],
        elsewhere: 0,
        empty: None,
    }
}

#[test]
fn a_list_reads_well() {
    let pace = Pace::default();
    let empty = |filter, empty| {
        page(
            &Page {
                at: ListAt::first(filter),
                pages: 1,
                total: 0,
                lines: Vec::new(),
                elsewhere: 0,
                empty,
            },
            &pace,
        )
    };
    let mut seen = vec![shown::message(&page(&pages(), &pace))];
    seen.push(shown::message(&page(
        &Page {
            at: ListAt::first(Filter::ToCall),
            elsewhere: 2,
            ..pages()
        },
        &pace,
    )));
    let why = EmptyList {
        total: 3,
        done: 1,
        cooldown: 2,
        cooldown_ends: Some(at("2027-03-02T08:00:00Z")),
        ..EmptyList::default()
    };
    seen.push(shown::message(&empty(Filter::ToCall, Some(why))));
    for filter in [Filter::CallBack, Filter::Validated, Filter::Refused, Filter::All] {
        seen.push(shown::message(&empty(filter, None)));
    }
    insta::assert_snapshot!(seen.join("\n\n"));
}

#[test]
fn a_card_reads_well() {
    let member = Card {
        state: CallState::Validated,
        member_since: Some(at("2027-02-28T12:00:00Z")),
        annullable: Some(MembershipId(3)),
        kept_until: None,
        ..camille()
    };
    let never = Card {
        state: CallState::DoNotCall,
        never: true,
        phone: None,
        mail: None,
        kept_until: None,
        ..camille()
    };
    let blocked = Card {
        number_blocked: true,
        phone: None,
        signed_up_on: None,
        ..camille()
    };
    let seen = [camille(), tried(), member, never, blocked].map(|known| shown::message(&card(&known)));
    insta::assert_snapshot!(seen.join("\n\n"));
}

#[test]
fn what_a_call_leads_to_reads_well() {
    let pace = Pace::default();
    let mut seen: Vec<String> = OutcomeKind::ALL
        .into_iter()
        .map(|kind| {
            let after = if kind == OutcomeKind::CallBack {
                tried()
            } else {
                camille()
            };
            let sms = (kind == OutcomeKind::TextSent).then_some("Bonjour Camille, ici `Noé`.");
            shown::message(&recorded(&after, kind, sms, &pace))
                .lines()
                .take(4)
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect();
    let head = |text: String| text.lines().next().unwrap_or_default().to_owned();
    seen.push(head(shown::message(&noted(&camille()))));
    seen.push(shown::message(&ask_day(&camille(), day("2027-03-01"))));
    seen.push(shown::message(&ask_never(&camille(), Confirm::Card)));
    seen.push(shown::modal(&day_form(PersonId(1), ListAt::default())));
    seen.push(shown::modal(&note_form(PersonId(1), ListAt::default())));
    seen.push(held_by(
        &Colleague {
            user: UserId(7),
            name: Some("Noé Le Goff".to_owned()),
        },
        at("2027-03-01T14:00:00Z"),
    ));
    seen.extend([
        number_blocked(),
        unknown_outcome(),
        empty_note(),
        outcome_refused(OutcomeRefusal::DayMissing),
    ]);
    insta::assert_snapshot!(seen.join("\n\n"));
}

#[test]
fn what_relays_are_reminded_of_reads_well() {
    let today = day("2027-03-04");
    let people = [
        ("Camille D.".to_owned(), today),
        ("No_é L.".to_owned(), day("2027-03-02")),
    ];
    let seen = [
        shown::message(&call_backs(&people, today)),
        shown::message(&call_backs(&people[..1], today)),
        shown::message(&call_backs_in_channel(UserId(7), 3)),
        shown::message(&digest(
            &Digest {
                new: 3,
                to_call: 12,
                call_backs: 1,
                validated: 2,
            },
            day("2027-02-23"),
        )),
        shown::message(&digest(
            &Digest {
                to_call: 1,
                ..Digest::default()
            },
            day("2027-02-23"),
        )),
    ];
    insta::assert_snapshot!(seen.join("\n\n"));
    assert_eq!(call_backs_in_channel(UserId(7), 3).mentions.users, [7]);
}

#[test]
fn the_longest_names_fit() {
    let pace = Pace::default();
    let card = longest();
    shown::message(&super::card(&card));
    shown::message(&recorded(&card, OutcomeKind::TextSent, Some(&"`".repeat(900)), &pace));
    shown::message(&ask_day(&card, day("2027-03-01")));
    shown::message(&ask_never(&card, Confirm::Card));
    shown::message(&super::card(&Card {
        member_since: card.kept_until,
        annullable: Some(MembershipId(i64::MAX)),
        ..longest()
    }));
    let full = Line {
        held: Some(Held::By {
            whom: card.attempts[0].by.clone().unwrap(),
            until: at("2027-03-01T14:00:00Z"),
        }),
        last_call: Some(at("2027-03-01T12:00:00Z")),
        without_phone: true,
        ..line(i64::MAX, &card.short, CallState::CallBack { on: day("2027-09-24") })
    };
    let list = Page {
        at: card.at,
        pages: u32::MAX,
        total: usize::MAX,
        lines: vec![full; 10],
        elsewhere: 99,
        empty: None,
    };
    let seen = shown::message(&page(&list, &pace));
    assert!(!seen.contains("autres"), "the ten people of a page are all there");
    let people: Vec<(String, NaiveDate)> = (0..400).map(|_| (card.short.clone(), day("2027-02-01"))).collect();
    assert!(shown::message(&call_backs(&people, day("2027-03-01"))).contains("autres"));
}

#[test]
fn choices_have_the_values_of_the_contract() {
    let values =
        |list: &[(&'static str, &'static str)]| list.iter().map(|(value, _)| *value).collect::<Vec<_>>().join(" ");
    assert_eq!(values(&FILTERS), "a_appeler a_rappeler valides refus tous");
    assert_eq!(
        values(&OUTCOMES),
        "pas_de_reponse message_laisse a_rappeler faux_numero refus ne_plus_appeler sms_envoye"
    );
}
