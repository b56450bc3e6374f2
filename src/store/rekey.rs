//! `maillage rekey` (product.md §16): another key of the host, other keys for sealing and for blind indexes, and everything that
//! they had sealed or indexed made anew, in one transaction.
//!
//! The order makes it safe to die anywhere: the host's new key is on disk, under another name, before the database changes; then
//! one commit changes everything; then the key is put in its place. Whoever opens the database in between tries both keys
//! (`keyring::open`), and ends what was begun.
//!
//! What was hashed with the third key cannot be made again from what is kept: the suppression list, the lines of imported files,
//! the codes of invitations. That key is only wrapped anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::journal::{self, Entry};
use super::keyring::{self, KeyError, KeySource};
use super::people::Indexes;
use super::vault::{Purpose, SecretKey, Vault};
use super::{OpenError, Store, StoreError, Tx, identity};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeyed {
    /// Where the host's new key is.
    pub key: PathBuf,
    /// Under which name the one that was there is kept, for the backups that only it opens.
    pub kept: Option<PathBuf>,
}

/// A sealed column, with its two statements. Keys are bound as text: SQLite compares them as the column's type.
struct Sealed {
    #[cfg_attr(not(test), allow(dead_code, reason = "what a test compares with the schema"))]
    column: (&'static str, &'static str),
    purpose: Purpose,
    /// Less than every key.
    first: &'static str,
    read: &'static str,
    write: &'static str,
}

macro_rules! sealed {
    ($table:literal, $key:literal > $first:literal, $column:literal, $purpose:ident) => {
        Sealed {
            column: ($table, $column),
            purpose: Purpose::$purpose,
            first: $first,
            read: concat!(
                "SELECT CAST(",
                $key,
                " AS TEXT) AS name, ",
                $column,
                " AS sealed FROM ",
                $table,
                " WHERE ",
                $column,
                " IS NOT NULL AND ",
                $key,
                " > ? ORDER BY ",
                $key,
                " LIMIT 1000"
            ),
            write: concat!("UPDATE ", $table, " SET ", $column, " = ? WHERE ", $key, " = ?"),
        }
    };
}

/// Every sealed column but the identities, which have indexes to follow. A test compares the list with the schema.
const SEALED: &[Sealed] = &[
    sealed!("people", "id" > "0", "pseudo_sealed", DiscordName),
    sealed!("memberships", "id" > "0", "left_note_sealed", Note),
    sealed!("roster", "user_id" > "0", "name_sealed", DiscordName),
    sealed!("answers", "id" > "0", "token_sealed", AnswerToken),
    sealed!("installs", "id" > "0", "token_sealed", AnswerToken),
    sealed!("drafts", "id" > "", "sealed", Draft),
    sealed!("calls", "id" > "0", "note_sealed", Note),
    sealed!("undos", "journal_id" > "0", "sealed", Undo),
];

/// Renews the keys of the database at `path`, which no other process may hold.
///
/// # Errors
/// See [`OpenError`]. Until the commit the database and its key are as they were.
pub async fn rekey(path: &Path, source: &KeySource, now: DateTime<Utc>) -> Result<Rekeyed, OpenError> {
    // The lock is held as long as the store lives: to the end.
    let store = Store::open(path, source).await?;
    let key = match source {
        KeySource::File(file) => file.clone(),
        KeySource::Given(_) => path.with_file_name(keyring::FILE_NAME),
    };
    renew(&store, &key, now).await?;
    // Folds the WAL into the database: what the old keys had sealed is not left there.
    store.close().await;
    let kept = keyring::adopt(&key)?;
    Ok(Rekeyed { key, kept })
}

/// Writes the new key under its waiting name, then changes the database in one transaction.
async fn renew(store: &Store, key: &Path, now: DateTime<Utc>) -> Result<(), OpenError> {
    let host = SecretKey::random().map_err(KeyError::from)?;
    let fresh = store.vault().renewed().map_err(KeyError::from)?;
    keyring::write(&keyring::pending(key), &host)?;
    let mut tx = store.write().await?;
    let shown = shown_feeds(&mut tx).await?;
    identities(&mut tx, &fresh).await?;
    for column in SEALED {
        reseal(&mut tx, column, &fresh).await?;
    }
    // Nobody's name has changed.
    still_shown(&mut tx, &shown).await?;
    keyring::rewrap(tx.conn(), &host, &fresh).await?;
    let entry = Entry {
        event: "keys.renewed",
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    tx.commit_quietly().await?;
    Ok(())
}

/// Seals the identities anew, and computes their blind indexes anew.
async fn identities(tx: &mut Tx, fresh: &Vault) -> Result<(), StoreError> {
    let old = Arc::clone(tx.vault());
    let mut after = 0_i64;
    loop {
        let rows = sqlx::query(
            "SELECT id, sealed, postal_code FROM people WHERE sealed IS NOT NULL AND id > ? ORDER BY id LIMIT 1000",
        )
        .bind(after)
        .fetch_all(tx.conn())
        .await?;
        for row in &rows {
            after = row.try_get("id")?;
            let identity = identity::open(&old, row.try_get("sealed")?)?;
            let postal_code: Option<&str> = row.try_get("postal_code")?;
            let indexes = Indexes::of(fresh, &identity, postal_code.unwrap_or_default());
            sqlx::query("UPDATE people SET sealed = ?, mail_index = ?, phone_index = ?, name_index = ? WHERE id = ?")
                .bind(identity::seal(fresh, &identity)?)
                .bind(indexes.mail.map(Vec::from))
                .bind(indexes.phone.map(Vec::from))
                .bind(Vec::from(indexes.name))
                .bind(after)
                .execute(tx.conn())
                .await?;
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

async fn reseal(tx: &mut Tx, column: &Sealed, fresh: &Vault) -> Result<(), StoreError> {
    let old = Arc::clone(tx.vault());
    let mut after = column.first.to_owned();
    loop {
        let rows = sqlx::query(column.read).bind(&after).fetch_all(tx.conn()).await?;
        for row in &rows {
            after = row.try_get("name")?;
            let plain = old.open(column.purpose, row.try_get("sealed")?)?;
            sqlx::query(column.write)
                .bind(fresh.seal(column.purpose, &plain)?)
                .bind(&after)
                .execute(tx.conn())
                .await?;
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// The messages of feeds that show what they should.
async fn shown_feeds(tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT id FROM feed_messages WHERE state = 'shown'")
        .fetch_all(tx.conn())
        .await?)
}

async fn still_shown(tx: &mut Tx, ids: &[i64]) -> Result<(), StoreError> {
    sqlx::query("UPDATE feed_messages SET state = 'shown' WHERE id IN (SELECT value FROM json_each(?))")
        .bind(super::id_list(ids.iter().copied()))
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::domain::ids::{PersonId, UserId};
    use crate::domain::person::Identity;
    use crate::store::support_tests::{noon, person};
    use crate::store::{invitations, people};

    struct Ground {
        folder: tempfile::TempDir,
    }

    impl Ground {
        /// A database with two people, a pseudo, a draft and a code.
        async fn new(source: Option<&KeySource>) -> Ground {
            let ground = Ground {
                folder: tempfile::tempdir().unwrap(),
            };
            let own = ground.own();
            let store = Store::open(&ground.path(), source.unwrap_or(&own)).await.unwrap();
            let mut tx = store.write().await.unwrap();
            let one = person(&mut tx, 1, None).await;
            person(&mut tx, 2, None).await;
            people::set_pseudo(&mut tx, one, "camille_d").await.unwrap();
            invitations::create(
                &mut tx,
                one,
                "ABCDEFGH",
                UserId(5),
                noon() + chrono::TimeDelta::days(14),
                noon(),
            )
            .await
            .unwrap();
            let sealed = tx.vault().seal(Purpose::Draft, b"brouillon").unwrap();
            sqlx::query(
                "INSERT INTO drafts (id, user_id, kind, sealed, created_at, expires_at) VALUES ('-a', 1, 'x', ?, 0, 9)",
            )
            .bind(sealed)
            .execute(tx.conn())
            .await
            .unwrap();
            tx.commit().await.unwrap();
            store.close().await;
            ground
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("maillage.db")
        }

        fn key(&self) -> PathBuf {
            self.folder.path().join("maillage.key")
        }

        fn own(&self) -> KeySource {
            KeySource::File(self.key())
        }

        /// Everything reads, is found by its index, and the code still works.
        async fn reads(&self, source: &KeySource) {
            let store = Store::open(&self.path(), source).await.unwrap();
            let mut tx = store.read().await.unwrap();
            let found = people::get(&mut tx, PersonId(1)).await.unwrap().unwrap();
            let expected = Identity::parse("Camille", "Dupré", "06 39 98 00 01", "p1@example.org", "34400").unwrap();
            assert_eq!(found.identity.as_ref(), Some(&expected));
            let vault = Arc::clone(tx.vault());
            let alike = people::alike(&mut tx, &Indexes::of(&vault, &expected, "34400"))
                .await
                .unwrap();
            assert!(alike.iter().any(|other| other.id == PersonId(1)));
            let pseudos = people::pseudos(&mut tx, [PersonId(1)]).await.unwrap();
            assert_eq!(pseudos[&PersonId(1)].display, "camille_d");
            assert!(invitations::find(&mut tx, "ABCDEFGH").await.unwrap().is_some());
            let draft: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM drafts WHERE id = '-a'")
                .fetch_one(tx.conn())
                .await
                .unwrap();
            assert_eq!(vault.open(Purpose::Draft, &draft).unwrap().as_slice(), b"brouillon");
            drop(tx);
            store.close().await;
        }
    }

    #[tokio::test]
    async fn every_key_changes_and_everything_still_reads() {
        let ground = Ground::new(None).await;
        let before = std::fs::read(ground.key()).unwrap();
        let sealed_before = std::fs::read(ground.path()).unwrap();
        let done = rekey(&ground.path(), &ground.own(), noon()).await.unwrap();
        assert_eq!(done.key, ground.key());
        let kept = done.kept.unwrap();
        assert_eq!(std::fs::read(&kept).unwrap(), before);
        assert_ne!(std::fs::read(ground.key()).unwrap(), before);
        assert_ne!(std::fs::read(ground.path()).unwrap(), sealed_before);
        assert!(!keyring::pending(&ground.key()).exists());
        for file in [&ground.key(), &kept] {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        ground.reads(&ground.own()).await;
        let old = Store::open(&ground.path(), &KeySource::File(kept.clone())).await;
        assert!(
            matches!(old, Err(OpenError::Key(KeyError::Wrong))),
            "the old key opens nothing"
        );
        // And once more: the first old key is not overwritten.
        let again = rekey(&ground.path(), &ground.own(), noon()).await.unwrap();
        assert_ne!(again.kept, Some(kept));
        ground.reads(&ground.own()).await;
    }

    #[tokio::test]
    async fn a_death_before_the_commit_leaves_the_old_keys() {
        let ground = Ground::new(None).await;
        let before = std::fs::read(ground.key()).unwrap();
        keyring::write(&keyring::pending(&ground.key()), &SecretKey::random().unwrap()).unwrap();
        ground.reads(&ground.own()).await;
        assert_eq!(std::fs::read(ground.key()).unwrap(), before);
        assert!(
            !keyring::pending(&ground.key()).exists(),
            "what opens nothing is not kept"
        );
    }

    #[tokio::test]
    async fn a_death_after_the_commit_leaves_the_new_keys() {
        let ground = Ground::new(None).await;
        let before = std::fs::read(ground.key()).unwrap();
        let store = Store::open(&ground.path(), &ground.own()).await.unwrap();
        renew(&store, &ground.key(), noon()).await.unwrap();
        store.close().await;
        drop(store);
        let new = std::fs::read(keyring::pending(&ground.key())).unwrap();
        ground.reads(&ground.own()).await;
        assert_eq!(std::fs::read(ground.key()).unwrap(), new);
        let kept = ground.folder.path().join("maillage.key.ancienne-1");
        assert_eq!(std::fs::read(kept).unwrap(), before);
    }

    #[tokio::test]
    async fn a_key_from_the_environment_gives_way_to_a_file() {
        let given = KeySource::Given(SecretKey::new([7; 32]));
        let ground = Ground::new(Some(&given)).await;
        let wrong = KeySource::Given(SecretKey::new([8; 32]));
        let refused = rekey(&ground.path(), &wrong, noon()).await;
        assert!(matches!(refused, Err(OpenError::Key(KeyError::Wrong))));
        assert!(!ground.key().exists() && !keyring::pending(&ground.key()).exists());
        let done = rekey(&ground.path(), &given, noon()).await.unwrap();
        assert_eq!((done.key.as_path(), done.kept), (ground.key().as_path(), None));
        let old = Store::open(&ground.path(), &given).await;
        assert!(matches!(old, Err(OpenError::Key(KeyError::Wrong))));
        ground.reads(&ground.own()).await;
    }

    /// A sealed column that nobody listed would not open any longer after `rekey`.
    #[tokio::test]
    async fn every_sealed_column_is_known() {
        let ground = Ground::new(None).await;
        let store = Store::open(&ground.path(), &ground.own()).await.unwrap();
        let mut tx = store.read().await.unwrap();
        let rows = sqlx::query(
            "SELECT t.name AS tab, c.name AS col FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND upper(c.type) = 'BLOB' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY 1, 2",
        )
        .fetch_all(tx.conn())
        .await
        .unwrap();
        let schema: Vec<(String, String)> = rows.iter().map(|row| (row.get("tab"), row.get("col"))).collect();
        // Indexes made anew with the identities, hashes of the third key, the keys themselves, and what is not secret.
        let others = [
            ("people", "sealed"),
            ("people", "mail_index"),
            ("people", "phone_index"),
            ("people", "name_index"),
            ("keys", "wrapped"),
            ("suppressions", "hash"),
            ("import_lines", "hash"),
            ("invitations", "code"),
            ("zoning", "mapping"),
        ];
        let mut known: Vec<(String, String)> = SEALED
            .iter()
            .map(|sealed| sealed.column)
            .chain(others)
            .map(|(table, column)| (table.to_owned(), column.to_owned()))
            .collect();
        known.sort();
        assert_eq!(schema, known);
    }
}
