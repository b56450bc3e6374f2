//! «Ne plus recevoir de messages», and «Recevoir à nouveau les messages» (product.md §11). Which messages it stops is told by
//! [`Class::is_optional`]; the delivery asks [`unwanted`].

use chrono::{DateTime, Utc};

use super::App;
use super::authority::Actor;
use crate::domain::ids::UserId;
use crate::domain::notice::{Class, Notice, Recipient};
use crate::error::Outcome;
use crate::store::journal::{self, Entry};
use crate::store::{StoreError, Tx, authority, opt_outs};

/// Stops what the bot sends to this account of its own accord. Asked twice, it is so all the same.
///
/// # Errors
/// When the database fails.
pub async fn stop(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    if opt_outs::stop(&mut tx, actor.user, now).await? {
        note(&mut tx, actor.user, ("on", "off"), now).await?;
        tx.commit_quietly().await?;
    }
    Ok(())
}

/// Lets messages come again. Asked twice, it is so all the same.
///
/// # Errors
/// When the database fails.
pub async fn resume(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    if opt_outs::resume(&mut tx, actor.user).await? {
        note(&mut tx, actor.user, ("off", "on"), now).await?;
        tx.commit_quietly().await?;
    }
    Ok(())
}

async fn note(
    tx: &mut Tx,
    user: UserId,
    (before, after): (&'static str, &'static str),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let entry = Entry {
        actor: Some(user),
        event: "messages.wanted",
        person: authority::functions(tx, user).await?.person,
        before: Some(before),
        after: Some(after),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(())
}

/// Whether the person meant by a message of the outbox wants no such messages.
///
/// # Errors
/// When the database fails.
pub async fn unwanted(tx: &mut Tx, class: Class, to: Recipient, notice: &Notice) -> Result<bool, StoreError> {
    let user = match (to, notice) {
        (Recipient::User(user), _) => user,
        (Recipient::Channel(_), Notice::Mention { user, .. }) => *user,
        (Recipient::Channel(_) | Recipient::National, _) => return Ok(false),
    };
    Ok(class.is_optional() && opt_outs::since(tx, user).await?.is_some())
}
