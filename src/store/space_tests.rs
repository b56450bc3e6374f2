//! The queries that the reconciler lives on, each on a real database.

use chrono::{DateTime, TimeDelta, Utc};

use super::groups::{self, NewGroup};
use super::identity::DiscordName;
use super::keyring::KeySource;
use super::memberships::{self, End, NewMembership};
use super::people::{self, NewPerson, Origin, Place};
use super::roster::{self, Seen};
use super::statutes::{self, Article};
use super::{Store, Tx, bindings, ladder, posts, setbacks, snapshot, territories};
use crate::domain::bindings::{Binding, Duty, Key, Room, Setback, SetbackKind};
use crate::domain::ids::{ChannelId, GroupId, GuildId, PersonId, RegionCode, UserId};
use crate::domain::ladder::Step;
use crate::domain::person::Identity;
use crate::domain::register::Columns;

const GUILD: GuildId = GuildId(1);
const GROUP: GroupId = GroupId(1);

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maillage.db");
    let store = Store::open(&path, &KeySource::beside(&path)).await.unwrap();
    (folder, store)
}

fn now() -> DateTime<Utc> {
    "2027-03-04T10:00:00Z".parse().unwrap()
}

fn seen(user: u64, display: &str) -> Seen {
    Seen {
        user: UserId(user),
        bot: false,
        pending: false,
        national: false,
        name: DiscordName {
            display: display.to_owned(),
            username: display.to_lowercase(),
        },
    }
}

async fn group(tx: &mut Tx, name: &str) -> GroupId {
    let region = RegionCode("76".to_owned());
    let territory = territories::ensure(tx, name, "34", &region, name).await.unwrap();
    let new = NewGroup {
        name,
        departement: "34",
        region: &region,
        territory,
        by: None,
    };
    groups::declare(tx, &new, now()).await.unwrap()
}

async fn person(tx: &mut Tx, first: &str, last: &str) -> PersonId {
    let identity = Identity::parse(
        first,
        last,
        "06 39 98 12 34",
        &format!("{}@example.org", first.to_lowercase()),
        "34400",
    );
    let place = Place {
        postal_code: "34400".to_owned(),
        insee: None,
        territory: None,
        placed: None,
    };
    let new = NewPerson {
        identity: &identity.unwrap(),
        place: &place,
        origin: Origin::Local,
        signed_up_on: None,
    };
    people::insert(tx, &new, now()).await.unwrap()
}

async fn member(tx: &mut Tx, group: GroupId, first: &str, last: &str) -> (PersonId, memberships::Membership) {
    let person = person(tx, first, last).await;
    let new = NewMembership {
        person,
        group,
        by: UserId(7),
        consent_version: "1",
    };
    (person, memberships::insert(tx, &new, now()).await.unwrap())
}

#[tokio::test]
async fn bindings_round_trip_and_foreign_rows_are_left_alone() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let key = Key::Page(GROUP, 1);
    let intention = Binding::intention(Some(ChannelId(5)), Some("abc".to_owned()), now());
    bindings::put(&mut tx, GUILD, key, &intention).await.unwrap();
    assert_eq!(bindings::load(&mut tx, GUILD).await.unwrap()[&key], intention);
    let bound = Binding {
        id: Some(u64::from(u32::MAX) << 20),
        hash: Some("h".to_owned()),
        pinned: true,
        bound_at: Some(now()),
        edited_at: Some(now() + TimeDelta::milliseconds(1)),
        ..intention
    };
    bindings::put(&mut tx, GUILD, key, &bound).await.unwrap();
    sqlx::query("INSERT INTO bindings (key, guild, kind, intended_at) VALUES ('feed:76', 1, 'channel', 0)")
        .execute(tx.conn())
        .await
        .unwrap();
    let loaded = bindings::load(&mut tx, GUILD).await.unwrap();
    let expected = Binding {
        edited_at: Some(now() + TimeDelta::seconds(1)),
        ..bound
    };
    assert_eq!(
        loaded.into_iter().collect::<Vec<_>>(),
        [(key, expected)],
        "an edit is dated late rather than early"
    );
    assert!(
        bindings::load(&mut tx, GuildId(2)).await.unwrap().is_empty(),
        "another server owns nothing here"
    );
    bindings::remove(&mut tx, key).await.unwrap();
    assert!(bindings::load(&mut tx, GUILD).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_space_is_ready_when_its_register_is_pinned() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let bound = |id| Binding {
        id: Some(id),
        ..Binding::intention(None, None, now())
    };
    let keys = Room::ALL.map(|room| Key::Room(GROUP, room));
    for (id, key) in (10..).zip(keys) {
        assert_eq!(bindings::space_ready(&mut tx, GROUP).await.unwrap(), None);
        bindings::put(&mut tx, GUILD, key, &bound(id)).await.unwrap();
    }
    let page = Key::Page(GROUP, 1);
    bindings::put(&mut tx, GUILD, page, &bound(20)).await.unwrap();
    assert_eq!(
        bindings::space_ready(&mut tx, GROUP).await.unwrap(),
        None,
        "posted, not pinned yet"
    );
    bindings::put(
        &mut tx,
        GUILD,
        page,
        &Binding {
            pinned: true,
            ..bound(20)
        },
    )
    .await
    .unwrap();
    assert_eq!(
        bindings::space_ready(&mut tx, GROUP).await.unwrap(),
        Some(ChannelId(10))
    );
    assert_eq!(bindings::space_ready(&mut tx, GroupId(2)).await.unwrap(), None);
    assert_eq!(
        bindings::room(&mut tx, GROUP, Room::Documents).await.unwrap(),
        Some(ChannelId(12))
    );
    assert_eq!(
        bindings::room(&mut tx, GroupId(2), Room::Documents).await.unwrap(),
        None
    );

    bindings::put(&mut tx, GUILD, page, &bound(20)).await.unwrap();
    let refused = setback(1);
    setbacks::put(&mut tx, &format!("{page}:pin"), &refused, now())
        .await
        .unwrap();
    assert_eq!(
        bindings::space_ready(&mut tx, GROUP).await.unwrap(),
        Some(ChannelId(10)),
        "a refused pin keeps nobody out"
    );
}

fn setback(attempts: u32) -> Setback {
    Setback {
        attempts,
        not_before: now() + TimeDelta::seconds(5),
        first_at: now(),
        code: Some(50_013),
        kind: SetbackKind::PinForbidden,
    }
}

#[tokio::test]
async fn setbacks_keep_the_date_of_the_first_failure() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    setbacks::put(&mut tx, "group:1:role", &setback(1), now())
        .await
        .unwrap();
    let later = Setback {
        attempts: 2,
        first_at: now() + TimeDelta::hours(1),
        ..setback(1)
    };
    setbacks::put(&mut tx, "group:1:role", &later, now()).await.unwrap();
    let loaded = setbacks::load(&mut tx).await.unwrap();
    assert_eq!(
        loaded["group:1:role"],
        Setback {
            attempts: 2,
            ..setback(1)
        }
    );
    setbacks::clear(&mut tx, "group:1:role").await.unwrap();
    assert!(setbacks::load(&mut tx).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_roster_is_written_only_where_it_changed() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let (awa, noe) = (
        Seen {
            national: true,
            ..seen(1, "Awa")
        },
        seen(2, "Noé"),
    );
    assert_eq!(roster::replace(&mut tx, &[awa.clone(), noe.clone()]).await.unwrap(), 2);
    assert_eq!(roster::replace(&mut tx, &[awa.clone(), noe.clone()]).await.unwrap(), 0);
    assert_eq!(posts::nationals(&mut tx).await.unwrap(), [UserId(1)]);
    assert!(!roster::note(&mut tx, &noe).await.unwrap());
    assert!(
        roster::note(
            &mut tx,
            &Seen {
                pending: true,
                ..noe.clone()
            }
        )
        .await
        .unwrap()
    );
    assert_eq!(
        roster::replace(&mut tx, &[Seen { pending: true, ..noe }])
            .await
            .unwrap(),
        1,
        "Awa has left"
    );
    assert!(posts::nationals(&mut tx).await.unwrap().is_empty());
    assert!(!roster::gone(&mut tx, UserId(1)).await.unwrap());
    assert!(roster::note(&mut tx, &awa).await.unwrap(), "and comes back");
    assert!(roster::gone(&mut tx, UserId(1)).await.unwrap());
}

#[tokio::test]
async fn the_snapshot_holds_what_a_space_shows() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let possible = group(&mut tx, "Mauguio").await;
    let lunel = group(&mut tx, "Lunel").await;
    for (step, minutes) in [(Step::Possible, 0), (Step::Forming, 1), (Step::Assembly, 2)] {
        ladder::reach(&mut tx, lunel, step, now() + TimeDelta::minutes(minutes))
            .await
            .unwrap();
    }
    ladder::reach(&mut tx, possible, Step::Possible, now()).await.unwrap();
    let (camille, _) = member(&mut tx, lunel, "Camille", "Dupré").await;
    let (_, gone) = member(&mut tx, lunel, "Léa", "Martin").await;
    let (noe, _) = member(&mut tx, lunel, "Noé", "Le Goff").await;
    memberships::end(&mut tx, gone.id, End::Departure, None, now())
        .await
        .unwrap();
    people::set_pseudo(&mut tx, noe, "noe#1234").await.unwrap();
    people::link(&mut tx, camille, Some(UserId(42)), now()).await.unwrap();
    roster::note(&mut tx, &seen(42, "Cam")).await.unwrap();
    roster::note(&mut tx, &seen(43, "Awa")).await.unwrap();
    posts::name_relay(&mut tx, lunel, UserId(42), now()).await.unwrap();
    posts::name_relay(&mut tx, lunel, UserId(44), now()).await.unwrap();
    posts::name_referent(&mut tx, &RegionCode("76".to_owned()), UserId(43), now())
        .await
        .unwrap();
    posts::name_referent(&mut tx, &RegionCode("93".to_owned()), UserId(45), now())
        .await
        .unwrap();

    let found = snapshot::load(&mut tx, Columns::default()).await.unwrap();
    assert_eq!(found.groups.len(), 1, "a possible group has no space");
    let facts = &found.groups[0];
    assert_eq!((facts.id, facts.name.as_str(), facts.archived), (lunel, "Lunel", false));
    assert_eq!(facts.announce, [Step::Forming, Step::Assembly]);
    assert_eq!(facts.reached(), [Step::Possible, Step::Forming, Step::Assembly]);
    let members: Vec<_> = facts
        .members
        .iter()
        .map(|m| (m.number, m.name.as_str(), m.user, m.present))
        .collect();
    assert_eq!(
        members,
        [
            (1, "Camille DUPRÉ", Some(UserId(42)), true),
            (3, "Noé LE GOFF", None, false)
        ]
    );
    assert_eq!(
        (facts.members[0].phone.as_deref(), facts.members[0].mail.as_deref()),
        (None, None)
    );
    assert_eq!(facts.members[0].postal_code, "34400");
    assert_eq!(facts.members[1].pseudo.as_deref(), Some("noe#1234"));
    let holders = |holders: &[crate::domain::snapshot::HolderFacts]| {
        holders
            .iter()
            .map(|h| (h.user.0, h.present, h.display.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        holders(&facts.relays),
        [(42, true, Some("Camille Dupré".to_owned())), (44, false, None)],
        "the linked person's name, else the server's, else none"
    );
    assert_eq!(holders(&facts.referents), [(43, true, Some("Awa".to_owned()))]);
    assert_eq!(found.duties[&Duty::Relay], [UserId(42), UserId(44)].into());
    assert_eq!(found.duties[&Duty::Referent], [UserId(43), UserId(45)].into());

    let shown = snapshot::load(
        &mut tx,
        Columns {
            phone: true,
            mail: true,
        },
    )
    .await
    .unwrap();
    let member = &shown.groups[0].members[0];
    assert_eq!(member.phone.as_deref(), Some("06 39 98 12 34"));
    assert_eq!(member.mail.as_deref(), Some("camille@example.org"));
}

#[tokio::test]
async fn a_function_that_someone_once_held_keeps_its_role() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    assert!(
        snapshot::load(&mut tx, Columns::default())
            .await
            .unwrap()
            .duties
            .is_empty()
    );
    let lunel = group(&mut tx, "Lunel").await;
    posts::name_relay(&mut tx, lunel, UserId(42), now()).await.unwrap();
    posts::end_relay(&mut tx, lunel, UserId(42), now()).await.unwrap();
    let found = snapshot::load(&mut tx, Columns::default()).await.unwrap();
    assert!(found.duties[&Duty::Relay].is_empty() && !found.duties.contains_key(&Duty::Referent));
}

#[tokio::test]
async fn articles_know_since_when_they_read_so() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let lunel = group(&mut tx, "Lunel").await;
    ladder::reach(&mut tx, lunel, Step::Forming, now()).await.unwrap();
    let article = |number, body: &str| Article {
        number,
        title: "Titre".to_owned(),
        body: body.to_owned(),
    };
    let versions = [
        vec![article(1, "a"), article(2, "b"), article(3, "c")],
        vec![article(1, "a"), article(2, "B"), article(3, "c"), article(4, "d")],
        vec![article(1, "a"), article(2, "B"), article(4, "d")],
        vec![article(1, "A"), article(2, "B"), article(3, "c"), article(4, "d")],
    ];
    for (version, articles) in (1..).zip(&versions) {
        statutes::adopt(&mut tx, lunel, version, articles, now()).await.unwrap();
    }
    let found = snapshot::load(&mut tx, Columns::default()).await.unwrap();
    let statutes = found.groups[0].statutes.as_ref().unwrap();
    let since: Vec<_> = statutes
        .articles
        .iter()
        .map(|article| (article.number, article.since))
        .collect();
    assert_eq!((statutes.version, since), (4, vec![(1, 4), (2, 2), (3, 4), (4, 2)]));
}

#[tokio::test]
async fn the_hash_key_comes_from_the_vault() {
    let (_folder, one) = store().await;
    let (_other_folder, other) = store().await;
    let key = |found: &crate::domain::snapshot::Snapshot| found.hash_key.hash("x");
    let first = snapshot::load(&mut one.read().await.unwrap(), Columns::default())
        .await
        .unwrap();
    let again = snapshot::load(&mut one.read().await.unwrap(), Columns::default())
        .await
        .unwrap();
    let second = snapshot::load(&mut other.read().await.unwrap(), Columns::default())
        .await
        .unwrap();
    assert_eq!(key(&first), key(&again));
    assert_ne!(key(&first), key(&second));
}
