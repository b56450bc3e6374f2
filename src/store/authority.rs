//! What an account may do, read from the database at each intention (product.md §2).

use sqlx::Row;

use super::{StoreError, Tx};
use crate::domain::ids::{GroupId, PersonId, RegionCode, UserId};

/// The functions that the database gives to an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Functions {
    /// Holds the national role, as mirrored from the server.
    pub national: bool,
    /// Referent of these régions.
    pub regions: Vec<RegionCode>,
    /// Relay of these groups.
    pub relays: Vec<GroupId>,
    /// The person linked to this account.
    pub person: Option<PersonId>,
    /// Member of this group.
    pub member_of: Option<GroupId>,
}

/// Reads the functions of an account, in one query.
///
/// # Errors
/// When SQLite fails.
pub async fn functions(tx: &mut Tx, user: UserId) -> Result<Functions, StoreError> {
    let rows = sqlx::query(
        "SELECT 'national' AS what, NULL AS text, NULL AS id FROM roster WHERE user_id = ?1 AND national = 1 AND present = 1 \
         UNION ALL SELECT 'region', region, NULL FROM referents WHERE user_id = ?1 AND until IS NULL \
         UNION ALL SELECT 'relay', NULL, r.group_id FROM relays r JOIN groups g ON g.id = r.group_id \
            WHERE r.user_id = ?1 AND r.until IS NULL AND g.merged_into IS NULL \
         UNION ALL SELECT 'person', NULL, id FROM people WHERE discord_user = ?1 \
         UNION ALL SELECT 'member', NULL, m.group_id FROM people p JOIN memberships m ON m.person_id = p.id \
            WHERE p.discord_user = ?1 AND m.left_at IS NULL",
    )
    .bind(user.to_sql())
    .fetch_all(tx.conn())
    .await?;
    let mut functions = Functions::default();
    for row in rows {
        match row.try_get::<&str, _>("what")? {
            "national" => functions.national = true,
            "region" => functions.regions.push(RegionCode(row.try_get("text")?)),
            "relay" => functions.relays.push(GroupId(row.try_get("id")?)),
            "person" => functions.person = Some(PersonId(row.try_get("id")?)),
            _ => functions.member_of = Some(GroupId(row.try_get("id")?)),
        }
    }
    functions.regions.sort();
    functions.relays.sort();
    Ok(functions)
}

/// Whether a relay has accepted this version of the charter.
///
/// # Errors
/// When SQLite fails.
pub async fn accepted_charter(tx: &mut Tx, user: UserId, version: &str) -> Result<bool, StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM charters WHERE user_id = ? AND version = ?")
        .bind(user.to_sql())
        .bind(version)
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.is_some())
}

/// Records that a relay accepted the charter; again is no change.
///
/// # Errors
/// When SQLite fails.
pub async fn accept_charter(
    tx: &mut Tx,
    user: UserId,
    version: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO charters (user_id, version, accepted_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (user_id) DO UPDATE SET version = ?2, accepted_at = ?3 WHERE version <> ?2",
    )
    .bind(user.to_sql())
    .bind(version)
    .bind(super::to_sql(now))
    .execute(tx.conn())
    .await?;
    Ok(())
}
