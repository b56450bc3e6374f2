use maillage::store::migrations;
use sqlx::{ConnectOptions, Row};

/// The schema of the version before, with people in it, becomes this one: nobody's number is blocked, nothing is lost.
#[tokio::test]
async fn people_of_the_first_schema_can_be_called() {
    let folder = tempfile::tempdir().unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("maillage.db"))
        .create_if_missing(true)
        .foreign_keys(true);
    let mut conn = options.connect().await.unwrap();
    migrations::apply(&mut conn, 1).await.unwrap();
    sqlx::query(
        "INSERT INTO people (sealed, phone_index, postal_code, source, call_state, call_back_on, lease_user, lease_until, \
                             created_at, updated_at) \
         VALUES (x'01', x'02', '34400', 'site', 'a_rappeler', '2027-03-04', 5, 9, 1, 1)",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    migrations::apply(&mut conn, 2).await.unwrap();
    let row = sqlx::query("SELECT number_blocked, call_state, call_back_on, lease_user FROM people")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<&str, _>(1)), (0, "a_rappeler"));
    assert_eq!((row.get::<&str, _>(2), row.get::<i64, _>(3)), ("2027-03-04", 5));
    for statement in [
        "INSERT INTO calls (person_id, at, user_id) VALUES (1, 1, 1)",
        "INSERT INTO calls (person_id, at, user_id, outcome) VALUES (1, 1, 1, 'autre')",
        "UPDATE people SET number_blocked = 2",
    ] {
        assert!(sqlx::query(statement).execute(&mut conn).await.is_err(), "{statement}");
    }
}
