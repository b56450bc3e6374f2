use chrono::{NaiveDate, TimeDelta};
use maillage::domain::contact::{CallState, Filter, OutcomeKind};
use maillage::error::Refusal;
use maillage::store::{people, suppressions};
use maillage::usecases::calls::{self as acts, Said, Started, Typed};
use zeroize::Zeroizing;

use super::{open, with};
use crate::ground::{CAMILLE, Ground, INES, NOE, actor, refused, typed as typed_form};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn noted(note: &str) -> Said {
    Said {
        day: None,
        note: Some(Zeroizing::new(note.to_owned())),
    }
}

fn asked(inscrit: &impl ToString, issue: &str) -> Typed {
    Typed {
        inscrit: inscrit.to_string(),
        issue: issue.to_owned(),
        note: None,
        rappel: None,
    }
}

#[tokio::test]
async fn each_outcome_leads_to_its_state_and_is_an_attempt() {
    let ground = Ground::new().await;
    for (n, (kind, state)) in [
        (OutcomeKind::NoAnswer, CallState::ToCall),
        (OutcomeKind::MessageLeft, CallState::ToCall),
        (OutcomeKind::TextSent, CallState::ToCall),
        (OutcomeKind::WrongNumber, CallState::Unreachable),
        (OutcomeKind::Refusal, CallState::Refused),
        (OutcomeKind::DoNotCall, CallState::DoNotCall),
    ]
    .into_iter()
    .enumerate()
    {
        let person = ground.contact(u32::try_from(n).unwrap()).await;
        let card = ground.call(CAMILLE, person, kind).await.unwrap().card;
        assert_eq!(
            (card.state, card.attempts_total, card.attempts[0].outcome),
            (state, 1, Some(kind))
        );
        assert_eq!(ground.journaled("call.recorded", person).await, 1);
    }
}

#[tokio::test]
async fn a_button_pressed_twice_is_one_attempt() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    for _ in 0..2 {
        let card = ground.call(CAMILLE, person, OutcomeKind::NoAnswer).await.unwrap().card;
        assert_eq!(card.attempts_total, 1);
    }
    ground.advance(TimeDelta::minutes(5));
    assert_eq!(
        ground
            .call(CAMILLE, person, OutcomeKind::NoAnswer)
            .await
            .unwrap()
            .card
            .attempts_total,
        2
    );
}

#[tokio::test]
async fn notes_are_sealed_and_shown_on_the_card() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let note = "Préfère le soir, après vingt heures";
    ground
        .said(CAMILLE, person, OutcomeKind::MessageLeft, noted(&format!("  {note}\n")))
        .await
        .unwrap();
    let at = super::first(Filter::ToCall);
    let second = "Enseigne l’histoire à Lunel";
    let card = open(
        acts::note(&ground.app, actor(CAMILLE), person, second, at, ground.now())
            .await
            .unwrap(),
    );
    let notes: Vec<_> = card
        .attempts
        .iter()
        .map(|attempt| attempt.note.as_deref().cloned().unwrap())
        .collect();
    assert_eq!(notes, [second, note]);
    assert_eq!(card.attempts[0].outcome, None);
    assert_eq!(
        refused(acts::note(&ground.app, actor(CAMILLE), person, " \n", at, ground.now()).await).0,
        Refusal::Invalid
    );
    assert_eq!(
        ground.ids(NOE, Filter::ToCall).await,
        [],
        "a note is no call, but the lease is"
    );
    ground.app.store.close().await;
    for secret in [note, second, "Roche1", "0639980001", "+33639980001"] {
        assert!(!ground.leaks(secret), "{secret}");
    }
}

#[tokio::test]
async fn never_call_again_is_final_and_for_everyone() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    // Someone who shares the number, in another group's territory.
    let form = with(typed_form("Sam", "Autre", 1), |form| {
        form.mail = "autre@example.org".to_owned();
    });
    let elsewhere = with(form.clone(), |form| form.postal_code = "30000".to_owned());
    let sharing = ground.inscrit(&elsewhere).await;
    let card = ground.call(CAMILLE, person, OutcomeKind::DoNotCall).await.unwrap().card;
    assert_eq!(
        (card.phone, card.mail, card.never),
        (None, None, true),
        "nothing to call is shown any more"
    );
    for kind in OutcomeKind::ALL {
        let said = Said {
            day: Some(day("2027-03-05")),
            note: None,
        };
        assert!(ground.said(CAMILLE, person, kind, said).await.is_err(), "{kind:?}");
    }
    assert_eq!(
        ground.ids(INES, Filter::ToCall).await,
        [],
        "the number is blocked for the other group too"
    );
    let card = ground.card(INES, sharing).await.unwrap();
    assert!(card.number_blocked && card.phone.is_none() && card.mail.is_some());
    assert_eq!(
        refused(ground.call(INES, sharing, OutcomeKind::NoAnswer).await).0,
        Refusal::Conflict
    );
    // Whoever is written later with this number is blocked from the start, until the number changes.
    let later = ground
        .inscrit(&with(form, |form| form.mail = "lin@example.org".to_owned()))
        .await;
    assert!(ground.card(CAMILLE, later).await.unwrap().number_blocked);
    let mut tx = ground.app.store.write().await.unwrap();
    let identity = people::get(&mut tx, later).await.unwrap().unwrap().identity.unwrap();
    let phone = identity.phone.clone().unwrap();
    let hash = suppressions::of_phone(tx.vault(), &phone);
    let listed = suppressions::find(&mut tx, &[hash]).await.unwrap();
    assert_eq!(listed.at(suppressions::Kind::DoNotCall, Some(hash)), Some(ground.now()));
    let mended = maillage::domain::person::Identity {
        phone: maillage::domain::person::Phone::parse("06 39 98 77 77").ok(),
        ..identity
    };
    people::set_identity(&mut tx, later, &mended, "34400", ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(!ground.card(CAMILLE, later).await.unwrap().number_blocked);
}

#[tokio::test]
async fn a_member_may_ask_never_to_be_called_and_stays_a_member() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground.validate(person, ground.lunel).await;
    assert_eq!(
        refused(ground.call(CAMILLE, person, OutcomeKind::Refusal).await).0,
        Refusal::Invalid
    );
    let card = ground.call(CAMILLE, person, OutcomeKind::DoNotCall).await.unwrap().card;
    assert!(card.never && card.member_since.is_some());
    assert_eq!(ground.ids(CAMILLE, Filter::Validated).await, [person]);
    assert_eq!(
        refused(ground.call(CAMILLE, person, OutcomeKind::DoNotCall).await).0,
        Refusal::Invalid
    );
}

#[tokio::test]
async fn the_text_message_follows_what_was_done_before() {
    let ground = Ground::new().await;
    ground.meet(CAMILLE, "Camille Dupré", false).await;
    let [fresh, called] = [ground.contact(1).await, ground.contact(2).await];
    ground.call(CAMILLE, called, OutcomeKind::NoAnswer).await.unwrap();
    let sms = async |person| {
        ground
            .call(CAMILLE, person, OutcomeKind::TextSent)
            .await
            .unwrap()
            .sms
            .unwrap()
            .0
    };
    let (first, second) = (sms(fresh).await, sms(called).await);
    assert_ne!(first, second);
    for text in [&first, &second] {
        assert!(
            text.contains("Bonjour Lou") && text.contains("Camille Dupré") && text.contains("Lunel"),
            "{text}"
        );
        assert!(!text.contains("{{"), "{text}");
    }
    assert!(second.contains("essayé de vous joindre"));
}

#[tokio::test]
async fn a_call_back_needs_a_day_to_come() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    assert_eq!(
        refused(ground.call(CAMILLE, person, OutcomeKind::CallBack).await).0,
        Refusal::Invalid
    );
    assert_eq!(
        refused(ground.call_back(CAMILLE, person, day("2027-02-28")).await).0,
        Refusal::Invalid
    );
    let card = ground.call_back(CAMILLE, person, day("2027-03-04")).await.unwrap().card;
    assert_eq!(card.state, CallState::CallBack { on: day("2027-03-04") });
    assert_eq!(acts::day(" 29/03/2027 ").unwrap(), day("2027-03-29"));
    assert_eq!(acts::day("2027-03-29").unwrap(), day("2027-03-29"));
    assert_eq!(refused(acts::day("31/02/2027")).0, Refusal::Invalid);
}

#[tokio::test]
async fn typing_does_what_the_buttons_do() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let start = async |typed| acts::start(&ground.app, actor(CAMILLE), typed, ground.now()).await;
    let typed = Typed {
        rappel: Some("05/03/2027".to_owned()),
        ..asked(&person, "a_rappeler")
    };
    let Started::Done(done) = start(typed).await.unwrap() else {
        panic!("not recorded")
    };
    assert_eq!(done.card.state, CallState::CallBack { on: day("2027-03-05") });
    let Started::Done(done) = start(asked(&" lou roche1 ", "pas_de_reponse")).await.unwrap() else {
        panic!("not recorded")
    };
    assert_eq!((done.card.id, done.card.attempts_total), (person, 2));
    assert_eq!(
        refused(start(asked(&person, "a_rappeler")).await).0,
        Refusal::Invalid,
        "no day"
    );
    let typed = Typed {
        rappel: Some("mardi".to_owned()),
        ..asked(&person, "a_rappeler")
    };
    assert_eq!(refused(start(typed).await).0, Refusal::Invalid);
    assert_eq!(
        refused(start(asked(&"Personne Inconnue", "refus")).await).0,
        Refusal::NotFound
    );
    assert_eq!(refused(start(asked(&person, "oui")).await).0, Refusal::Invalid);
    // Two people of the same name: one has to be chosen in the list.
    ground.inscrit(&typed_form("LOU", "ROCHE1", 9)).await;
    assert_eq!(refused(start(asked(&"Lou Roche1", "refus")).await).0, Refusal::NotFound);
}

#[tokio::test]
async fn typing_never_call_again_is_confirmed_once_with_its_note() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let typed = Typed {
        note: Some("L’a demandé deux fois".to_owned()),
        ..asked(&person, "ne_plus_appeler")
    };
    let started = acts::start(&ground.app, actor(CAMILLE), typed, ground.now())
        .await
        .unwrap();
    let Started::Confirm { draft, card } = started else {
        panic!("not to be confirmed")
    };
    assert_eq!(card.attempts_total, 0, "nothing is recorded yet");
    let confirm = async |user| acts::confirm(&ground.app, actor(user), &draft, ground.now()).await;
    assert_eq!(refused(confirm(NOE).await).0, Refusal::Conflict, "another's");
    let done = open(confirm(CAMILLE).await.unwrap());
    assert!(done.card.never && done.card.attempts[0].note.is_some());
    assert_eq!(refused(confirm(CAMILLE).await).0, Refusal::Conflict, "spent");
    let again = acts::start(
        &ground.app,
        actor(CAMILLE),
        asked(&person, "ne_plus_appeler"),
        ground.now(),
    )
    .await;
    assert_eq!(refused(again).0, Refusal::Invalid, "it is final already");
}

#[tokio::test]
async fn the_charter_leads_on_to_what_was_typed() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let new = maillage::domain::ids::UserId(1010);
    let mut tx = ground.app.store.write().await.unwrap();
    maillage::store::posts::name_relay(&mut tx, ground.lunel, new, ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let started = acts::start(&ground.app, actor(new), asked(&person, "refus"), ground.now())
        .await
        .unwrap();
    let Started::Charter { draft, .. } = started else {
        panic!("no charter")
    };
    let started = acts::accept_charter(&ground.app, actor(new), &draft, ground.now())
        .await
        .unwrap();
    assert!(matches!(started, Started::Done(done) if done.card.state == CallState::Refused));
    let other = ground.contact(2).await;
    let started = acts::start(&ground.app, actor(new), asked(&other, "refus"), ground.now())
        .await
        .unwrap();
    assert!(matches!(started, Started::Done(_)), "once");
}
