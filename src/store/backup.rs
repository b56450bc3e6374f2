//! Copies of the database: made while it is written to, checked, and put back (product.md §17).

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};

use super::keyring::{self, KeySource};
use super::{BUSY_TIMEOUT, OpenError, Store, StoreError, lock, migrations, not_a_database, private_options};

/// What a database says of itself without being opened for writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The version of its schema.
    pub version: i64,
    /// Its size in bytes.
    pub size: u64,
}

/// Why a copy could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source is no usable database.
    #[error("the source")]
    Source(#[source] OpenError),
    /// The copy is there already: nothing is ever overwritten.
    #[error("{0}: exists")]
    Exists(PathBuf),
    /// The copy cannot be written.
    #[error("{path}: file")]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// SQLite could not copy, or the copy is not whole.
    #[error("copying")]
    Sql(#[source] StoreError),
}

/// Why a copy could not be put back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The copy, or the database that it would take the place of, cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The copy could not be brought beside the database.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A file cannot be moved.
    #[error("{path}: file")]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// Looks at a database without changing it, beside a running process: that it is ours, of no newer version, and that its key
/// is at hand.
///
/// # Errors
/// Why it could not be opened.
pub async fn inspect(path: &Path, key: &KeySource) -> Result<Inspection, OpenError> {
    let size = std::fs::metadata(path)
        .map_err(|source| OpenError::File {
            path: path.to_owned(),
            source,
        })?
        .len();
    let mut conn = reader(path).await?;
    let version = version(path, &mut conn).await?;
    if version > migrations::latest() {
        return Err(OpenError::Newer(version));
    }
    keyring::check(&mut conn, key).await?;
    // A connection that cannot be closed has nothing left to say.
    let _ = conn.close().await;
    Ok(Inspection { version, size })
}

/// Copies the database at `from`, in use or not, into a new file that only its owner may read. The copy is one file, whole
/// and checked; it is sealed as the database is.
///
/// # Errors
/// See [`CopyError`]; a copy begun is removed.
pub async fn copy(from: &Path, to: &Path) -> Result<(), CopyError> {
    let mut conn = reader(from).await.map_err(CopyError::Source)?;
    version(from, &mut conn).await.map_err(CopyError::Source)?;
    create_empty(to)?;
    let copied = async {
        sqlx::query("VACUUM INTO ?")
            .bind(to.to_string_lossy().as_ref())
            .execute(&mut conn)
            .await?;
        let mut copy = reader_options(to).connect().await?;
        let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut copy).await?;
        copy.close().await?;
        Ok::<_, sqlx::Error>(verdict == "ok")
    };
    let outcome = match copied.await {
        Ok(true) => sync(to),
        Ok(false) => Err(CopyError::Sql(StoreError::Row {
            table: "copy",
            what: "not whole",
        })),
        Err(error) => Err(CopyError::Sql(error.into())),
    };
    if outcome.is_err() {
        // What remains is told by the error itself.
        let _ = std::fs::remove_file(to);
    }
    outcome
}

/// Puts the copy `from` in the place of the database at `path`, which is kept beside it under the name that is returned
/// (`None` when there was none). No other process may hold the database.
///
/// # Errors
/// See [`RestoreError`]. Until the very last step the database is untouched.
pub async fn restore(from: &Path, path: &Path, key: &KeySource, stamp: &str) -> Result<Option<PathBuf>, RestoreError> {
    let _lock = lock(path).await?;
    inspect(from, key).await?;
    let fresh = with_suffix(path, ".restauration");
    // Left by a restoration that died in the middle.
    let _ = std::fs::remove_file(&fresh);
    copy(from, &fresh).await?;
    let moved = |source, path: &Path| RestoreError::File {
        path: path.to_owned(),
        source,
    };
    let kept = if path.exists() {
        let kept = with_suffix(path, &format!(".avant-{stamp}"));
        for suffix in ["-wal", "-shm", ""] {
            let (old, new) = (with_suffix(path, suffix), with_suffix(&kept, suffix));
            match std::fs::rename(&old, &new) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(moved(error, &old)),
            }
        }
        Some(kept)
    } else {
        None
    };
    std::fs::rename(&fresh, path).map_err(|error| moved(error, path))?;
    Ok(kept)
}

/// Makes a copy of the night in `folder`, under a name that bears the instant, and keeps the `kept` latest ones. The copy
/// takes its name once it is whole; with a recipient, it is sealed once more, to whoever holds that `age` key.
///
/// # Errors
/// See [`CopyError`].
pub async fn nightly(
    database: &Path,
    folder: &Path,
    stamp: &str,
    kept: u32,
    recipient: Option<&str>,
) -> Result<(), CopyError> {
    let refused = |path: &Path| {
        let path = path.to_owned();
        move |source| CopyError::File { path, source }
    };
    create_private_folder(folder).map_err(refused(folder))?;
    let unfinished = folder.join(UNFINISHED);
    let sealed = folder.join(UNFINISHED_SEALED);
    for left in [&unfinished, &sealed] {
        // Left by a process that died in the middle.
        let _ = std::fs::remove_file(left);
    }
    copy(database, &unfinished).await?;
    let (whole, name) = match recipient {
        None => (unfinished, folder.join(format!("{PREFIX}{stamp}{SUFFIX}"))),
        Some(recipient) => {
            let (recipient, from, to) = (recipient.to_owned(), unfinished.clone(), sealed.clone());
            let sealing = tokio::task::spawn_blocking(move || seal_to(&recipient, &from, &to)).await;
            sealing
                .unwrap_or_else(|error| Err(std::io::Error::other(error)))
                .map_err(refused(&sealed))?;
            std::fs::remove_file(&unfinished).map_err(refused(&unfinished))?;
            (sealed, folder.join(format!("{PREFIX}{stamp}{SUFFIX}{SUFFIX_SEALED}")))
        }
    };
    std::fs::rename(&whole, &name).map_err(refused(&name))?;
    let all = copies(folder).map_err(refused(folder))?;
    let excess = all.len().saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
    for old in all.iter().take(excess) {
        std::fs::remove_file(old).map_err(refused(old))?;
    }
    Ok(())
}

/// How the names of nightly copies begin and end; between them stands the instant, so that names sort by age.
const PREFIX: &str = "maillage-";
const SUFFIX: &str = ".db";
/// What is added to the name of a copy that is sealed to a recipient.
const SUFFIX_SEALED: &str = ".age";
/// The names of a copy that is being made.
const UNFINISHED: &str = "sauvegarde-en-cours";
const UNFINISHED_SEALED: &str = "sauvegarde-en-cours.age";

/// Seals a file to a recipient, in a new file that only its owner may read.
fn seal_to(recipient: &str, from: &Path, to: &Path) -> std::io::Result<()> {
    let recipient: age::x25519::Recipient = recipient.parse().map_err(std::io::Error::other)?;
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(std::io::Error::other)?;
    let out = private_options().create_new(true).open(to)?;
    let mut sealing = encryptor.wrap_output(out)?;
    std::io::copy(&mut std::fs::File::open(from)?, &mut sealing)?;
    sealing.finish()?.sync_all()
}

/// Creates a folder that only its owner may enter.
fn create_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// The nightly copies in a folder, oldest first: names bear the instant.
///
/// # Errors
/// When the folder cannot be read; one that is absent holds none.
pub fn copies(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_copy = name.to_str().is_some_and(|name| {
            let plain = name.strip_suffix(SUFFIX_SEALED).unwrap_or(name);
            plain.starts_with(PREFIX) && plain.ends_with(SUFFIX)
        });
        if is_copy {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The size of an open database in bytes, its log included, for `/diagnostic`.
#[must_use]
pub fn size(store: &Store) -> u64 {
    ["", "-wal"]
        .into_iter()
        .filter_map(|suffix| std::fs::metadata(with_suffix(store.path(), suffix)).ok())
        .map(|metadata| metadata.len())
        .sum()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn reader_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
}

async fn reader(path: &Path) -> Result<SqliteConnection, OpenError> {
    if let Err(source) = std::fs::File::open(path) {
        return Err(OpenError::File {
            path: path.to_owned(),
            source,
        });
    }
    reader_options(path)
        .connect()
        .await
        .map_err(|error| not_a_database(path, error))
}

/// The version of the schema; an error when the tables are not ours.
async fn version(path: &Path, conn: &mut SqliteConnection) -> Result<i64, OpenError> {
    let ours: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('_sqlx_migrations', 'keys', 'journal')",
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(|error| not_a_database(path, error))?;
    if ours != 3 {
        return Err(OpenError::NotOurs(path.to_owned()));
    }
    let row = sqlx::query("SELECT coalesce(max(version), 0) AS version FROM _sqlx_migrations WHERE success")
        .fetch_one(conn)
        .await?;
    Ok(row.try_get("version")?)
}

/// Creates the file empty and private, so that it is never readable by others, even for an instant.
fn create_empty(path: &Path) -> Result<(), CopyError> {
    match private_options().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(CopyError::Exists(path.to_owned())),
        Err(source) => Err(CopyError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Makes sure that the copy is on disk, not only on its way.
fn sync(path: &Path) -> Result<(), CopyError> {
    std::fs::File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|source| CopyError::File {
            path: path.to_owned(),
            source,
        })
}
