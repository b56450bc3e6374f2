use maillage::store::migrations;
use sqlx::{ConnectOptions, Row};

/// The schema of the version before, with a binding in it, becomes this one: nothing is lost, nothing impossible is kept.
#[tokio::test]
async fn the_meetings_come_beside_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("maillage.db"))
        .create_if_missing(true)
        .foreign_keys(true);
    let mut conn = options.connect().await.unwrap();
    migrations::apply(&mut conn, 5).await.unwrap();
    for statement in [
        "INSERT INTO bindings (key, guild, kind, intended_at) VALUES ('group:1:role', 1, 'role', 1)",
        "INSERT INTO meeting_subscribers (user_id, since) VALUES (7, 1)",
    ] {
        sqlx::query(statement).execute(&mut conn).await.unwrap();
    }
    migrations::apply(&mut conn, 6).await.unwrap();
    let row = sqlx::query("SELECT (SELECT count(*) FROM bindings), (SELECT count(*) FROM meeting_subscribers)")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (1, 1));
    sqlx::query("INSERT INTO meetings (day, starts_at, ends_at) VALUES ('2027-03-08', 1, 2)")
        .execute(&mut conn)
        .await
        .unwrap();
    for statement in [
        "INSERT INTO meetings (day, starts_at, ends_at) VALUES ('2027-03-15', 2, 2)",
        "INSERT INTO meetings (day, starts_at, ends_at, reason) VALUES ('2027-03-15', 1, 2, 'pourquoi')",
        "INSERT INTO meeting_reminders (day, starts_at, kind, at, told) VALUES ('2027-03-15', 1, 'veille', 1, 1)",
        "INSERT INTO meeting_reminders (day, starts_at, kind, at, told) VALUES ('2027-03-08', 1, 'autre', 1, 1)",
    ] {
        assert!(sqlx::query(statement).execute(&mut conn).await.is_err(), "{statement}");
    }
}
