//! The charter that a relay accepts once before seeing anyone's coordinates (product.md §5).

use chrono::{DateTime, Utc};

use crate::domain::ids::UserId;
use crate::store::journal::{self, Entry};
use crate::store::{StoreError, Tx, authority};
use crate::texts::templates::Versioned;

/// Whether this relay has accepted the charter in its present version.
///
/// # Errors
/// When SQLite fails.
pub async fn accepted(tx: &mut Tx, charter: &Versioned, user: UserId) -> Result<bool, StoreError> {
    authority::accepted_charter(tx, user, &charter.version).await
}

/// Records that this relay accepts the charter; again is no change.
///
/// # Errors
/// When SQLite fails.
pub async fn accept(tx: &mut Tx, charter: &Versioned, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    if accepted(tx, charter, user).await? {
        return Ok(());
    }
    authority::accept_charter(tx, user, &charter.version, now).await?;
    let entry = Entry {
        actor: Some(user),
        event: "charter.accepted",
        after: Some(&charter.version),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(())
}
