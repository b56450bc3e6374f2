//! A group joins another, and is given back.

use chrono::TimeDelta;
use maillage::domain::ids::{JournalId, RegionCode, UserId};
use maillage::domain::ladder::{Counts, Step};
use maillage::domain::notice::Notice;
use maillage::error::Refusal;
use maillage::store::transfers;
use maillage::store::{groups, posts};
use maillage::usecases::regroup::merge as merging;
use maillage::usecases::{annul, group_changes, undo};
use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn what_is_shown_first_is_what_happens_and_nothing_happens_before() {
    let ground = villages(4, 2).await;
    let nadia = actor(NATIONAL);
    let (one, two) = (ground.nimes.to_string(), ground.lunel.to_string());
    let before = register(&ground).await;
    let (draft, shown) = merging::propose(&ground.app, nadia, &one, &two, ground.now())
        .await
        .unwrap();
    assert_eq!(register(&ground).await, before, "nothing has happened yet");
    assert_eq!(ground.told().await, []);
    assert_eq!((shown.moved, shown.reached.as_slice()), (2, [Step::Forming].as_slice()));
    assert!(shown.standing.contains("6 / 10"), "{}", shown.standing);
    let done = merging::confirm(&ground.app, nadia, &draft, ground.now())
        .await
        .unwrap();
    assert_eq!(
        (done.moved, done.reached, done.relieved.len()),
        (shown.moved, shown.reached, 1)
    );
    assert_eq!(
        counts(&ground, ground.lunel).await,
        Counts {
            signed_up: 6,
            members: 6
        }
    );
    // The numbers of Nîmes follow those of Lunel, in their order.
    assert_eq!(
        register(&ground).await,
        [
            "1 in 1 as 1",
            "2 in 1 as 2",
            "3 in 1 as 3",
            "4 in 1 as 4",
            "5 in 1 as 5",
            "6 in 1 as 6"
        ]
    );
    let (kind, _) = refused(merging::confirm(&ground.app, nadia, &draft, ground.now()).await);
    assert_eq!(kind, Refusal::Conflict, "the second press");
    let mut tx = ground.app.store.read().await.unwrap();
    assert_eq!(groups::get(&mut tx, ground.nimes).await.unwrap(), None);
    let found = groups::of_place(&mut tx, ground_territory(&ground, "30000").await, Some("30189"))
        .await
        .unwrap();
    assert_eq!(found, Some(ground.lunel), "whoever signs up there is on its list");
}

async fn ground_territory(ground: &Ground, code: &str) -> maillage::domain::ids::TerritoryId {
    ground.territory(code).await
}

#[tokio::test]
async fn relays_go_on_as_long_as_there_is_room_and_everyone_is_told() {
    let ground = villages(3, 1).await;
    // Lunel has Camille and Noé; Nîmes has Inès and Camille.
    ground.name_relay(ground.nimes, CAMILLE).await;
    ground.meet(INES, "Inès", false).await;
    let merged = merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    assert_eq!((merged.relays.len(), merged.relieved.len()), (2, 1));
    assert!(merged.relieved[0].contains("Inès"), "{:?}", merged.relieved);
    let whom = told(&ground, |notice| matches!(notice, Notice::GroupMerged { .. })).await;
    assert_eq!(whom, [user(CAMILLE), user(NOE), user(INES), user(AWA)]);
    undo_line(&ground, merged.line).await.unwrap();
    let mut tx = ground.app.store.read().await.unwrap();
    let relays = |found: Vec<posts::Holder>| found.into_iter().map(|holder| holder.user).collect::<Vec<_>>();
    assert_eq!(
        relays(posts::relays(&mut tx, ground.lunel).await.unwrap()),
        [CAMILLE, NOE]
    );
    assert_eq!(
        relays(posts::relays(&mut tx, ground.nimes).await.unwrap()),
        [CAMILLE, INES]
    );
    drop(tx);
    let whom = told(&ground, |notice| matches!(notice, Notice::GroupRestored { .. })).await;
    assert_eq!(whom, [user(CAMILLE), user(NOE), user(INES), user(AWA)]);
    // The other way round there is room for one.
    ground.dismiss(ground.lunel, NOE).await;
    ground.dismiss(ground.nimes, CAMILLE).await;
    let merged = merge(&ground, ground.lunel, ground.nimes).await.unwrap();
    assert_eq!((merged.relays.len(), merged.relieved.len()), (2, 0));
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused_with_its_reason() {
    let ground = villages(2, 2).await;
    let (kind, text) = refused(merge(&ground, ground.lunel, ground.lunel).await);
    assert_eq!(kind, Refusal::Invalid);
    assert!(text.contains("deux fois"), "{text}");
    let archived = group_changes::archive(&ground.app, actor(NATIONAL), &ground.lunel.to_string(), ground.now())
        .await
        .unwrap();
    let (kind, text) = refused(merge(&ground, ground.nimes, ground.lunel).await);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("archivé"), "{text}");
    // A group that is archived may still join one that is not.
    let merged = merge(&ground, ground.lunel, ground.nimes).await.unwrap();
    let (_, text) = refused(undo_line(&ground, archived.line.unwrap()).await);
    assert!(text.contains("changé"), "{text}");
    undo_line(&ground, merged.line).await.unwrap();
    undo_line(&ground, archived.line.unwrap()).await.unwrap();
    let one = ground.lunel.to_string();
    for stranger in [STRANGER, CAMILLE, AWA] {
        let outcome = merging::propose(&ground.app, actor(stranger), &one, "999", ground.now()).await;
        assert_eq!(refused(outcome).0, Refusal::Reserved);
    }
    assert_eq!(
        refused(merging::propose(&ground.app, actor(NATIONAL), &one, "999", ground.now()).await).0,
        Refusal::NotFound
    );
}

#[tokio::test]
async fn another_region_is_told_of() {
    let ground = villages(1, 1).await;
    let dole = ground.declare("39100").await;
    member(&ground, dole, 300, "39100", None).await;
    let region = RegionCode("27".to_owned());
    let other = UserId(1007);
    let mut tx = ground.app.store.write().await.unwrap();
    posts::name_referent(&mut tx, &region, other, ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let merged = merge(&ground, dole, ground.lunel).await.unwrap();
    assert_eq!(
        merged.regions,
        Some(("Bourgogne-Franche-Comté".to_owned(), "Occitanie".to_owned()))
    );
    let whom = told(&ground, |notice| matches!(notice, Notice::GroupMerged { .. })).await;
    assert_eq!(whom, [user(CAMILLE), user(NOE), user(AWA), user(other)]);
}

#[tokio::test]
async fn open_transfers_follow_their_people() {
    let ground = villages(2, 2).await;
    let sete = ground.declare("34200").await;
    let far = member(&ground, sete, 300, "34200", None).await;
    let mut tx = ground.app.store.write().await.unwrap();
    // Of Nîmes to Sète, of Sète to Nîmes, of Nîmes to Lunel.
    let [away, there, pointless] = [
        (PersonId(3), ground.nimes, sete),
        (far, sete, ground.nimes),
        (PersonId(4), ground.nimes, ground.lunel),
    ]
    .map(|(person, from, to)| (person, from, to, CAMILLE));
    let mut ids = Vec::new();
    for (person, from, to, by) in [away, there, pointless] {
        ids.push(
            transfers::ask(&mut tx, person, from, to, by, ground.now())
                .await
                .unwrap()
                .0,
        );
    }
    tx.commit().await.unwrap();
    let merged = merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    assert_eq!(merged.transfers_closed, 1);
    let ends = async || {
        let mut tx = ground.app.store.read().await.unwrap();
        let mut found = Vec::new();
        for id in &ids {
            let transfer = transfers::get(&mut tx, *id).await.unwrap().unwrap();
            found.push((transfer.from, transfer.to, transfer.closed));
        }
        found
    };
    let dropped = Some(transfers::Closed::Dropped);
    assert_eq!(
        ends().await,
        [
            (ground.lunel, sete, None),
            (sete, ground.lunel, None),
            (ground.lunel, ground.lunel, dropped)
        ]
    );
    undo_line(&ground, merged.line).await.unwrap();
    assert_eq!(
        ends().await[..2],
        [(ground.nimes, sete, None), (sete, ground.nimes, None)]
    );
}

#[tokio::test]
async fn cards_held_open_by_who_is_no_longer_relay_are_closed() {
    let ground = villages(1, 1).await;
    inscrit(&ground, 200, "30000", Some("30189")).await;
    execute(
        &ground,
        "UPDATE people SET lease_user = CASE WHEN id = 1 THEN 1001 ELSE 1003 END, lease_until = 4000000000",
    )
    .await;
    merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    assert_eq!(
        raw_rows(
            &ground,
            "SELECT id || ' ' || lease_user FROM people WHERE lease_user IS NOT NULL"
        )
        .await,
        ["1 1001"]
    );
}

#[tokio::test]
async fn two_nationals_at_once_make_one_merge() {
    let ground = villages(2, 2).await;
    let other = UserId(1010);
    ground.meet(other, "Autre", true).await;
    let (one, two) = (ground.nimes.to_string(), ground.lunel.to_string());
    let (first, _) = merging::propose(&ground.app, actor(NATIONAL), &one, &two, ground.now())
        .await
        .unwrap();
    let (second, _) = merging::propose(&ground.app, actor(other), &one, &two, ground.now())
        .await
        .unwrap();
    let (backwards, _) = merging::propose(&ground.app, actor(other), &two, &one, ground.now())
        .await
        .unwrap();
    let (a, b) = tokio::join!(
        merging::confirm(&ground.app, actor(NATIONAL), &first, ground.now()),
        merging::confirm(&ground.app, actor(other), &second, ground.now()),
    );
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
    let lost = if a.is_err() { a } else { b };
    let (kind, text) = refused(lost);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("déjà réunis"), "{text}");
    let (kind, _) = refused(merging::confirm(&ground.app, actor(other), &backwards, ground.now()).await);
    assert_eq!(kind, Refusal::Conflict, "the other way round comes too late");
    // Somebody else's draft, and one that is an hour old, confirm nothing.
    ground.advance(TimeDelta::hours(2));
    let (kind, _) = refused(merging::confirm(&ground.app, actor(NATIONAL), &backwards, ground.now()).await);
    assert_eq!(kind, Refusal::Conflict);
}

#[tokio::test]
async fn an_undo_gives_back_and_what_came_since_stays() {
    let ground = villages(3, 6).await;
    let (before, reached) = (register(&ground).await, steps(&ground).await);
    let [lunel, nimes] = [counts(&ground, ground.lunel).await, counts(&ground, ground.nimes).await];
    let merged = merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    // One leaves, one comes, since.
    leave(&ground, PersonId(9)).await;
    let new = member(&ground, ground.lunel, 400, "30000", Some("30189")).await;
    let preview = undo::preview(&ground.app, actor(NATIONAL), merged.line, ground.now())
        .await
        .unwrap();
    assert!(
        preview.contains("5\u{a0}membres") && preview.contains("4\u{a0}membres restent"),
        "{preview}"
    );
    undo_line(&ground, merged.line).await.unwrap();
    let mut expected: Vec<String> = before
        .iter()
        .filter(|line| !line.starts_with("9 in"))
        .cloned()
        .collect();
    expected.push(format!("{new} in {} as 10", ground.lunel));
    expected.sort();
    let mut now = register(&ground).await;
    now.sort();
    assert_eq!(now, expected);
    assert_eq!(counts(&ground, ground.lunel).await.members, lunel.members + 1);
    assert_eq!(counts(&ground, ground.nimes).await.members, nimes.members - 1);
    let after = steps(&ground).await;
    assert!(reached.iter().all(|step| after.contains(step)), "steps never go back");
    assert!(after.len() > reached.len(), "Lunel keeps what it had reached");
    let (kind, text) = refused(undo_line(&ground, merged.line).await);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("déjà défait"), "{text}");
    // A number of the past is never given again, in either register.
    let again = member(&ground, ground.nimes, 401, "30000", Some("30189")).await;
    assert!(
        register(&ground)
            .await
            .contains(&format!("{again} in {} as 7", ground.nimes))
    );
}

#[tokio::test]
async fn thirty_days_then_no_longer_and_the_later_change_first() {
    let ground = villages(1, 1).await;
    let sete = ground.declare("34200").await;
    let first = merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    let second = merge(&ground, ground.lunel, sete).await.unwrap();
    let (kind, text) = refused(undo_line(&ground, first.line).await);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("changé"), "Lunel is not there: {text}");
    undo_line(&ground, second.line).await.unwrap();
    let third = merge(&ground, sete, ground.lunel).await.unwrap();
    let (_, text) = refused(undo_line(&ground, first.line).await);
    assert!(text.contains("plus récent"), "{text}");
    undo_line(&ground, third.line).await.unwrap();
    let (_, text) = refused(undo_line(&ground, JournalId(1)).await);
    assert!(text.contains("ne se défait pas"), "{text}");
    assert_eq!(
        refused(undo::undo(&ground.app, actor(AWA), first.line, ground.now()).await).0,
        Refusal::Reserved
    );
    ground.advance(TimeDelta::days(30));
    let (kind, text) = refused(undo_line(&ground, first.line).await);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("30\u{a0}jours sont passés"), "{text}");
}

#[tokio::test]
async fn a_name_taken_since_or_a_changed_territory_stops_an_undo() {
    let ground = villages(1, 1).await;
    let merged = merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    let nadia = actor(NATIONAL);
    let lunel = ground.lunel.to_string();
    let renamed = group_changes::rename(&ground.app, nadia, &lunel, "Nîmes", ground.now())
        .await
        .unwrap();
    let (_, text) = refused(undo_line(&ground, merged.line).await);
    assert!(text.contains("s’appelle déjà"), "{text}");
    undo_line(&ground, renamed.line.unwrap()).await.unwrap();
    execute(&ground, "DELETE FROM group_territories WHERE territory_id = 2").await;
    let (_, text) = refused(undo_line(&ground, merged.line).await);
    assert!(text.contains("territoire"), "{text}");
}

#[tokio::test]
async fn a_validation_can_still_be_annulled_after_the_merge() {
    let ground = villages(1, 0).await;
    let person = inscrit(&ground, 200, "30000", Some("30189")).await;
    let membership = enter(&ground, ground.nimes, person).await;
    merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    let done = annul::annul(&ground.app, actor(NOE), membership, "Une erreur", ground.now())
        .await
        .unwrap();
    assert_eq!(done.group, "Lunel");
    let refusal = refused(annul::annul(&ground.app, actor(INES), membership, "Une erreur", ground.now()).await);
    assert_eq!(refusal.0, Refusal::Reserved);
}

#[tokio::test]
async fn the_emptied_group_keeps_its_space_for_its_members_alone() {
    let ground = villages(5, 5).await;
    for (n, account) in [(1, 2001), (6, 2006), (7, 2007)] {
        ground.meet(UserId(account), &format!("membre{n}"), false).await;
    }
    execute(
        &ground,
        "UPDATE people SET discord_user = 2000 + id WHERE id IN (1, 6, 7)",
    )
    .await;
    ground.meet(INES, "Inès", false).await;
    // Without a space of its own, nothing of the emptied group is shown.
    let merged = merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    assert_eq!(snapshot_of(&ground).await.groups.len(), 1);
    undo_line(&ground, merged.line).await.unwrap();
    execute(
        &ground,
        "INSERT INTO bindings (key, guild, kind, discord_id, intended_at) VALUES ('group:2:role', 1, 'role', 5, 0)",
    )
    .await;
    ground.dismiss(ground.lunel, NOE).await;
    merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    leave(&ground, PersonId(7)).await;
    let snapshot = snapshot_of(&ground).await;
    let nimes = snapshot.groups.iter().find(|group| group.id == ground.nimes).unwrap();
    let facts = nimes.merged.as_ref().unwrap();
    assert_eq!(
        (facts.into.as_str(), nimes.members.len(), nimes.relays.len()),
        ("Lunel", 0, 0)
    );
    assert_eq!(
        facts.readers.iter().copied().collect::<Vec<_>>(),
        [INES, UserId(2006)],
        "neither Lunel's own members nor who has left"
    );
}

/// One thing that happens between a merge and its undo.
#[derive(Debug, Clone, Copy)]
enum Event {
    Enter,
    Leave(u32),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_merge_and_its_undo_lose_nobody(
        lunel in 0u32..12,
        nimes in 0u32..12,
        events in proptest::collection::vec(
            prop_oneof![Just(Event::Enter), (0u32..24).prop_map(Event::Leave)], 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let ground = villages(lunel, nimes).await;
            let before = register(&ground).await;
            let reached = steps(&ground).await;
            let merged = merge(&ground, ground.nimes, ground.lunel).await.unwrap();
            assert_eq!(counts(&ground, ground.lunel).await.members, lunel + nimes);
            assert_eq!(counts(&ground, ground.lunel).await.signed_up, lunel + nimes);
            let (mut gone, mut come) = (Vec::new(), 0);
            for (n, event) in events.iter().enumerate() {
                match event {
                    Event::Enter => {
                        member(&ground, ground.lunel, 500 + u32::try_from(n).unwrap(), "34400", None).await;
                        come += 1;
                    }
                    Event::Leave(which) => {
                        let id = i64::from(*which) + 1;
                        if id <= i64::from(lunel + nimes) && !gone.contains(&id) {
                            leave(&ground, PersonId(id)).await;
                            gone.push(id);
                        }
                    }
                }
            }
            undo_line(&ground, merged.line).await.unwrap();
            let now = register(&ground).await;
            for line in &before {
                let left = gone.iter().any(|id| line.starts_with(&format!("{id} in")));
                assert_eq!(now.contains(line), !left, "{line}: the group and the number of before");
            }
            assert_eq!(now.len(), before.len() - gone.len() + come);
            let after = steps(&ground).await;
            assert!(reached.iter().all(|step| after.contains(step)), "steps never go back");
            let twice = raw_rows(&ground,
                "SELECT group_id || ' ' || number FROM ( \
                    SELECT group_id, number, id FROM memberships \
                    UNION SELECT from_group, from_number, membership_id FROM passages \
                    UNION SELECT to_group, to_number, membership_id FROM passages) \
                 GROUP BY group_id, number HAVING count(*) > 1").await;
            assert_eq!(twice, Vec::<String>::new(), "no number is given twice");
        });
    }
}
