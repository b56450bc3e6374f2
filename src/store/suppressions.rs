//! Who must not be called, or must not be known again: keyed hashes, dates and kinds, nothing else (product.md §16).

use chrono::{DateTime, Utc};

use super::vault::{BlindIndex, Index, Vault};
use super::{StoreError, Tx, to_sql};
use crate::domain::person::{Mail, Phone};

/// What a hash forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// «Ne plus appeler»: calls to that number, by anyone.
    DoNotCall,
    /// The person of this mail asked to be erased.
    ErasedMail,
    /// The person of this phone asked to be erased.
    ErasedPhone,
}

impl Kind {
    /// The stable word, in the database.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Kind::DoNotCall => "do_not_call",
            Kind::ErasedMail => "erased_mail",
            Kind::ErasedPhone => "erased_phone",
        }
    }
}

/// The hash of a phone.
#[must_use]
pub fn of_phone(vault: &Vault, phone: &Phone) -> BlindIndex {
    vault.suppression(Index::Phone, phone.e164())
}

/// The hash of a mail.
#[must_use]
pub fn of_mail(vault: &Vault, mail: &Mail) -> BlindIndex {
    vault.suppression(Index::Mail, &mail.comparison())
}

/// Writes a hash; the date of one that is there already becomes the later of the two. Tells whether it is new.
///
/// # Errors
/// When SQLite fails.
pub async fn add(tx: &mut Tx, kind: Kind, hash: &BlindIndex, at: DateTime<Utc>) -> Result<bool, StoreError> {
    let known = find(tx, kind, hash).await?.is_some();
    sqlx::query(
        "INSERT INTO suppressions (kind, hash, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
    )
    .bind(kind.key())
    .bind(hash.as_slice())
    .bind(to_sql(at))
    .execute(tx.conn())
    .await?;
    Ok(!known)
}

/// When a hash was last written, if ever.
///
/// # Errors
/// When SQLite fails.
pub async fn find(tx: &mut Tx, kind: Kind, hash: &BlindIndex) -> Result<Option<DateTime<Utc>>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar("SELECT at FROM suppressions WHERE kind = ? AND hash = ?")
        .bind(kind.key())
        .bind(hash.as_slice())
        .fetch_optional(tx.conn())
        .await?;
    at.map(super::from_sql).transpose()
}

/// Forbids calls to a number, for everyone on file who shares it and for whoever is written later.
///
/// # Errors
/// When SQLite fails.
pub async fn block_number(tx: &mut Tx, phone: &Phone, at: DateTime<Utc>) -> Result<(), StoreError> {
    let vault = std::sync::Arc::clone(tx.vault());
    add(tx, Kind::DoNotCall, &of_phone(&vault, phone), at).await?;
    sqlx::query("UPDATE people SET number_blocked = 1 WHERE phone_index = ?")
        .bind(vault.blind(Index::Phone, phone.e164()).as_slice())
        .execute(tx.conn())
        .await?;
    Ok(())
}
