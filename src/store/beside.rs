//! A view of a database that another process may hold: for the commands of the host that only read (product.md §17).

use std::path::Path;
use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::keyring::{self, KeySource};
use super::{BUSY_TIMEOUT, OpenError, Tx, migrations, not_a_database};

/// Opens one consistent view of the database at `path`, which is neither locked, nor migrated, nor written to.
///
/// # Errors
/// See [`OpenError`]: file, key, schema. A database of an earlier version is refused: its tables may lack what is read.
pub async fn view(path: &Path, key: &KeySource) -> Result<Tx, OpenError> {
    if let Err(source) = std::fs::File::open(path) {
        return Err(OpenError::File {
            path: path.to_owned(),
            source,
        });
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .map_err(|error| not_a_database(path, error))?;
    let ours: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('_sqlx_migrations', 'keys', 'journal')",
    )
    .fetch_one(&pool)
    .await
    .map_err(|error| not_a_database(path, error))?;
    if ours != 3 {
        return Err(OpenError::NotOurs(path.to_owned()));
    }
    let mut inner = pool.begin().await?;
    let row = sqlx::query("SELECT coalesce(max(version), 0) AS version FROM _sqlx_migrations WHERE success")
        .fetch_one(&mut *inner)
        .await?;
    let version: i64 = row.try_get("version")?;
    match version.cmp(&migrations::latest()) {
        std::cmp::Ordering::Less => return Err(OpenError::Older(version)),
        std::cmp::Ordering::Greater => return Err(OpenError::Newer(version)),
        std::cmp::Ordering::Equal => {}
    }
    let vault = keyring::unlock(&mut inner, key).await?;
    Ok(Tx {
        inner,
        vault: Arc::new(vault),
        changes: None,
        queries: Arc::default(),
    })
}
