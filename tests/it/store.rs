//! The database alone: opening, keys, and every query that belongs to no family of its own.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use maillage::domain::action::DraftId;
use maillage::domain::contact::CallState;
use maillage::domain::ids::{ChannelId, GroupId, RegionCode, TerritoryId, UserId};
use maillage::domain::ladder::{Counts, Stage, Step};
use maillage::domain::notice::{Class, Notice, Recipient};
use maillage::domain::person::Identity;
use maillage::domain::territory::Origin as Choice;
use maillage::store::drafts::Draft;
use maillage::store::groups::NewGroup;
use maillage::store::journal::Entry;
use maillage::store::keyring::{self, KeyError, KeySource};
use maillage::store::memberships::{End, NewMembership};
use maillage::store::outbox::{Delivery, Lane, NewMessage};
use maillage::store::people::{Indexes, NewPerson, Origin, Place};
use maillage::store::statutes::Article;
use maillage::store::vault::SecretKey;
use maillage::store::{
    OpenError, Store, Tx, answers, authority, drafts, groups, journal, ladder, memberships, outbox, people, posts,
    statutes, territories,
};
use tempfile::TempDir;

fn noon() -> DateTime<Utc> {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

fn key() -> KeySource {
    KeySource::Given(SecretKey::new([7; 32]))
}

async fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("maillage.db"), &key()).await.unwrap();
    (folder, store)
}

fn identity(first: &str, last: &str, n: u32) -> Identity {
    let phone = format!("06 39 98 {:02} {:02}", n / 100 % 100, n % 100);
    Identity::parse(first, last, &phone, &format!("p{n}@example.org"), "34400").unwrap()
}

async fn lunel(tx: &mut Tx) -> TerritoryId {
    territories::ensure(tx, "243400520", "34", &RegionCode("76".to_owned()), "Lunel")
        .await
        .unwrap()
}

async fn declare(tx: &mut Tx, territory: TerritoryId) -> GroupId {
    let region = RegionCode("76".to_owned());
    let new = NewGroup {
        name: "Lunel",
        departement: "34",
        region: &region,
        territory,
        by: None,
    };
    groups::declare(tx, &new, noon()).await.unwrap()
}

async fn person(
    tx: &mut Tx,
    n: u32,
    territory: Option<TerritoryId>,
    origin: Origin,
) -> maillage::domain::ids::PersonId {
    let place = Place {
        postal_code: "34400".to_owned(),
        insee: Some("34145".to_owned()),
        territory,
        placed: territory.map(|_| Choice::Code),
    };
    let identity = identity("Camille", "Dupré", n);
    let new = NewPerson {
        identity: &identity,
        place: &place,
        origin,
        signed_up_on: "2027-02-01".parse().ok(),
    };
    people::insert(tx, &new, noon()).await.unwrap()
}

#[tokio::test]
async fn one_process_per_database() {
    let (folder, store) = store().await;
    let path = folder.path().join("maillage.db");
    assert!(matches!(Store::open(&path, &key()).await, Err(OpenError::Held(_))));
    store.close().await;
    drop(store);
    Store::open(&path, &key()).await.unwrap();
}

#[tokio::test]
async fn a_key_is_made_once_and_a_wrong_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maillage.db");
    let beside = KeySource::beside(&path);
    Store::open(&path, &beside).await.unwrap().close().await;
    let written = std::fs::read_to_string(folder.path().join("maillage.key")).unwrap();
    keyring::parse(&written).unwrap();
    Store::open(&path, &beside).await.unwrap().close().await;
    assert!(matches!(
        Store::open(&path, &key()).await,
        Err(OpenError::Key(KeyError::Wrong))
    ));
    std::fs::remove_file(folder.path().join("maillage.key")).unwrap();
    assert!(matches!(
        Store::open(&path, &beside).await,
        Err(OpenError::Key(KeyError::Missing(_)))
    ));
    assert!(
        !folder.path().join("maillage.key").exists(),
        "a lost key is never replaced by a new one"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maillage.db");
    let store = Store::open(&path, &KeySource::beside(&path)).await.unwrap();
    let mut tx = store.write().await.unwrap();
    lunel(&mut tx).await;
    tx.commit().await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[tokio::test]
async fn what_is_no_database_or_a_newer_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("texte.db");
    std::fs::write(
        &text,
        "ceci n’est pas une base, mais un texte assez long pour remplir un en-tête".repeat(4),
    )
    .unwrap();
    assert!(matches!(Store::open(&text, &key()).await, Err(OpenError::NotOurs(_))));

    let path = folder.path().join("maillage.db");
    Store::open(&path, &key()).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'x', 1, x'00', 0)",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    assert!(matches!(Store::open(&path, &key()).await, Err(OpenError::Newer(999))));
}

#[tokio::test]
async fn a_reader_cannot_write_and_a_dropped_transaction_changes_nothing() {
    let (_folder, store) = store().await;
    let mut tx = store.read().await.unwrap();
    let region = RegionCode("76".to_owned());
    assert!(territories::ensure(&mut tx, "1", "34", &region, "Lunel").await.is_err());
    drop(tx);
    let mut tx = store.write().await.unwrap();
    let id = lunel(&mut tx).await;
    drop(tx);
    let mut tx = store.read().await.unwrap();
    assert_eq!(territories::get(&mut tx, id).await.unwrap(), None);
}

#[tokio::test]
async fn only_a_commit_wakes_the_loops() {
    let (_folder, store) = store().await;
    let changes = store.changes();
    let mut tx = store.write().await.unwrap();
    lunel(&mut tx).await;
    tx.commit_quietly().await.unwrap();
    assert!(!changes.has_changed().unwrap());
    store.write().await.unwrap().commit().await.unwrap();
    assert!(changes.has_changed().unwrap());
}

/// Nobody who has only the files can read an identity, a pseudo, what was typed or a token (product.md §16).
#[tokio::test]
async fn identities_are_not_in_the_raw_files() {
    let (folder, store) = store().await;
    let now = noon();
    let mut tx = store.write().await.unwrap();
    let territory = lunel(&mut tx).await;
    let group = declare(&mut tx, territory).await;
    let id = person(&mut tx, 1234, Some(territory), Origin::Site).await;
    people::set_pseudo(&mut tx, id, "camilledupseudo").await.unwrap();
    drafts::put(
        &mut tx,
        UserId(5),
        "essai",
        &"brouillon-de-camille",
        TimeDelta::hours(1),
        now,
    )
    .await
    .unwrap();
    let new = NewMembership {
        person: id,
        group,
        by: UserId(5),
        consent_version: "1",
    };
    let membership = memberships::insert(&mut tx, &new, now).await.unwrap();
    let answer = answers::Answer {
        id: 0,
        group,
        membership: membership.id,
        user: UserId(5),
        application: 6,
        token: "jeton-d-interaction".to_owned(),
        expires_at: now,
    };
    answers::insert(&mut tx, &answer).await.unwrap();
    tx.commit().await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for secret in [
            "camille",
            "dupr",
            "p1234@",
            "6399812",
            "camilledupseudo",
            "brouillon",
            "jeton-d",
        ] {
            assert!(!text.contains(secret), "{secret} lies in clear");
        }
        files += usize::from(!bytes.is_empty());
    }
    assert!(files >= 2, "the database and its WAL were read");
}

#[tokio::test]
async fn people_round_trip_and_are_found_by_what_they_share() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let territory = lunel(&mut tx).await;
    let id = person(&mut tx, 1, Some(territory), Origin::Site).await;
    let found = people::get(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(found.identity.as_ref(), Some(&identity("Camille", "Dupré", 1)));
    assert_eq!(found.short(), "Camille D.");
    assert_eq!(
        (found.call, found.member_of, found.discord),
        (CallState::ToCall, None, None)
    );
    assert_eq!(found.place.placed, Some(Choice::Code));

    let vault = std::sync::Arc::clone(tx.vault());
    let alike = async |tx: &mut Tx, identity: &Identity, code: &str| {
        let indexes = Indexes::of(&vault, identity, code);
        people::alike(tx, &indexes)
            .await
            .unwrap()
            .iter()
            .map(|person| person.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        alike(&mut tx, &identity("CAMILLE", "DUPRE", 9), "34400").await,
        [id],
        "same name and postal code"
    );
    assert_eq!(
        alike(&mut tx, &identity("Noé", "Le Goff", 1), "30000").await,
        [id],
        "same phone and mail"
    );
    assert_eq!(alike(&mut tx, &identity("Noé", "Le Goff", 9), "34400").await, []);

    people::set_identity(&mut tx, id, &identity("Camille", "Durand", 2), "34160", noon())
        .await
        .unwrap();
    assert_eq!(alike(&mut tx, &identity("Camille", "Durand", 9), "34160").await, [id]);
    assert_eq!(
        alike(&mut tx, &identity("Camille", "Dupré", 9), "34400").await,
        [],
        "the indexes follow"
    );
    let nowhere = Place {
        postal_code: "34160".to_owned(),
        insee: None,
        territory: None,
        placed: None,
    };
    people::set_place(&mut tx, id, &nowhere, noon()).await.unwrap();
    assert_eq!(people::get(&mut tx, id).await.unwrap().unwrap().place, nowhere);
}

#[tokio::test]
async fn an_account_is_linked_to_one_person_at_most() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let (a, b) = (
        person(&mut tx, 1, None, Origin::Local).await,
        person(&mut tx, 2, None, Origin::Local).await,
    );
    people::link(&mut tx, a, Some(UserId(42)), noon()).await.unwrap();
    assert!(people::link(&mut tx, b, Some(UserId(42)), noon()).await.is_err());
    assert_eq!(
        people::of_account(&mut tx, UserId(42))
            .await
            .unwrap()
            .map(|person| person.id),
        Some(a)
    );
    people::link(&mut tx, a, None, noon()).await.unwrap();
    assert_eq!(people::of_account(&mut tx, UserId(42)).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_counted_is_rows() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let territory = lunel(&mut tx).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(person(&mut tx, n, Some(territory), Origin::Site).await);
    }
    person(&mut tx, 90, Some(territory), Origin::Local).await;
    person(&mut tx, 91, None, Origin::Site).await;
    assert_eq!(
        ladder::signed_up(&mut tx, territory).await.unwrap(),
        5,
        "local recruits and unplaced ones do not count"
    );
    assert_eq!(ladder::ripe_territories(&mut tx, 5).await.unwrap(), [territory]);
    assert_eq!(ladder::ripe_territories(&mut tx, 6).await.unwrap(), []);
    let group = declare(&mut tx, territory).await;
    assert_eq!(
        ladder::ripe_territories(&mut tx, 5).await.unwrap(),
        [],
        "a territory with its group is ripe no more"
    );
    assert_eq!(
        groups::of_place(&mut tx, territory, Some("34145")).await.unwrap(),
        Some(group)
    );
    assert_eq!(groups::territories(&mut tx, group).await.unwrap(), [territory]);

    let new = NewMembership {
        person: ids[0],
        group,
        by: UserId(1),
        consent_version: "1",
    };
    let first = memberships::insert(&mut tx, &new, noon()).await.unwrap();
    assert!(
        memberships::insert(&mut tx, &new, noon()).await.is_err(),
        "one participation per person"
    );
    assert_eq!(
        ladder::counts(&mut tx, group).await.unwrap(),
        Counts {
            signed_up: 5,
            members: 1
        }
    );
    assert!(
        memberships::end(&mut tx, first.id, End::Departure, None, noon())
            .await
            .unwrap()
    );
    assert!(
        !memberships::end(&mut tx, first.id, End::Departure, None, noon())
            .await
            .unwrap()
    );
    assert_eq!(
        ladder::counts(&mut tx, group).await.unwrap(),
        Counts {
            signed_up: 5,
            members: 0
        }
    );
    let again = memberships::insert(&mut tx, &new, noon()).await.unwrap();
    assert_eq!((first.number, again.number), (1, 2), "a number is never given twice");
    assert_eq!(
        memberships::current(&mut tx, ids[0]).await.unwrap(),
        Some(again.clone())
    );
    assert_eq!(
        memberships::get(&mut tx, first.id).await.unwrap().unwrap().ended,
        Some((noon(), End::Departure))
    );
    let members = memberships::of_group(&mut tx, group).await.unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(
        (members[0].0.id, members[0].1.id, members[0].1.call),
        (again.id, ids[0], CallState::Validated)
    );
    let list = people::of_groups(&mut tx, &[group]).await.unwrap();
    assert_eq!(
        list.len(),
        6,
        "the territory's people, the local recruit on file there included, nobody else"
    );
}

#[tokio::test]
async fn steps_are_written_once_and_never_removed() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let territory = lunel(&mut tx).await;
    let group = declare(&mut tx, territory).await;
    assert!(ladder::reach(&mut tx, group, Step::Possible, noon()).await.unwrap());
    assert!(ladder::reach(&mut tx, group, Step::Forming, noon()).await.unwrap());
    assert!(
        !ladder::reach(&mut tx, group, Step::Forming, noon() + TimeDelta::days(1))
            .await
            .unwrap()
    );
    let later = noon() + TimeDelta::days(3);
    ladder::mark_under(&mut tx, group, Step::Forming, Some(later))
        .await
        .unwrap();
    ladder::mark_under(&mut tx, group, Step::Forming, Some(later + TimeDelta::days(1)))
        .await
        .unwrap();
    let steps = ladder::steps(&mut tx, group).await.unwrap();
    assert_eq!(
        steps.iter().map(|row| row.step).collect::<Vec<_>>(),
        [Step::Possible, Step::Forming]
    );
    assert_eq!(
        (steps[1].at, steps[1].under_since),
        (noon(), Some(later)),
        "the first date is kept"
    );
    ladder::mark_under(&mut tx, group, Step::Forming, None).await.unwrap();
    assert_eq!(ladder::steps(&mut tx, group).await.unwrap()[1].under_since, None);
    let facts = groups::get(&mut tx, group).await.unwrap().unwrap();
    assert_eq!(
        (facts.stage, facts.name.as_str(), facts.archived),
        (Stage::Forming, "Lunel", false)
    );
    assert_eq!(groups::all(&mut tx).await.unwrap(), [facts]);
}

#[tokio::test]
async fn functions_come_from_rows() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let territory = lunel(&mut tx).await;
    let group = declare(&mut tx, territory).await;
    let (user, region) = (UserId(42), RegionCode("76".to_owned()));
    assert_eq!(
        authority::functions(&mut tx, user).await.unwrap(),
        authority::Functions::default()
    );
    assert!(posts::name_relay(&mut tx, group, user, noon()).await.unwrap());
    assert!(!posts::name_relay(&mut tx, group, user, noon()).await.unwrap());
    assert!(posts::name_referent(&mut tx, &region, user, noon()).await.unwrap());
    let id = person(&mut tx, 1, Some(territory), Origin::Site).await;
    people::link(&mut tx, id, Some(user), noon()).await.unwrap();
    let new = NewMembership {
        person: id,
        group,
        by: user,
        consent_version: "1",
    };
    memberships::insert(&mut tx, &new, noon()).await.unwrap();
    let held = authority::functions(&mut tx, user).await.unwrap();
    assert_eq!(
        (
            held.national,
            &held.regions[..],
            &held.relays[..],
            held.person,
            held.member_of
        ),
        (false, &[region.clone()][..], &[group][..], Some(id), Some(group))
    );
    assert_eq!(posts::relays(&mut tx, group).await.unwrap().len(), 1);
    assert_eq!(posts::all_referents(&mut tx).await.unwrap().len(), 1);
    assert!(posts::end_relay(&mut tx, group, user, noon()).await.unwrap());
    assert!(posts::end_referent(&mut tx, &region, user, noon()).await.unwrap());
    assert!(!posts::end_relay(&mut tx, group, user, noon()).await.unwrap());
    let held = authority::functions(&mut tx, user).await.unwrap();
    assert!(
        held.relays.is_empty() && held.regions.is_empty(),
        "access is lost at once"
    );
    assert!(!authority::accepted_charter(&mut tx, user, "1").await.unwrap());
    authority::accept_charter(&mut tx, user, "1", noon()).await.unwrap();
    authority::accept_charter(&mut tx, user, "1", noon()).await.unwrap();
    assert!(authority::accepted_charter(&mut tx, user, "1").await.unwrap());
    assert!(
        !authority::accepted_charter(&mut tx, user, "2").await.unwrap(),
        "a new version is accepted anew"
    );
}

#[tokio::test]
async fn drafts_are_their_authors_own_and_spent_once() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let (me, now) = (UserId(1), noon());
    let id = drafts::put(&mut tx, me, "valider", &"un".to_owned(), TimeDelta::hours(1), now)
        .await
        .unwrap();
    assert_eq!(DraftId::parse(&id.0), Some(id.clone()), "the name fits a custom_id");
    let read = async |tx: &mut Tx, user, kind, at| drafts::get::<String>(tx, &id, user, kind, at).await.unwrap();
    assert_eq!(
        read(&mut tx, me, "valider", now).await,
        Some(Draft::Open("un".to_owned()))
    );
    assert_eq!(read(&mut tx, UserId(2), "valider", now).await, None, "another's");
    assert_eq!(read(&mut tx, me, "import", now).await, None, "of another kind");
    assert_eq!(
        read(&mut tx, me, "valider", now + TimeDelta::hours(1)).await,
        None,
        "expired"
    );
    drafts::replace(&mut tx, &id, &"deux".to_owned()).await.unwrap();
    assert_eq!(
        read(&mut tx, me, "valider", now).await,
        Some(Draft::Open("deux".to_owned()))
    );
    assert!(drafts::spend(&mut tx, &id, Some(9), now).await.unwrap());
    assert!(!drafts::spend(&mut tx, &id, Some(8), now).await.unwrap());
    assert_eq!(read(&mut tx, me, "valider", now).await, Some(Draft::Spent(Some(9))));
    assert_eq!(drafts::purge(&mut tx, now).await.unwrap(), 0);
    assert_eq!(drafts::purge(&mut tx, now + TimeDelta::hours(2)).await.unwrap(), 1);
}

#[tokio::test]
async fn the_outbox_tells_a_fact_once_most_urgent_first() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let now = noon();
    let notice = Notice::SpaceReady { group: GroupId(1) };
    let to = Recipient::User(UserId(1));
    let send = async |tx: &mut Tx, key: &str, class, due| {
        outbox::enqueue(
            tx,
            &NewMessage {
                key,
                class,
                to,
                notice: &notice,
                due,
            },
            now,
        )
        .await
        .unwrap()
    };
    assert!(send(&mut tx, "bienvenue", Class::Welcome, now).await);
    assert!(send(&mut tx, "acces", Class::Access, now).await);
    assert!(!send(&mut tx, "acces", Class::Access, now).await, "the same fact again");
    assert!(send(&mut tx, "demain", Class::Access, now + TimeDelta::days(1)).await);
    const ALL: Lane = Lane::Direct { welcomes: true };
    let lease = TimeDelta::minutes(1);
    let first = outbox::lease_next(&mut tx, ALL, now, lease).await.unwrap().unwrap();
    let second = outbox::lease_next(&mut tx, ALL, now, lease).await.unwrap().unwrap();
    assert_eq!(
        outbox::lease_next(&mut tx, ALL, now, lease).await.unwrap(),
        None,
        "what is leased or not due waits"
    );
    assert_eq!((first.to, &first.notice, first.attempts), (to, &notice, 0));
    assert_ne!(first.id, second.id);
    outbox::finish(&mut tx, first.id, Delivery::Sent { channel: 1, message: 2 }, now)
        .await
        .unwrap();
    outbox::postpone(&mut tx, second.id, now + TimeDelta::minutes(5), Some(500))
        .await
        .unwrap();
    assert_eq!(
        outbox::lease_next(&mut tx, ALL, now + lease, lease).await.unwrap(),
        None
    );
    assert_eq!(
        outbox::next_due(&mut tx, ALL).await.unwrap(),
        Some(now + TimeDelta::minutes(5))
    );
    let again = outbox::lease_next(&mut tx, ALL, now + TimeDelta::minutes(5), lease)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((again.id, again.attempts), (second.id, 1));
    let orphan = outbox::lease_next(&mut tx, ALL, now + TimeDelta::minutes(7), lease)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(orphan.id, second.id, "a lease that ran out is taken again");
    assert_eq!("channel:7".parse(), Ok(Recipient::Channel(ChannelId(7))));
    assert_eq!(
        orphan.tried_at,
        Some(now),
        "it may have been sent since its first lease"
    );
    // The queue of posts does not see direct messages; with the day's welcomes sent, neither does theirs see welcomes.
    assert_eq!(
        outbox::lease_next(&mut tx, Lane::Posts { team: true }, now, lease)
            .await
            .unwrap(),
        None
    );
    let capped = Lane::Direct { welcomes: false };
    outbox::finish(&mut tx, orphan.id, Delivery::Dropped, now)
        .await
        .unwrap();
    let tomorrow = now + TimeDelta::days(2);
    let last = outbox::lease_next(&mut tx, capped, tomorrow, lease)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((last.key.as_str(), last.class), ("demain", Class::Access));
    assert_eq!(
        outbox::lease_next(&mut tx, capped, tomorrow, lease).await.unwrap(),
        None
    );
    assert!(outbox::release_all(&mut tx).await.unwrap() >= 1);
    let again = outbox::lease_next(&mut tx, capped, tomorrow, lease)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        again.id, last.id,
        "the lease of a dead process is ended at the start of the next"
    );
    assert_eq!(outbox::last_place(&mut tx, to).await.unwrap(), Some(1));
    assert_eq!(outbox::sent_since(&mut tx, first.class, now).await.unwrap(), 1);
    outbox::postpone(&mut tx, again.id, tomorrow, Some(503)).await.unwrap();
    let gauge = outbox::gauge(&mut tx).await.unwrap();
    assert_eq!((gauge.waiting, gauge.failing, gauge.code), (1, 1, Some(503)));
}

#[tokio::test]
async fn answers_statutes_and_journal_keep_what_they_are_given() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let territory = lunel(&mut tx).await;
    let group = declare(&mut tx, territory).await;
    let id = person(&mut tx, 1, Some(territory), Origin::Site).await;
    let new = NewMembership {
        person: id,
        group,
        by: UserId(5),
        consent_version: "1",
    };
    let membership = memberships::insert(&mut tx, &new, noon()).await.unwrap();
    let mut answer = answers::Answer {
        id: 0,
        group,
        membership: membership.id,
        user: UserId(5),
        application: u64::MAX >> 1,
        token: "jeton".to_owned(),
        expires_at: noon(),
    };
    answers::insert(&mut tx, &answer).await.unwrap();
    let waiting = answers::waiting(&mut tx).await.unwrap();
    answer.id = waiting[0].id;
    assert_eq!(waiting, [answer.clone()]);
    assert!(!format!("{answer:?}").contains("jeton"));
    answers::delete(&mut tx, answer.id).await.unwrap();
    assert_eq!(answers::waiting(&mut tx).await.unwrap(), []);

    let articles = [Article {
        number: 1,
        title: "Nom".to_owned(),
        body: "…".to_owned(),
    }];
    assert_eq!(statutes::version(&mut tx, group).await.unwrap(), None);
    assert!(statutes::adopt(&mut tx, group, 1, &articles, noon()).await.unwrap());
    assert!(
        !statutes::adopt(&mut tx, group, 1, &[], noon()).await.unwrap(),
        "a version is written once"
    );
    assert_eq!(statutes::version(&mut tx, group).await.unwrap(), Some(1));
    assert_eq!(statutes::articles(&mut tx, group, 1).await.unwrap(), articles);

    let entry = Entry {
        actor: Some(UserId(5)),
        event: "essai",
        group: Some(group),
        person: Some(id),
        ..Entry::default()
    };
    let first = journal::write(&mut tx, &entry, noon()).await.unwrap();
    let second = journal::write(&mut tx, &entry, noon()).await.unwrap();
    assert!(second > first);
}

/// The journal and the steps refuse to be rewritten, even by our own code.
#[tokio::test]
async fn history_cannot_be_rewritten() {
    let (folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let territory = lunel(&mut tx).await;
    let group = declare(&mut tx, territory).await;
    ladder::reach(&mut tx, group, Step::Possible, noon()).await.unwrap();
    journal::write(
        &mut tx,
        &Entry {
            event: "essai",
            ..Entry::default()
        },
        noon(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let pool = raw(folder.path()).await;
    for statement in [
        "UPDATE journal SET event = 'autre'",
        "DELETE FROM journal",
        "DELETE FROM steps",
    ] {
        assert!(sqlx::query(statement).execute(&pool).await.is_err(), "{statement}");
    }
}

async fn raw(folder: &Path) -> sqlx::SqlitePool {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("maillage.db"));
    sqlx::SqlitePool::connect_with(options).await.unwrap()
}

/// The hot queries use an index (architecture, rule 7).
#[tokio::test]
async fn hot_queries_scan_no_table() {
    let (folder, store) = store().await;
    store.close().await;
    let pool = raw(folder.path()).await;
    for statement in [
        "SELECT id FROM people WHERE mail_index = x'00'",
        "SELECT id FROM people WHERE phone_index = x'00'",
        "SELECT id FROM people WHERE name_index = x'00'",
        "SELECT count(*) FROM people p WHERE p.territory_id = 1 AND p.erased_at IS NULL AND p.merged_into IS NULL",
        "SELECT group_id FROM memberships WHERE person_id = 1 AND left_at IS NULL",
        "SELECT count(*) FROM memberships WHERE group_id = 1 AND left_at IS NULL",
        "SELECT group_id FROM relays WHERE user_id = 1 AND until IS NULL",
        "SELECT region FROM referents WHERE user_id = 1 AND until IS NULL",
        "SELECT id FROM outbox WHERE done_at IS NULL AND due_at <= 5 AND target LIKE 'user:%' ORDER BY class, due_at, id LIMIT 1",
        "SELECT channel FROM outbox WHERE target = 'user:1' AND outcome = 'sent' ORDER BY id DESC LIMIT 1",
        "SELECT count(*) FROM outbox WHERE outcome = 'sent' AND class = 4 AND done_at >= 5",
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
                .fetch_all(&pool)
                .await
                .unwrap();
        for (.., detail) in plan {
            let scans = detail.starts_with("SCAN") && !detail.contains("INDEX");
            assert!(!scans, "{statement}: {detail}");
        }
    }
}
