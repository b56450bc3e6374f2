//! The national team's desk: people to place, records to make one, groups to rename and archive, and what can be undone.

use chrono::TimeDelta;
use maillage::domain::ids::{GroupId, JournalId, PersonId};
use maillage::domain::import::Progress;
use maillage::error::{Failure, Outcome, Refusal};
use maillage::store::undos;
use maillage::usecases::placing::Placing;
use maillage::usecases::{group_changes, groups, import, merging, placing, undo};
use tokio::sync::watch;

use crate::world::{World, actor};

const NATIONAL: u64 = 10;

async fn world(lines: &[&str]) -> World {
    let world = World::new().await;
    world.national(NATIONAL).await;
    let file = format!("prenom;nom;telephone;mail;cp;date\n{}\n", lines.join("\n"));
    let progress = watch::Sender::new(Progress::default());
    import::apply(&world.app, None, file.into_bytes(), world.now(), &progress)
        .await
        .unwrap();
    world
}

fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> (Refusal, String) {
    match outcome.unwrap_err() {
        Failure::User(error) => (error.kind, error.text),
        Failure::Internal(error) => panic!("{error:?}"),
    }
}

/// Everyone on file, but for nonces and the instant of the last change.
async fn people(world: &World) -> Vec<String> {
    world
        .rows(
            "SELECT json_array(id, sealed IS NULL, hex(mail_index), hex(phone_index), hex(name_index), postal_code, insee, \
             territory_id, placed, source, signed_up_on, discord_user, linked_at, call_state, call_back_on, last_call_at, \
             number_blocked, merged_into) FROM people",
        )
        .await
}

const HOUSEHOLD: [&str; 3] = [
    "Camille;Dupré;06 39 98 00 01;camille@example.org;34400;02/01/2027",
    "Camille;Dupre;;camille.d@example.org;34400;05/01/2027",
    "Noé;Dupré;06 39 98 00 01;noe@example.org;34400;",
];

#[tokio::test]
async fn nobody_is_invisible_and_a_placed_person_may_ripen_a_group() {
    let mut lines: Vec<String> = (0..4)
        .map(|n| format!("Lou;Roche{n};;lou{n}@example.org;34400;"))
        .collect();
    lines.push("Ana;Roux;;ana@example.org;34999;".to_owned());
    lines.push("Eva;Roux;;eva@example.org;98800;".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let world = world(&lines).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    assert_eq!(refusal(placing::list(app, actor(11), 0).await).0, Refusal::Reserved);
    let list = placing::list(app, nadia, 0).await.unwrap();
    assert_eq!(
        (list.waiting, list.people.len(), list.people[0].name.as_str()),
        (2, 2, "Ana R.")
    );
    assert!(
        list.people[1].place.is_some(),
        "a collectivity without a basin is named"
    );
    let ana = list.people[0].id;
    assert_eq!(
        refusal(placing::search(app, nadia, ana, "zzz", now).await).0,
        Refusal::NotFound
    );
    let Placing::Choose(found) = placing::search(app, nadia, ana, "saint", now).await.unwrap() else {
        panic!("several basins answer")
    };
    assert!(found.len() > 1 && found.len() <= 25);
    let Placing::Done(done) = placing::search(app, nadia, ana, "lunel", now).await.unwrap() else {
        panic!("one basin answers")
    };
    assert_eq!(
        (done.place.as_str(), done.declared),
        ("Lunel (Hérault)", vec!["Lunel".to_owned()])
    );
    let key = maillage::domain::territory::TerritoryKey::parse(&found[0].0).unwrap();
    assert_eq!(
        refusal(placing::place(app, nadia, ana, &key, now).await).0,
        Refusal::Conflict
    );
    assert_eq!(placing::list(app, nadia, 7).await.unwrap().people.len(), 1);
    assert_eq!(world.rows("SELECT placed FROM people WHERE id = 5").await, ["manuel"]);
}

#[tokio::test]
async fn pairs_are_shown_side_by_side_and_a_verdict_is_kept() {
    let world = world(&HOUSEHOLD).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    assert_eq!(
        refusal(merging::pair(app, actor(11), 0, now).await).0,
        Refusal::Reserved
    );
    let view = merging::pair(app, nadia, 0, now).await.unwrap().unwrap();
    assert_eq!(
        (view.left.id, view.right.id, view.waiting),
        (PersonId(1), PersonId(2), 2)
    );
    assert_eq!(
        world
            .number("SELECT count(*) FROM journal WHERE event = 'access.coordinates' AND actor = 10")
            .await,
        2
    );
    let next = merging::pair(app, nadia, 1, now).await.unwrap().unwrap();
    merging::distinct(app, nadia, next.left.id, next.right.id, now)
        .await
        .unwrap();
    assert_eq!(
        refusal(merging::distinct(app, nadia, next.left.id, next.right.id, now).await).0,
        Refusal::Conflict
    );
    assert_eq!(merging::pair(app, nadia, 9, now).await.unwrap().unwrap().waiting, 1);
    merging::merge(app, nadia, PersonId(1), PersonId(2), now).await.unwrap();
    assert_eq!(merging::pair(app, nadia, 0, now).await.unwrap(), None);
}

#[tokio::test]
async fn a_merge_loses_nothing_and_its_undo_gives_everything_back() {
    let world = world(&HOUSEHOLD).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    world
        .execute("UPDATE people SET discord_user = 77, linked_at = 5 WHERE id = 1")
        .await;
    world
        .execute(
            "UPDATE people SET call_state = 'a_rappeler', call_back_on = '2027-04-01', last_call_at = 9 WHERE id = 2",
        )
        .await;
    world
        .execute("INSERT INTO calls (person_id, at, user_id, outcome) VALUES (2, 9, 5, 'a_rappeler')")
        .await;
    let before = people(&world).await;
    let done = merging::merge(app, nadia, PersonId(2), PersonId(1), now).await.unwrap();
    assert_eq!(
        world
            .rows("SELECT json_array(id, merged_into, call_state, signed_up_on, discord_user) FROM people WHERE id < 3")
            .await,
        [
            "[1,null,\"a_rappeler\",\"2027-01-02\",77]",
            "[2,1,\"a_rappeler\",\"2027-01-05\",null]"
        ]
    );
    assert_eq!(world.number("SELECT person_id FROM calls").await, 1);
    assert_eq!(
        refusal(undo::undo(app, actor(11), done.line, now).await).0,
        Refusal::Reserved
    );
    undo::undo(app, nadia, done.line, now).await.unwrap();
    assert_eq!(people(&world).await, before);
    assert_eq!(world.number("SELECT person_id FROM calls").await, 2);
    assert_eq!(
        refusal(undo::undo(app, nadia, done.line, now).await).0,
        Refusal::Conflict,
        "once"
    );
    // The pair waits again.
    assert_eq!(merging::pair(app, nadia, 0, now).await.unwrap().unwrap().waiting, 2);
}

#[tokio::test]
async fn what_changed_after_a_merge_stands_after_its_undo() {
    let world = world(&[
        "Camille;Dupré;;camille@example.org;34400;",
        "Camille;Dupré;06 39 98 00 01;c.dupre@example.org;34400;",
    ])
    .await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    let done = merging::merge(app, nadia, PersonId(1), PersonId(2), now).await.unwrap();
    assert_eq!(
        world
            .number("SELECT count(*) FROM people WHERE phone_index IS NOT NULL AND merged_into IS NULL")
            .await,
        1
    );
    world
        .execute("UPDATE people SET call_state = 'refus' WHERE id = 1")
        .await;
    undo::undo(app, nadia, done.line, now).await.unwrap();
    assert_eq!(
        world
            .rows("SELECT call_state || ' ' || (phone_index IS NOT NULL) FROM people")
            .await,
        ["a_appeler 1", "refus 0"]
    );
}

#[tokio::test]
async fn never_call_again_is_said_for_both_and_a_merged_line_is_not_imported_anew() {
    let world = world(&HOUSEHOLD).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    world
        .execute("UPDATE people SET call_state = 'ne_plus_appeler' WHERE id = 2")
        .await;
    merging::merge(app, nadia, PersonId(1), PersonId(2), now).await.unwrap();
    assert_eq!(
        world.rows("SELECT call_state FROM people WHERE id = 1").await,
        ["ne_plus_appeler"]
    );
    let file = format!("prenom;nom;telephone;mail;cp;date\n{}\n", HOUSEHOLD.join("\n"));
    let progress = watch::Sender::new(Progress::default());
    let again = import::apply(app, None, file.into_bytes(), now, &progress)
        .await
        .unwrap();
    assert_eq!((again.counts.unchanged, again.counts.new), (3, 0));
}

#[tokio::test]
async fn two_members_or_two_accounts_are_not_merged() {
    let world = world(&HOUSEHOLD).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    world.execute("UPDATE people SET discord_user = 77 WHERE id = 1").await;
    world.execute("UPDATE people SET discord_user = 78 WHERE id = 2").await;
    let (kind, text) = refusal(merging::merge(app, nadia, PersonId(1), PersonId(2), now).await);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("deux comptes Discord"), "{text}");
    assert_eq!(
        refusal(merging::merge(app, nadia, PersonId(1), PersonId(1), now).await).0,
        Refusal::Invalid
    );
    assert_eq!(
        refusal(merging::merge(app, nadia, PersonId(1), PersonId(99), now).await).0,
        Refusal::NotFound
    );
    let basin = groups::suggest_basins(app, nadia, "lunel")
        .await
        .unwrap()
        .remove(0)
        .value;
    let group = groups::declare(app, nadia, &basin, now).await.unwrap().group.group;
    let mut tx = app.store.write().await.unwrap();
    for person in [1, 3] {
        let new = maillage::store::memberships::NewMembership {
            person: PersonId(person),
            group,
            by: maillage::domain::ids::UserId(5),
            consent_version: "1",
        };
        maillage::store::memberships::insert(&mut tx, &new, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (_, text) = refusal(merging::merge(app, nadia, PersonId(1), PersonId(3), now).await);
    assert!(text.contains("celles de membres"), "{text}");
    world.execute("UPDATE people SET discord_user = NULL").await;
    // A member stays, whatever the order in which the two are named.
    merging::merge(app, nadia, PersonId(2), PersonId(3), now).await.unwrap();
    assert_eq!(world.number("SELECT merged_into FROM people WHERE id = 2").await, 3);
}

#[tokio::test]
async fn two_merges_at_once_make_one() {
    let world = world(&HOUSEHOLD).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    let (one, two) = tokio::join!(
        merging::merge(app, nadia, PersonId(1), PersonId(2), now),
        merging::merge(app, nadia, PersonId(2), PersonId(1), now),
    );
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(
        world
            .number("SELECT count(*) FROM people WHERE merged_into IS NULL")
            .await,
        2
    );
}

#[tokio::test]
async fn only_a_full_mail_or_phone_finds_someone_of_the_country() {
    let world = world(&HOUSEHOLD).await;
    let (app, nadia) = (&world.app, actor(NATIONAL));
    assert!(merging::suggest(app, nadia, "camille").await.unwrap().is_empty());
    assert_eq!(
        merging::suggest(app, nadia, "camille@example.org").await.unwrap().len(),
        1
    );
    assert_eq!(merging::suggest(app, nadia, "0639980001").await.unwrap().len(), 2);
    assert_eq!(merging::find(app, nadia, "noe@example.org").await.unwrap(), PersonId(3));
    assert_eq!(merging::find(app, nadia, "2").await.unwrap(), PersonId(2));
    assert_eq!(
        refusal(merging::find(app, nadia, "0639980001").await).0,
        Refusal::NotFound,
        "a household"
    );
    assert_eq!(
        refusal(merging::suggest(app, actor(11), "noe@example.org").await).0,
        Refusal::Reserved
    );
}

#[tokio::test]
async fn details_of_a_merged_record_are_forgotten_with_its_undo() {
    let world = world(&HOUSEHOLD).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    let done = merging::merge(app, nadia, PersonId(1), PersonId(2), now).await.unwrap();
    let purge = async |at| {
        let mut tx = app.store.write().await.unwrap();
        let purged = undos::purge(&mut tx, at).await.unwrap();
        tx.commit_quietly().await.unwrap();
        purged
    };
    let sealed = "SELECT count(*) FROM people WHERE merged_into IS NOT NULL AND sealed IS NOT NULL";
    assert_eq!(
        (purge(now + TimeDelta::days(29)).await, world.number(sealed).await),
        (0, 1)
    );
    let late = now + TimeDelta::days(30);
    assert_eq!(
        refusal(undo::undo(app, nadia, done.line, late).await).0,
        Refusal::Conflict
    );
    assert_eq!((purge(late).await, world.number(sealed).await), (1, 0));
}

#[tokio::test]
async fn a_group_is_renamed_archived_and_given_back() {
    let world = world(&[]).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    for basin in ["nîmes", "sète"] {
        let basin = groups::suggest_basins(app, nadia, basin).await.unwrap().remove(0).value;
        groups::declare(app, nadia, &basin, now).await.unwrap();
    }
    let name = "SELECT name || ' ' || (archived_at IS NOT NULL) FROM groups WHERE id = 1";
    let done = group_changes::rename(app, nadia, "1", "  Nîmes   et garrigues ", now)
        .await
        .unwrap();
    assert_eq!(
        (done.before.as_str(), done.name.as_str()),
        ("Nîmes", "Nîmes et garrigues")
    );
    let same = group_changes::rename(app, nadia, "1", "Nîmes et garrigues", now)
        .await
        .unwrap();
    assert_eq!(same.line, None);
    for (typed, kind) in [
        ("", Refusal::Invalid),
        ("—", Refusal::Invalid),
        ("SÈTE", Refusal::Conflict),
    ] {
        assert_eq!(
            refusal(group_changes::rename(app, nadia, "1", typed, now).await).0,
            kind,
            "{typed}"
        );
    }
    assert_eq!(
        refusal(group_changes::rename(app, nadia, "1", &"x".repeat(61), now).await).0,
        Refusal::Invalid
    );
    undo::undo(app, nadia, done.line.unwrap(), now).await.unwrap();
    assert_eq!(world.rows(name).await, ["Nîmes 0"]);

    let archived = group_changes::archive(app, nadia, "1", now).await.unwrap();
    assert_eq!(world.rows(name).await, ["Nîmes 1"]);
    assert_eq!(group_changes::archive(app, nadia, "1", now).await.unwrap().line, None);
    undo::undo(app, nadia, archived.line.unwrap(), now).await.unwrap();
    assert_eq!(world.rows(name).await, ["Nîmes 0"]);
    // What was renamed since is not renamed back over it.
    let first = group_changes::rename(app, nadia, "1", "Un", now).await.unwrap();
    group_changes::rename(app, nadia, "1", "Deux", now).await.unwrap();
    assert_eq!(
        refusal(undo::undo(app, nadia, first.line.unwrap(), now).await).0,
        Refusal::Conflict
    );
    assert_eq!(
        refusal(undo::undo(app, nadia, JournalId(1), now).await).0,
        Refusal::Conflict
    );
    let id = GroupId(1).to_string();
    for outcome in [
        group_changes::rename(app, actor(11), &id, "Trois", now).await,
        group_changes::archive(app, actor(11), &id, now).await,
    ] {
        assert_eq!(refusal(outcome).0, Refusal::Reserved);
    }
}

/// The schema of the version before, with people in it, becomes this one.
#[tokio::test]
async fn undos_join_the_second_schema() {
    use sqlx::ConnectOptions as _;
    let folder = tempfile::tempdir().unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("maillage.db"))
        .create_if_missing(true)
        .foreign_keys(true);
    let mut conn = options.connect().await.unwrap();
    maillage::store::migrations::apply(&mut conn, 2).await.unwrap();
    for statement in [
        "INSERT INTO people (source, created_at, updated_at) VALUES ('site', 1, 1)",
        "INSERT INTO journal (at, event) VALUES (1, 'person.merged')",
    ] {
        sqlx::query(statement).execute(&mut conn).await.unwrap();
    }
    maillage::store::migrations::apply(&mut conn, 3).await.unwrap();
    let undo =
        "INSERT INTO undos (journal_id, kind, person_id, sealed, expires_at) VALUES (1, 'people_merged', 1, x'00', 1)";
    sqlx::query(undo).execute(&mut conn).await.unwrap();
    assert!(
        sqlx::query(undo).execute(&mut conn).await.is_err(),
        "one undo for each line of the journal"
    );
}
