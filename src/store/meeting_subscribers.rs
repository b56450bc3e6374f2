//! «Me le rappeler»: the accounts that asked for a message before the newcomers' meeting (product.md §11).

use chrono::{DateTime, Utc};

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::UserId;

/// Notes that an account wants to be reminded; tells whether that is new.
///
/// # Errors
/// When SQLite fails.
pub async fn add(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let done =
        sqlx::query("INSERT INTO meeting_subscribers (user_id, since) VALUES (?, ?) ON CONFLICT (user_id) DO NOTHING")
            .bind(user.to_sql())
            .bind(to_sql(now))
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that an account no longer wants to be reminded; tells whether that is new.
///
/// # Errors
/// When SQLite fails.
pub async fn remove(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM meeting_subscribers WHERE user_id = ?")
        .bind(user.to_sql())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Since when an account wants to be reminded; `None` when it does not.
///
/// # Errors
/// When SQLite fails.
pub async fn since(tx: &mut Tx, user: UserId) -> Result<Option<DateTime<Utc>>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar("SELECT since FROM meeting_subscribers WHERE user_id = ?")
        .bind(user.to_sql())
        .fetch_optional(tx.conn())
        .await?;
    at.map(from_sql).transpose()
}

/// Every account that wants to be reminded, in order of account. Whoever wants no messages at all is among them: the
/// delivery sees to that.
///
/// # Errors
/// When SQLite fails.
pub async fn all(tx: &mut Tx) -> Result<Vec<UserId>, StoreError> {
    let rows: Vec<i64> = sqlx::query_scalar("SELECT user_id FROM meeting_subscribers ORDER BY user_id")
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(UserId::from_sql).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::support_tests::{noon, store};
    use chrono::TimeDelta;

    #[tokio::test]
    async fn who_asked_is_reminded_until_asking_the_contrary() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        assert!(add(&mut tx, UserId(2), noon()).await.unwrap());
        assert!(!add(&mut tx, UserId(2), noon() + TimeDelta::days(1)).await.unwrap());
        assert!(add(&mut tx, UserId(1), noon()).await.unwrap());
        assert_eq!(since(&mut tx, UserId(2)).await.unwrap(), Some(noon()));
        assert_eq!(all(&mut tx).await.unwrap(), [UserId(1), UserId(2)]);
        assert!(remove(&mut tx, UserId(2)).await.unwrap());
        assert!(!remove(&mut tx, UserId(2)).await.unwrap());
        assert_eq!(since(&mut tx, UserId(2)).await.unwrap(), None);
        assert_eq!(all(&mut tx).await.unwrap(), [UserId(1)]);
    }
}
