//! Answers to edit when a space is ready (product.md §6.3). The token of an interaction opens its answer to whoever holds it:
//! it is sealed, and forgotten after use.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::vault::{Purpose, VaultError};
use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{GroupId, MembershipId, UserId};

/// An answer that awaits the link to its group's space.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The row.
    pub id: i64,
    /// The group.
    pub group: GroupId,
    /// The participation that was confirmed.
    pub membership: MembershipId,
    /// The relay who reads the answer.
    pub user: UserId,
    /// The application that answered.
    pub application: u64,
    /// The token of the interaction.
    pub token: String,
    /// When the token is no longer to be used.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("id", &self.id)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// Keeps an answer to edit later; `id` of `answer` is not read.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn insert(tx: &mut Tx, answer: &Answer) -> Result<(), StoreError> {
    let sealed = tx.vault().seal(Purpose::AnswerToken, answer.token.as_bytes())?;
    sqlx::query(
        "INSERT INTO answers (group_id, membership, user_id, application, token_sealed, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(answer.group.0)
    .bind(answer.membership.0)
    .bind(answer.user.to_sql())
    .bind(answer.application.cast_signed())
    .bind(sealed)
    .bind(to_sql(answer.expires_at))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The answers that wait, oldest first.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn waiting(tx: &mut Tx) -> Result<Vec<Answer>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, group_id, membership, user_id, application, token_sealed, expires_at FROM answers ORDER BY id",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        let plain = tx.vault().open(Purpose::AnswerToken, row.try_get("token_sealed")?)?;
        answers.push(Answer {
            id: row.try_get("id")?,
            group: GroupId(row.try_get("group_id")?),
            membership: MembershipId(row.try_get("membership")?),
            user: UserId::from_sql(row.try_get("user_id")?),
            application: row.try_get::<i64, _>("application")?.cast_unsigned(),
            token: std::str::from_utf8(&plain)
                .map_err(|_| VaultError::Malformed)?
                .to_owned(),
            expires_at: from_sql(row.try_get("expires_at")?)?,
        });
    }
    Ok(answers)
}

/// Forgets an answer, with its token.
///
/// # Errors
/// When SQLite fails.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM answers WHERE id = ?")
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
