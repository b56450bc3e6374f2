//! Every reading of a phone or a mail leaves a line in the journal (product.md §16); `/mes-donnees acces` tells it.

use chrono::{DateTime, Utc};

use crate::domain::ids::{GroupId, PersonId, UserId};
use crate::store::journal::{self, Entry};
use crate::store::{StoreError, Tx};

/// The event of a reading.
pub const COORDINATES: &str = "access.coordinates";

/// Notes that `by` was shown the phone or mail of a person.
///
/// # Errors
/// When SQLite fails.
pub async fn coordinates(
    tx: &mut Tx,
    by: UserId,
    group: Option<GroupId>,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let entry = Entry {
        actor: Some(by),
        event: COORDINATES,
        group,
        person: Some(person),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(())
}
