//! People on file: sealed identities, blind indexes, places, call states, links to Discord accounts.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::vault::{BlindIndex, Index, Vault};
use super::{StoreError, Tx, from_sql, id_list, identity, suppressions, to_sql};
use crate::domain::contact::CallState;
use crate::domain::ids::{GroupId, PersonId, TerritoryId, UserId};
use crate::domain::person::Identity;
use crate::domain::territory::Origin as Choice;

/// Where a person lives, as far as groups are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The postal code, in its normal form.
    pub postal_code: String,
    /// The commune, when known or chosen.
    pub insee: Option<String>,
    /// The territory; `None` waits in «à placer».
    pub territory: Option<TerritoryId>,
    /// How it was found; a manual choice survives any later automatic one (product.md §4).
    pub placed: Option<Choice>,
}

/// Where a person came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The website's sign-up: counts for a «groupe possible».
    Site,
    /// Recruited locally: counts as a member only (product.md §3).
    Local,
}

impl Origin {
    fn key(self) -> &'static str {
        match self {
            Origin::Site => "site",
            Origin::Local => "local",
        }
    }
}

/// A person on file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: PersonId,
    /// The identity; `None` once erased.
    pub identity: Option<Identity>,
    /// The place.
    pub place: Place,
    /// Where this person came from.
    pub origin: Origin,
    /// When this person signed up on the website.
    pub signed_up_on: Option<NaiveDate>,
    /// The account linked.
    pub discord: Option<UserId>,
    /// What the calls have given; [`CallState::Validated`] while a member.
    pub call: CallState,
    /// The last call.
    pub last_call: Option<DateTime<Utc>>,
    /// Who holds the card open, until when.
    pub lease: Option<(UserId, DateTime<Utc>)>,
    /// The group of which this person is a member.
    pub member_of: Option<GroupId>,
}

impl Person {
    /// «Prénom N.», or a neutral word once erased.
    #[must_use]
    pub fn short(&self) -> String {
        self.identity
            .as_ref()
            .map_or_else(|| crate::texts::people::erased().to_owned(), Identity::short)
    }
}

/// The columns of [`Person`].
macro_rules! columns {
    () => {
        "p.id, p.sealed, p.postal_code, p.insee, p.territory_id, p.placed, p.source, p.signed_up_on, p.discord_user, \
         p.call_state, p.call_back_on, p.last_call_at, p.lease_user, p.lease_until, \
         (SELECT group_id FROM memberships m WHERE m.person_id = p.id AND m.left_at IS NULL) AS member_of"
    };
}
pub(in crate::store) use columns;

/// Reads a row made of [`columns!`].
pub(in crate::store) fn person(vault: &Vault, row: &SqliteRow) -> Result<Person, StoreError> {
    let malformed = |what| StoreError::Row { table: "people", what };
    let sealed: Option<&[u8]> = row.try_get("sealed")?;
    let date = |text: Option<&str>| {
        text.map(str::parse::<NaiveDate>)
            .transpose()
            .map_err(|_| malformed("date"))
    };
    let member_of: Option<i64> = row.try_get("member_of")?;
    let call = if member_of.is_some() {
        CallState::Validated
    } else {
        CallState::from_code(row.try_get("call_state")?, date(row.try_get("call_back_on")?)?)
            .ok_or(malformed("call_state"))?
    };
    let lease = match (
        row.try_get::<Option<i64>, _>("lease_user")?,
        row.try_get::<Option<i64>, _>("lease_until")?,
    ) {
        (Some(user), Some(until)) => Some((UserId::from_sql(user), from_sql(until)?)),
        _ => None,
    };
    Ok(Person {
        id: PersonId(row.try_get("id")?),
        identity: sealed.map(|sealed| identity::open(vault, sealed)).transpose()?,
        place: Place {
            postal_code: row.try_get::<Option<String>, _>("postal_code")?.unwrap_or_default(),
            insee: row.try_get("insee")?,
            territory: row.try_get::<Option<i64>, _>("territory_id")?.map(TerritoryId),
            placed: row
                .try_get::<Option<&str>, _>("placed")?
                .map(str::parse::<Choice>)
                .transpose()
                .map_err(|_| malformed("placed"))?,
        },
        origin: if row.try_get::<&str, _>("source")? == "site" {
            Origin::Site
        } else {
            Origin::Local
        },
        signed_up_on: date(row.try_get("signed_up_on")?)?,
        discord: row.try_get::<Option<i64>, _>("discord_user")?.map(UserId::from_sql),
        call,
        last_call: row
            .try_get::<Option<i64>, _>("last_call_at")?
            .map(from_sql)
            .transpose()?,
        lease,
        member_of: member_of.map(GroupId),
    })
}

/// The blind indexes of an identity at a postal code (product.md §16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexes {
    /// Of the mail.
    pub mail: Option<BlindIndex>,
    /// Of the phone.
    pub phone: Option<BlindIndex>,
    /// Of the name with the postal code.
    pub name: BlindIndex,
}

impl Indexes {
    /// Computes them.
    #[must_use]
    pub fn of(vault: &Vault, identity: &Identity, postal_code: &str) -> Indexes {
        Indexes {
            mail: identity
                .mail
                .as_ref()
                .map(|mail| vault.blind(Index::Mail, &mail.comparison())),
            phone: identity
                .phone
                .as_ref()
                .map(|phone| vault.blind(Index::Phone, phone.e164())),
            name: vault.blind(Index::Name, &format!("{}\0{postal_code}", identity.name_key())),
        }
    }
}

/// A person to write.
#[derive(Debug, Clone)]
pub struct NewPerson<'a> {
    /// The identity.
    pub identity: &'a Identity,
    /// The place.
    pub place: &'a Place,
    /// Where this person came from.
    pub origin: Origin,
    /// When this person signed up on the website.
    pub signed_up_on: Option<NaiveDate>,
}

/// Writes a person.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn insert(tx: &mut Tx, new: &NewPerson<'_>, now: DateTime<Utc>) -> Result<PersonId, StoreError> {
    let vault = Arc::clone(tx.vault());
    let indexes = Indexes::of(&vault, new.identity, &new.place.postal_code);
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO people (sealed, mail_index, phone_index, name_index, postal_code, insee, territory_id, placed, source, \
                             signed_up_on, created_at, updated_at, number_blocked) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, \
                 EXISTS (SELECT 1 FROM suppressions WHERE kind = 'do_not_call' AND hash = ?12)) RETURNING id",
    )
    .bind(identity::seal(&vault, new.identity)?)
    .bind(indexes.mail.map(Vec::from))
    .bind(indexes.phone.map(Vec::from))
    .bind(Vec::from(indexes.name))
    .bind(&new.place.postal_code)
    .bind(&new.place.insee)
    .bind(new.place.territory.map(|id| id.0))
    .bind(new.place.placed.map(Choice::as_str))
    .bind(new.origin.key())
    .bind(new.signed_up_on.map(|date| date.to_string()))
    .bind(to_sql(now))
    .bind(new.identity.phone.as_ref().map(|phone| Vec::from(suppressions::of_phone(&vault, phone))))
    .fetch_one(tx.conn())
    .await?;
    Ok(PersonId(id))
}

/// Replaces the identity of a person, and the indexes that follow from it and from the postal code.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn set_identity(
    tx: &mut Tx,
    id: PersonId,
    identity: &Identity,
    postal_code: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let vault = Arc::clone(tx.vault());
    let indexes = Indexes::of(&vault, identity, postal_code);
    sqlx::query(
        "UPDATE people SET sealed = ?, mail_index = ?, phone_index = ?, name_index = ?, postal_code = ?, updated_at = ?, \
             number_blocked = EXISTS (SELECT 1 FROM suppressions WHERE kind = 'do_not_call' AND hash = ?) \
         WHERE id = ? AND erased_at IS NULL",
    )
    .bind(identity::seal(&vault, identity)?)
    .bind(indexes.mail.map(Vec::from))
    .bind(indexes.phone.map(Vec::from))
    .bind(Vec::from(indexes.name))
    .bind(postal_code)
    .bind(to_sql(now))
    .bind(identity.phone.as_ref().map(|phone| Vec::from(suppressions::of_phone(&vault, phone))))
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves a person to a place. The name's index follows the postal code only through [`set_identity`].
///
/// # Errors
/// When SQLite fails.
pub async fn set_place(tx: &mut Tx, id: PersonId, place: &Place, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE people SET postal_code = ?, insee = ?, territory_id = ?, placed = ?, updated_at = ? WHERE id = ?",
    )
    .bind(&place.postal_code)
    .bind(&place.insee)
    .bind(place.territory.map(|id| id.0))
    .bind(place.placed.map(Choice::as_str))
    .bind(to_sql(now))
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person by id, unless merged into another.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn get(tx: &mut Tx, id: PersonId) -> Result<Option<Person>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM people p WHERE p.id = ? AND p.merged_into IS NULL"
    ))
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| person(tx.vault(), &row)).transpose()
}

/// The person linked to an account.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn of_account(tx: &mut Tx, user: UserId) -> Result<Option<Person>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM people p WHERE p.discord_user = ?"
    ))
    .bind(user.to_sql())
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| person(tx.vault(), &row)).transpose()
}

/// Links a person to an account, or unlinks (`None`). An account is linked to one person at most: a unique key.
///
/// # Errors
/// When the account is linked to somebody else, or SQLite fails.
pub async fn link(tx: &mut Tx, id: PersonId, user: Option<UserId>, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE people SET discord_user = ?1, linked_at = CASE WHEN ?1 IS NULL THEN NULL ELSE ?2 END WHERE id = ?3",
    )
    .bind(user.map(UserId::to_sql))
    .bind(to_sql(now))
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a Discord pseudo that was typed or imported, sealed; it is a hint, never a proof (product.md §6).
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn set_pseudo(tx: &mut Tx, id: PersonId, pseudo: &str) -> Result<(), StoreError> {
    let name = identity::DiscordName {
        display: pseudo.to_owned(),
        username: String::new(),
    };
    let sealed = name.seal(tx.vault())?;
    sqlx::query("UPDATE people SET pseudo_sealed = ? WHERE id = ?")
        .bind(sealed)
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The pseudos of some people, as they were typed or imported; those who gave none are absent.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn pseudos(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<HashMap<PersonId, identity::DiscordName>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, pseudo_sealed FROM people WHERE pseudo_sealed IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
    )
    .bind(id_list(ids.into_iter().map(|id| id.0)))
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let name = identity::DiscordName::open(tx.vault(), row.try_get("pseudo_sealed")?)?;
            Ok((PersonId(row.try_get("id")?), name))
        })
        .collect()
}

/// People who share a mail, a phone, or a name and postal code with these indexes; erased and merged ones left out.
/// Oldest first, so that the same file always meets the same candidate first.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn alike(tx: &mut Tx, indexes: &Indexes) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM people p WHERE p.id IN (SELECT id FROM people WHERE mail_index = ?1 \
            UNION SELECT id FROM people WHERE phone_index = ?2 UNION SELECT id FROM people WHERE name_index = ?3) \
          AND p.erased_at IS NULL AND p.merged_into IS NULL ORDER BY p.id"
    ))
    .bind(indexes.mail.map(Vec::from))
    .bind(indexes.phone.map(Vec::from))
    .bind(Vec::from(indexes.name))
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(|row| person(tx.vault(), row)).collect()
}

/// How many people a relay's list may hold in memory at once (product.md §16).
pub const CONTACTS_MAX: u32 = 2000;

/// The ids of the people on file with the relays of the groups ?1 (a JSON array of ids): those of the groups' territories,
/// whatever the commune unless a split gave it to another group, and the groups' own members. Each part uses an index.
macro_rules! on_file_with {
    () => {
        "SELECT person_id AS id FROM memberships WHERE left_at IS NULL AND group_id IN (SELECT value FROM json_each(?1)) \
         UNION SELECT q.id FROM people q WHERE q.territory_id IN (SELECT territory_id FROM group_territories \
                  WHERE group_id IN (SELECT value FROM json_each(?1))) \
               AND q.erased_at IS NULL AND q.merged_into IS NULL \
               AND NOT EXISTS (SELECT 1 FROM group_communes c WHERE c.territory_id = q.territory_id AND c.insee = q.insee) \
         UNION SELECT q.id FROM group_communes c JOIN people q ON q.territory_id = c.territory_id AND q.insee = c.insee \
               WHERE c.group_id IN (SELECT value FROM json_each(?1)) AND q.erased_at IS NULL AND q.merged_into IS NULL"
    };
}
pub(in crate::store) use on_file_with;

/// The argument of [`on_file_with!`].
pub(in crate::store) fn group_list(groups: &[GroupId]) -> Result<String, StoreError> {
    serde_json::to_string(groups).map_err(|_| StoreError::Row {
        table: "groups",
        what: "ids",
    })
}

/// The people on file whom the relays of these groups call, members included: those of the groups' territories and the
/// groups' own members. Erased and merged ones left out; 2,000 at most, latest first.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn of_groups(tx: &mut Tx, groups: &[GroupId]) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM people p WHERE p.erased_at IS NULL AND p.merged_into IS NULL AND p.id IN (",
        on_file_with!(),
        ") ORDER BY p.id DESC LIMIT ?2"
    ))
    .bind(group_list(groups)?)
    .bind(CONTACTS_MAX)
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(|row| person(tx.vault(), row)).collect()
}

/// Some people by id, in the order asked; those merged into another are left out.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn some(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<Person>, StoreError> {
    let ids = serde_json::to_string(ids).map_err(|_| StoreError::Row {
        table: "people",
        what: "ids",
    })?;
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM json_each(?) wanted CROSS JOIN people p ON p.id = wanted.value WHERE p.merged_into IS NULL ORDER BY wanted.key"
    ))
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(|row| person(tx.vault(), row)).collect()
}
