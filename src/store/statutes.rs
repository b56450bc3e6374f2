//! The statutes of each group, version by version.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoreError, Tx, to_sql};
use crate::domain::ids::GroupId;

/// One article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its number, from 1.
    pub number: u32,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// Writes a version with its articles; tells whether it is new. A version that is there is not touched.
///
/// # Errors
/// When SQLite fails.
pub async fn adopt(
    tx: &mut Tx,
    group: GroupId,
    version: u32,
    articles: &[Article],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("INSERT INTO statutes (group_id, version, adopted_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(group.0)
            .bind(version)
            .bind(to_sql(now))
            .execute(tx.conn())
            .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for article in articles {
        sqlx::query("INSERT INTO statute_articles (group_id, version, number, title, body) VALUES (?, ?, ?, ?, ?)")
            .bind(group.0)
            .bind(version)
            .bind(article.number)
            .bind(&article.title)
            .bind(&article.body)
            .execute(tx.conn())
            .await?;
    }
    Ok(true)
}

/// The version in force, if the group has statutes.
///
/// # Errors
/// When SQLite fails.
pub async fn version(tx: &mut Tx, group: GroupId) -> Result<Option<u32>, StoreError> {
    let version: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM statutes WHERE group_id = ?")
        .bind(group.0)
        .fetch_one(tx.conn())
        .await?;
    version
        .map(|number| {
            u32::try_from(number).map_err(|_| StoreError::Row {
                table: "statutes",
                what: "version",
            })
        })
        .transpose()
}

/// The articles of a version, in order.
///
/// # Errors
/// When SQLite fails.
pub async fn articles(tx: &mut Tx, group: GroupId, version: u32) -> Result<Vec<Article>, StoreError> {
    let rows = sqlx::query(
        "SELECT number, title, body FROM statute_articles WHERE group_id = ? AND version = ? ORDER BY number",
    )
    .bind(group.0)
    .bind(version)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Article {
                number: u32::try_from(row.try_get::<i64, _>("number")?).map_err(|_| StoreError::Row {
                    table: "statute_articles",
                    what: "number",
                })?,
                title: row.try_get("title")?,
                body: row.try_get("body")?,
            })
        })
        .collect()
}
