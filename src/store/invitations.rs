//! One-time codes that link a Discord account to a person on file (product.md §6.6). A code is stored as a keyed hash: whoever
//! reads the database cannot use it.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::vault::Index;
use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{PersonId, UserId};

/// An invitation, as found by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: i64,
    /// Whom it links.
    pub person: PersonId,
    /// The relay who gave it.
    pub by: UserId,
    /// Until when it can be used, excluded.
    pub expires_at: DateTime<Utc>,
    /// Whether a later one took its place.
    pub replaced: bool,
    /// Whether it was used.
    pub used: bool,
}

/// Writes an invitation, which takes the place of the person's former one. `code` is in its normal form.
///
/// # Errors
/// When the code exists already (a unique key), or SQLite fails.
pub async fn create(
    tx: &mut Tx,
    person: PersonId,
    code: &str,
    by: UserId,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE invitations SET replaced_at = ? WHERE person_id = ? AND used_at IS NULL AND replaced_at IS NULL",
    )
    .bind(to_sql(now))
    .bind(person.0)
    .execute(tx.conn())
    .await?;
    let hash = tx.vault().suppression(Index::Code, code);
    sqlx::query("INSERT INTO invitations (person_id, code, created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?)")
        .bind(person.0)
        .bind(hash.as_slice())
        .bind(to_sql(now))
        .bind(by.to_sql())
        .bind(to_sql(expires_at))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The invitation of a code, whatever its state.
///
/// # Errors
/// When SQLite fails.
pub async fn find(tx: &mut Tx, code: &str) -> Result<Option<Invitation>, StoreError> {
    let hash = tx.vault().suppression(Index::Code, code);
    let row = sqlx::query(
        "SELECT id, person_id, created_by, expires_at, replaced_at IS NOT NULL AS replaced, used_at IS NOT NULL AS used \
         FROM invitations WHERE code = ?",
    )
    .bind(hash.as_slice())
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Invitation {
            id: row.try_get("id")?,
            person: PersonId(row.try_get("person_id")?),
            by: UserId::from_sql(row.try_get("created_by")?),
            expires_at: from_sql(row.try_get("expires_at")?)?,
            replaced: row.try_get("replaced")?,
            used: row.try_get("used")?,
        })
    })
    .transpose()
}

/// Uses an invitation; tells whether it could be, which it can once.
///
/// # Errors
/// When SQLite fails.
pub async fn spend(tx: &mut Tx, id: i64, user: UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE invitations SET used_at = ?1, used_by = ?2 \
         WHERE id = ?3 AND used_at IS NULL AND replaced_at IS NULL AND expires_at > ?1",
    )
    .bind(to_sql(now))
    .bind(user.to_sql())
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many codes this account typed after `since`.
///
/// # Errors
/// When SQLite fails.
pub async fn tries(tx: &mut Tx, user: UserId, since: DateTime<Utc>) -> Result<u32, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM code_tries WHERE user_id = ? AND at > ?")
        .bind(user.to_sql())
        .bind(to_sql(since))
        .fetch_one(tx.conn())
        .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The first of the codes that this account typed after `since`.
///
/// # Errors
/// When SQLite fails.
pub async fn first_try(tx: &mut Tx, user: UserId, since: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar("SELECT min(at) FROM code_tries WHERE user_id = ? AND at > ?")
        .bind(user.to_sql())
        .bind(to_sql(since))
        .fetch_one(tx.conn())
        .await?;
    at.map(from_sql).transpose()
}

/// Notes that this account typed a code, and forgets everyone's tries up to `since`, which count no more.
///
/// # Errors
/// When SQLite fails.
pub async fn note_try(tx: &mut Tx, user: UserId, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM code_tries WHERE at <= ?")
        .bind(to_sql(since))
        .execute(tx.conn())
        .await?;
    sqlx::query("INSERT INTO code_tries (user_id, at) VALUES (?, ?)")
        .bind(user.to_sql())
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets the invitations of a person who is erased (product.md §16).
///
/// # Errors
/// When SQLite fails.
pub async fn forget(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM invitations WHERE person_id = ?")
        .bind(person.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::support_tests::{noon, person, store};

    #[tokio::test]
    async fn of_one_person_the_latest_code_alone_is_open_and_serves_once() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let (id, by, now) = (person(&mut tx, 1, None).await, UserId(5), noon());
        let end = now + chrono::TimeDelta::days(14);
        create(&mut tx, id, "AAAAAAAA", by, end, now).await.unwrap();
        create(&mut tx, id, "BBBBBBBB", by, end, now).await.unwrap();
        let (old, new) = (
            find(&mut tx, "AAAAAAAA").await.unwrap().unwrap(),
            find(&mut tx, "BBBBBBBB").await.unwrap().unwrap(),
        );
        assert!(old.replaced && !new.replaced && !new.used);
        assert_eq!((new.person, new.by, new.expires_at), (id, by, end));
        assert_eq!(find(&mut tx, "CCCCCCCC").await.unwrap(), None);
        assert!(!spend(&mut tx, old.id, UserId(6), now).await.unwrap());
        assert!(!spend(&mut tx, new.id, UserId(6), end).await.unwrap());
        assert!(spend(&mut tx, new.id, UserId(6), now).await.unwrap());
        assert!(!spend(&mut tx, new.id, UserId(7), now).await.unwrap());
        forget(&mut tx, id).await.unwrap();
        assert_eq!(find(&mut tx, "BBBBBBBB").await.unwrap(), None);
    }

    #[tokio::test]
    async fn tries_are_counted_by_account_and_forgotten() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let (user, hour) = (UserId(5), chrono::TimeDelta::hours(1));
        let later = noon() + hour;
        note_try(&mut tx, user, noon() - hour, noon()).await.unwrap();
        assert_eq!(tries(&mut tx, user, noon() - hour).await.unwrap(), 1);
        assert_eq!(tries(&mut tx, UserId(6), noon() - hour).await.unwrap(), 0);
        assert_eq!(first_try(&mut tx, user, noon() - hour).await.unwrap(), Some(noon()));
        note_try(&mut tx, UserId(6), later - hour, later).await.unwrap();
        assert_eq!(
            tries(&mut tx, user, noon() - hour).await.unwrap(),
            0,
            "an hour later nothing is kept"
        );
        assert_eq!(first_try(&mut tx, user, noon() - hour).await.unwrap(), None);
    }
}
