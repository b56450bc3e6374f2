//! Whom the bot has welcomed: each account once, ever (product.md §11). Events repeat, people leave and come back, and what
//! happened while we were away is found by comparing the mirror of the members with this table.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoreError, Tx, from_sql, id_list, to_sql};
use crate::domain::ids::{OutboxId, UserId};
use crate::domain::notice::Class;

/// What the table says of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Greeting {
    /// When the account came, or was first seen.
    pub at: DateTime<Utc>,
    /// Whether it was welcomed; else it was on the server before the program.
    pub welcomed: bool,
}

/// Notes everyone who is on the server as known, hence not to be welcomed; those of `but` have come since, and those who have
/// not passed the screening yet have not come.
///
/// # Errors
/// When SQLite fails.
pub async fn know_all(tx: &mut Tx, but: &BTreeSet<UserId>, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO greetings (user_id, at, welcomed) \
         SELECT user_id, ?, 0 FROM roster WHERE present = 1 AND bot = 0 AND pending = 0 \
            AND user_id NOT IN (SELECT value FROM json_each(?)) \
         ON CONFLICT (user_id) DO NOTHING",
    )
    .bind(to_sql(now))
    .bind(id_list(but.iter().map(|user| user.to_sql())))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The people on the server, past its screening, whom nobody has welcomed or known.
///
/// # Errors
/// When SQLite fails.
pub async fn strangers(tx: &mut Tx) -> Result<Vec<UserId>, StoreError> {
    let rows: Vec<i64> = sqlx::query_scalar(
        "SELECT user_id FROM roster r WHERE present = 1 AND bot = 0 AND pending = 0 \
            AND NOT EXISTS (SELECT 1 FROM greetings g WHERE g.user_id = r.user_id) ORDER BY user_id",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(UserId::from_sql).collect())
}

/// Notes that an account is welcomed.
///
/// # Errors
/// When SQLite fails.
pub async fn note(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO greetings (user_id, at, welcomed) VALUES (?, ?, 1) ON CONFLICT (user_id) DO NOTHING")
        .bind(user.to_sql())
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets the welcomes that wait for people who have left meanwhile, so that they are welcomed when they come back. One that
/// was begun may have been sent: it is left alone.
///
/// # Errors
/// When SQLite fails.
pub async fn forget_absent(tx: &mut Tx) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "SELECT o.id, r.user_id FROM outbox o JOIN roster r ON o.target = 'user:' || r.user_id \
         WHERE o.class = ? AND o.done_at IS NULL AND o.tried_at IS NULL AND r.present = 0",
    )
    .bind(Class::Welcome as i64)
    .fetch_all(tx.conn())
    .await?;
    for row in rows {
        let id = OutboxId(row.try_get("id")?);
        sqlx::query("DELETE FROM outbox WHERE id = ?")
            .bind(id.0)
            .execute(tx.conn())
            .await?;
        sqlx::query("DELETE FROM greetings WHERE user_id = ? AND welcomed = 1")
            .bind(row.try_get::<i64, _>("user_id")?)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// What is known of an account.
///
/// # Errors
/// When SQLite fails.
pub async fn of(tx: &mut Tx, user: UserId) -> Result<Option<Greeting>, StoreError> {
    let row = sqlx::query("SELECT at, welcomed FROM greetings WHERE user_id = ?")
        .bind(user.to_sql())
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| {
        Ok(Greeting {
            at: from_sql(row.try_get("at")?)?,
            welcomed: row.try_get("welcomed")?,
        })
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::{Notice, Recipient};
    use crate::store::identity::DiscordName;
    use crate::store::outbox::{self, Lane, NewMessage};
    use crate::store::roster::{self, Seen};
    use crate::store::support_tests::{noon, store};
    use chrono::TimeDelta;

    fn seen(user: u64) -> Seen {
        Seen {
            user: UserId(user),
            bot: false,
            pending: false,
            national: false,
            name: DiscordName {
                display: "Léa".to_owned(),
                username: "lea".to_owned(),
            },
        }
    }

    #[tokio::test]
    async fn strangers_are_people_on_the_server_whom_nobody_knows() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        roster::note(&mut tx, &seen(1)).await.unwrap();
        roster::note(&mut tx, &seen(2)).await.unwrap();
        roster::note(&mut tx, &Seen { bot: true, ..seen(3) }).await.unwrap();
        let pending = Seen {
            pending: true,
            ..seen(4)
        };
        roster::note(&mut tx, &pending).await.unwrap();
        roster::note(&mut tx, &seen(5)).await.unwrap();
        roster::gone(&mut tx, UserId(5)).await.unwrap();
        assert_eq!(strangers(&mut tx).await.unwrap(), [UserId(1), UserId(2)]);
        know_all(&mut tx, &BTreeSet::from([UserId(2)]), noon()).await.unwrap();
        assert_eq!(strangers(&mut tx).await.unwrap(), [UserId(2)]);
        note(&mut tx, UserId(2), noon()).await.unwrap();
        // Passed the screening, came back: both arrive now.
        roster::note(&mut tx, &seen(4)).await.unwrap();
        roster::note(&mut tx, &seen(5)).await.unwrap();
        assert_eq!(strangers(&mut tx).await.unwrap(), [UserId(4), UserId(5)]);
        let known = of(&mut tx, UserId(1)).await.unwrap().unwrap();
        assert_eq!((known.at, known.welcomed), (noon(), false));
        assert!(of(&mut tx, UserId(2)).await.unwrap().unwrap().welcomed);
        assert_eq!(of(&mut tx, UserId(4)).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_welcome_is_forgotten_with_the_departure_unless_it_was_begun() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        for user in [1, 2, 3] {
            roster::note(&mut tx, &seen(user)).await.unwrap();
            note(&mut tx, UserId(user), noon()).await.unwrap();
            let message = NewMessage {
                key: &format!("welcome>user:{user}"),
                class: Class::Welcome,
                to: Recipient::User(UserId(user)),
                notice: &Notice::Welcome,
                due: noon(),
            };
            outbox::enqueue(&mut tx, &message, noon()).await.unwrap();
        }
        let lane = Lane::Direct { welcomes: true };
        let begun = outbox::lease_next(&mut tx, lane, noon(), TimeDelta::minutes(5))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(begun.key, "welcome>user:1");
        for user in [1, 2] {
            roster::gone(&mut tx, UserId(user)).await.unwrap();
        }
        forget_absent(&mut tx).await.unwrap();
        for (user, kept) in [(1, true), (2, false), (3, true)] {
            let greeting = of(&mut tx, UserId(user)).await.unwrap();
            assert_eq!(greeting.is_some(), kept, "{user}");
        }
        assert_eq!(outbox::gauge(&mut tx).await.unwrap().waiting, 2);
    }
}
