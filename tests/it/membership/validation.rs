//! `/valider`, branch by branch.

use chrono::TimeDelta;
use maillage::domain::action::DraftId;
use maillage::domain::ids::{GroupId, PersonId, UserId};
use maillage::domain::ladder::{Stage, Step};
use maillage::domain::notice::{Notice, Recipient};
use maillage::domain::person::Field;
use maillage::domain::view::{Message, Row, SelectOf};
use maillage::error::Refusal;
use maillage::store::people::Origin;
use maillage::store::{answers, groups, journal, ladder, memberships, people, posts};
use maillage::texts;
use maillage::texts::valider::{Confirmed, Space, Summary};
use maillage::usecases::validation::Typed;
use maillage::usecases::validation::confirm::{Confirmation, Thread, confirm};
use maillage::usecases::validation::form::{Submitted, choose_group, choose_place, submit};
use maillage::usecases::validation::open::{Asked, Opened, accept_charter, correct, start};

use crate::ground::*;

/// `/valider`, up to the form.
pub(super) async fn open(ground: &Ground, relay: UserId, asked: Asked) -> (DraftId, Typed) {
    match start(&ground.app, actor(relay), asked, ground.now()).await.unwrap() {
        Opened::Form { draft, typed } => (draft, typed),
        Opened::Charter { .. } => panic!("the charter is accepted"),
    }
}

/// `/valider`, up to the summary.
pub(super) async fn fill(ground: &Ground, relay: UserId, form: &Typed) -> (DraftId, Summary) {
    let (draft, _) = open(ground, relay, Asked::default()).await;
    let summary = summary(ground, relay, &draft, form).await;
    (draft, summary)
}

pub(super) async fn summary(ground: &Ground, relay: UserId, draft: &DraftId, form: &Typed) -> Summary {
    match submit(&ground.app, actor(relay), draft, form.clone(), ground.now())
        .await
        .unwrap()
    {
        Submitted::Summary(summary) => *summary,
        Submitted::Faulty(errors) => panic!("{errors:?}"),
    }
}

/// The whole of `/valider`.
pub(super) async fn validate(ground: &Ground, relay: UserId, form: &Typed) -> Confirmed {
    let (draft, _) = fill(ground, relay, form).await;
    done(
        confirm(&ground.app, actor(relay), &draft, None, ground.now())
            .await
            .unwrap(),
    )
}

/// The whole of `/valider`, with an account to link.
pub(super) async fn validate_linked(ground: &Ground, relay: UserId, form: &Typed, user: UserId) -> Confirmed {
    let asked = Asked {
        inscrit: None,
        account: Some(seen(user, "Compte")),
    };
    let (draft, _) = open(ground, relay, asked).await;
    summary(ground, relay, &draft, form).await;
    done(
        confirm(&ground.app, actor(relay), &draft, None, ground.now())
            .await
            .unwrap(),
    )
}

#[track_caller]
pub(super) fn done(confirmation: Confirmation) -> Confirmed {
    match confirmation {
        Confirmation::Done(confirmed) => confirmed,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn members(ground: &Ground, group: GroupId) -> u32 {
    let mut tx = ground.app.store.read().await.unwrap();
    ladder::counts(&mut tx, group).await.unwrap().members
}

/// The labels of the buttons that can be pressed.
pub(super) fn buttons(message: &Message) -> Vec<&str> {
    let mut labels = Vec::new();
    for row in &message.rows {
        if let Row::Buttons(buttons) = row {
            labels.extend(
                buttons
                    .iter()
                    .filter(|button| !button.disabled)
                    .map(|button| button.label.as_str()),
            );
        }
    }
    labels
}

#[tokio::test]
async fn a_local_recruit_becomes_a_member() {
    let ground = Ground::new().await;
    let (draft, summary) = fill(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    assert!(summary.ready && !summary.outside && summary.already.is_none());
    assert_eq!(summary.group.as_deref(), Some("Lunel"));
    let consent = summary.consent.clone().unwrap();
    assert!(consent.question.contains("groupe Lunel"));
    let shown = texts::valider::summary(&summary);
    assert_eq!(shown.faults(), Vec::<String>::new());
    assert_eq!(buttons(&shown), ["Confirmer", "Corriger", "Annuler"]);

    let confirmed = done(
        confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
            .await
            .unwrap(),
    );
    assert_eq!((confirmed.number, confirmed.members, confirmed.crossed), (1, 1, None));
    assert_eq!(confirmed.next, Some((Step::Forming, 5)));
    let mut tx = ground.app.store.read().await.unwrap();
    let membership = memberships::get(&mut tx, confirmed.membership).await.unwrap().unwrap();
    assert_eq!((membership.group, membership.validated_by), (ground.lunel, CAMILLE));
    let person = people::get(&mut tx, membership.person).await.unwrap().unwrap();
    assert_eq!((person.origin, person.short()), (Origin::Local, "Léa M.".to_owned()));
    let (version, at) = maillage::store::participation::consent(&mut tx, membership.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((version, at), (consent.version, ground.now()));
    drop(tx);
    // Before the feeds exist, the referent is told by DM (product.md §6.4).
    assert_eq!(
        ground.told().await,
        [(
            Recipient::User(AWA),
            Notice::Validated {
                membership: confirmed.membership
            }
        )]
    );
}

#[tokio::test]
async fn someone_on_file_is_prefilled_and_becomes_that_very_member() {
    let ground = Ground::new().await;
    let known = typed("Paul", "Durand", 7);
    let id = ground.inscrit(&known).await;
    let asked = Asked {
        inscrit: Some(id.to_string()),
        account: None,
    };
    let (draft, prefilled) = open(&ground, CAMILLE, asked).await;
    assert_eq!(prefilled, known);
    let corrected = Typed {
        phone: phone(8),
        ..known.clone()
    };
    assert!(summary(&ground, CAMILLE, &draft, &corrected).await.ready);
    let confirmed = done(
        confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
            .await
            .unwrap(),
    );

    let mut tx = ground.app.store.read().await.unwrap();
    let person = people::get(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(person.member_of, Some(ground.lunel));
    assert_eq!(person.origin, Origin::Site, "an inscrit stays one");
    assert_eq!(person.identity.unwrap().phone.unwrap().national(), phone(8));
    assert_eq!(
        memberships::current(&mut tx, id).await.unwrap().unwrap().id,
        confirmed.membership
    );
    let lines = journal_of(&ground, id).await;
    assert_eq!(
        lines,
        [
            "access.coordinates",
            "person.updated:telephone",
            "membership.validated:valide"
        ]
    );
}

/// The journal of a person: events, with the state after.
async fn journal_of(ground: &Ground, person: PersonId) -> Vec<String> {
    let mut tx = ground.app.store.read().await.unwrap();
    let lines = journal::of_person(&mut tx, person).await.unwrap();
    lines
        .into_iter()
        .map(|line| match line.after {
            Some(after) => format!("{}:{after}", line.event),
            None => line.event,
        })
        .collect()
}

#[tokio::test]
async fn the_charter_comes_first_and_leads_straight_to_what_was_asked() {
    let ground = Ground::new().await;
    let newcomer = UserId(1100);
    let mut tx = ground.app.store.write().await.unwrap();
    posts::end_relay(&mut tx, ground.lunel, NOE, ground.now())
        .await
        .unwrap();
    posts::name_relay(&mut tx, ground.lunel, newcomer, ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let known = typed("Paul", "Durand", 7);
    let id = ground.inscrit(&known).await;
    let asked = Asked {
        inscrit: Some(id.to_string()),
        account: Some(seen(STRANGER, "Paul D")),
    };
    let opened = start(&ground.app, actor(newcomer), asked, ground.now()).await.unwrap();
    let Opened::Charter { charter, draft } = opened else {
        panic!("no charter")
    };
    assert!(charter.text.contains("confient"));
    assert_eq!(
        journal_of(&ground, id).await,
        Vec::<String>::new(),
        "nothing was shown yet"
    );

    let opened = accept_charter(&ground.app, actor(newcomer), &draft, ground.now())
        .await
        .unwrap();
    assert_eq!(
        opened,
        Opened::Form {
            draft: draft.clone(),
            typed: known.clone()
        }
    );
    let summary = summary(&ground, newcomer, &draft, &known).await;
    assert_eq!(summary.account, Some(("Paul D".to_owned(), "paul d".to_owned())));
    // Once is enough.
    open(&ground, newcomer, Asked::default()).await;
}

#[tokio::test]
async fn wrong_fields_are_named_and_nothing_typed_is_lost() {
    let ground = Ground::new().await;
    let (draft, _) = open(&ground, CAMILLE, Asked::default()).await;
    let wrong = Typed {
        first: " ".to_owned(),
        phone: "06 39 98 12 3".to_owned(),
        mail: "camille".to_owned(),
        postal_code: "99999".to_owned(),
        ..typed("x", "Dupré", 1)
    };
    let answer = submit(&ground.app, actor(CAMILLE), &draft, wrong.clone(), ground.now())
        .await
        .unwrap();
    let Submitted::Faulty(errors) = answer else {
        panic!("accepted")
    };
    let fields: Vec<Field> = errors.iter().map(|error| error.field).collect();
    assert_eq!(
        fields,
        [Field::Prenom, Field::Telephone, Field::Mail, Field::CodePostal]
    );
    let message = texts::valider::faults(&draft, &errors);
    for named in ["prénom", "téléphone", "mail", "code postal"] {
        assert!(message.content.contains(named), "{named}: {}", message.content);
    }
    assert_eq!(buttons(&message), ["Corriger"]);
    assert_eq!(
        correct(&ground.app, actor(CAMILLE), &draft, ground.now())
            .await
            .unwrap(),
        wrong
    );
    let (kind, _) = refused(confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now()).await);
    assert_eq!(
        kind,
        Refusal::Invalid,
        "a faulty form cannot be confirmed by an old button"
    );

    let right = typed("Camille", "Dupré", 1);
    summary(&ground, CAMILLE, &draft, &right).await;
    done(
        confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
            .await
            .unwrap(),
    );
}

#[tokio::test]
async fn a_postal_code_that_is_no_communes_own_is_refused() {
    let ground = Ground::new().await;
    let (draft, _) = open(&ground, CAMILLE, Asked::default()).await;
    for (code, expected) in [("34961", "CEDEX"), ("344", "5 chiffres"), ("Lunel", "5 chiffres")] {
        let form = Typed {
            postal_code: code.to_owned(),
            ..typed("Léa", "Martin", 1)
        };
        let answer = submit(&ground.app, actor(CAMILLE), &draft, form, ground.now())
            .await
            .unwrap();
        match answer {
            Submitted::Faulty(errors) => {
                let message = texts::valider::faults(&draft, &errors);
                assert!(message.content.contains(expected), "{code}: {}", message.content);
            }
            Submitted::Summary(_) => panic!("{code} is accepted"),
        }
    }
}

#[tokio::test]
async fn an_ambiguous_postal_code_asks_for_the_basin() {
    let ground = Ground::new().await;
    let form = Typed {
        postal_code: "34160".to_owned(),
        ..typed("Léa", "Martin", 1)
    };
    let (draft, summary) = fill(&ground, CAMILLE, &form).await;
    assert!(!summary.ready);
    assert_eq!(summary.places.len(), 3);
    let shown = texts::valider::summary(&summary);
    assert_eq!(
        buttons(&shown),
        ["Corriger", "Annuler"],
        "«Confirmer» waits for the choice"
    );
    let (kind, text) = refused(confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now()).await);
    assert_eq!(kind, Refusal::Invalid);
    assert!(text.contains("choix"), "{text}");
    assert_eq!(members(&ground, ground.lunel).await, 0);

    let lunel = summary
        .places
        .iter()
        .find(|place| place.label.contains("Lunel"))
        .unwrap()
        .value
        .clone();
    let answer = choose_place(&ground.app, actor(CAMILLE), &draft, &lunel, ground.now())
        .await
        .unwrap();
    let Submitted::Summary(summary) = answer else { panic!() };
    assert!(summary.ready && !summary.outside);
    let shown = texts::valider::summary(&summary);
    let chosen = shown.rows.iter().find_map(|row| match row {
        Row::Select(select) => match &select.of {
            SelectOf::Choices(choices) => choices.iter().find(|choice| choice.chosen).map(|choice| &choice.value),
            SelectOf::Users => None,
        },
        Row::Buttons(_) => None,
    });
    assert_eq!(chosen, Some(&lunel), "the choice is shown as made");
    done(
        confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
            .await
            .unwrap(),
    );

    // Back to the form with another code: the old choice no longer counts.
    let (draft, summary) = fill(
        &ground,
        CAMILLE,
        &Typed {
            mail: "autre@example.org".to_owned(),
            phone: phone(2),
            ..form.clone()
        },
    )
    .await;
    choose_place(&ground.app, actor(CAMILLE), &draft, &lunel, ground.now())
        .await
        .unwrap();
    let other = Typed {
        postal_code: "30250".to_owned(),
        ..typed("Noa", "Martin", 3)
    };
    let answer = submit(&ground.app, actor(CAMILLE), &draft, other, ground.now())
        .await
        .unwrap();
    let Submitted::Summary(second) = answer else { panic!() };
    assert!(!second.ready && second.place_chosen.is_none() && second.places != summary.places);
}

#[tokio::test]
async fn a_recruit_from_elsewhere_is_accepted_with_a_notice() {
    let ground = Ground::new().await;
    for (n, code) in [(1, "13200"), (2, "98800")] {
        let form = Typed {
            postal_code: code.to_owned(),
            ..typed("Léa", "Martin", n)
        };
        let (draft, summary) = fill(&ground, CAMILLE, &form).await;
        assert!(summary.outside && summary.ready, "{code}");
        assert!(
            texts::valider::summary(&summary).content.contains("hors du territoire"),
            "{code}"
        );
        let confirmed = done(
            confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
                .await
                .unwrap(),
        );
        assert_eq!(confirmed.members, n);
    }
}

#[tokio::test]
async fn a_relay_of_two_groups_chooses() {
    let ground = Ground::new().await;
    ground.name_relay(ground.nimes, CAMILLE).await;
    let (draft, summary) = fill(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    assert_eq!(summary.groups.len(), 2);
    assert!(
        !summary.ready && summary.consent.is_none(),
        "the consent names the group"
    );
    refused(confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now()).await);
    let (kind, _) = refused(choose_group(&ground.app, actor(CAMILLE), &draft, GroupId(99), ground.now()).await);
    assert_eq!(kind, Refusal::NotFound);
    let answer = choose_group(&ground.app, actor(CAMILLE), &draft, ground.nimes, ground.now())
        .await
        .unwrap();
    let Submitted::Summary(summary) = answer else { panic!() };
    assert!(summary.ready && summary.outside, "Lunel is outside Nîmes");
    let confirmed = done(
        confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
            .await
            .unwrap(),
    );
    assert_eq!(confirmed.group, ground.nimes);

    // For someone on file, the group that calls is proposed.
    let id = ground.inscrit(&typed("Paul", "Durand", 2)).await;
    let asked = Asked {
        inscrit: Some(id.to_string()),
        account: None,
    };
    let (draft, form) = open(&ground, CAMILLE, asked).await;
    let answer = submit(&ground.app, actor(CAMILLE), &draft, form, ground.now())
        .await
        .unwrap();
    let Submitted::Summary(summary) = answer else { panic!() };
    assert!(summary.ready && summary.group.as_deref() == Some("Lunel") && summary.groups.len() == 2);
}

#[tokio::test]
async fn pressing_twice_validates_once() {
    let ground = Ground::new().await;
    let (draft, _) = fill(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    let first = done(
        confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
            .await
            .unwrap(),
    );
    let second = confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
        .await
        .unwrap();
    let Confirmation::Already(known) = second else {
        panic!("{second:?}")
    };
    assert_eq!(known.membership, first.membership);
    assert!(texts::valider::already(&known).content.contains("déjà membre"));
    assert_eq!(members(&ground, ground.lunel).await, 1);
    assert_eq!(ground.told().await.len(), 1, "told once");
}

#[tokio::test]
async fn two_relays_at_once_validate_once() {
    let ground = Ground::new().await;
    let form = typed("Léa", "Martin", 1);
    let (one, _) = fill(&ground, CAMILLE, &form).await;
    let (other, _) = fill(&ground, NOE, &form).await;
    let (one, other) = tokio::join!(
        confirm(&ground.app, actor(CAMILLE), &one, None, ground.now()),
        confirm(&ground.app, actor(NOE), &other, None, ground.now()),
    );
    let outcomes = [one.unwrap(), other.unwrap()];
    let done = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Confirmation::Done(_)))
        .count();
    let already = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Confirmation::Already(_)))
        .count();
    assert_eq!((done, already), (1, 1));
    assert_eq!(members(&ground, ground.lunel).await, 1);
}

#[tokio::test]
async fn the_fifth_member_opens_the_space_once_even_when_two_press_together() {
    let ground = Ground::new().await;
    for n in 1..=3 {
        validate(&ground, CAMILLE, &typed("Léa", "Martin", n)).await;
    }
    ground.told().await;
    let (fourth, _) = fill(&ground, CAMILLE, &typed("Paul", "Durand", 4)).await;
    let (fifth, _) = fill(&ground, NOE, &typed("Inès", "Petit", 5)).await;
    let thread = Thread {
        application: 9,
        token: "a-token".to_owned(),
    };
    let (one, other) = tokio::join!(
        confirm(&ground.app, actor(CAMILLE), &fourth, Some(&thread), ground.now()),
        confirm(&ground.app, actor(NOE), &fifth, Some(&thread), ground.now()),
    );
    let outcomes = [done(one.unwrap()), done(other.unwrap())];
    let crossed: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.crossed).collect();
    assert_eq!(crossed, [(Step::Forming, 5)], "one of the two crossed the step");
    let crossing = outcomes.iter().find(|outcome| outcome.crossed.is_some()).unwrap();
    assert_eq!(crossing.space, Space::Preparing);
    let text = texts::valider::confirmed(crossing).content;
    assert!(text.contains("5 / 5") && text.contains("en formation"), "{text}");

    let mut tx = ground.app.store.read().await.unwrap();
    assert_eq!(
        groups::get(&mut tx, ground.lunel).await.unwrap().unwrap().stage,
        Stage::Forming
    );
    let waiting = answers::waiting(&mut tx).await.unwrap();
    assert_eq!(waiting.len(), 1, "only the answer that awaits a space is kept");
    assert_eq!(
        (waiting[0].membership, waiting[0].token.as_str()),
        (crossing.membership, "a-token")
    );
    assert_eq!(waiting[0].expires_at, ground.now() + TimeDelta::minutes(14));
    drop(tx);
    let told = ground.told().await;
    for user in [CAMILLE, NOE, AWA, NATIONAL] {
        let count = told
            .iter()
            .filter(|(to, notice)| {
                *to == Recipient::User(user)
                    && *notice
                        == Notice::StepReached {
                            group: ground.lunel,
                            step: Step::Forming,
                        }
            })
            .count();
        assert_eq!(count, 1, "{user} is told once");
    }
}

#[tokio::test]
async fn the_tenth_member_gives_the_statutes() {
    let ground = Ground::new().await;
    let mut last = None;
    for n in 1..=10 {
        last = Some(validate(&ground, CAMILLE, &typed("Léa", "Martin", n)).await);
    }
    let last = last.unwrap();
    assert_eq!(
        (last.number, last.crossed, last.next),
        (10, Some((Step::Assembly, 10)), Some((Step::PublishRic, 15)))
    );
    let text = texts::valider::confirmed(&last).content;
    assert!(text.contains("10 / 10") && text.contains("ACP"), "{text}");
    let mut tx = ground.app.store.read().await.unwrap();
    assert_eq!(
        maillage::store::statutes::version(&mut tx, ground.lunel).await.unwrap(),
        Some(1)
    );
}
