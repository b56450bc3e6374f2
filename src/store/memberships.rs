//! Participations: who is member of which group, since when, with which consent.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, Tx, from_sql, people, to_sql};
use crate::domain::ids::{GroupId, MembershipId, PersonId, UserId};

/// Why a participation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Left.
    Departure,
    /// Moved.
    Move,
    /// Excluded by a decision of the group.
    Exclusion,
    /// Died.
    Death,
    /// Entered by mistake.
    Mistake,
    /// The validation was annulled.
    Annulment,
    /// Went to another group.
    Transfer,
    /// Withdrew the consent.
    Withdrawal,
    /// Asked to be erased.
    Erasure,
}

impl End {
    const ALL: [End; 9] = [
        End::Departure,
        End::Move,
        End::Exclusion,
        End::Death,
        End::Mistake,
        End::Annulment,
        End::Transfer,
        End::Withdrawal,
        End::Erasure,
    ];

    /// The stable word, in the database and in the option `motif` (product.md §19).
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            End::Departure => "depart",
            End::Move => "demenagement",
            End::Exclusion => "exclusion",
            End::Death => "deces",
            End::Mistake => "erreur",
            End::Annulment => "annulation",
            End::Transfer => "transfert",
            End::Withdrawal => "retrait",
            End::Erasure => "effacement",
        }
    }

    /// The reason that a word names.
    #[must_use]
    pub fn from_key(key: &str) -> Option<End> {
        End::ALL.into_iter().find(|end| end.key() == key)
    }
}

/// A participation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The id.
    pub id: MembershipId,
    /// Who.
    pub person: PersonId,
    /// Where.
    pub group: GroupId,
    /// The number in the group's register.
    pub number: u32,
    /// When it was validated.
    pub validated_at: DateTime<Utc>,
    /// By which relay's account.
    pub validated_by: UserId,
    /// When and why it ended.
    pub ended: Option<(DateTime<Utc>, End)>,
}

macro_rules! columns {
    () => {
        "m.id, m.person_id, m.group_id, m.number, m.validated_at, m.validated_by, m.left_at, m.left_reason"
    };
}

fn membership(row: &SqliteRow) -> Result<Membership, StoreError> {
    let ended = match (
        row.try_get::<Option<i64>, _>("left_at")?,
        row.try_get::<Option<&str>, _>("left_reason")?,
    ) {
        (Some(at), Some(reason)) => Some((
            from_sql(at)?,
            End::from_key(reason).ok_or(StoreError::Row {
                table: "memberships",
                what: "left_reason",
            })?,
        )),
        _ => None,
    };
    Ok(Membership {
        id: MembershipId(row.try_get("id")?),
        person: PersonId(row.try_get("person_id")?),
        group: GroupId(row.try_get("group_id")?),
        number: u32::try_from(row.try_get::<i64, _>("number")?).map_err(|_| StoreError::Row {
            table: "memberships",
            what: "number",
        })?,
        validated_at: from_sql(row.try_get("validated_at")?)?,
        validated_by: UserId::from_sql(row.try_get("validated_by")?),
        ended,
    })
}

/// A participation to write, with its consent (product.md §16).
#[derive(Debug, Clone)]
pub struct NewMembership<'a> {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub group: GroupId,
    /// The relay's account.
    pub by: UserId,
    /// The version of the consent text that the person accepted.
    pub consent_version: &'a str,
}

/// The next number of the register of the group ?2, one at least: after those of its participations, past ones included,
/// and of those that have passed through it.
macro_rules! next_number {
    () => {
        "1 + max(coalesce((SELECT max(number) FROM memberships WHERE group_id = ?2), 0), \
                 coalesce((SELECT max(from_number) FROM passages WHERE from_group = ?2), 0), \
                 coalesce((SELECT max(to_number) FROM passages WHERE to_group = ?2), 0))"
    };
}
pub(in crate::store) use next_number;

/// Writes a participation, with the next number of the group's register; numbers are never given twice.
///
/// # Errors
/// When the person is a member already (a unique key), or SQLite fails.
pub async fn insert(tx: &mut Tx, new: &NewMembership<'_>, now: DateTime<Utc>) -> Result<Membership, StoreError> {
    let row = sqlx::query(concat!(
        "INSERT INTO memberships AS m (person_id, group_id, number, validated_at, validated_by, consent_version, consent_at) \
         VALUES (?1, ?2, ",
        next_number!(),
        ", ?3, ?4, ?5, ?3) \
         RETURNING id, person_id, group_id, number, validated_at, validated_by, left_at, left_reason"
    ))
    .bind(new.person.0)
    .bind(new.group.0)
    .bind(to_sql(now))
    .bind(new.by.to_sql())
    .bind(new.consent_version)
    .fetch_one(tx.conn())
    .await?;
    membership(&row)
}

/// A participation by id.
///
/// # Errors
/// When SQLite fails.
pub async fn get(tx: &mut Tx, id: MembershipId) -> Result<Option<Membership>, StoreError> {
    let row = sqlx::query(concat!("SELECT ", columns!(), " FROM memberships m WHERE m.id = ?"))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.as_ref().map(membership).transpose()
}

/// The present participation of a person.
///
/// # Errors
/// When SQLite fails.
pub async fn current(tx: &mut Tx, person: PersonId) -> Result<Option<Membership>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM memberships m WHERE m.person_id = ? AND m.left_at IS NULL"
    ))
    .bind(person.0)
    .fetch_optional(tx.conn())
    .await?;
    row.as_ref().map(membership).transpose()
}

/// Ends a participation; tells whether it was under way.
///
/// # Errors
/// When SQLite fails.
pub async fn end(
    tx: &mut Tx,
    id: MembershipId,
    why: End,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE memberships SET left_at = ?, left_reason = ?, left_by = ? WHERE id = ? AND left_at IS NULL",
    )
    .bind(to_sql(now))
    .bind(why.key())
    .bind(by.map(UserId::to_sql))
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The members of a group with their participations, in the order of the register.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn of_group(tx: &mut Tx, group: GroupId) -> Result<Vec<(Membership, people::Person)>, StoreError> {
    let present = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM memberships m WHERE m.group_id = ? AND m.left_at IS NULL ORDER BY m.number"
    ))
    .bind(group.0)
    .fetch_all(tx.conn())
    .await?;
    let people = sqlx::query(concat!(
        "SELECT ",
        people::columns!(),
        " FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.group_id = ? AND m.left_at IS NULL ORDER BY m.number"
    ))
    .bind(group.0)
    .fetch_all(tx.conn())
    .await?;
    present
        .iter()
        .zip(&people)
        .map(|(row, whom)| Ok((membership(row)?, people::person(tx.vault(), whom)?)))
        .collect()
}
