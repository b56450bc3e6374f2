//! Every reading of a phone or a mail leaves a line in the journal (product.md §16); `/mes-donnees acces` tells it.

use chrono::{DateTime, Utc};

use crate::domain::ids::{GroupId, PersonId, UserId};
use crate::store::journal::{self, Entry};
use crate::store::{StoreError, Tx};

/// The event of a reading.
pub const COORDINATES: &str = "access.coordinates";

/// The event of an export that holds the phones and mails of everyone on file.
pub const EXPORT_OF_PEOPLE: &str = "access.exported";
/// The event of any other export.
pub const EXPORT: &str = "export.made";

/// Notes an export: one line, whatever the number of people in it (product.md §16). `what` is its stable word.
///
/// # Errors
/// When SQLite fails.
pub async fn exported(
    tx: &mut Tx,
    by: UserId,
    of_people: bool,
    what: &str,
    rows: u64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let after = format!("{what}:{rows}");
    let entry = Entry {
        actor: Some(by),
        event: if of_people { EXPORT_OF_PEOPLE } else { EXPORT },
        after: Some(&after),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(())
}

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
