//! «Me le rappeler», and «Ne plus me le rappeler»: who is told of the newcomers' meeting by a direct message (product.md §11).

use chrono::{DateTime, Utc};

use super::authority::Actor;
use super::{App, meeting};
use crate::error::Outcome;
use crate::store::{meeting_subscribers, opt_outs};

/// What came of a wish to be reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscribed {
    /// When the next meeting starts, if one is planned.
    pub meeting: Option<DateTime<Utc>>,
    /// Whether the account wants no messages at all, reminders included.
    pub stopped: bool,
}

/// Notes that this account wants to be reminded. Asked twice, it is so all the same.
///
/// # Errors
/// When the database fails.
pub async fn subscribe(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<Subscribed> {
    let mut tx = app.store.write().await?;
    let stopped = opt_outs::since(&mut tx, actor.user).await?.is_some();
    let next = meeting::next(app, &mut tx, now).await?;
    if meeting_subscribers::add(&mut tx, actor.user, now).await? {
        // Wakes the rounds, which know when the next reminder is due.
        tx.commit().await?;
    }
    Ok(Subscribed {
        meeting: next.map(|next| next.starts_at),
        stopped,
    })
}

/// Notes that this account no longer wants to be reminded. Asked twice, it is so all the same.
///
/// # Errors
/// When the database fails.
pub async fn unsubscribe(app: &App, actor: Actor) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    if meeting_subscribers::remove(&mut tx, actor.user).await? {
        tx.commit_quietly().await?;
    }
    Ok(())
}
