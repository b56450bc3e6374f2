//! What was asked by `/installer`, and the answers that await what came of it (product.md §17). The token of an interaction
//! opens its answer to whoever holds it: it is sealed, and forgotten after use.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::vault::{Purpose, VaultError};
use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::UserId;
use crate::domain::installation::Checkup;

/// What was found when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The checks; `None` when Discord did not answer.
    pub checkup: Option<Checkup>,
    /// The keys of what was there already, and a mark for each role that bore the name of the national team's.
    pub there: Vec<String>,
}

/// One asking.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its number.
    pub id: i64,
    /// What was found; `None` when another version of the program wrote it.
    pub found: Option<Found>,
    /// The token of the interaction.
    pub token: String,
    /// When the token is no longer to be used.
    pub expires_at: DateTime<Utc>,
    /// Whether the reconciler has done what it could.
    pub seen: bool,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked")
            .field("id", &self.id)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

/// Writes an asking; gives its number.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn insert(
    tx: &mut Tx,
    by: UserId,
    found: &Found,
    token: &str,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let facts = serde_json::to_string(found).map_err(|_| StoreError::Row {
        table: "installs",
        what: "facts",
    })?;
    let sealed = tx.vault().seal(Purpose::AnswerToken, token.as_bytes())?;
    let id = sqlx::query_scalar(
        "INSERT INTO installs (at, user_id, facts, token_sealed, expires_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(to_sql(now))
    .bind(by.to_sql())
    .bind(facts)
    .bind(sealed)
    .bind(to_sql(expires_at))
    .fetch_one(tx.conn())
    .await?;
    Ok(id)
}

/// The number of the last asking; `None` before the first.
///
/// # Errors
/// When SQLite fails.
pub async fn latest(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let id = sqlx::query_scalar("SELECT max(id) FROM installs")
        .fetch_one(tx.conn())
        .await?;
    Ok(id)
}

/// Notes that the reconciler has done what it could for the askings up to this one.
///
/// # Errors
/// When SQLite fails.
pub async fn note_seen(tx: &mut Tx, id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE installs SET seen_at = ? WHERE id <= ? AND seen_at IS NULL")
        .bind(to_sql(now))
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether the reconciler has looked after the last asking.
///
/// # Errors
/// When SQLite fails.
pub async fn is_seen(tx: &mut Tx) -> Result<bool, StoreError> {
    let waits: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM installs WHERE seen_at IS NULL)")
        .fetch_one(tx.conn())
        .await?;
    Ok(!waits)
}

/// The askings whose answer is still to be edited, oldest first.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn awaited(tx: &mut Tx) -> Result<Vec<Asked>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, facts, token_sealed, expires_at, seen_at IS NOT NULL AS seen FROM installs \
         WHERE token_sealed IS NOT NULL ORDER BY id",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut asked = Vec::with_capacity(rows.len());
    for row in rows {
        let token = tx.vault().open(Purpose::AnswerToken, row.try_get("token_sealed")?)?;
        asked.push(Asked {
            id: row.try_get("id")?,
            found: serde_json::from_str(row.try_get("facts")?).ok(),
            token: std::str::from_utf8(&token)
                .map_err(|_| VaultError::Malformed)?
                .to_owned(),
            expires_at: from_sql(row.try_get("expires_at")?)?,
            seen: row.try_get("seen")?,
        });
    }
    Ok(asked)
}

/// Forgets the token of an asking: its answer was edited, or can be no longer.
///
/// # Errors
/// When SQLite fails.
pub async fn answered(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE installs SET token_sealed = NULL WHERE id = ?")
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::installation::{Limits, NationalRole};
    use crate::store::Store;
    use crate::store::keyring::KeySource;

    fn found() -> Found {
        Found {
            checkup: Some(Checkup {
                own_role: Some("maillage".to_owned()),
                missing: 1 << 51,
                too_high: vec!["Relai local".to_owned()],
                national: NationalRole::Here,
                unfit: Vec::new(),
                limits: Limits {
                    channels: 3,
                    roles: 2,
                    fullest: 1,
                    groups: 100,
                },
                portal: None,
            }),
            there: vec!["place:national".to_owned()],
        }
    }

    #[tokio::test]
    async fn an_asking_is_followed_seen_and_answered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("maillage.db");
        let store = Store::open(&path, &KeySource::beside(&path)).await.unwrap();
        let now: DateTime<Utc> = "2027-03-04T10:00:00Z".parse().unwrap();
        let until = now + chrono::TimeDelta::minutes(14);
        let mut tx = store.write().await.unwrap();
        assert_eq!(latest(&mut tx).await.unwrap(), None);
        assert!(is_seen(&mut tx).await.unwrap());
        let user = UserId(7);
        let first = insert(&mut tx, user, &found(), "jeton-un", until, now).await.unwrap();
        let second = insert(&mut tx, user, &found(), "jeton-deux", until, now).await.unwrap();
        assert!(second > first);
        assert_eq!(latest(&mut tx).await.unwrap(), Some(second));
        assert!(!is_seen(&mut tx).await.unwrap());
        note_seen(&mut tx, first, now).await.unwrap();
        assert!(!is_seen(&mut tx).await.unwrap());
        let all = awaited(&mut tx).await.unwrap();
        assert_eq!(all.iter().map(|asked| asked.seen).collect::<Vec<_>>(), [true, false]);
        assert_eq!((all[0].token.as_str(), &all[0].found), ("jeton-un", &Some(found())));
        assert_eq!(all[0].expires_at, until);
        assert!(!format!("{all:?}").contains("jeton"), "a token never shows");
        answered(&mut tx, first).await.unwrap();
        note_seen(&mut tx, second, now).await.unwrap();
        assert!(is_seen(&mut tx).await.unwrap());
        let left = awaited(&mut tx).await.unwrap();
        assert_eq!(left.iter().map(|asked| asked.id).collect::<Vec<_>>(), [second]);
        tx.commit().await.unwrap();
        let raw = std::fs::read(&path).unwrap();
        assert!(!raw.windows(8).any(|window| window == b"jeton-un"), "sealed");
        store.close().await;
    }
}
