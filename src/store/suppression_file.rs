//! «Ne plus appeler» and erasures, kept beside the database as well (product.md §16): a backup put back must not bring back
//! what people asked to end. The file holds what the table holds: kinds, keyed hashes and dates, nothing else.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, Utc};
use sqlx::Row;

use super::suppressions::{self, Hashes, Kind};
use super::vault::BlindIndex;
use super::{Store, StoreError, Tx, from_sql, people, private_options, to_sql};
use crate::domain::ids::PersonId;

/// Why the file and the table could not be brought together.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The file cannot be read or written.
    #[error("{path}: file")]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error("database")]
    Store(#[from] StoreError),
}

/// What the file told that the table had forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Lines that the table did not have.
    pub lines: usize,
    /// People whose number is blocked again.
    pub blocked: u64,
    /// People who were erased since, and who are back: they are to be erased again.
    pub erased: Vec<PersonId>,
}

type Entries = HashMap<(Kind, BlindIndex), DateTime<Utc>>;

/// The file beside a database.
#[must_use]
pub fn beside(database: &Path) -> PathBuf {
    database.with_file_name("maillage.suppressions")
}

/// Brings the table and the file together: what the file alone has is replayed, what the table alone has is appended. A line
/// that cannot be read (a process that died while writing it) is passed over: the table has it.
///
/// # Errors
/// See [`SyncError`].
pub async fn sync(store: &Store) -> Result<Replayed, SyncError> {
    let path = beside(store.path());
    let told = |source| SyncError::File {
        path: path.clone(),
        source,
    };
    let file = match std::fs::read_to_string(&path) {
        Ok(text) => text.lines().filter_map(parse).fold(Entries::new(), later),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Entries::new(),
        Err(error) => return Err(told(error)),
    };
    let table = {
        let mut tx = store.read().await?;
        all(&mut tx).await?
    };
    let lost = newer(&file, &table);
    let mut replayed = Replayed {
        lines: lost.len(),
        ..Replayed::default()
    };
    if !lost.is_empty() {
        let mut tx = store.write().await?;
        for ((kind, hash), at) in &lost {
            suppressions::add(&mut tx, *kind, hash, *at).await?;
        }
        apply(&mut tx, &lost, &mut replayed).await?;
        tx.commit().await?;
    }
    let missing = newer(&table, &file);
    if !missing.is_empty() {
        append(&path, &missing).map_err(told)?;
    }
    Ok(replayed)
}

/// What tells one state of the table from another, without reading it whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(i64, i64);

/// The state of the table: it only grows, and dates only advance.
///
/// # Errors
/// When SQLite fails.
pub async fn mark(tx: &mut Tx) -> Result<Mark, StoreError> {
    let row = sqlx::query("SELECT count(*) AS lines, coalesce(sum(at), 0) AS dates FROM suppressions")
        .fetch_one(tx.conn())
        .await?;
    Ok(Mark(row.try_get("lines")?, row.try_get("dates")?))
}

/// What `one` has that `other` has not, or has with an earlier date.
fn newer(one: &Entries, other: &Entries) -> Entries {
    one.iter()
        .filter(|(key, at)| other.get(*key).is_none_or(|known| known < *at))
        .map(|(key, at)| (*key, *at))
        .collect()
}

/// Everyone on file is compared with the lines: hashes of people are not kept, so that the list tells nothing about them.
async fn apply(tx: &mut Tx, lost: &Entries, replayed: &mut Replayed) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT id, created_at FROM people WHERE sealed IS NOT NULL AND merged_into IS NULL")
        .fetch_all(tx.conn())
        .await?;
    let vault = std::sync::Arc::clone(tx.vault());
    for rows in rows.chunks(BATCH) {
        let mut created = HashMap::new();
        for row in rows {
            created.insert(PersonId(row.try_get("id")?), from_sql(row.try_get("created_at")?)?);
        }
        let ids: Vec<PersonId> = created.keys().copied().collect();
        for person in people::some(tx, &ids).await? {
            let Some(identity) = &person.identity else { continue };
            let hashes = Hashes::of(&vault, identity);
            let at = |kind, hash: Option<BlindIndex>| hash.and_then(|hash| lost.get(&(kind, hash)).copied());
            if at(Kind::DoNotCall, hashes.phone).is_some() {
                let done = sqlx::query("UPDATE people SET number_blocked = 1 WHERE id = ? AND number_blocked = 0")
                    .bind(person.id.0)
                    .execute(tx.conn())
                    .await?;
                replayed.blocked += done.rows_affected();
            }
            // The mail, or the phone of someone without mail (product.md §16); who came after the erasure came anew.
            let erased = match hashes.mail {
                Some(_) => at(Kind::ErasedMail, hashes.mail),
                None => at(Kind::ErasedPhone, hashes.phone),
            };
            if erased
                .zip(created.get(&person.id))
                .is_some_and(|(erased, created)| *created <= erased)
            {
                replayed.erased.push(person.id);
            }
        }
    }
    replayed.erased.sort_unstable();
    Ok(())
}

/// People opened together.
const BATCH: usize = 500;

async fn all(tx: &mut Tx) -> Result<Entries, StoreError> {
    let malformed = |what| StoreError::Row {
        table: "suppressions",
        what,
    };
    let rows = sqlx::query("SELECT kind, hash, at FROM suppressions")
        .fetch_all(tx.conn())
        .await?;
    let mut entries = Entries::with_capacity(rows.len());
    for row in rows {
        let kind = Kind::from_key(row.try_get("kind")?).ok_or_else(|| malformed("kind"))?;
        let hash: BlindIndex = row
            .try_get::<&[u8], _>("hash")?
            .try_into()
            .map_err(|_| malformed("hash"))?;
        entries.insert((kind, hash), from_sql(row.try_get("at")?)?);
    }
    Ok(entries)
}

fn later(mut entries: Entries, (key, at): ((Kind, BlindIndex), DateTime<Utc>)) -> Entries {
    let known = entries.entry(key).or_insert(at);
    *known = at.max(*known);
    entries
}

/// `do_not_call AbC… 1806084000`.
fn parse(line: &str) -> Option<((Kind, BlindIndex), DateTime<Utc>)> {
    let mut parts = line.split(' ');
    let kind = Kind::from_key(parts.next()?)?;
    let hash = STANDARD_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
    let at = from_sql(parts.next()?.parse().ok()?).ok()?;
    parts.next().is_none().then_some(((kind, hash), at))
}

fn append(path: &Path, entries: &Entries) -> std::io::Result<()> {
    let mut lines: Vec<String> = entries
        .iter()
        .map(|((kind, hash), at)| format!("{} {} {}\n", kind.key(), STANDARD_NO_PAD.encode(hash), to_sql(*at)))
        .collect();
    lines.sort_unstable();
    let mut file = private_options().create(true).append(true).open(path)?;
    // Ends a line that a dying process left half-written.
    let half = file.metadata()?.len() > 0 && !ends_with_newline(path)?;
    let text = format!("{}{}", if half { "\n" } else { "" }, lines.concat());
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn ends_with_newline(path: &Path) -> std::io::Result<bool> {
    Ok(std::fs::read(path)?.ends_with(b"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_round_trip_and_half_ones_are_passed_over() {
        let at = DateTime::from_timestamp(1_806_084_000, 0).unwrap();
        let entry = ((Kind::DoNotCall, [7; 32]), at);
        let line = format!(
            "{} {} {}",
            Kind::DoNotCall.key(),
            STANDARD_NO_PAD.encode([7; 32]),
            1_806_084_000
        );
        assert_eq!(parse(&line), Some(entry));
        for half in ["", "do_not_call", &line[..20], &format!("{line} x"), "autre AAAA 1"] {
            assert_eq!(parse(half), None, "{half}");
        }
    }
}
