use super::*;
use crate::domain::ladder::Thresholds;
use crate::domain::person::PhoneProblem;

fn draft() -> DraftId {
    DraftId("a".repeat(16))
}

fn identity(first: &str, last: &str) -> Identity {
    Identity::parse(first, last, "06 39 98 12 34", "camille.dupre@example.org", "34400").unwrap()
}

fn consent() -> Consent {
    Consent {
        version: "1".to_owned(),
        question:
            "Cette personne accepte-t-elle que ses coordonnées soient partagées avec les membres du groupe Lunel\u{a0}?"
                .to_owned(),
        account: "Son groupe sera visible sur son profil de ce serveur.".to_owned(),
        information: "Vos données.".to_owned(),
    }
}

fn plain() -> Summary {
    Summary {
        draft: draft(),
        identity: identity("Camille", "Dupré"),
        postal_code: "34400".to_owned(),
        place: Some("Lunel, Hérault".to_owned()),
        account: Some(("camille".to_owned(), "camille.d".to_owned())),
        group: Some("Lunel".to_owned()),
        groups: Vec::new(),
        places: Vec::new(),
        place_chosen: None,
        consent: Some(consent()),
        already: None,
        outside: false,
        ready: true,
    }
}

fn done() -> Confirmed {
    Confirmed {
        membership: MembershipId(7),
        group: GroupId(3),
        group_name: "Lunel".to_owned(),
        name: "Camille D.".to_owned(),
        first: "Camille".to_owned(),
        number: 5,
        members: 5,
        crossed: Some((Step::Forming, 5)),
        next: Some((Step::Assembly, 10)),
        top: Thresholds::default().publish_works,
        space: Space::Preparing,
        linked: false,
        outside: false,
    }
}

#[test]
fn the_summary_reads_as_the_model_of_the_voice() {
    insta::assert_snapshot!(summary(&plain()).content);
}

#[test]
fn what_is_unusual_is_told_in_the_summary() {
    let unusual = Summary {
        account: None,
        already: Some(Elsewhere {
            group: "Nîmes".to_owned(),
            number: 3,
            same: false,
        }),
        outside: true,
        ready: false,
        ..plain()
    };
    insta::assert_snapshot!(summary(&unusual).content);
}

#[test]
fn the_answer_follows_the_ladder() {
    let seventh = Confirmed {
        number: 8,
        members: 7,
        crossed: None,
        linked: true,
        space: Space::Ready {
            guild: GuildId(1),
            channel: ChannelId(42),
        },
        ..done()
    };
    let third = Confirmed {
        number: 3,
        members: 3,
        crossed: None,
        next: Some((Step::Forming, 5)),
        space: Space::NotYet,
        ..done()
    };
    let tenth = Confirmed {
        number: 10,
        members: 10,
        crossed: Some((Step::Assembly, 10)),
        ..seventh.clone()
    };
    let texts: Vec<String> = [third, done(), seventh, tenth]
        .iter()
        .map(|confirmed| super::confirmed(confirmed).content)
        .collect();
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn refusals_say_why() {
    let elsewhere = Elsewhere {
        group: "Nîmes".to_owned(),
        number: 3,
        same: false,
    };
    let texts = [
        already(&done()).content,
        super::elsewhere(&elsewhere, None).content,
        faults(
            &draft(),
            &[FieldError::new(
                PersonField::Telephone,
                "06 39 98 12 3",
                PhoneProblem::FrenchDigits { digits: 9 },
            )],
        )
        .content,
        account_is_a_program(),
        account_is_away("Camille"),
        account_is_linked("Camille"),
        person_is_linked(),
        to_choose(),
        to_complete(),
        closed(),
        only_archived_groups(),
        cancelled().content,
    ];
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn the_form_has_the_five_fields_of_the_page() {
    let filled = Filled {
        first: "Camille",
        last: "",
        phone: "",
        mail: "",
        postal_code: "",
    };
    let form = form(&draft(), &filled);
    assert_eq!(form.title, "Valider une participation");
    let ids: Vec<&str> = form.fields.iter().map(|field| field.id).collect();
    assert_eq!(ids, ["prenom", "nom", "telephone", "mail", "code_postal"]);
    assert!(form.fields.iter().all(|field| field.required));
    assert_eq!(form.fields[0].value, "Camille");
}

#[test]
fn the_longest_texts_still_fit_discord() {
    let long = "*_Éléonore".repeat(6);
    let identity = Identity::parse(
        &long,
        &long,
        "06 39 98 12 34",
        &format!("{}@{}.example.org", "a".repeat(64), "b".repeat(60)),
        "",
    )
    .unwrap();
    let group = "Les *Sables* d’Olonne ".repeat(5);
    let worst = Summary {
        identity,
        account: Some(("_".repeat(32), "_".repeat(32))),
        group: Some(group.clone()),
        groups: (0..25)
            .map(|id| GroupOption {
                id: GroupId(id),
                name: group.clone(),
                chosen: id == 1,
            })
            .collect(),
        places: (0..6)
            .map(|n| PlaceOption {
                value: n.to_string(),
                label: "x".repeat(100),
                description: "y".repeat(100),
            })
            .collect(),
        already: Some(Elsewhere {
            group: group.clone(),
            number: 250,
            same: false,
        }),
        consent: Some(Consent {
            question: "q".repeat(900),
            information: "i".repeat(900),
            ..consent()
        }),
        outside: true,
        ready: false,
        ..plain()
    };
    assert_eq!(summary(&worst).faults(), Vec::<String>::new());
    let confirmed = Confirmed {
        name: long.clone(),
        first: long,
        group_name: group,
        ..done()
    };
    assert_eq!(super::confirmed(&confirmed).faults(), Vec::<String>::new());
    assert_eq!(already(&confirmed).faults(), Vec::<String>::new());
}

#[test]
fn a_suggestion_fits_and_keeps_its_end() {
    assert_eq!(
        suggestion("Zoé L.", "34400", CallState::ToCall),
        "Zoé L. — 34400 — à appeler"
    );
    let long = suggestion(&"É".repeat(120), "34400", CallState::Unreachable);
    assert!(
        long.encode_utf16().count() <= 100 && long.ends_with(" — 34400 — injoignable"),
        "{long}"
    );
}

#[test]
fn debug_shows_no_identity() {
    let shown = format!("{:?} {:?}", plain(), done());
    for secret in ["Camille", "Dupr", "39", "example", "34400"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
