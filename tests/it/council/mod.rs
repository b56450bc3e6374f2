//! Groups merged, split and given back; the journal that tells it, and what can be undone from it.

mod journal;
mod merge;
mod space;
mod split;

use maillage::domain::ids::{GroupId, JournalId, MembershipId, PersonId, UserId};
use maillage::domain::ladder::Counts;
use maillage::domain::notice::Notice;
use maillage::domain::person::Identity;
use maillage::domain::territory::Origin as Placed;
use maillage::error::Outcome;
use maillage::store::memberships::{End, NewMembership};
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{ladder as rows, memberships, people, snapshot};
use maillage::texts::regroup::Merged;
use maillage::usecases::regroup::merge as merging;
use maillage::usecases::{ladder, undo};
use sqlx::sqlite::SqlitePool;

use crate::ground::*;

/// Someone of a commune who signed up, numbered: the phone and the mail come from the number.
async fn inscrit(ground: &Ground, n: u32, postal_code: &str, insee: Option<&str>) -> PersonId {
    let territory = ground.territory(postal_code).await;
    let (phone, mail) = (phone(n), format!("personne{n}@example.org"));
    let identity = Identity::parse("Léa", "Martin", &phone, &mail, postal_code).unwrap();
    let place = Place {
        postal_code: postal_code.to_owned(),
        insee: insee.map(str::to_owned),
        territory: Some(territory),
        placed: Some(Placed::Commune),
    };
    let new = NewPerson {
        identity: &identity,
        place: &place,
        origin: Origin::Site,
        signed_up_on: None,
    };
    let mut tx = ground.app.store.write().await.unwrap();
    let person = people::insert(&mut tx, &new, ground.now()).await.unwrap();
    tx.commit().await.unwrap();
    person
}

/// The same, validated in a group.
async fn member(ground: &Ground, group: GroupId, n: u32, postal_code: &str, insee: Option<&str>) -> PersonId {
    let person = inscrit(ground, n, postal_code, insee).await;
    enter(ground, group, person).await;
    person
}

/// Validates a person in a group.
async fn enter(ground: &Ground, group: GroupId, person: PersonId) -> MembershipId {
    let mut tx = ground.app.store.write().await.unwrap();
    let new = NewMembership {
        person,
        group,
        by: CAMILLE,
        consent_version: "1",
    };
    let membership = memberships::insert(&mut tx, &new, ground.now()).await.unwrap();
    ladder::settle(&mut tx, &ground.app.rules(), group, None, ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    membership.id
}

/// Ends a participation.
async fn leave(ground: &Ground, person: PersonId) {
    let mut tx = ground.app.store.write().await.unwrap();
    let current = memberships::current(&mut tx, person).await.unwrap().unwrap();
    memberships::end(&mut tx, current.id, End::Departure, None, ground.now())
        .await
        .unwrap();
    ladder::settle(&mut tx, &ground.app.rules(), current.group, None, ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Members of two groups: `lunel` in Lunel, then `nimes` in Nîmes.
async fn villages(lunel: u32, nimes: u32) -> Ground {
    let ground = Ground::new().await;
    for n in 1..=lunel {
        member(&ground, ground.lunel, n, "34400", None).await;
    }
    for n in 1..=nimes {
        member(&ground, ground.nimes, 100 + n, "30000", Some("30189")).await;
    }
    ground.told().await;
    ground
}

async fn merge(ground: &Ground, from: GroupId, into: GroupId) -> Outcome<Merged> {
    let nadia = actor(NATIONAL);
    let (draft, _) = merging::propose(&ground.app, nadia, &from.to_string(), &into.to_string(), ground.now()).await?;
    merging::confirm(&ground.app, nadia, &draft, ground.now()).await
}

async fn undo_line(ground: &Ground, line: JournalId) -> Outcome<String> {
    undo::undo(&ground.app, actor(NATIONAL), line, ground.now()).await
}

async fn counts(ground: &Ground, group: GroupId) -> Counts {
    let mut tx = ground.app.store.read().await.unwrap();
    rows::counts(&mut tx, group).await.unwrap()
}

/// Every step reached, with its date: nothing ever leaves this list.
async fn steps(ground: &Ground) -> Vec<String> {
    raw_rows(
        ground,
        "SELECT group_id || ' ' || step || ' ' || reached_at FROM steps ORDER BY 1",
    )
    .await
}

/// The present members: person, group, number.
async fn register(ground: &Ground) -> Vec<String> {
    raw_rows(
        ground,
        "SELECT person_id || ' in ' || group_id || ' as ' || number FROM memberships WHERE left_at IS NULL ORDER BY person_id",
    )
    .await
}

async fn raw(ground: &Ground) -> SqlitePool {
    crate::world::raw(ground.app.store.path()).await
}

async fn raw_rows(ground: &Ground, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&raw(ground).await).await.unwrap()
}

/// Runs a statement behind the application's back.
async fn execute(ground: &Ground, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(ground.app.store.path());
    let pool = SqlitePool::connect_with(options).await.unwrap();
    sqlx::query(sql).execute(&pool).await.unwrap();
    pool.close().await;
}

/// Who of whom was told a kind of news.
async fn told(ground: &Ground, is: impl Fn(&Notice) -> bool) -> Vec<String> {
    let mut whom: Vec<String> = ground
        .told()
        .await
        .into_iter()
        .filter(|(_, notice)| is(notice))
        .map(|(to, _)| to.to_string())
        .collect();
    whom.sort();
    whom
}

fn user(user: UserId) -> String {
    format!("user:{user}")
}

/// What Discord should show, as the reconciler reads it.
async fn snapshot_of(ground: &Ground) -> maillage::domain::snapshot::Snapshot {
    let mut tx = ground.app.store.read().await.unwrap();
    snapshot::load(&mut tx, maillage::domain::register::Columns::default())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_fourth_schema_keeps_the_undos_of_the_third() {
    use sqlx::ConnectOptions as _;
    let folder = tempfile::tempdir().unwrap();
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("maillage.db"))
        .create_if_missing(true)
        .foreign_keys(true)
        .connect()
        .await
        .unwrap();
    maillage::store::migrations::apply(&mut conn, 3).await.unwrap();
    for statement in [
        "INSERT INTO people (source, created_at, updated_at) VALUES ('site', 1, 1)",
        "INSERT INTO groups (name, departement, region, declared_at) VALUES ('Lunel', '34', '76', 1)",
        "INSERT INTO journal (at, event) VALUES (1, 'person.merged'), (1, 'group.archived'), (1, 'group.merged')",
        "INSERT INTO undos VALUES (1, 'people_merged', 1, NULL, x'01', 9), (2, 'group_archived', NULL, 1, x'02', 9)",
    ] {
        sqlx::query(statement).execute(&mut conn).await.unwrap();
    }
    maillage::store::migrations::apply(&mut conn, 4).await.unwrap();
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT journal_id || kind || coalesce(person_id, '') || hex(sealed) FROM undos ORDER BY 1")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert_eq!(kept, ["1people_merged101", "2group_archived02"]);
    let undo = "INSERT INTO undos VALUES (3, 'groups_merged', NULL, 1, x'03', 9)";
    sqlx::query(undo).execute(&mut conn).await.unwrap();
    assert!(
        sqlx::query(undo).execute(&mut conn).await.is_err(),
        "still one for each line"
    );
    let unknown = "UPDATE undos SET kind = 'autre' WHERE journal_id = 3";
    assert!(sqlx::query(unknown).execute(&mut conn).await.is_err());
}

#[tokio::test]
async fn the_lines_of_a_group_and_of_a_person_are_found_by_their_indexes() {
    let ground = Ground::new().await;
    let raw = raw(&ground).await;
    for (filter, index) in [
        (
            "j.id IN (SELECT id FROM journal WHERE group_id IN (SELECT value FROM json_each('[1]')))",
            "journal_by_group",
        ),
        (
            "(j.person_id = 1 OR j.person_id IN (SELECT id FROM people WHERE merged_into = 1))",
            "journal_by_person",
        ),
        (
            "j.id IN (SELECT journal_id FROM passages WHERE journal_id = 1)",
            "passages_by_line",
        ),
    ] {
        let sql =
            format!("EXPLAIN QUERY PLAN SELECT j.id FROM journal j WHERE {filter} AND j.id < 9 ORDER BY j.id DESC");
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&raw).await.unwrap();
        let plan: Vec<String> = plan.into_iter().map(|(.., what)| what).collect();
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
    }
}
