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

impl KeySource {
    /// The key file beside the database: `maillage.key`.
    #[must_use]
    pub fn beside(database: &Path) -> KeySource {
        KeySource::File(database.with_file_name("maillage.key"))
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

/// Opens the vault of this database; at the first start makes the keys, and the host's key file when none is given.
pub(super) async fn open(conn: &mut SqliteConnection, source: &KeySource) -> Result<Vault, KeyError> {
    let rows = sqlx::query("SELECT name, wrapped FROM keys")
        .fetch_all(&mut *conn)
        .await?;
    if rows.is_empty() {
        let host = first_key(source)?;
        return make(conn, &host).await;
    }
    let host = match source {
        KeySource::Given(key) => key.clone(),
        KeySource::File(path) => read(path)?.ok_or_else(|| KeyError::Missing(path.clone()))?,
    };
    let find = |name: &str| -> Result<SecretKey, KeyError> {
        for row in &rows {
            if row.try_get::<&str, _>("name")? == name {
                return vault::unwrap(&host, row.try_get("wrapped")?).map_err(|_| KeyError::Wrong);
            }
        }
        Err(KeyError::Store(StoreError::Row {
            table: "keys",
            what: "missing key",
        }))
    };
    Ok(Vault::new(find("seal")?, find("index")?, find("suppress")?))
}

/// Whether the host's key opens this database; nothing is made nor written.
pub(super) async fn check(conn: &mut SqliteConnection, source: &KeySource) -> Result<(), KeyError> {
    let host = match source {
        KeySource::Given(key) => key.clone(),
        KeySource::File(path) => read(path)?.ok_or_else(|| KeyError::Missing(path.clone()))?,
    };
    let rows = sqlx::query("SELECT wrapped FROM keys").fetch_all(conn).await?;
    for row in rows {
        vault::unwrap(&host, row.try_get("wrapped")?).map_err(|_| KeyError::Wrong)?;
    }
    Ok(())
}

async fn make(conn: &mut SqliteConnection, host: &SecretKey) -> Result<Vault, KeyError> {
    let keys = [SecretKey::random()?, SecretKey::random()?, SecretKey::random()?];
    for (name, key) in ["seal", "index", "suppress"].into_iter().zip(&keys) {
        let wrapped = vault::wrap(host, key)?;
        sqlx::query("INSERT INTO keys (name, wrapped) VALUES (?, ?)")
            .bind(name)
            .bind(wrapped)
            .execute(&mut *conn)
            .await?;
    }
    let [seal, index, suppress] = keys;
    Ok(Vault::new(seal, index, suppress))
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
    let write = || -> std::io::Result<()> {
        let mut file = private_options().create_new(true).open(path)?;
        file.write_all(STANDARD.encode(key.bytes()).as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    };
    write().map_err(|source| KeyError::File {
        path: path.clone(),
        source,
    })?;
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
