//! What an import from a shell, or one that died, left to be declared and told.

use maillage::domain::ids::UserId;
use maillage::domain::person::Identity;
use maillage::domain::territory::Origin as Placed;
use maillage::loopback::{Loopback, text_of};
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{Store, meta, people, territories};
use maillage::usecases::{ladder, notify};

use crate::support::{House, Program, server, until};
use crate::world::World;

fn sign_ups(code: &str, count: u32) -> String {
    (0..count)
        .map(|n| format!("Lou;Roche{n};;lou{n}.{code}@example.org;{code}\n"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_an_import_from_a_shell_are_announced_once_the_team_is_known() {
    let discord = Loopback::start(server()).await.unwrap();
    let program = Program::for_discord(&discord);
    program.write(
        "site.csv",
        &format!(
            "prenom;nom;telephone;mail;cp\n{}{}",
            sign_ups("34400", 5),
            sign_ups("30000", 6)
        ),
    );
    let done = program.run(&["import", "site.csv"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        done.out.contains("Nîmes (Gard) — 6\u{a0}inscrits") && done.out.contains("Lunel (Hérault) — 5\u{a0}inscrits"),
        "{}",
        done.out
    );
    let nadia = discord.person("nadia");
    for life in 1..=2 {
        let running = program.spawn(&[]);
        until("the mirror of the server", || async {
            discord.calls().route("GET", "/guilds/{guild}/members").count() >= life
        })
        .await;
        let told = nadia
            .wait_dm("the announcement", |message| {
                text_of(message).contains("groupes possibles, relais à trouver")
            })
            .await;
        let text = text_of(&told);
        assert!(text.contains("Lunel") && text.contains("Nîmes"), "{text}");
        running.terminate();
        assert_eq!(running.ended().await.code, Some(0));
    }
    let again = nadia
        .dms()
        .into_iter()
        .filter(|dm| text_of(dm).contains("relais à trouver"));
    assert_eq!(again.count(), 1, "once, also over a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_import_left_ripe_is_declared_at_the_start() {
    let mut house = House::open().await;
    house.stop().await;
    // The batches of an import that died before its last one: people, and no group.
    {
        let key = maillage::run::key_source(&house.settings);
        let store = Store::open(&house.database(), &key).await.unwrap();
        let atlas = crate::world::atlas().with_epci();
        let parts = atlas.parts("34400".parse().unwrap());
        let part = parts[0].territory;
        let region = maillage::domain::ids::RegionCode(part.region.clone());
        let mut tx = store.write().await.unwrap();
        let id = territories::ensure(&mut tx, &part.key.basin, &part.key.departement, &region, &part.name)
            .await
            .unwrap();
        for n in 0..5 {
            let name = format!("Roche{}", char::from(b'a' + n));
            let (phone, mail) = (format!("06 39 98 00 0{n}"), format!("lou{n}@example.org"));
            let identity = Identity::parse("Lou", &name, &phone, &mail, "34400").unwrap();
            let place = Place {
                postal_code: "34400".to_owned(),
                insee: None,
                territory: Some(id),
                placed: Some(Placed::Code),
            };
            let new = NewPerson {
                identity: &identity,
                place: &place,
                origin: Origin::Site,
                signed_up_on: None,
            };
            people::insert(&mut tx, &new, house.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        store.close().await;
    }
    house.start().await;
    let told = house
        .person("nadia")
        .wait_dm("the announcement", |message| {
            text_of(message).contains("Groupe possible")
        })
        .await;
    assert!(
        text_of(&told).contains("Lunel (Hérault)** — 5\u{a0}inscrits"),
        "{}",
        text_of(&told)
    );
    let app = house.app();
    let mut tx = app.store.read().await.unwrap();
    assert!(meta::get(&mut tx, meta::Fact::Commands).await.unwrap().is_some());
    assert_eq!(maillage::store::groups::all(&mut tx).await.unwrap().len(), 1);
}

/// A referent of two régions reads one message, with the groups of both; whoever is told nothing yet is told later.
#[tokio::test]
async fn an_announcement_waits_for_someone_to_read_it() {
    let world = World::new().await;
    let file = format!(
        "prenom;nom;telephone;mail;cp\n{}{}",
        sign_ups("34400", 5),
        sign_ups("35000", 5)
    );
    crate::import::apply(&world, file.into_bytes()).await;
    assert_eq!(world.number("SELECT count(*) FROM outbox").await, 0);
    assert!(
        !ladder::announce_late(&world.app, world.now()).await.unwrap(),
        "nobody is known"
    );
    let mut tx = world.app.store.write().await.unwrap();
    for region in ["76", "53"] {
        let region = maillage::domain::ids::RegionCode(region.to_owned());
        maillage::store::posts::name_referent(&mut tx, &region, UserId(7), world.now())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    assert!(ladder::announce_late(&world.app, world.now()).await.unwrap());
    // Neither région has a feed: both are told by direct messages.
    assert!(notify::spread(&world.app, world.now()).await.unwrap());
    let told = world
        .rows("SELECT target || ' ' || notice FROM outbox WHERE target LIKE 'user:%'")
        .await;
    assert_eq!(told.len(), 1, "one message: {told:?}");
    assert!(told[0].contains("[1,2]"), "{told:?}");
    assert!(!ladder::announce_late(&world.app, world.now()).await.unwrap(), "once");
    assert_eq!(ladder::catch_up(&world.app, world.now()).await.unwrap(), []);
}

/// The column that joins with the tenth migration: groups that were there have been announced.
#[tokio::test]
async fn groups_of_the_schema_before_are_not_announced_again() {
    use sqlx::ConnectOptions as _;
    let folder = tempfile::tempdir().unwrap();
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("maillage.db"))
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    maillage::store::migrations::apply(&mut conn, 9).await.unwrap();
    sqlx::query("INSERT INTO groups (name, departement, region, declared_at) VALUES ('Lunel', '34', '76', 12)")
        .execute(&mut conn)
        .await
        .unwrap();
    maillage::store::migrations::apply(&mut conn, 10).await.unwrap();
    let announced: i64 = sqlx::query_scalar("SELECT announced_at FROM groups")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(announced, 12);
}
