//! What a participation changes around it: the call state of the person, the reason of an annulment.

use sqlx::Row;

use super::vault::Purpose;
use super::{StoreError, Tx, from_sql};
use crate::domain::ids::{GroupId, MembershipId, PersonId, UserId};

/// Notes that a person has joined a group: nobody holds the card any longer, and a refusal no longer stands. «Ne plus
/// appeler» is final and stays; the rest waits for a validation that would be annulled. Gives the call state before.
///
/// # Errors
/// When SQLite fails.
pub async fn joined(tx: &mut Tx, person: PersonId) -> Result<String, StoreError> {
    let before: String = sqlx::query_scalar("SELECT call_state FROM people WHERE id = ?")
        .bind(person.0)
        .fetch_one(tx.conn())
        .await?;
    sqlx::query(
        "UPDATE people SET lease_user = NULL, lease_until = NULL, \
                call_state = CASE call_state WHEN 'refus' THEN 'a_appeler' ELSE call_state END WHERE id = ?",
    )
    .bind(person.0)
    .execute(tx.conn())
    .await?;
    Ok(before)
}

/// Notes that a person no longer wishes to take part, or cannot: not called again, not counted as an inscrit.
///
/// # Errors
/// When SQLite fails.
pub async fn refuses(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE people SET call_state = 'refus', call_back_on = NULL WHERE id = ? AND call_state <> 'ne_plus_appeler'",
    )
    .bind(person.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The call state that the journal noted before this person was validated in this group, the last time.
///
/// # Errors
/// When SQLite fails.
pub async fn state_before(tx: &mut Tx, person: PersonId, group: GroupId) -> Result<Option<String>, StoreError> {
    let before: Option<Option<String>> = sqlx::query_scalar(
        "SELECT before FROM journal WHERE person_id = ? AND group_id = ? AND event = 'membership.validated' \
         ORDER BY id DESC LIMIT 1",
    )
    .bind(person.0)
    .bind(group.0)
    .fetch_optional(tx.conn())
    .await?;
    Ok(before.flatten())
}

/// Unlinks a person from the account that this very validation linked; tells whether there was such a link. A link made
/// otherwise (a code typed by the person) stands.
///
/// # Errors
/// When SQLite fails.
pub async fn unlink_made_by(tx: &mut Tx, membership: MembershipId) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE people SET discord_user = NULL, linked_at = NULL WHERE discord_user IS NOT NULL AND EXISTS ( \
             SELECT 1 FROM memberships m WHERE m.id = ? AND m.person_id = people.id AND m.validated_at = people.linked_at)",
    )
    .bind(membership.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many members the group had when this participation was written, itself included: it was the n-th.
///
/// # Errors
/// When SQLite fails.
pub async fn ordinal(tx: &mut Tx, membership: MembershipId) -> Result<u32, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM memberships m JOIN memberships new ON new.id = ?1 \
         WHERE m.group_id = new.group_id AND m.id <= new.id AND (m.left_at IS NULL OR m.left_at > new.validated_at)",
    )
    .bind(membership.0)
    .fetch_one(tx.conn())
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Keeps the reason of an annulment, sealed.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn keep_reason(tx: &mut Tx, membership: MembershipId, reason: &str) -> Result<(), StoreError> {
    let sealed = tx.vault().seal(Purpose::Note, reason.as_bytes())?;
    sqlx::query("UPDATE memberships SET left_note_sealed = ? WHERE id = ?")
        .bind(sealed)
        .bind(membership.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The reason of an annulment, for those who are told of it.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn reason(tx: &mut Tx, membership: MembershipId) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT left_note_sealed FROM memberships WHERE id = ?")
        .bind(membership.0)
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(sealed) = row.try_get::<Option<&[u8]>, _>("left_note_sealed")? else {
        return Ok(None);
    };
    let plain = tx.vault().open(Purpose::Note, sealed)?;
    Ok(Some(String::from_utf8_lossy(&plain).into_owned()))
}

/// The account that ended a participation, as far as known.
///
/// # Errors
/// When SQLite fails.
pub async fn ended_by(tx: &mut Tx, membership: MembershipId) -> Result<Option<UserId>, StoreError> {
    let by: Option<Option<i64>> = sqlx::query_scalar("SELECT left_by FROM memberships WHERE id = ?")
        .bind(membership.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(by.flatten().map(UserId::from_sql))
}

/// When the consent of a participation was given, and to which version of the text.
///
/// # Errors
/// When SQLite fails.
pub async fn consent(
    tx: &mut Tx,
    membership: MembershipId,
) -> Result<Option<(String, chrono::DateTime<chrono::Utc>)>, StoreError> {
    let row = sqlx::query("SELECT consent_version, consent_at FROM memberships WHERE id = ?")
        .bind(membership.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| Ok((row.try_get("consent_version")?, from_sql(row.try_get("consent_at")?)?)))
        .transpose()
}
