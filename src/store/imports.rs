//! The rows of an import, a thousand lines at a time: who may be on file already, and what a batch writes. No query per line
//! but for the few lines that change someone (product.md §4; row by row was measured twenty times slower).

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{QueryBuilder, Row, Sqlite};

use super::people::{Indexes, Origin, Place};
use super::suppressions::Hashes;
use super::vault::{BlindIndex, Vault};
use super::{StoreError, Tx, hex_list, id_list, identity, to_sql};
use crate::domain::duplicates::Doubt;
use crate::domain::ids::{PersonId, RegionCode, TerritoryId, UserId};
use crate::domain::person::Identity;
use crate::domain::territory::Origin as PlaceOrigin;

/// Rows written by one statement: far under SQLite's limit of 32,766 bound values.
const ROWS: usize = 500;

/// Someone on file whom a line may be.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub id: PersonId,
    /// Names, phone, mail.
    pub identity: Identity,
    /// The place.
    pub place: Place,
    /// Where this person came from.
    pub origin: Origin,
    /// When this person signed up on the website.
    pub signed_up_on: Option<NaiveDate>,
    /// The Discord pseudo that was typed or imported.
    pub pseudo: Option<String>,
    /// The stored call state, whether or not this person is a member.
    pub call: CallWord,
    /// Whether a relay has confirmed these details, once at least.
    pub confirmed: bool,
    /// The blind indexes.
    pub indexes: Indexes,
}

/// What an import needs to know of a call state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallWord {
    /// «À appeler», «à rappeler».
    Open,
    /// «Injoignable»: a new number opens it again.
    Unreachable,
    /// «Refus».
    Refused,
    /// «Ne plus appeler».
    DoNotCall,
}

impl CallWord {
    /// Whether this person counts among the inscrits (product.md §3).
    #[must_use]
    pub fn counts(self) -> bool {
        !matches!(self, CallWord::Refused | CallWord::DoNotCall)
    }

    fn from_key(key: &str) -> CallWord {
        match key {
            "injoignable" => CallWord::Unreachable,
            "refus" => CallWord::Refused,
            "ne_plus_appeler" => CallWord::DoNotCall,
            _ => CallWord::Open,
        }
    }
}

/// Everyone on file who shares a mail, a phone, or a name with its postal code; erased and merged people left out. In order
/// of id.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn candidates(tx: &mut Tx, indexes: &[Indexes]) -> Result<Vec<Candidate>, StoreError> {
    let rows = sqlx::query(
        "SELECT p.id, p.sealed, p.postal_code, p.insee, p.territory_id, p.placed, p.source, p.signed_up_on, p.pseudo_sealed, \
                p.call_state, p.mail_index, p.phone_index, p.name_index, \
                EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = p.id) AS confirmed \
         FROM people p WHERE p.id IN ( \
             SELECT id FROM people WHERE mail_index IN (SELECT unhex(value) FROM json_each(?1)) \
             UNION SELECT id FROM people WHERE phone_index IN (SELECT unhex(value) FROM json_each(?2)) \
             UNION SELECT id FROM people WHERE name_index IN (SELECT unhex(value) FROM json_each(?3))) \
         AND p.erased_at IS NULL AND p.merged_into IS NULL AND p.sealed IS NOT NULL ORDER BY p.id",
    )
    .bind(hex_list(indexes.iter().filter_map(|index| index.mail)))
    .bind(hex_list(indexes.iter().filter_map(|index| index.phone)))
    .bind(hex_list(indexes.iter().map(|index| index.name)))
    .fetch_all(tx.conn())
    .await?;
    let vault = Arc::clone(tx.vault());
    rows.iter().map(|row| candidate(&vault, row)).collect()
}

fn candidate(vault: &Vault, row: &sqlx::sqlite::SqliteRow) -> Result<Candidate, StoreError> {
    let malformed = |what| StoreError::Row { table: "people", what };
    let index = |bytes: Option<&[u8]>| -> Result<Option<BlindIndex>, StoreError> {
        bytes
            .map(|bytes| bytes.try_into().map_err(|_| malformed("index")))
            .transpose()
    };
    let pseudo: Option<&[u8]> = row.try_get("pseudo_sealed")?;
    let pseudo = pseudo
        .map(|sealed| identity::DiscordName::open(vault, sealed))
        .transpose()?;
    let date: Option<&str> = row.try_get("signed_up_on")?;
    Ok(Candidate {
        id: PersonId(row.try_get("id")?),
        identity: identity::open(vault, row.try_get("sealed")?)?,
        place: Place {
            postal_code: row.try_get::<Option<String>, _>("postal_code")?.unwrap_or_default(),
            insee: row.try_get("insee")?,
            territory: row.try_get::<Option<i64>, _>("territory_id")?.map(TerritoryId),
            placed: row
                .try_get::<Option<&str>, _>("placed")?
                .map(str::parse::<PlaceOrigin>)
                .transpose()
                .map_err(|_| malformed("placed"))?,
        },
        origin: if row.try_get::<&str, _>("source")? == "site" {
            Origin::Site
        } else {
            Origin::Local
        },
        signed_up_on: date.map(str::parse).transpose().map_err(|_| malformed("date"))?,
        pseudo: pseudo.map(|name| name.display.clone()),
        call: CallWord::from_key(row.try_get("call_state")?),
        confirmed: row.try_get("confirmed")?,
        indexes: Indexes {
            mail: index(row.try_get("mail_index")?)?,
            phone: index(row.try_get("phone_index")?)?,
            name: index(row.try_get("name_index")?)?.ok_or(malformed("name_index"))?,
        },
    })
}

/// The persons that lines became in earlier imports, by keyed hash of the line; someone merged away is the one into whom.
/// Erased people are nobody's line.
///
/// # Errors
/// When SQLite fails.
pub async fn remembered(tx: &mut Tx, lines: &[BlindIndex]) -> Result<HashMap<BlindIndex, PersonId>, StoreError> {
    let rows = sqlx::query(
        "SELECT l.hash, coalesce(p.merged_into, p.id) AS id FROM import_lines l JOIN people p ON p.id = l.person_id \
         WHERE l.hash IN (SELECT unhex(value) FROM json_each(?)) AND p.erased_at IS NULL",
    )
    .bind(hex_list(lines.iter().copied()))
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let hash: &[u8] = row.try_get("hash")?;
            let hash = hash.try_into().map_err(|_| StoreError::Row {
                table: "import_lines",
                what: "hash",
            })?;
            Ok((hash, PersonId(row.try_get("id")?)))
        })
        .collect()
}

/// Keeps which person each line became.
///
/// # Errors
/// When SQLite fails.
pub async fn remember(tx: &mut Tx, lines: &[(BlindIndex, PersonId)]) -> Result<(), StoreError> {
    for lines in lines.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO import_lines (hash, person_id) ");
        query.push_values(lines, |mut row, (hash, person)| {
            row.push_bind(hash.to_vec()).push_bind(person.0);
        });
        // A line said again follows its person of today.
        query.push(" ON CONFLICT (hash) DO UPDATE SET person_id = excluded.person_id");
        query.build().execute(tx.conn()).await?;
    }
    Ok(())
}

/// Forgets the lines of a person, who was erased.
///
/// # Errors
/// When SQLite fails.
pub async fn forget(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM import_lines WHERE person_id = ?")
        .bind(person.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The id that the next person may take; within a write transaction nobody else takes it.
///
/// # Errors
/// When SQLite fails.
pub async fn next_person(tx: &mut Tx) -> Result<PersonId, StoreError> {
    let id: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM people")
        .fetch_one(tx.conn())
        .await?;
    Ok(PersonId(id))
}

/// One person as an import writes him, new or changed.
#[derive(Debug, Clone)]
pub struct Write {
    /// Who.
    pub id: PersonId,
    /// Names, phone, mail.
    pub identity: Identity,
    /// The place.
    pub place: Place,
    /// When this person signed up on the website.
    pub signed_up_on: Option<NaiveDate>,
    /// The Discord pseudo.
    pub pseudo: Option<String>,
    /// Whether someone who is «injoignable» is to be called again, at a new number.
    pub reopens: bool,
    /// Of someone new: whether this number is not to be called, whoever answers it (product.md §16).
    pub number_blocked: bool,
    /// The blind indexes.
    pub indexes: Indexes,
}

impl Write {
    fn sealed(&self, vault: &Vault) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        let pseudo = self.pseudo.as_ref().map(|pseudo| {
            identity::DiscordName {
                display: pseudo.clone(),
                username: String::new(),
            }
            .seal(vault)
        });
        Ok((identity::seal(vault, &self.identity)?, pseudo.transpose()?))
    }
}

/// Writes new people, who came by the website.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn insert(tx: &mut Tx, people: &[Write], now: DateTime<Utc>) -> Result<(), StoreError> {
    let vault = Arc::clone(tx.vault());
    for people in people.chunks(ROWS) {
        let sealed = people
            .iter()
            .map(|person| person.sealed(&vault))
            .collect::<Result<Vec<_>, _>>()?;
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO people (id, sealed, pseudo_sealed, mail_index, phone_index, name_index, postal_code, insee, \
             territory_id, placed, source, signed_up_on, number_blocked, created_at, updated_at) ",
        );
        query.push_values(people.iter().zip(sealed), |mut row, (person, (identity, pseudo))| {
            row.push_bind(person.id.0)
                .push_bind(identity)
                .push_bind(pseudo)
                .push_bind(person.indexes.mail.map(Vec::from))
                .push_bind(person.indexes.phone.map(Vec::from))
                .push_bind(Vec::from(person.indexes.name))
                .push_bind(person.place.postal_code.clone())
                .push_bind(person.place.insee.clone())
                .push_bind(person.place.territory.map(|id| id.0))
                .push_bind(person.place.placed.map(PlaceOrigin::as_str))
                .push_bind("site")
                .push_bind(person.signed_up_on.map(|date| date.to_string()))
                .push_bind(person.number_blocked)
                .push_bind(to_sql(now))
                .push_bind(to_sql(now));
        });
        query.build().execute(tx.conn()).await?;
    }
    Ok(())
}

/// Writes what an import changes of someone on file, who has now come by the website too. Who is a member, who is linked to
/// which account, and what the calls gave stay as they are, but for someone who was unreachable and has a new number.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn update(tx: &mut Tx, person: &Write, now: DateTime<Utc>) -> Result<(), StoreError> {
    let vault = Arc::clone(tx.vault());
    let (identity, pseudo) = person.sealed(&vault)?;
    sqlx::query(
        "UPDATE people SET sealed = ?2, pseudo_sealed = ?3, mail_index = ?4, phone_index = ?5, name_index = ?6, \
                postal_code = ?7, insee = ?8, territory_id = ?9, placed = ?10, source = 'site', signed_up_on = ?11, \
                call_state = CASE WHEN ?12 AND call_state = 'injoignable' THEN 'a_appeler' ELSE call_state END, updated_at = ?13, \
                number_blocked = EXISTS (SELECT 1 FROM suppressions WHERE kind = 'do_not_call' AND hash = ?14) \
         WHERE id = ?1 AND erased_at IS NULL AND merged_into IS NULL",
    )
    .bind(person.id.0)
    .bind(identity)
    .bind(pseudo)
    .bind(person.indexes.mail.map(Vec::from))
    .bind(person.indexes.phone.map(Vec::from))
    .bind(Vec::from(person.indexes.name))
    .bind(&person.place.postal_code)
    .bind(&person.place.insee)
    .bind(person.place.territory.map(|id| id.0))
    .bind(person.place.placed.map(PlaceOrigin::as_str))
    .bind(person.signed_up_on.map(|date| date.to_string()))
    .bind(person.reopens)
    .bind(to_sql(now))
    .bind(Hashes::of(&vault, &person.identity).phone.map(Vec::from))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Two people who may be one; the lesser id first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The older.
    pub a: PersonId,
    /// The younger.
    pub b: PersonId,
    /// Why.
    pub why: Doubt,
}

impl Pair {
    /// A pair of two different people.
    #[must_use]
    pub fn new(one: PersonId, other: PersonId, why: Doubt) -> Option<Pair> {
        (one != other).then(|| Pair {
            a: one.min(other),
            b: one.max(other),
            why,
        })
    }
}

/// The pairs already found among these people, whatever was decided of them.
///
/// # Errors
/// When SQLite fails.
pub async fn known_pairs(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<(PersonId, PersonId)>, StoreError> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT a, b FROM duplicate_pairs WHERE a IN (SELECT value FROM json_each(?))")
            .bind(id_list(people.iter().map(|id| id.0)))
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().map(|(a, b)| (PersonId(a), PersonId(b))).collect())
}

/// Writes pairs to review; one that is known already keeps what was decided of it.
///
/// # Errors
/// When SQLite fails.
pub async fn add_pairs(tx: &mut Tx, pairs: &[Pair], now: DateTime<Utc>) -> Result<(), StoreError> {
    for pairs in pairs.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO duplicate_pairs (a, b, reason, found_at) ");
        query.push_values(pairs, |mut row, pair| {
            row.push_bind(pair.a.0)
                .push_bind(pair.b.0)
                .push_bind(pair.why.code())
                .push_bind(to_sql(now));
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(tx.conn()).await?;
    }
    Ok(())
}

/// A line of the journal about someone who was imported or changed by an import.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Who.
    pub person: PersonId,
    /// `person.imported` or `person.updated`.
    pub event: &'static str,
    /// The région of this person, when known.
    pub region: Option<RegionCode>,
    /// Which fields changed; never their values.
    pub which: Option<String>,
}

/// Writes many lines of the journal at once.
///
/// # Errors
/// When SQLite fails.
pub async fn trace(tx: &mut Tx, actor: Option<UserId>, traces: &[Trace], now: DateTime<Utc>) -> Result<(), StoreError> {
    for traces in traces.chunks(ROWS) {
        let mut query =
            QueryBuilder::<Sqlite>::new("INSERT INTO journal (at, actor, event, person_id, region, after) ");
        query.push_values(traces, |mut row, trace| {
            row.push_bind(to_sql(now))
                .push_bind(actor.map(UserId::to_sql))
                .push_bind(trace.event)
                .push_bind(trace.person.0)
                .push_bind(trace.region.as_ref().map(|region| region.0.clone()))
                .push_bind(trace.which.clone());
        });
        query.build().execute(tx.conn()).await?;
    }
    Ok(())
}

/// How many people are signed up in each part, and whether a group holds it: what a dry run adds to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartCount {
    /// The basin.
    pub basin: String,
    /// The département.
    pub departement: String,
    /// The part's id.
    pub territory: TerritoryId,
    /// People signed up.
    pub signed_up: u32,
    /// Whether a group was declared.
    pub held: bool,
}

/// Counts the people signed up in every part in use.
///
/// # Errors
/// When SQLite fails.
pub async fn parts(tx: &mut Tx) -> Result<Vec<PartCount>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT t.id, t.basin, t.departement, \
                EXISTS (SELECT 1 FROM group_territories g WHERE g.territory_id = t.id) AS held, \
                (SELECT count(*) FROM people p WHERE p.territory_id = t.id AND ",
        super::ladder::who_signed_up!(),
        ") AS signed_up FROM territories t"
    ))
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(PartCount {
                basin: row.try_get("basin")?,
                departement: row.try_get("departement")?,
                territory: TerritoryId(row.try_get("id")?),
                signed_up: u32::try_from(row.try_get::<i64, _>("signed_up")?).unwrap_or(u32::MAX),
                held: row.try_get("held")?,
            })
        })
        .collect()
}
