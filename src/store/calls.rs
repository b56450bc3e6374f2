//! The relays' lists, the attempts and their notes, and who has which card open (product.md §5).
//!
//! Lists are decided by `domain::contact` on rows without identities: ten people are opened for a page, whatever the length
//! of the list.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zeroize::Zeroizing;

use super::people::{group_list, on_file_with};
use super::vault::Purpose;
use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::contact::{CallState, Contact, Lease, Outcome, OutcomeKind};
use crate::domain::ids::{GroupId, MembershipId, PersonId, UserId};

/// A person as the lists need it: no identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Who.
    pub id: PersonId,
    /// What the rules need to know.
    pub contact: Contact<UserId>,
    /// When this person signed up on the website.
    pub signed_up_on: Option<NaiveDate>,
    /// When this person was written here.
    pub created_at: DateTime<Utc>,
    /// The present participation, in a group of the list.
    pub member: Option<Member>,
}

/// The participation of a person of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Which.
    pub membership: MembershipId,
    /// In which group.
    pub group: GroupId,
    /// Since when.
    pub validated_at: DateTime<Utc>,
}

macro_rules! columns {
    () => {
        "p.id, p.call_state, p.call_back_on, p.phone_index IS NOT NULL AS has_phone, p.number_blocked, p.last_call_at, \
         p.lease_user, p.lease_until, p.signed_up_on, p.created_at, m.id AS membership, m.group_id, m.validated_at"
    };
}

fn listed(row: &SqliteRow) -> Result<Listed, StoreError> {
    let malformed = |what| StoreError::Row { table: "people", what };
    let date = |text: Option<&str>| {
        text.map(str::parse::<NaiveDate>)
            .transpose()
            .map_err(|_| malformed("date"))
    };
    let member = match row.try_get::<Option<i64>, _>("membership")? {
        Some(id) => Some(Member {
            membership: MembershipId(id),
            group: GroupId(row.try_get("group_id")?),
            validated_at: from_sql(row.try_get("validated_at")?)?,
        }),
        None => None,
    };
    let state = CallState::from_code(row.try_get("call_state")?, date(row.try_get("call_back_on")?)?)
        .ok_or(malformed("call_state"))?;
    let lease = match (
        row.try_get::<Option<i64>, _>("lease_user")?,
        row.try_get::<Option<i64>, _>("lease_until")?,
    ) {
        (Some(holder), Some(until)) => Some(Lease {
            holder: UserId::from_sql(holder),
            until: from_sql(until)?,
        }),
        _ => None,
    };
    Ok(Listed {
        id: PersonId(row.try_get("id")?),
        contact: Contact {
            state: if member.is_some() { CallState::Validated } else { state },
            has_phone: row.try_get("has_phone")?,
            number_blocked: row.try_get("number_blocked")?,
            last_call: row
                .try_get::<Option<i64>, _>("last_call_at")?
                .map(from_sql)
                .transpose()?,
            lease,
        },
        signed_up_on: date(row.try_get("signed_up_on")?)?,
        created_at: from_sql(row.try_get("created_at")?)?,
        member,
    })
}

/// Everyone on file with the relays of these groups, in one query. Members of other groups, erased and merged people are
/// left out.
///
/// # Errors
/// When SQLite fails.
pub async fn list(tx: &mut Tx, groups: &[GroupId]) -> Result<Vec<Listed>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM (",
        on_file_with!(),
        ") mine CROSS JOIN people p ON p.id = mine.id \
          LEFT JOIN memberships m ON m.person_id = p.id AND m.left_at IS NULL \
          WHERE p.erased_at IS NULL AND p.merged_into IS NULL \
            AND (m.id IS NULL OR m.group_id IN (SELECT value FROM json_each(?1))) ORDER BY p.id"
    ))
    .bind(group_list(groups)?)
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(listed).collect()
}

/// One person as the lists see it; none when erased or merged.
///
/// # Errors
/// When SQLite fails.
pub async fn get(tx: &mut Tx, id: PersonId) -> Result<Option<Listed>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM people p LEFT JOIN memberships m ON m.person_id = p.id AND m.left_at IS NULL \
          WHERE p.id = ? AND p.erased_at IS NULL AND p.merged_into IS NULL"
    ))
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?;
    row.as_ref().map(listed).transpose()
}

/// Whether «ne plus appeler» was recorded for this person, who may have become a member since.
///
/// # Errors
/// When SQLite fails.
pub async fn must_not_be_called(tx: &mut Tx, id: PersonId) -> Result<bool, StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM people WHERE id = ? AND call_state = 'ne_plus_appeler'")
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.is_some())
}

/// One attempt, or a note taken without one.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: DateTime<Utc>,
    /// By which relay.
    pub by: UserId,
    /// What came of it; none for a note alone.
    pub outcome: Option<OutcomeKind>,
    /// The day of the call-back, for that outcome.
    pub call_back_on: Option<NaiveDate>,
    /// What the relay noted.
    pub note: Option<Zeroizing<String>>,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt")
            .field("at", &self.at)
            .field("by", &self.by)
            .field("outcome", &self.outcome)
            .field("note", &self.note.is_some())
            .finish_non_exhaustive()
    }
}

/// The latest attempts and notes about a person, latest first, with the number of all of them.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn attempts(tx: &mut Tx, person: PersonId, most: u32) -> Result<(Vec<Attempt>, u32), StoreError> {
    let rows = sqlx::query(
        "SELECT at, user_id, outcome, call_back_on, note_sealed, \
                (SELECT count(*) FROM calls WHERE person_id = ?1) AS total \
         FROM calls WHERE person_id = ?1 ORDER BY id DESC LIMIT ?2",
    )
    .bind(person.0)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    let malformed = |what| StoreError::Row { table: "calls", what };
    let mut attempts = Vec::with_capacity(rows.len());
    let mut total = 0;
    for row in &rows {
        total = u32::try_from(row.try_get::<i64, _>("total")?).unwrap_or(u32::MAX);
        let outcome = row
            .try_get::<Option<&str>, _>("outcome")?
            .map(|code| OutcomeKind::from_code(code).ok_or(malformed("outcome")))
            .transpose()?;
        let call_back_on = row
            .try_get::<Option<&str>, _>("call_back_on")?
            .map(str::parse::<NaiveDate>)
            .transpose()
            .map_err(|_| malformed("call_back_on"))?;
        let note = match row.try_get::<Option<&[u8]>, _>("note_sealed")? {
            Some(sealed) => {
                let plain = tx.vault().open(Purpose::Note, sealed)?;
                let text = std::str::from_utf8(&plain).map_err(|_| malformed("note"))?;
                Some(Zeroizing::new(text.to_owned()))
            }
            None => None,
        };
        attempts.push(Attempt {
            at: from_sql(row.try_get("at")?)?,
            by: UserId::from_sql(row.try_get("user_id")?),
            outcome,
            call_back_on,
            note,
        });
    }
    Ok((attempts, total))
}

/// Whether anyone has tried to reach this person.
///
/// # Errors
/// When SQLite fails.
pub async fn was_tried(tx: &mut Tx, person: PersonId) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM calls WHERE person_id = ? AND outcome IS NOT NULL LIMIT 1")
            .bind(person.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(found.is_some())
}

/// Writes an attempt and the state that follows from it. The state of a member is kept, unless it becomes final.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn record(
    tx: &mut Tx,
    person: PersonId,
    by: UserId,
    outcome: Outcome,
    note: Option<&str>,
    after: CallState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let on = match outcome {
        Outcome::CallBack { on } => Some(on),
        _ => None,
    };
    write(tx, person, by, Some(outcome.kind()), on, note, now).await?;
    sqlx::query("UPDATE people SET call_state = ?, call_back_on = ?, last_call_at = ?, updated_at = ?3 WHERE id = ?4")
        .bind(after.code())
        .bind(after.call_back().map(|on| on.to_string()))
        .bind(to_sql(now))
        .bind(person.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes a note alone.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn note(tx: &mut Tx, person: PersonId, by: UserId, note: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    write(tx, person, by, None, None, Some(note), now).await
}

async fn write(
    tx: &mut Tx,
    person: PersonId,
    by: UserId,
    outcome: Option<OutcomeKind>,
    on: Option<NaiveDate>,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let sealed = note
        .map(|note| tx.vault().seal(Purpose::Note, note.as_bytes()))
        .transpose()?;
    sqlx::query(
        "INSERT INTO calls (person_id, at, user_id, outcome, call_back_on, note_sealed) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(person.0)
    .bind(to_sql(now))
    .bind(by.to_sql())
    .bind(outcome.map(OutcomeKind::code))
    .bind(on.map(|on| on.to_string()))
    .bind(sealed)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a person for a relay.
///
/// # Errors
/// When SQLite fails.
pub async fn keep(tx: &mut Tx, person: PersonId, lease: Lease<UserId>) -> Result<(), StoreError> {
    sqlx::query("UPDATE people SET lease_user = ?, lease_until = ? WHERE id = ?")
        .bind(lease.holder.to_sql())
        .bind(to_sql(lease.until))
        .bind(person.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Frees the people of a group whom this relay had open; gives their number. Called when he leaves the function
/// (product.md §2: his contacts go back to the group's pool).
///
/// # Errors
/// When SQLite fails.
pub async fn release_leases(tx: &mut Tx, user: UserId, group: GroupId) -> Result<u64, StoreError> {
    let done = sqlx::query(concat!(
        "UPDATE people SET lease_user = NULL, lease_until = NULL WHERE lease_user = ?2 AND id IN (",
        on_file_with!(),
        ")"
    ))
    .bind(group_list(&[group])?)
    .bind(user.to_sql())
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Closes the cards of a group's list that are held open by whoever is not, or no longer, one of its relays: after a merge or
/// a split.
///
/// # Errors
/// When SQLite fails.
pub async fn release_strangers(tx: &mut Tx, group: GroupId) -> Result<u64, StoreError> {
    let done = sqlx::query(concat!(
        "UPDATE people SET lease_user = NULL, lease_until = NULL WHERE lease_user IS NOT NULL \
           AND lease_user NOT IN (SELECT user_id FROM relays WHERE group_id = ?2 AND until IS NULL) AND id IN (",
        on_file_with!(),
        ")"
    ))
    .bind(group_list(&[group])?)
    .bind(group.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Forgets what was noted about a person who is erased, and the notes taken without a call. The attempts themselves, which
/// name nobody, are kept for the statistics (product.md §16).
///
/// # Errors
/// When SQLite fails.
pub async fn forget_notes(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM calls WHERE person_id = ? AND outcome IS NULL")
        .bind(person.0)
        .execute(tx.conn())
        .await?;
    sqlx::query("UPDATE calls SET note_sealed = NULL WHERE person_id = ?")
        .bind(person.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
