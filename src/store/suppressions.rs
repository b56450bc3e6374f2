//! The suppression list: «ne plus appeler» and erasures, as keyed hashes with dates and kinds only (product.md §16). Its key
//! survives `rekey`, because the hashes cannot be made again: what they hash is gone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::vault::{BlindIndex, Index, Vault};
use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::person::{Identity, Mail, Phone};

/// What a hash stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A number that is not called any more, whoever answers it.
    DoNotCall,
    /// The mail of someone who was erased.
    ErasedMail,
    /// The phone of someone who was erased.
    ErasedPhone,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::DoNotCall, Kind::ErasedMail, Kind::ErasedPhone];

    /// The stable word, in the database and in the file beside it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Kind::DoNotCall => "do_not_call",
            Kind::ErasedMail => "erased_mail",
            Kind::ErasedPhone => "erased_phone",
        }
    }

    /// The kind that [`Kind::key`] names.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
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

/// The hashes by which an identity is looked up in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashes {
    /// Of the mail.
    pub mail: Option<BlindIndex>,
    /// Of the phone.
    pub phone: Option<BlindIndex>,
}

impl Hashes {
    /// Computes them.
    #[must_use]
    pub fn of(vault: &Vault, identity: &Identity) -> Hashes {
        Hashes {
            mail: identity.mail.as_ref().map(|mail| of_mail(vault, mail)),
            phone: identity.phone.as_ref().map(|phone| of_phone(vault, phone)),
        }
    }
}

/// What the list says of some hashes.
#[derive(Debug, Clone, Default)]
pub struct Found(HashMap<(Kind, BlindIndex), DateTime<Utc>>);

impl Found {
    /// When this hash was put on the list as such, the last time.
    #[must_use]
    pub fn at(&self, kind: Kind, hash: Option<BlindIndex>) -> Option<DateTime<Utc>> {
        self.0.get(&(kind, hash?)).copied()
    }
}

/// Looks up many hashes in one query.
///
/// # Errors
/// When SQLite fails.
pub async fn find(tx: &mut Tx, hashes: &[BlindIndex]) -> Result<Found, StoreError> {
    let rows = sqlx::query(
        "SELECT kind, hash, at FROM suppressions WHERE kind IN ('do_not_call', 'erased_mail', 'erased_phone') \
         AND hash IN (SELECT unhex(value) FROM json_each(?))",
    )
    .bind(super::hex_list(hashes.iter().copied()))
    .fetch_all(tx.conn())
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let malformed = |what| StoreError::Row {
            table: "suppressions",
            what,
        };
        let kind = Kind::from_key(row.try_get("kind")?).ok_or(malformed("kind"))?;
        let hash: BlindIndex = row
            .try_get::<&[u8], _>("hash")?
            .try_into()
            .map_err(|_| malformed("hash"))?;
        found.insert((kind, hash), from_sql(row.try_get("at")?)?);
    }
    Ok(Found(found))
}

/// Puts a hash on the list; a later date replaces an earlier one. Tells whether the list changed.
///
/// # Errors
/// When SQLite fails.
pub async fn add(tx: &mut Tx, kind: Kind, hash: &BlindIndex, at: DateTime<Utc>) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO suppressions (kind, hash, at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (kind, hash) DO UPDATE SET at = ?3 WHERE at < ?3",
    )
    .bind(kind.key())
    .bind(hash.as_slice())
    .bind(to_sql(at))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
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
