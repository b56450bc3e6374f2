//! Pairs of people who may be one, for `/inscrits a-verifier`; what was decided of them is kept (product.md §4).

use chrono::{DateTime, Utc};

use super::{StoreError, Tx, to_sql};
use crate::domain::duplicates::Doubt;
use crate::domain::ids::PersonId;

/// Notes that two people may be one; a pair already noted, or settled («Pas un doublon»), stays as it is.
///
/// # Errors
/// When SQLite fails.
pub async fn found(
    tx: &mut Tx,
    one: PersonId,
    other: PersonId,
    why: Doubt,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if one == other {
        return Ok(());
    }
    let reason = match why {
        Doubt::Phone | Doubt::SamePersonTwice => "phone",
        Doubt::NameAndPostalCode => "name",
    };
    sqlx::query("INSERT INTO duplicate_pairs (a, b, reason, found_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(one.min(other).0)
        .bind(one.max(other).0)
        .bind(reason)
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(())
}
