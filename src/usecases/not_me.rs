//! «Ce n’est pas moi», under the DM that tells an account that it was linked (product.md §6).

use chrono::{DateTime, Utc};

use super::authority::Actor;
use super::{App, notify};
use crate::domain::ids::PersonId;
use crate::domain::notice::Notice;
use crate::error::{Outcome, Refusal, UserError};
use crate::store::journal::{self, Entry};
use crate::store::{groups, people};
use crate::texts;

/// Unlinks the account at once, and tells the relays of the group.
///
/// # Errors
/// When the account is not linked to this person, any longer or at all.
pub async fn unlink(app: &App, actor: Actor, person: PersonId, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    let linked = people::of_account(&mut tx, actor.user).await?;
    let Some(known) = linked.filter(|known| known.id == person) else {
        return Err(UserError::new(Refusal::Conflict, texts::not_me::already()).into());
    };
    people::link(&mut tx, person, None, now).await?;
    let group = match known.member_of {
        Some(group) => groups::get(&mut tx, group).await?,
        None => None,
    };
    let entry = Entry {
        actor: Some(actor.user),
        event: "person.unlinked",
        group: group.as_ref().map(|group| group.id),
        person: Some(person),
        region: group.as_ref().map(|group| &group.region),
        before: Some("linked"),
        after: Some("not_me"),
    };
    let line = journal::write(&mut tx, &entry, now).await?;
    if let Some(group) = &group {
        // The line names the fact: the same account may be linked, and say no, a second time.
        let fact = format!("not_me:{line}");
        notify::relays(
            &mut tx,
            group.id,
            &fact,
            &Notice::NotMe {
                person,
                group: group.id,
            },
            now,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}
