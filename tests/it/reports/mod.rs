//! `/rapport-region`, `/rapport-national` and `/couverture`: the figures against a naive count, and the commands as persons
//! type them.

mod acts;
mod figures;

use sqlx::Connection as _;

/// Indexes alone: they are made over the rows of the version before, and lose none.
#[tokio::test]
async fn the_indexes_are_made_over_rows_of_the_version_before() {
    let folder = tempfile::tempdir().unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("x.db"))
        .create_if_missing(true);
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    maillage::store::migrations::apply(&mut conn, 8).await.unwrap();
    for statement in [
        "INSERT INTO people (source, created_at, updated_at) VALUES ('site', 1, 1)",
        "INSERT INTO calls (person_id, at, user_id, outcome) VALUES (1, 5, 7, 'refus')",
        "INSERT INTO calls (person_id, at, user_id, note_sealed) VALUES (1, 6, 7, x'00')",
        "INSERT INTO journal (at, actor, event, after) VALUES (5, 7, 'relay.prompted', '8')",
    ] {
        sqlx::query(statement).execute(&mut conn).await.unwrap();
    }
    maillage::store::migrations::apply(&mut conn, 9).await.unwrap();
    let made: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM calls INDEXED BY calls_made WHERE outcome IS NOT NULL AND person_id = 1",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    let prompted: i64 = sqlx::query_scalar(
        "SELECT max(at) FROM journal INDEXED BY journal_of_prompts WHERE event = 'relay.prompted' AND after = '8'",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!((made, prompted), (1, 5));
}
