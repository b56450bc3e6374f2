//! The nightly work: what is to be forgotten is forgotten (product.md §16), before the backup of the night is made.
//!
//! Once a night, at the hour of the backup in Paris, also after a night spent asleep, and at the first start. Each task is
//! one transaction of its own, so that one that fails does not undo the others; the night counts as done when all of them
//! are.

use chrono::{DateTime, Utc};

use super::App;
use crate::domain::calendar::{civil, paris_date};
use crate::store::meta::{self, Fact};
use crate::store::{StoreError, undos};

/// Does what is due; tells whether it was due.
///
/// # Errors
/// When the database fails: what is left is done at the next look.
pub async fn step(app: &App, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let today = paris_date(now);
    let night = if civil(today, app.settings.backups.time) <= now {
        Some(today)
    } else {
        today.pred_opt()
    };
    let night = night.unwrap_or(today).to_string();
    let done = {
        let mut tx = app.store.read().await?;
        meta::get(&mut tx, Fact::Housekeeping).await?
    };
    if done.is_some_and(|done| done >= night) {
        return Ok(false);
    }
    forget_undos(app, now).await?;
    let mut tx = app.store.write().await?;
    meta::set(&mut tx, Fact::Housekeeping, &night).await?;
    tx.commit_quietly().await?;
    Ok(true)
}

/// What can no longer be undone, with the details that undoing would have needed.
async fn forget_undos(app: &App, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut tx = app.store.write().await?;
    let forgotten = undos::purge(&mut tx, now).await?;
    tx.commit_quietly().await?;
    if forgotten > 0 {
        tracing::info!(undos = forgotten, "what can no longer be undone is forgotten");
    }
    Ok(())
}
