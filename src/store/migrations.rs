//! The schema, migration by migration. Append-only: a migration that has landed is never edited.

use std::borrow::Cow;

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqlitePool;

use super::{OpenError, StoreError};

/// Version, name and text of each migration, oldest first.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "foundations", include_str!("../../migrations/0001_foundations.sql")),
    (2, "calls", include_str!("../../migrations/0002_calls.sql")),
    (3, "undos", include_str!("../../migrations/0003_undos.sql")),
    (4, "council", include_str!("../../migrations/0004_council.sql")),
    (5, "welcomes", include_str!("../../migrations/0005_welcomes.sql")),
    (6, "meetings", include_str!("../../migrations/0006_meetings.sql")),
    (7, "installs", include_str!("../../migrations/0007_installs.sql")),
    (8, "feeds", include_str!("../../migrations/0008_feeds.sql")),
    (9, "reports", include_str!("../../migrations/0009_reports.sql")),
    (
        10,
        "announcements",
        include_str!("../../migrations/0010_announcements.sql"),
    ),
];

/// The version of the schema that this program writes.
#[must_use]
pub fn latest() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, _, _)| *version)
}

/// Brings the schema up to date.
///
/// # Errors
/// [`OpenError::Newer`] when a later version has already migrated this database; else what SQLite says.
pub async fn run(pool: &SqlitePool) -> Result<(), OpenError> {
    let mut conn = pool.acquire().await?;
    apply(&mut *conn, latest()).await
}

/// Brings the schema up to `version`, for tests that fill the tables of an earlier one.
///
/// # Errors
/// As [`run`].
pub async fn apply<C: Migrate>(conn: &mut C, version: i64) -> Result<(), OpenError> {
    let migrations: Vec<Migration> = MIGRATIONS
        .iter()
        .filter(|(number, _, _)| *number <= version)
        .map(|(number, name, text)| {
            Migration::new(
                *number,
                Cow::Borrowed(*name),
                MigrationType::Simple,
                sqlx::SqlSafeStr::into_sql_str(*text),
                false,
            )
        })
        .collect();
    match Migrator::with_migrations(migrations)
        .run_direct(None, conn, false)
        .await
    {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version)) => Err(OpenError::Newer(version)),
        Err(MigrateError::Execute(error)) => Err(OpenError::Store(StoreError::Sql(error))),
        Err(other) => Err(OpenError::Store(StoreError::Sql(sqlx::Error::Migrate(Box::new(other))))),
    }
}
