//! The only SQL of the product. Knows the domain, knows nothing of Discord.
//!
//! One writer, a few readers, WAL, `synchronous = FULL`: what a person was told is done survives `kill -9`. Every write is a
//! `BEGIN IMMEDIATE` transaction on the one write connection (several writers lose answers on a slow disk), and no
//! transaction is ever held across a network call.
//!
//! [`Tx::commit`] tells the loops that something changed, so that no use case can forget to wake them; the loops themselves
//! commit with [`Tx::commit_quietly`], or they would wake each other for ever.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};
use tokio::sync::watch;

pub mod answers;
pub mod authority;
pub mod backup;
pub mod beside;
pub mod bindings;
pub mod calls;
pub mod drafts;
pub mod export;
pub mod feeds;
pub mod greetings;
pub mod groups;
pub mod identity;
pub mod imports;
pub mod installs;
pub mod invitations;
pub mod journal;
pub mod keyring;
pub mod ladder;
pub mod meeting_events;
pub mod meeting_subscribers;
pub mod meetings;
pub mod memberships;
pub mod merges;
pub mod meta;
pub mod migrations;
pub mod names;
pub mod opt_outs;
pub mod outbox;
pub mod overview;
pub mod participation;
pub mod people;
pub mod places;
pub mod posts;
pub mod regroup;
pub mod rekey;
pub mod reminders;
pub mod reports;
pub mod roster;
pub mod setbacks;
pub mod snapshot;
#[cfg(test)]
mod space_tests;
pub mod statutes;
#[cfg(test)]
mod support_tests;
pub mod suppression_file;
pub mod suppressions;
pub mod territories;
pub mod transfers;
pub mod undos;
pub mod vault;
pub mod waiting;
pub mod weekly;
pub mod zoning;

use keyring::KeySource;
use vault::{Vault, VaultError};

/// A failure of the database. Holds no row and no bound value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite, or the library that speaks to it.
    #[error("SQLite")]
    Sql(#[from] sqlx::Error),
    /// Sealed data did not open.
    #[error("vault")]
    Vault(#[from] VaultError),
    /// A row holds what the code never writes.
    #[error("row of {table}: {what}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column or rule.
        what: &'static str,
    },
}

/// Why a database could not be opened; the host reads it as one French line (`texts::host::open_error`).
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file, its folder or its lock cannot be used.
    #[error("{path}: file")]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Another process holds this database.
    #[error("{0}: held by another process")]
    Held(PathBuf),
    /// The file is no database of this product.
    #[error("{0}: not a maillage database")]
    NotOurs(PathBuf),
    /// A later version of the product has migrated this database.
    #[error("database of a newer version ({0})")]
    Newer(i64),
    /// An earlier version of the product made this database, and it is only to be read.
    #[error("database of an earlier version ({0})")]
    Older(i64),
    /// The host's key is unusable.
    #[error("key")]
    Key(#[from] keyring::KeyError),
    /// Anything else.
    #[error("opening the database")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        OpenError::Store(StoreError::Sql(error))
    }
}

/// The database, open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    vault: Arc<Vault>,
    changes: watch::Sender<u64>,
    queries: Arc<AtomicU64>,
    // Held as long as the store lives: one process per database (product.md §17).
    _lock: std::fs::File,
}

/// How long a statement waits for SQLite's own lock; only an outside reader (a backup) can make us wait.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Enough for autocompletes while a report reads.
const READERS: u32 = 4;

impl Store {
    /// Opens the database at `path`, creating it with its key at the first start, and brings its schema up to date.
    ///
    /// # Errors
    /// See [`OpenError`]: file, lock, key, schema.
    pub async fn open(path: &Path, key: &KeySource) -> Result<Store, OpenError> {
        let lock = lock(path).await?;
        create_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("secure_delete", "ON")
            .optimize_on_close(true, None);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(options.clone())
            .await
            .map_err(|error| not_a_database(path, error))?;
        if is_foreign(&writer).await? {
            return Err(OpenError::NotOurs(path.to_owned()));
        }
        migrations::run(&writer).await.map_err(|error| match error {
            OpenError::Store(StoreError::Sql(error)) => not_a_database(path, error),
            other => other,
        })?;
        let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
        let vault = keyring::open(&mut tx, key).await?;
        tx.commit().await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(options.read_only(true).optimize_on_close(false, None))
            .await?;
        let (changes, _) = watch::channel(0);
        let inner = Inner {
            path: path.to_owned(),
            writer,
            readers,
            vault: Arc::new(vault),
            changes,
            queries: Arc::default(),
            _lock: lock,
        };
        Ok(Store { inner: Arc::new(inner) })
    }

    /// Where the database lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The keys, for what is sealed outside a transaction.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// A consistent view of the database; writing through it fails.
    ///
    /// # Errors
    /// When no reader is free within a minute, or SQLite fails.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let inner = self.inner.readers.begin().await?;
        Ok(Tx {
            inner,
            vault: Arc::clone(&self.inner.vault),
            changes: None,
            queries: Arc::clone(&self.inner.queries),
        })
    }

    /// The write transaction, `BEGIN IMMEDIATE`: whoever holds it decides alone. Dropped without commit, it changes nothing.
    ///
    /// # Errors
    /// When the writer is not free within a minute, or SQLite fails.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        let inner = self.inner.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Tx {
            inner,
            vault: Arc::clone(&self.inner.vault),
            changes: Some(self.inner.changes.clone()),
            queries: Arc::clone(&self.inner.queries),
        })
    }

    /// How many queries were made since the start, transactions apart: a query through sqlx costs ten times what SQLite
    /// does, so that their number is what is watched.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.inner.queries.load(Ordering::Relaxed)
    }

    /// Woken after each [`Tx::commit`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Closes the connections, folding the WAL into the database.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }
}

/// A transaction, for reading or for writing.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
    vault: Arc<Vault>,
    changes: Option<watch::Sender<u64>>,
    queries: Arc<AtomicU64>,
}

impl Tx {
    /// The connection, for the queries of this module's files.
    pub(in crate::store) fn conn(&mut self) -> &mut SqliteConnection {
        self.queries.fetch_add(1, Ordering::Relaxed);
        &mut self.inner
    }

    /// The keys.
    #[must_use]
    pub fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// Commits and wakes the loops. When this returns, the facts are on disk.
    ///
    /// # Errors
    /// When SQLite cannot commit; nothing was changed then.
    pub async fn commit(self) -> Result<(), StoreError> {
        let changes = self.changes.clone();
        self.commit_quietly().await?;
        if let Some(changes) = changes {
            changes.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    /// Commits without waking anyone: for the loops' own bookkeeping.
    ///
    /// # Errors
    /// When SQLite cannot commit; nothing was changed then.
    pub async fn commit_quietly(self) -> Result<(), StoreError> {
        self.inner.commit().await?;
        Ok(())
    }
}

/// An instant as the database stores it: whole seconds.
#[must_use]
pub fn to_sql(at: DateTime<Utc>) -> i64 {
    at.timestamp()
}

/// The instant that [`to_sql`] stored.
///
/// # Errors
/// When the value is outside the calendar, which the code never writes.
pub fn from_sql(at: i64) -> Result<DateTime<Utc>, StoreError> {
    Utc.timestamp_opt(at, 0).single().ok_or(StoreError::Row {
        table: "any",
        what: "instant",
    })
}

/// Whether the database holds tables, but none that a migration of ours has made.
async fn is_foreign(pool: &SqlitePool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table') \
            AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')",
    )
    .fetch_one(pool)
    .await
}

/// How often, and how long apart, the lock is asked for. A process that has just ended may hold it an instant longer, through a
/// child that it was starting.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Takes the lock that makes one process per database.
async fn lock(path: &Path) -> Result<std::fs::File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let told = |source| OpenError::File {
        path: lock_path.clone(),
        source,
    };
    let file = private_options()
        .create(true)
        .truncate(false)
        .open(&lock_path)
        .map_err(told)?;
    for _ in 1..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(std::fs::TryLockError::Error(source)) => return Err(told(source)),
        }
    }
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::Held(path.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(told(source)),
    }
}

/// Creates the database file empty and private, so that it is never readable by others, even for an instant.
fn create_private(path: &Path) -> Result<(), OpenError> {
    match private_options().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Options of files that only their owner may read (product.md §16).
#[must_use]
pub fn private_options() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// SQLite's «file is not a database» (26), told as such.
fn not_a_database(path: &Path, error: sqlx::Error) -> OpenError {
    let code = error
        .as_database_error()
        .and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    if code.as_deref() == Some("26") {
        OpenError::NotOurs(path.to_owned())
    } else {
        error.into()
    }
}

/// Whether the database at `path` answers a trivial question; for `/healthz`.
///
/// # Errors
/// When SQLite fails.
pub async fn ping(store: &Store) -> Result<(), StoreError> {
    store.inner.readers.acquire().await?.ping().await?;
    Ok(())
}

/// Hashes as one bound value, for `IN (SELECT unhex(value) FROM json_each(?))`: one prepared statement for any number of them.
fn hex_list(hashes: impl IntoIterator<Item = vault::BlindIndex>) -> String {
    use std::fmt::Write as _;
    let mut list = String::from("[");
    for hash in hashes {
        list.push_str(if list.len() > 1 { ",\"" } else { "\"" });
        for byte in hash {
            // Writing to a String cannot fail.
            let _ = write!(list, "{byte:02x}");
        }
        list.push('"');
    }
    list.push(']');
    list
}

/// Row ids as one bound value, for `IN (SELECT value FROM json_each(?))`.
fn id_list(ids: impl IntoIterator<Item = i64>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    format!("[{}]", ids.join(","))
}
