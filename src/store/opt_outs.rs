//! «Ne plus recevoir de messages»: the accounts to which nothing is sent of the bot's own accord (product.md §11).

use chrono::{DateTime, Utc};

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::UserId;

/// Since when an account wants no messages; `None` when it does not mind.
///
/// # Errors
/// When SQLite fails.
pub async fn since(tx: &mut Tx, user: UserId) -> Result<Option<DateTime<Utc>>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar("SELECT since FROM opt_outs WHERE user_id = ?")
        .bind(user.to_sql())
        .fetch_optional(tx.conn())
        .await?;
    at.map(from_sql).transpose()
}

/// Notes that an account wants no messages; tells whether that is new.
///
/// # Errors
/// When SQLite fails.
pub async fn stop(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let done = sqlx::query("INSERT INTO opt_outs (user_id, since) VALUES (?, ?) ON CONFLICT (user_id) DO NOTHING")
        .bind(user.to_sql())
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that an account wants messages again; tells whether that is new.
///
/// # Errors
/// When SQLite fails.
pub async fn resume(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM opt_outs WHERE user_id = ?")
        .bind(user.to_sql())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::support_tests::{noon, store};
    use chrono::TimeDelta;

    #[tokio::test]
    async fn a_wish_is_kept_with_its_first_date_until_it_is_taken_back() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        assert_eq!(since(&mut tx, UserId(1)).await.unwrap(), None);
        assert!(stop(&mut tx, UserId(1), noon()).await.unwrap());
        assert!(!stop(&mut tx, UserId(1), noon() + TimeDelta::days(1)).await.unwrap());
        assert_eq!(since(&mut tx, UserId(1)).await.unwrap(), Some(noon()));
        assert_eq!(since(&mut tx, UserId(2)).await.unwrap(), None);
        assert!(resume(&mut tx, UserId(1)).await.unwrap());
        assert!(!resume(&mut tx, UserId(1)).await.unwrap());
        assert_eq!(since(&mut tx, UserId(1)).await.unwrap(), None);
    }
}
