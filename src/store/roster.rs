//! The mirror of the bound server's members: whom spaces admit, and what buttons in DMs check (product.md §2). Written from
//! member events and from the full list, only where something changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::Row;

use super::identity::DiscordName;
use super::{StoreError, Tx};
use crate::domain::ids::UserId;

/// A member as the server shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The account.
    pub user: UserId,
    /// Whether it is a program.
    pub bot: bool,
    /// Whether it has not passed the server's screening yet.
    pub pending: bool,
    /// Whether it holds the national role.
    pub national: bool,
    /// How the server shows it.
    pub name: DiscordName,
}

/// A row, its name opened.
#[derive(PartialEq)]
struct Known {
    present: bool,
    bot: bool,
    pending: bool,
    national: bool,
    name: Option<DiscordName>,
}

fn known(tx: &Tx, row: &sqlx::sqlite::SqliteRow) -> Result<Known, StoreError> {
    let sealed: Option<&[u8]> = row.try_get("name_sealed")?;
    Ok(Known {
        present: row.try_get("present")?,
        bot: row.try_get("bot")?,
        pending: row.try_get("pending")?,
        national: row.try_get("national")?,
        name: sealed.map(|sealed| DiscordName::open(tx.vault(), sealed)).transpose()?,
    })
}

fn as_known(seen: &Seen) -> Known {
    let Seen {
        user: _,
        bot,
        pending,
        national,
        name,
    } = seen;
    Known {
        present: true,
        bot: *bot,
        pending: *pending,
        national: *national,
        name: Some(name.clone()),
    }
}

/// Writes a member who is on the server; tells whether anything changed.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn note(tx: &mut Tx, seen: &Seen) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT present, bot, pending, national, name_sealed FROM roster WHERE user_id = ?")
        .bind(seen.user.to_sql())
        .fetch_optional(tx.conn())
        .await?;
    if let Some(row) = row
        && known(tx, &row)? == as_known(seen)
    {
        return Ok(false);
    }
    write(tx, seen).await?;
    Ok(true)
}

async fn write(tx: &mut Tx, seen: &Seen) -> Result<(), StoreError> {
    let vault = Arc::clone(tx.vault());
    sqlx::query(
        "INSERT INTO roster (user_id, present, bot, pending, national, name_sealed) VALUES (?1, 1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (user_id) DO UPDATE SET present = 1, bot = ?2, pending = ?3, national = ?4, name_sealed = ?5",
    )
    .bind(seen.user.to_sql())
    .bind(seen.bot)
    .bind(seen.pending)
    .bind(seen.national)
    .bind(seen.name.seal(&vault)?)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks a member as gone; a national function goes with it. Tells whether anything changed.
///
/// # Errors
/// When SQLite fails.
pub async fn gone(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE roster SET present = 0, national = 0 WHERE user_id = ? AND (present = 1 OR national = 1)")
            .bind(user.to_sql())
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces the whole mirror by the full list of members; gives the number of rows that changed.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn replace(tx: &mut Tx, members: &[Seen]) -> Result<usize, StoreError> {
    let rows = sqlx::query("SELECT user_id, present, bot, pending, national, name_sealed FROM roster")
        .fetch_all(tx.conn())
        .await?;
    let mut before: BTreeMap<UserId, Known> = BTreeMap::new();
    for row in &rows {
        before.insert(UserId::from_sql(row.try_get("user_id")?), known(tx, row)?);
    }
    let here: BTreeSet<UserId> = members.iter().map(|seen| seen.user).collect();
    let mut changed = 0;
    for seen in members {
        if before.get(&seen.user) != Some(&as_known(seen)) {
            write(tx, seen).await?;
            changed += 1;
        }
    }
    for (user, known) in &before {
        if (known.present || known.national) && !here.contains(user) && gone(tx, *user).await? {
            changed += 1;
        }
    }
    Ok(changed)
}
