//! From one group to another, and what `/registre` and `/aide` show to whom.

use chrono::TimeDelta;
use maillage::domain::action::DraftId;
use maillage::domain::ids::{GroupId, PersonId, TransferId, UserId};
use maillage::domain::notice::{Notice, Recipient};
use maillage::error::Refusal;
use maillage::store::memberships::End;
use maillage::store::{journal, memberships, people};
use maillage::texts;
use maillage::usecases::validation::confirm::{Confirmation, confirm};
use maillage::usecases::{help, register, transfer};

use super::validation::{fill, members, validate, validate_linked};
use crate::ground::*;

/// Inès has validated Léa in Nîmes; Camille has been told so, and keeps her draft.
async fn refused_elsewhere(ground: &Ground) -> (PersonId, DraftId) {
    let form = typed("Léa", "Martin", 1);
    let confirmed = validate(ground, INES, &form).await;
    let (draft, _) = fill(ground, CAMILLE, &form).await;
    let outcome = confirm(&ground.app, actor(CAMILLE), &draft, None, ground.now())
        .await
        .unwrap();
    let Confirmation::Elsewhere { draft, .. } = outcome else {
        panic!("{outcome:?}")
    };
    ground.told().await;
    let mut tx = ground.app.store.read().await.unwrap();
    let person = memberships::get(&mut tx, confirmed.membership)
        .await
        .unwrap()
        .unwrap()
        .person;
    (person, draft)
}

/// Camille proposes; the transfer that Inès is told of.
async fn propose(ground: &Ground, draft: &DraftId) -> TransferId {
    let facts = transfer::propose(&ground.app, actor(CAMILLE), draft, ground.now())
        .await
        .unwrap();
    assert_eq!(
        (facts.name.as_str(), facts.from.as_str(), facts.to.as_str()),
        ("Léa M.", "Nîmes", "Lunel")
    );
    let notice = Notice::TransferAsked { transfer: facts.id };
    assert_eq!(ground.told().await, [(Recipient::User(INES), notice)]);
    facts.id
}

async fn group_of(ground: &Ground, person: PersonId) -> Option<GroupId> {
    let mut tx = ground.app.store.read().await.unwrap();
    people::get(&mut tx, person).await.unwrap().unwrap().member_of
}

#[tokio::test]
async fn a_transfer_takes_both_groups_and_the_person() {
    let ground = Ground::new().await;
    let (person, draft) = refused_elsewhere(&ground).await;
    let id = propose(&ground, &draft).await;
    let early = transfer::complete(&ground.app, actor(CAMILLE), id, None, ground.now()).await;
    assert_eq!(refused(early).0, Refusal::Conflict, "not before the other group agrees");

    transfer::accept(&ground.app, actor(INES), id, ground.now())
        .await
        .unwrap();
    let notice = Notice::TransferAccepted { transfer: id };
    assert_eq!(ground.told().await, [(Recipient::User(CAMILLE), notice)]);
    assert_eq!(
        group_of(&ground, person).await,
        Some(ground.nimes),
        "nothing has moved yet"
    );
    let mut tx = ground.app.store.read().await.unwrap();
    let facts = transfer::facts(&mut tx, &ground.app, id).await.unwrap().unwrap();
    drop(tx);
    let asked_again = texts::transfer::accepted(&facts);
    assert!(
        asked_again.content.contains("membres du groupe Lunel"),
        "{}",
        asked_again.content
    );

    ground.advance(TimeDelta::hours(3));
    let confirmed = transfer::complete(&ground.app, actor(NOE), id, None, ground.now())
        .await
        .unwrap();
    assert_eq!((confirmed.group, confirmed.number), (ground.lunel, 1));
    assert_eq!(
        (
            members(&ground, ground.nimes).await,
            members(&ground, ground.lunel).await
        ),
        (0, 1)
    );
    let mut tx = ground.app.store.read().await.unwrap();
    let current = memberships::current(&mut tx, person).await.unwrap().unwrap();
    let (_, consent_at) = maillage::store::participation::consent(&mut tx, current.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (current.validated_by, consent_at),
        (NOE, ground.now()),
        "a new consent, by who asked for it"
    );
    let events: Vec<String> = journal::of_person(&mut tx, person)
        .await
        .unwrap()
        .into_iter()
        .map(|line| line.event)
        .collect();
    let asked = events.iter().position(|event| event == "transfer.asked").unwrap();
    assert_eq!(
        events[asked..],
        [
            "transfer.asked",
            "transfer.accepted",
            "membership.ended",
            "membership.validated"
        ]
    );
    drop(tx);
    let told = ground.told().await;
    assert!(told.contains(&(Recipient::User(INES), Notice::TransferDone { transfer: id })));
    assert!(told.contains(&(
        Recipient::User(AWA),
        Notice::Validated {
            membership: confirmed.membership
        }
    )));

    let again = transfer::complete(&ground.app, actor(CAMILLE), id, None, ground.now()).await;
    let (kind, text) = refused(again);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("déjà"), "{text}");
    assert_eq!(members(&ground, ground.lunel).await, 1);
}

#[tokio::test]
async fn a_transfer_may_be_refused_or_dropped() {
    let ground = Ground::new().await;
    let (person, draft) = refused_elsewhere(&ground).await;
    let id = propose(&ground, &draft).await;
    transfer::decline(&ground.app, actor(INES), id, ground.now())
        .await
        .unwrap();
    assert_eq!(
        ground.told().await,
        [(Recipient::User(CAMILLE), Notice::TransferRefused { transfer: id })]
    );
    assert_eq!(
        refused(transfer::accept(&ground.app, actor(INES), id, ground.now()).await).0,
        Refusal::Conflict
    );

    let (draft, _) = fill(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    let id = propose(&ground, &draft).await;
    transfer::accept(&ground.app, actor(INES), id, ground.now())
        .await
        .unwrap();
    assert_eq!(
        refused(transfer::decline(&ground.app, actor(INES), id, ground.now()).await).0,
        Refusal::Conflict
    );
    transfer::drop_it(&ground.app, actor(CAMILLE), id, ground.now())
        .await
        .unwrap();
    let late = transfer::complete(&ground.app, actor(CAMILLE), id, None, ground.now()).await;
    assert_eq!(refused(late).0, Refusal::Conflict);
    assert_eq!(group_of(&ground, person).await, Some(ground.nimes));
}

#[tokio::test]
async fn only_those_concerned_answer_a_transfer() {
    let ground = Ground::new().await;
    let (person, draft) = refused_elsewhere(&ground).await;
    let id = propose(&ground, &draft).await;
    // Whoever asked cannot agree for the other group, nor can a stranger.
    let at = ground.now();
    assert_eq!(
        refused(transfer::accept(&ground.app, actor(CAMILLE), id, at).await).0,
        Refusal::NotFound
    );
    assert_eq!(
        refused(transfer::accept(&ground.app, actor(STRANGER), id, at).await).0,
        Refusal::Reserved
    );
    transfer::accept(&ground.app, actor(AWA), id, at).await.unwrap();
    assert_eq!(
        refused(transfer::complete(&ground.app, actor(INES), id, None, at).await).0,
        Refusal::NotFound
    );
    assert_eq!(
        refused(transfer::complete(&ground.app, actor(AWA), id, None, at).await).0,
        Refusal::Reserved
    );
    ground.dismiss(ground.lunel, CAMILLE).await;
    assert_eq!(
        refused(transfer::complete(&ground.app, actor(CAMILLE), id, None, at).await).0,
        Refusal::Reserved
    );
    // Who left meanwhile is no longer there to move.
    let mut tx = ground.app.store.write().await.unwrap();
    let current = memberships::current(&mut tx, person).await.unwrap().unwrap();
    memberships::end(&mut tx, current.id, End::Departure, Some(INES), at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        refused(transfer::complete(&ground.app, actor(NOE), id, None, at).await).0,
        Refusal::Conflict
    );
    assert_eq!(members(&ground, ground.lunel).await, 0);
}

#[tokio::test]
async fn without_a_relay_the_referent_answers() {
    let ground = Ground::new().await;
    let (_, draft) = refused_elsewhere(&ground).await;
    ground.dismiss(ground.nimes, INES).await;
    let facts = transfer::propose(&ground.app, actor(CAMILLE), &draft, ground.now())
        .await
        .unwrap();
    assert_eq!(
        ground.told().await,
        [(Recipient::User(AWA), Notice::TransferAsked { transfer: facts.id })]
    );
}

#[tokio::test]
async fn the_register_is_read_by_its_group_and_exported_by_its_relays() {
    let ground = Ground::new().await;
    assert_eq!(
        refused(register::export(&ground.app, actor(CAMILLE), ground.now()).await).0,
        Refusal::Conflict,
        "nobody yet"
    );
    for n in 1..=22 {
        validate(&ground, CAMILLE, &typed("Léa", "=Martin", n)).await;
    }
    ground.meet(STRANGER, "Paul", false).await;
    let linked = validate_linked(&ground, CAMILLE, &typed("Paul", "Durand", 23), STRANGER).await;
    let shown = register::show(&ground.app, actor(STRANGER), ground.now())
        .await
        .unwrap();
    let register::Shown::Page { index, of, message, .. } = shown else {
        panic!()
    };
    assert_eq!((index, of), (0, 2));
    assert!(message.content.contains("Registre des membres") && message.content.contains("23\u{a0}membres"));
    assert!(!message.content.contains("06 39"), "phones stay behind their button");
    let page = texts::my_register::page(message, ground.lunel, 0, of);
    assert_eq!(page.faults(), Vec::<String>::new());
    let second = register::page(&ground.app, actor(CAMILLE), ground.lunel, 1, ground.now())
        .await
        .unwrap();
    let register::Shown::Page { message, .. } = second else {
        panic!()
    };
    assert!(message.content.contains("Paul DURAND"), "{}", message.content);
    for user in [AWA, NATIONAL, UserId(70)] {
        assert_eq!(
            refused(register::show(&ground.app, actor(user), ground.now()).await).0,
            Refusal::Reserved
        );
    }
    let other = register::page(&ground.app, actor(INES), ground.lunel, 0, ground.now()).await;
    assert_eq!(refused(other).0, Refusal::NotFound);
    ground.name_relay(ground.nimes, CAMILLE).await;
    let shown = register::show(&ground.app, actor(CAMILLE), ground.now()).await.unwrap();
    let register::Shown::Choose(groups) = shown else {
        panic!("a relay of two groups chooses")
    };
    assert_eq!(groups.len(), 2);

    assert_eq!(
        refused(register::export(&ground.app, actor(STRANGER), ground.now()).await).0,
        Refusal::Reserved,
        "a member reads, a relay exports"
    );
    let files = register::export(&ground.app, actor(CAMILLE), ground.now())
        .await
        .unwrap();
    assert_eq!(files.len(), 1, "Nîmes is empty");
    assert_eq!(files[0].name, "registre-lunel.csv");
    let text = String::from_utf8(files[0].bytes.clone()).unwrap();
    assert_eq!(text.lines().count(), 24);
    assert!(
        text.contains("1;Léa;'=Martin;;34400;01/03/2027;06 39 98 00 01;personne1@example.org"),
        "{text}"
    );
    assert!(text.contains("23;Paul;Durand;paul;"), "{text}");
    let mut tx = ground.app.store.read().await.unwrap();
    let person = memberships::get(&mut tx, linked.membership)
        .await
        .unwrap()
        .unwrap()
        .person;
    let lines = journal::of_person(&mut tx, person).await.unwrap();
    assert!(
        lines
            .iter()
            .any(|line| line.event == "access.coordinates" && line.actor == Some(CAMILLE))
    );
}

#[tokio::test]
async fn help_is_by_role_and_fits() {
    let ground = Ground::new().await;
    let titles = async |user| -> Vec<String> {
        let parts = help::parts(&ground.app, actor(user), ground.app.clock.now())
            .await
            .unwrap();
        assert_eq!(
            texts::help::show(&parts, &maillage::commands::registration::lines()).faults(),
            Vec::<String>::new()
        );
        parts.into_iter().map(|part| part.title).collect()
    };
    assert_eq!(titles(STRANGER).await, ["Pour tout le monde", "Vos données"]);
    assert_eq!(
        titles(CAMILLE).await,
        ["Pour tout le monde", "Relai local", "Vos données"]
    );
    assert_eq!(
        titles(AWA).await,
        ["Pour tout le monde", "Référent régional", "Vos données"]
    );
    assert_eq!(
        titles(NATIONAL).await,
        ["Pour tout le monde", "Équipe nationale", "Vos données"]
    );
    // Everything at once still fits one message.
    validate_linked(&ground, CAMILLE, &typed("Nadia", "Benali", 1), NATIONAL).await;
    ground.dismiss(ground.lunel, NOE).await;
    ground.name_relay(ground.lunel, NATIONAL).await;
    let mut tx = ground.app.store.write().await.unwrap();
    let region = maillage::domain::ids::RegionCode("76".to_owned());
    maillage::store::posts::name_referent(&mut tx, &region, NATIONAL, ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(titles(NATIONAL).await.len(), 6);
}
