//! Out of a group again: annulment, `/retirer`, «Ce n’est pas moi»; and what members read of their group.

use chrono::TimeDelta;
use maillage::domain::contact::CallState;
use maillage::domain::ids::{GroupId, MembershipId, PersonId, UserId};
use maillage::domain::ladder::Step;
use maillage::domain::notice::{Notice, Recipient};
use maillage::error::Refusal;
use maillage::store::memberships::End;
use maillage::store::{journal, ladder, memberships, participation, people};
use maillage::texts;
use maillage::texts::my_group::Shown;
use maillage::usecases::annul::{allow, annul};
use maillage::usecases::not_me::unlink;
use maillage::usecases::retirer::{Asked, remove};
use maillage::usecases::validation::Typed;
use maillage::usecases::{coordinates, lookup, my_group};

use super::validation::{members, validate, validate_linked};
use crate::ground::*;

async fn person_of(ground: &Ground, membership: MembershipId) -> PersonId {
    let mut tx = ground.app.store.read().await.unwrap();
    memberships::get(&mut tx, membership).await.unwrap().unwrap().person
}

async fn call_state(ground: &Ground, person: PersonId) -> CallState {
    let mut tx = ground.app.store.read().await.unwrap();
    people::get(&mut tx, person).await.unwrap().unwrap().call
}

#[tokio::test]
async fn a_relay_annuls_for_a_day() {
    let ground = Ground::new().await;
    let known = typed("Paul", "Durand", 7);
    let id = ground.inscrit(&known).await;
    let confirmed = validate_linked(&ground, CAMILLE, &known, STRANGER).await;
    ground.told().await;
    assert_eq!(call_state(&ground, id).await, CallState::Validated);
    ground.advance(TimeDelta::hours(23));
    // Any relay of the group may.
    allow(&ground.app, actor(NOE), confirmed.membership, ground.now())
        .await
        .unwrap();
    let (kind, _) = refused(annul(&ground.app, actor(NOE), confirmed.membership, "  ", ground.now()).await);
    assert_eq!(kind, Refusal::Invalid, "a reason is asked");
    let done = annul(
        &ground.app,
        actor(NOE),
        confirmed.membership,
        "Erreur de personne",
        ground.now(),
    )
    .await
    .unwrap();
    assert_eq!((done.name.as_str(), done.group.as_str()), ("Paul D.", "Lunel"));
    assert!(done.standing.contains("0 / 5"), "{}", done.standing);

    assert_eq!(members(&ground, ground.lunel).await, 0);
    assert_eq!(call_state(&ground, id).await, CallState::ToCall, "back in the contacts");
    let mut tx = ground.app.store.read().await.unwrap();
    assert!(
        people::of_account(&mut tx, STRANGER).await.unwrap().is_none(),
        "the link of this validation is undone"
    );
    let ended = memberships::get(&mut tx, confirmed.membership)
        .await
        .unwrap()
        .unwrap()
        .ended;
    assert_eq!(ended, Some((ground.now(), End::Annulment)));
    let reason = participation::reason(&mut tx, confirmed.membership).await.unwrap();
    assert_eq!(reason.as_deref(), Some("Erreur de personne"));
    let lines = journal::of_person(&mut tx, id).await.unwrap();
    let last = lines.last().unwrap();
    assert_eq!((last.event.as_str(), last.actor), ("membership.annulled", Some(NOE)));
    assert!(!format!("{lines:?}").contains("Erreur"), "no free text in the journal");
    drop(tx);
    let notice = Notice::Annulled {
        membership: confirmed.membership,
        by: NOE,
    };
    assert_eq!(
        ground.told().await,
        [(Recipient::User(AWA), notice)],
        "the referent is told"
    );

    let (kind, text) = refused(
        annul(
            &ground.app,
            actor(CAMILLE),
            confirmed.membership,
            "encore",
            ground.now(),
        )
        .await,
    );
    assert_eq!((kind, text), (Refusal::Conflict, texts::annul::already()));
}

#[tokio::test]
async fn a_day_later_only_the_referent_and_two_weeks_later_nobody() {
    let ground = Ground::new().await;
    let one = validate(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    let two = validate(&ground, CAMILLE, &typed("Paul", "Durand", 2)).await;
    ground.advance(TimeDelta::hours(24) + TimeDelta::seconds(1));
    let (kind, text) = refused(allow(&ground.app, actor(CAMILLE), one.membership, ground.now()).await);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("24"), "{text}");
    refused(annul(&ground.app, actor(CAMILLE), one.membership, "trop tard", ground.now()).await);
    assert_eq!(members(&ground, ground.lunel).await, 2);
    ground.advance(TimeDelta::days(12));
    ground.told().await;
    annul(&ground.app, actor(AWA), one.membership, "Pas joignable", ground.now())
        .await
        .unwrap();
    let told = ground.told().await;
    let notice = Notice::Annulled {
        membership: one.membership,
        by: AWA,
    };
    for relay in [CAMILLE, NOE] {
        assert!(told.contains(&(Recipient::User(relay), notice.clone())), "{relay}");
    }
    ground.advance(TimeDelta::days(2));
    for user in [AWA, NATIONAL] {
        let (kind, text) = refused(annul(&ground.app, actor(user), two.membership, "trop tard", ground.now()).await);
        assert_eq!(kind, Refusal::Conflict);
        assert!(text.contains("14"), "{text}");
    }
    assert_eq!(members(&ground, ground.lunel).await, 1);
}

#[tokio::test]
async fn others_cannot_annul() {
    let ground = Ground::new().await;
    let confirmed = validate_linked(&ground, CAMILLE, &typed("Léa", "Martin", 1), UserId(60)).await;
    let at = ground.now();
    // Neither a stranger nor the member himself.
    for user in [STRANGER, UserId(60)] {
        let (kind, _) = refused(annul(&ground.app, actor(user), confirmed.membership, "x", at).await);
        assert_eq!(kind, Refusal::Reserved);
    }
    let (kind, elsewhere) = refused(annul(&ground.app, actor(INES), confirmed.membership, "x", at).await);
    let (_, missing) = refused(annul(&ground.app, actor(INES), MembershipId(999), "x", at).await);
    assert_eq!(
        (kind, &elsewhere),
        (Refusal::NotFound, &missing),
        "out of scope and non-existent are told alike"
    );
    ground.dismiss(ground.lunel, CAMILLE).await;
    let (kind, _) = refused(annul(&ground.app, actor(CAMILLE), confirmed.membership, "x", at).await);
    assert_eq!(kind, Refusal::Reserved);
    assert_eq!(members(&ground, ground.lunel).await, 1);
}

#[tokio::test]
async fn a_step_survives_an_annulment_and_shows_since_when_it_is_under() {
    let ground = Ground::new().await;
    let mut last = None;
    for n in 1..=5 {
        last = Some(validate(&ground, CAMILLE, &typed("Léa", "Martin", n)).await);
    }
    ground.advance(TimeDelta::hours(1));
    annul(
        &ground.app,
        actor(CAMILLE),
        last.unwrap().membership,
        "Erreur",
        ground.now(),
    )
    .await
    .unwrap();
    let mut tx = ground.app.store.read().await.unwrap();
    let steps = ladder::steps(&mut tx, ground.lunel).await.unwrap();
    let forming = steps.iter().find(|step| step.step == Step::Forming).unwrap();
    assert_eq!(forming.under_since, Some(ground.now()));
    drop(tx);
    ground.told().await;
    // Back at five: the step is not announced a second time.
    let again = validate(&ground, CAMILLE, &typed("Inès", "Petit", 6)).await;
    assert_eq!(again.crossed, None);
    let told = ground.told().await;
    assert!(
        !told
            .iter()
            .any(|(_, notice)| matches!(notice, Notice::StepReached { .. })),
        "{told:?}"
    );
}

#[tokio::test]
async fn someone_who_had_refused_refuses_again_after_an_annulment() {
    let ground = Ground::new().await;
    let known = typed("Paul", "Durand", 7);
    let id = ground.inscrit(&known).await;
    let mut tx = ground.app.store.write().await.unwrap();
    participation::refuses(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    let confirmed = validate(&ground, CAMILLE, &known).await;
    let mut tx = ground.app.store.read().await.unwrap();
    assert_eq!(
        ladder::counts(&mut tx, ground.lunel).await.unwrap().signed_up,
        1,
        "a member counts as inscrit"
    );
    drop(tx);
    annul(
        &ground.app,
        actor(CAMILLE),
        confirmed.membership,
        "Erreur",
        ground.now(),
    )
    .await
    .unwrap();
    assert_eq!(call_state(&ground, id).await, CallState::Refused);
}

fn leave<'a>(person: &'a str, why: End, group: Option<&'a str>) -> Asked<'a> {
    Asked { person, why, group }
}

#[tokio::test]
async fn a_participation_ends_for_one_of_the_reasons() {
    let ground = Ground::new().await;
    for (n, why, after) in [
        (1, End::Departure, CallState::Refused),
        (2, End::Move, CallState::ToCall),
        (3, End::Death, CallState::Refused),
        (4, End::Mistake, CallState::ToCall),
    ] {
        let form = typed("Léa", "Martin", n);
        let id = ground.inscrit(&form).await;
        let confirmed = validate(&ground, CAMILLE, &form).await;
        let done = remove(
            &ground.app,
            actor(CAMILLE),
            &leave(&id.to_string(), why, None),
            ground.now(),
        )
        .await
        .unwrap();
        assert_eq!((done.name.as_str(), done.why), ("Léa M.", why));
        let mut tx = ground.app.store.read().await.unwrap();
        let ended = memberships::get(&mut tx, confirmed.membership)
            .await
            .unwrap()
            .unwrap()
            .ended;
        assert_eq!(ended.map(|(_, why)| why), Some(why));
        drop(tx);
        assert_eq!(call_state(&ground, id).await, after, "{why:?}");
        // Nobody leaves twice.
        let again = remove(
            &ground.app,
            actor(CAMILLE),
            &leave(&id.to_string(), why, None),
            ground.now(),
        )
        .await;
        assert_eq!(refused(again).0, Refusal::NotFound);
    }
    assert_eq!(members(&ground, ground.lunel).await, 0);
}

#[tokio::test]
async fn a_relay_alone_cannot_exclude() {
    let ground = Ground::new().await;
    let confirmed = validate(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    let id = person_of(&ground, confirmed.membership).await.to_string();
    for user in [CAMILLE, AWA, NATIONAL] {
        let (kind, text) = refused(
            remove(
                &ground.app,
                actor(user),
                &leave(&id, End::Exclusion, None),
                ground.now(),
            )
            .await,
        );
        assert_eq!(kind, Refusal::Conflict);
        assert!(text.contains("décision"), "{text}");
    }
    assert_eq!(members(&ground, ground.lunel).await, 1);
}

#[tokio::test]
async fn who_may_remove_whom() {
    let ground = Ground::new().await;
    let confirmed = validate(&ground, CAMILLE, &typed("Léa", "Martin", 1)).await;
    let id = person_of(&ground, confirmed.membership).await.to_string();
    let ask = leave(&id, End::Departure, None);
    assert_eq!(
        refused(remove(&ground.app, actor(STRANGER), &ask, ground.now()).await).0,
        Refusal::Reserved
    );
    let (kind, elsewhere) = refused(remove(&ground.app, actor(INES), &ask, ground.now()).await);
    let missing = leave("99999", End::Departure, None);
    let (_, nobody) = refused(remove(&ground.app, actor(INES), &missing, ground.now()).await);
    assert_eq!((kind, &elsewhere), (Refusal::NotFound, &nobody));
    let wrong_group = leave(&id, End::Departure, Some("Nîmes"));
    assert_eq!(
        refused(remove(&ground.app, actor(AWA), &wrong_group, ground.now()).await).0,
        Refusal::NotFound
    );
    // By a full phone, as it is written, by the referent.
    let number = phone(1);
    let by_phone = leave(&number, End::Departure, None);
    assert_eq!(
        refused(remove(&ground.app, actor(INES), &by_phone, ground.now()).await).0,
        Refusal::NotFound
    );
    remove(&ground.app, actor(AWA), &by_phone, ground.now()).await.unwrap();
    assert_eq!(members(&ground, ground.lunel).await, 0);
}

#[tokio::test]
async fn members_are_suggested_within_reach_only() {
    let ground = Ground::new().await;
    validate(&ground, CAMILLE, &typed("Zoé", "Lefèvre", 1)).await;
    validate(
        &ground,
        INES,
        &Typed {
            postal_code: "30000".to_owned(),
            ..typed("Zoé", "Nîmoise", 2)
        },
    )
    .await;
    let labels = async |user, typed: &str, group: Option<&str>| -> Vec<String> {
        let found = lookup::suggest(&ground.app, actor(user), typed, group).await.unwrap();
        found.into_iter().map(|suggestion| suggestion.label).collect()
    };
    assert_eq!(labels(CAMILLE, "zoe", None).await, ["Zoé L. — Lunel"]);
    assert_eq!(labels(INES, "ZOÉ", None).await, ["Zoé N. — Nîmes"]);
    assert_eq!(labels(CAMILLE, "zoe", Some("Nîmes")).await, Vec::<String>::new());
    // A referent does not browse a région by name: a group, or a full phone or mail.
    assert_eq!(labels(AWA, "zoe", None).await, Vec::<String>::new());
    assert_eq!(
        labels(AWA, "zoe", Some(&ground.nimes.to_string())).await,
        ["Zoé N. — Nîmes"]
    );
    assert_eq!(labels(AWA, "personne1@example.org", None).await, ["Zoé L. — Lunel"]);
    refused(lookup::suggest(&ground.app, actor(STRANGER), "zoe", None).await);
    let groups = lookup::suggest_groups(&ground.app, actor(AWA), "lun").await.unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].value, ground.lunel.to_string());
    assert_eq!(
        lookup::suggest_groups(&ground.app, actor(INES), "lun")
            .await
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test]
async fn not_me_unlinks_at_once_and_only_once() {
    let ground = Ground::new().await;
    let confirmed = validate_linked(&ground, CAMILLE, &typed("Léa", "Martin", 1), STRANGER).await;
    let id = person_of(&ground, confirmed.membership).await;
    ground.told().await;
    // Another account pressing that button changes nothing.
    assert_eq!(
        refused(unlink(&ground.app, actor(UserId(61)), id, ground.now()).await).0,
        Refusal::Conflict
    );
    unlink(&ground.app, actor(STRANGER), id, ground.now()).await.unwrap();
    let mut tx = ground.app.store.read().await.unwrap();
    let person = people::get(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(
        (person.discord, person.member_of),
        (None, Some(ground.lunel)),
        "still a member, without account"
    );
    drop(tx);
    let notice = Notice::NotMe {
        person: id,
        group: ground.lunel,
    };
    let told = ground.told().await;
    for relay in [CAMILLE, NOE] {
        assert!(told.contains(&(Recipient::User(relay), notice.clone())), "{relay}");
    }
    let (kind, text) = refused(unlink(&ground.app, actor(STRANGER), id, ground.now()).await);
    assert_eq!((kind, text), (Refusal::Conflict, texts::not_me::already()));
}

#[tokio::test]
async fn coordinates_are_read_by_the_group_page_by_page_and_each_reading_is_journaled() {
    let ground = Ground::new().await;
    for n in 1..=22 {
        validate(&ground, CAMILLE, &typed("Léa", "Martin", n)).await;
    }
    let linked = validate_linked(&ground, CAMILLE, &typed("Paul", "Durand", 23), STRANGER).await;
    let readings = async |person: PersonId| {
        let mut tx = ground.app.store.read().await.unwrap();
        let lines = journal::of_person(&mut tx, person).await.unwrap();
        lines.iter().filter(|line| line.event == "access.coordinates").count()
    };
    let last = person_of(&ground, linked.membership).await;
    let open = async |user, page| coordinates::open(&ground.app, actor(user), ground.lunel, page, ground.now()).await;
    let first = open(STRANGER, 0).await.unwrap();
    assert_eq!((first.lines.len(), first.index, first.of), (20, 0, 2));
    assert_eq!(readings(last).await, 0, "only the opened page is journaled");
    let message = texts::coordinates::page(&first);
    assert_eq!(message.faults(), Vec::<String>::new());
    assert!(message.embeds[0].description.contains("06 39 98 00 01"));
    let second = open(CAMILLE, 1).await.unwrap();
    assert_eq!(second.lines.len(), 3);
    assert_eq!(readings(last).await, 1);
    assert_eq!(
        open(CAMILLE, 9).await.unwrap().index,
        1,
        "beyond the end is the last page"
    );
    for (user, expected) in [
        (INES, Refusal::NotFound),
        (UserId(62), Refusal::Reserved),
        (AWA, Refusal::Reserved),
        (NATIONAL, Refusal::Reserved),
    ] {
        assert_eq!(refused(open(user, 0).await).0, expected, "{user}");
    }
    assert_eq!(
        refused(coordinates::open(&ground.app, actor(STRANGER), GroupId(99), 0, ground.now()).await).0,
        Refusal::NotFound
    );
    remove(
        &ground.app,
        actor(CAMILLE),
        &leave(&last.to_string(), End::Departure, None),
        ground.now(),
    )
    .await
    .unwrap();
    assert_eq!(
        refused(open(STRANGER, 0).await).0,
        Refusal::Reserved,
        "who has left reads no longer"
    );
}

#[tokio::test]
async fn my_group_tells_where_it_stands_or_how_to_join() {
    let ground = Ground::new().await;
    ground.meet(CAMILLE, "Camille", false).await;
    for n in 1..=6 {
        validate(&ground, CAMILLE, &typed("Léa", "Martin", n)).await;
    }
    validate_linked(&ground, CAMILLE, &typed("Paul", "Durand", 7), STRANGER).await;
    let Shown::Member(mine) = my_group::show(&ground.app, actor(STRANGER), ground.now())
        .await
        .unwrap()
    else {
        panic!("a member")
    };
    assert_eq!((mine.members, mine.next), (7, Some((Step::Assembly, 10))));
    assert_eq!(mine.relays, [(CAMILLE, Some("Camille".to_owned())), (NOE, None)]);
    assert_eq!(mine.referents, [(AWA, None)]);
    let text = texts::my_group::show(&Shown::Member(mine));
    assert!(
        text.embeds[0].description.contains("7 / 10"),
        "{}",
        text.embeds[0].description
    );

    let nobody = my_group::show(&ground.app, actor(UserId(63)), ground.now())
        .await
        .unwrap();
    let Shown::NoGroup(none) = &nobody else {
        panic!("no member")
    };
    assert_eq!((&none.basin, none.relays.len()), (&None, 0));
    assert_eq!(texts::my_group::show(&nobody).faults(), Vec::<String>::new());

    // Someone on file, linked, without a group: the number of people of the basin is known.
    let id = ground.inscrit(&typed("Zoé", "Lefèvre", 30)).await;
    let mut tx = ground.app.store.write().await.unwrap();
    people::link(&mut tx, id, Some(UserId(64)), ground.now()).await.unwrap();
    tx.commit().await.unwrap();
    let Shown::NoGroup(none) = my_group::show(&ground.app, actor(UserId(64)), ground.now())
        .await
        .unwrap()
    else {
        panic!("no member")
    };
    let basin = none.basin.unwrap();
    assert_eq!(
        (basin.name.as_str(), basin.signed_up, basin.group.as_deref()),
        ("Lunel (Hérault)", 1, Some("Lunel"))
    );
}
