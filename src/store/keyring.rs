//! The host's key and the three keys that it wraps (product.md §16).

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sqlx::{Row, SqliteConnection};
use std::io::Write as _;

use super::vault::{self, KEY_LEN, SecretKey, Vault, VaultError};
use super::{StoreError, private_options};

/// Where the host's key comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// Given in `MAILLAGE_KEY`.
    Given(SecretKey),
    /// In this file, made at the first start.
    File(PathBuf),
}

/// The name of the key file beside the database.
pub const FILE_NAME: &str = "maillage.key";

impl KeySource {
    /// The key file beside the database: `maillage.key`.
    #[must_use]
    pub fn beside(database: &Path) -> KeySource {
        KeySource::File(database.with_file_name(FILE_NAME))
    }
}

/// Why the host's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not the base64 of 32 bytes.
    #[error("not the base64 of 32 bytes")]
    Malformed,
    /// The database has keys, but the file that unwraps them is not there.
    #[error("{0}: missing")]
    Missing(PathBuf),
    /// The database was made with another key.
    #[error("another key")]
    Wrong,
    /// The file cannot be read or written.
    #[error("{path}: file")]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The cipher or the operating system failed.
    #[error("vault")]
    Vault(#[from] VaultError),
    /// The keys in the database cannot be read or written.
    #[error("database")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for KeyError {
    fn from(error: sqlx::Error) -> Self {
        KeyError::Store(error.into())
    }
}

/// Reads a key written in base64.
///
/// # Errors
/// [`KeyError::Malformed`].
pub fn parse(text: &str) -> Result<SecretKey, KeyError> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_| KeyError::Malformed)?;
    let bytes: [u8; KEY_LEN] = bytes.try_into().map_err(|_| KeyError::Malformed)?;
    Ok(SecretKey::new(bytes))
}

/// Opens the vault of this database; at the first start makes the keys, and the host's key file when none is given. Ends what
/// a `maillage rekey` that died left undone: the caller holds the lock of the database.
pub(super) async fn open(conn: &mut SqliteConnection, source: &KeySource) -> Result<Vault, KeyError> {
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM keys")
        .fetch_one(&mut *conn)
        .await?;
    if keys == 0 {
        let host = first_key(source)?;
        let vault = Vault::new(SecretKey::random()?, SecretKey::random()?, SecretKey::random()?);
        for (name, wrapped) in vault.wrapped(&host)? {
            sqlx::query("INSERT INTO keys (name, wrapped) VALUES (?, ?)")
                .bind(name)
                .bind(wrapped)
                .execute(&mut *conn)
                .await?;
        }
        return Ok(vault);
    }
    let (vault, held) = opened(conn, source).await?;
    if let KeySource::File(path) = source {
        match held {
            Held::Pending => {
                adopt(path)?;
                tracing::warn!(key.file = %path.display(), "the change of keys that had been cut short is ended");
            }
            // It was cut short before the database changed: this key opens nothing.
            Held::Own => remove(&pending(path))?,
        }
    }
    Ok(vault)
}

/// Opens the vault of a database whose keys were made before; nothing is made nor written.
pub(super) async fn unlock(conn: &mut SqliteConnection, source: &KeySource) -> Result<Vault, KeyError> {
    Ok(opened(conn, source).await?.0)
}

/// Whether the host's key opens this database; nothing is made nor written.
pub(super) async fn check(conn: &mut SqliteConnection, source: &KeySource) -> Result<(), KeyError> {
    unlock(conn, source).await.map(|_| ())
}

/// Wraps the keys of a vault anew, in the place of those of the database.
pub(super) async fn rewrap(conn: &mut SqliteConnection, host: &SecretKey, vault: &Vault) -> Result<(), KeyError> {
    for (name, wrapped) in vault.wrapped(host)? {
        sqlx::query("UPDATE keys SET wrapped = ? WHERE name = ?")
            .bind(wrapped)
            .bind(name)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Which key of the host opened the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// The one in its place.
    Own,
    /// The one that `maillage rekey` had written before the database changed, and not yet put in its place.
    Pending,
}

async fn opened(conn: &mut SqliteConnection, source: &KeySource) -> Result<(Vault, Held), KeyError> {
    let hosts = match source {
        KeySource::Given(key) => vec![(key.clone(), Held::Own)],
        KeySource::File(path) => {
            let own = read(path)?.map(|key| (key, Held::Own));
            // One that cannot be read is no key that was written whole.
            let pending = read(&pending(path)).unwrap_or_default();
            let hosts: Vec<_> = own.into_iter().chain(pending.map(|key| (key, Held::Pending))).collect();
            if hosts.is_empty() {
                return Err(KeyError::Missing(path.clone()));
            }
            hosts
        }
    };
    let rows = sqlx::query("SELECT name, wrapped FROM keys").fetch_all(conn).await?;
    let find = |host: &SecretKey, name: &str| -> Result<SecretKey, KeyError> {
        for row in &rows {
            if row.try_get::<&str, _>("name")? == name {
                return vault::unwrap(host, row.try_get("wrapped")?).map_err(|_| KeyError::Wrong);
            }
        }
        Err(KeyError::Store(StoreError::Row {
            table: "keys",
            what: "missing key",
        }))
    };
    for (host, held) in hosts {
        match find(&host, "seal") {
            Ok(seal) => return Ok((Vault::new(seal, find(&host, "index")?, find(&host, "suppress")?), held)),
            Err(KeyError::Wrong) => {}
            Err(other) => return Err(other),
        }
    }
    Err(KeyError::Wrong)
}

/// Where `maillage rekey` writes a key before the database changes: beside the key file.
#[must_use]
pub fn pending(path: &Path) -> PathBuf {
    beside(path, ".nouvelle")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Puts the pending key in its place; the one that was there is kept under another name, which is given.
pub(super) fn adopt(path: &Path) -> Result<Option<PathBuf>, KeyError> {
    let told = |source| KeyError::File {
        path: path.to_owned(),
        source,
    };
    let kept = if path.exists() {
        let free = (1_u32..)
            .map(|n| beside(path, &format!(".ancienne-{n}")))
            .find(|name| !name.exists());
        if let Some(name) = &free {
            let old = std::fs::read(path).map_err(told)?;
            write_private(name, &old).map_err(told)?;
        }
        free
    } else {
        None
    };
    std::fs::rename(pending(path), path).map_err(told)?;
    sync_folder(path).map_err(told)?;
    Ok(kept)
}

/// Writes a key into a file of its own, whole before it is there, and private from the first instant (product.md §16).
pub(super) fn write(path: &Path, key: &SecretKey) -> Result<(), KeyError> {
    let told = |source| KeyError::File {
        path: path.to_owned(),
        source,
    };
    remove(path)?;
    let mut text = STANDARD.encode(key.bytes());
    text.push('\n');
    write_private(path, text.as_bytes()).map_err(told)?;
    sync_folder(path).map_err(told)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = private_options().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove(path: &Path) -> Result<(), KeyError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(KeyError::File {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Makes a name that was written or changed survive a loss of power.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The key of a first start: the given one, else the file's, else a new one written to the file.
fn first_key(source: &KeySource) -> Result<SecretKey, KeyError> {
    let path = match source {
        KeySource::Given(key) => return Ok(key.clone()),
        KeySource::File(path) => path,
    };
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let key = SecretKey::random()?;
    write(path, &key)?;
    tracing::warn!(
        key.file = %path.display(),
        "clef créée : gardez-en une copie ailleurs ; sans elle, ni la base ni ses sauvegardes ne se lisent"
    );
    Ok(key)
}

fn read(path: &Path) -> Result<Option<SecretKey>, KeyError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyError::File {
            path: path.to_owned(),
            source,
        }),
    }
}
