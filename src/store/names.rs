//! Under which names people who hold a function are shown, and whom a typed Discord name designates (product.md §2).

use std::collections::HashMap;

use sqlx::Row;

use super::identity::{self, DiscordName};
use super::{StoreError, Tx, id_list};
use crate::domain::fold::fold;
use crate::domain::ids::UserId;

/// The names of some accounts: the linked person's, else the server's display name. An account that neither knows is absent.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn display_names(
    tx: &mut Tx,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, String>, StoreError> {
    let rows = sqlx::query(
        "SELECT u.value AS user_id, r.name_sealed, p.sealed FROM json_each(?) u \
         LEFT JOIN roster r ON r.user_id = u.value \
         LEFT JOIN people p ON p.discord_user = u.value AND p.erased_at IS NULL",
    )
    .bind(id_list(users.into_iter().map(UserId::to_sql)))
    .fetch_all(tx.conn())
    .await?;
    let mut names = HashMap::with_capacity(rows.len());
    for row in rows {
        let name = match (
            row.try_get::<Option<&[u8]>, _>("sealed")?,
            row.try_get::<Option<&[u8]>, _>("name_sealed")?,
        ) {
            (Some(sealed), _) => identity::open(tx.vault(), sealed)?.full(),
            (None, Some(sealed)) => DiscordName::open(tx.vault(), sealed)?.display.clone(),
            (None, None) => continue,
        };
        names.insert(UserId::from_sql(row.try_get("user_id")?), name);
    }
    Ok(names)
}

/// The name of one account; see [`display_names`].
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn display_name(tx: &mut Tx, user: UserId) -> Result<Option<String>, StoreError> {
    Ok(display_names(tx, [user]).await?.remove(&user))
}

/// What the mirror of the server knows of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// On the server now.
    pub present: bool,
    /// A program.
    pub bot: bool,
}

/// What the mirror knows of an account; `None` when it never met it.
///
/// # Errors
/// When SQLite fails.
pub async fn presence(tx: &mut Tx, user: UserId) -> Result<Option<Presence>, StoreError> {
    let row = sqlx::query("SELECT present, bot FROM roster WHERE user_id = ?")
        .bind(user.to_sql())
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| {
        Ok(Presence {
            present: row.try_get("present")?,
            bot: row.try_get("bot")?,
        })
    })
    .transpose()
}

/// The humans on the server whom a typed Discord name designates: the one account of that unique name, else everyone so
/// displayed. Accents and case do not count for a display name.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn designated(tx: &mut Tx, typed: &str) -> Result<Vec<UserId>, StoreError> {
    let typed = typed.trim().trim_start_matches('@');
    let (unique, shown) = (typed.to_lowercase(), fold(typed));
    if unique.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "SELECT user_id, name_sealed FROM roster WHERE present = 1 AND bot = 0 AND name_sealed IS NOT NULL ORDER BY user_id",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut alike = Vec::new();
    for row in rows {
        let user = UserId::from_sql(row.try_get("user_id")?);
        let name = DiscordName::open(tx.vault(), row.try_get("name_sealed")?)?;
        // Unique names are in lower case on Discord, and one account bears each.
        if !name.username.is_empty() && name.username.to_lowercase() == unique {
            return Ok(vec![user]);
        }
        if !shown.is_empty() && fold(&name.display) == shown {
            alike.push(user);
        }
    }
    Ok(alike)
}

/// How the server shows some accounts, whoever is linked to them; those that it never met are absent.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn account_names(
    tx: &mut Tx,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, DiscordName>, StoreError> {
    let rows = sqlx::query(
        "SELECT user_id, name_sealed FROM roster WHERE user_id IN (SELECT value FROM json_each(?)) AND name_sealed IS NOT NULL",
    )
    .bind(id_list(users.into_iter().map(UserId::to_sql)))
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let name = DiscordName::open(tx.vault(), row.try_get("name_sealed")?)?;
            Ok((UserId::from_sql(row.try_get("user_id")?), name))
        })
        .collect()
}
