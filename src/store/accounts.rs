//! Discord accounts as the server's mirror knows them (product.md §2).

use sqlx::Row;

use super::identity::{self, DiscordName};
use super::{StoreError, Tx};
use crate::domain::ids::UserId;

/// An account of the bound server, as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whether it is on the server now.
    pub present: bool,
    /// Whether it is a program.
    pub bot: bool,
    /// How the server shows it, when known.
    pub name: Option<DiscordName>,
}

/// An account, when the mirror has met it.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn get(tx: &mut Tx, user: UserId) -> Result<Option<Account>, StoreError> {
    let row = sqlx::query("SELECT present, bot, name_sealed FROM roster WHERE user_id = ?")
        .bind(user.to_sql())
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sealed: Option<&[u8]> = row.try_get("name_sealed")?;
    Ok(Some(Account {
        present: row.try_get("present")?,
        bot: row.try_get("bot")?,
        name: sealed.map(|sealed| DiscordName::open(tx.vault(), sealed)).transpose()?,
    }))
}

/// The name under which someone who holds a function is shown: the linked person's, else the server's (product.md §2).
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn display(tx: &mut Tx, user: UserId) -> Result<Option<String>, StoreError> {
    let sealed: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT sealed FROM people WHERE discord_user = ? AND sealed IS NOT NULL")
            .bind(user.to_sql())
            .fetch_optional(tx.conn())
            .await?;
    if let Some(sealed) = sealed {
        return Ok(Some(identity::open(tx.vault(), &sealed)?.full()));
    }
    let account = get(tx, user).await?;
    Ok(account
        .and_then(|account| account.name)
        .map(|name| name.display.clone()))
}
