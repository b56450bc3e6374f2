//! The few facts about the database as a whole: the bound server, the national role, what was last registered or saved.

use chrono::{DateTime, Utc};

use super::{StoreError, Tx, from_sql, to_sql};

/// One fact. Each name is written once in the table `meta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The id of the bound server (product.md §2).
    Guild,
    /// The id of the national role (product.md §2).
    NationalRole,
    /// The hash of the commands last registered (product.md §17).
    Commands,
    /// No direct message before this instant: Discord said that too many were sent (error 40003).
    DirectMessagesRest,
    /// When the server's members were first seen: those who come later are welcomed (product.md §11).
    FirstLook,
    /// When the last backup was made (product.md §17).
    Backup,
    /// The night of the last housekeeping.
    Housekeeping,
}

impl Fact {
    fn key(self) -> &'static str {
        match self {
            Fact::Guild => "guild",
            Fact::NationalRole => "national_role",
            Fact::Commands => "commands",
            Fact::DirectMessagesRest => "direct_messages_rest",
            Fact::FirstLook => "first_look",
            Fact::Backup => "backup",
            Fact::Housekeeping => "housekeeping",
        }
    }
}

/// What a fact says.
///
/// # Errors
/// When SQLite fails.
pub async fn get(tx: &mut Tx, fact: Fact) -> Result<Option<String>, StoreError> {
    let value = sqlx::query_scalar("SELECT value FROM meta WHERE key = ?")
        .bind(fact.key())
        .fetch_optional(tx.conn())
        .await?;
    Ok(value)
}

/// A fact that is a Discord identifier.
///
/// # Errors
/// When SQLite fails, or the value is no number.
pub async fn snowflake(tx: &mut Tx, fact: Fact) -> Result<Option<u64>, StoreError> {
    let malformed = StoreError::Row {
        table: "meta",
        what: "identifier",
    };
    get(tx, fact)
        .await?
        .map(|value| value.parse().map_err(|_| malformed))
        .transpose()
}

/// A fact that is an instant.
///
/// # Errors
/// When SQLite fails, or the value is no instant.
pub async fn instant(tx: &mut Tx, fact: Fact) -> Result<Option<DateTime<Utc>>, StoreError> {
    let malformed = || StoreError::Row {
        table: "meta",
        what: "instant",
    };
    match get(tx, fact).await? {
        Some(value) => from_sql(value.parse().map_err(|_| malformed())?).map(Some),
        None => Ok(None),
    }
}

/// Writes a fact, in the place of what it said before.
///
/// # Errors
/// When SQLite fails.
pub async fn set(tx: &mut Tx, fact: Fact, value: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")
        .bind(fact.key())
        .bind(value)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes an instant.
///
/// # Errors
/// When SQLite fails.
pub async fn set_instant(tx: &mut Tx, fact: Fact, at: DateTime<Utc>) -> Result<(), StoreError> {
    set(tx, fact, &to_sql(at).to_string()).await
}

/// Forgets a fact.
///
/// # Errors
/// When SQLite fails.
pub async fn forget(tx: &mut Tx, fact: Fact) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM meta WHERE key = ?")
        .bind(fact.key())
        .execute(tx.conn())
        .await?;
    Ok(())
}
