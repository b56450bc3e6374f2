//! Two records made one, and made two again (product.md §4). What decides is `usecases::merging`.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::{StoreError, Tx, id_list, to_sql};
use crate::domain::ids::{PersonId, UserId};

/// What of a record is neither its identity nor its place, as the database keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// `site` or `local`.
    pub source: String,
    /// When this person signed up.
    pub signed_up_on: Option<NaiveDate>,
    /// The stored call state.
    pub call_state: String,
    /// The day of a call-back.
    pub call_back_on: Option<NaiveDate>,
    /// The last call, in seconds.
    pub last_call_at: Option<i64>,
    /// The account linked.
    pub account: Option<u64>,
    /// Since when, in seconds.
    pub linked_at: Option<i64>,
}

/// Reads the rest of a record, whether or not it was merged into another.
///
/// # Errors
/// When SQLite fails.
pub async fn rest(tx: &mut Tx, person: PersonId) -> Result<Rest, StoreError> {
    let row = sqlx::query(
        "SELECT source, signed_up_on, call_state, call_back_on, last_call_at, discord_user, linked_at FROM people WHERE id = ?",
    )
    .bind(person.0)
    .fetch_one(tx.conn())
    .await?;
    let malformed = |_| StoreError::Row {
        table: "people",
        what: "date",
    };
    let date = |text: Option<&str>| text.map(str::parse::<NaiveDate>).transpose().map_err(malformed);
    Ok(Rest {
        source: row.try_get("source")?,
        signed_up_on: date(row.try_get("signed_up_on")?)?,
        call_state: row.try_get("call_state")?,
        call_back_on: date(row.try_get("call_back_on")?)?,
        last_call_at: row.try_get("last_call_at")?,
        account: row.try_get::<Option<i64>, _>("discord_user")?.map(i64::cast_unsigned),
        linked_at: row.try_get("linked_at")?,
    })
}

/// Writes the rest of a record. An account must be free before it is given.
///
/// # Errors
/// When the account is linked to somebody else, or SQLite fails.
pub async fn set_rest(tx: &mut Tx, person: PersonId, rest: &Rest, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE people SET source = ?2, signed_up_on = ?3, call_state = ?4, call_back_on = ?5, last_call_at = ?6, \
                discord_user = ?7, linked_at = ?8, updated_at = ?9 WHERE id = ?1",
    )
    .bind(person.0)
    .bind(&rest.source)
    .bind(rest.signed_up_on.map(|date| date.to_string()))
    .bind(&rest.call_state)
    .bind(rest.call_back_on.map(|date| date.to_string()))
    .bind(rest.last_call_at)
    .bind(rest.account.map(|account| UserId(account).to_sql()))
    .bind(rest.linked_at)
    .bind(to_sql(now))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Merges a record into another: it is nobody's any longer, but keeps its details until the undo expires. Its calls go with
/// it; gives their ids. The account must be free already.
///
/// # Errors
/// When SQLite fails.
pub async fn absorb(tx: &mut Tx, gone: PersonId, kept: PersonId, now: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
    sqlx::query(
        "UPDATE people SET merged_into = ?2, lease_user = NULL, lease_until = NULL, updated_at = ?3 WHERE id = ?1",
    )
    .bind(gone.0)
    .bind(kept.0)
    .bind(to_sql(now))
    .execute(tx.conn())
    .await?;
    sqlx::query("UPDATE people SET merged_into = ?2 WHERE merged_into = ?1")
        .bind(gone.0)
        .bind(kept.0)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "UPDATE invitations SET replaced_at = ?2 WHERE person_id = ?1 AND used_at IS NULL AND replaced_at IS NULL",
    )
    .bind(gone.0)
    .bind(to_sql(now))
    .execute(tx.conn())
    .await?;
    // Whoever may be the one may be the other.
    sqlx::query(
        "INSERT INTO duplicate_pairs (a, b, reason, found_at) \
         SELECT min(?2, o.other), max(?2, o.other), o.reason, o.found_at FROM ( \
             SELECT CASE WHEN a = ?1 THEN b ELSE a END AS other, reason, found_at FROM duplicate_pairs \
              WHERE (a = ?1 OR b = ?1) AND verdict IS NULL) o WHERE o.other <> ?2 ON CONFLICT DO NOTHING",
    )
    .bind(gone.0)
    .bind(kept.0)
    .execute(tx.conn())
    .await?;
    let calls: Vec<i64> = sqlx::query_scalar("UPDATE calls SET person_id = ?2 WHERE person_id = ?1 RETURNING id")
        .bind(gone.0)
        .bind(kept.0)
        .fetch_all(tx.conn())
        .await?;
    Ok(calls)
}

/// Gives a record the pseudo of another, if it has none; tells whether it did.
///
/// # Errors
/// When SQLite fails.
pub async fn take_pseudo(tx: &mut Tx, gone: PersonId, kept: PersonId) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE people SET pseudo_sealed = (SELECT pseudo_sealed FROM people WHERE id = ?1) \
         WHERE id = ?2 AND pseudo_sealed IS NULL AND EXISTS (SELECT 1 FROM people WHERE id = ?1 AND pseudo_sealed IS NOT NULL)",
    )
    .bind(gone.0)
    .bind(kept.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes back the pseudo that [`take_pseudo`] gave, unless it has changed since.
///
/// # Errors
/// When SQLite fails.
pub async fn give_pseudo_back(tx: &mut Tx, gone: PersonId, kept: PersonId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE people SET pseudo_sealed = NULL \
         WHERE id = ?2 AND pseudo_sealed = (SELECT pseudo_sealed FROM people WHERE id = ?1)",
    )
    .bind(gone.0)
    .bind(kept.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes a merged record somebody's again, with its calls.
///
/// # Errors
/// When SQLite fails.
pub async fn release(
    tx: &mut Tx,
    gone: PersonId,
    kept: PersonId,
    calls: &[i64],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE people SET merged_into = NULL, updated_at = ?2 WHERE id = ?1")
        .bind(gone.0)
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    sqlx::query("UPDATE calls SET person_id = ?1 WHERE person_id = ?2 AND id IN (SELECT value FROM json_each(?3))")
        .bind(gone.0)
        .bind(kept.0)
        .bind(id_list(calls.iter().copied()))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Into whom a record was merged; `None` for one that was not, or that was erased.
///
/// # Errors
/// When SQLite fails.
pub async fn merged_into(tx: &mut Tx, person: PersonId) -> Result<Option<PersonId>, StoreError> {
    let id: Option<Option<i64>> =
        sqlx::query_scalar("SELECT merged_into FROM people WHERE id = ? AND erased_at IS NULL AND sealed IS NOT NULL")
            .bind(person.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(id.flatten().map(PersonId))
}

/// The details of a record that was merged into another, for its undo.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn identity_of_merged(
    tx: &mut Tx,
    person: PersonId,
) -> Result<Option<crate::domain::person::Identity>, StoreError> {
    let sealed: Option<Option<Vec<u8>>> = sqlx::query_scalar("SELECT sealed FROM people WHERE id = ?")
        .bind(person.0)
        .fetch_optional(tx.conn())
        .await?;
    sealed
        .flatten()
        .map(|sealed| super::identity::open(tx.vault(), &sealed))
        .transpose()
}
