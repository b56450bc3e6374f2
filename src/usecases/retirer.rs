//! `/retirer`: the end of a participation (product.md §6.7).

use chrono::{DateTime, Utc};

use super::authority::Actor;
use super::{App, ladder, lookup, notify, standing};
use crate::error::{Outcome, Refusal, UserError};
use crate::store::journal::{self, Entry};
use crate::store::memberships::{self, End};
use crate::store::participation;
use crate::texts;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The option `personne`.
    pub person: &'a str,
    /// The option `motif`.
    pub why: End,
    /// The option `groupe`.
    pub group: Option<&'a str>,
}

/// What was done, for the answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Removed {
    /// «Camille D.».
    pub name: String,
    /// The name of the group.
    pub group: String,
    /// Why.
    pub why: End,
    /// «4 / 5 : encore 1 membre pour …».
    pub standing: String,
}

impl std::fmt::Debug for Removed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Removed")
            .field("group", &self.group)
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

/// Ends a participation, by a relay of the group, a referent of its région or the national team.
///
/// # Errors
/// Reserved to relays and referents; not found out of scope; an exclusion without an adopted decision that names the person.
pub async fn remove(app: &App, actor: Actor, asked: &Asked<'_>, now: DateTime<Utc>) -> Outcome<Removed> {
    let mut tx = app.store.write().await?;
    let authority = lookup::require(&mut tx, actor).await?;
    let group = match asked.group.filter(|typed| !typed.trim().is_empty()) {
        Some(typed) => Some(lookup::find_group(&mut tx, &authority, typed).await?),
        None => None,
    };
    let found = lookup::find_member(&mut tx, &authority, asked.person, group.as_ref()).await?;
    if asked.why == End::Exclusion {
        // A group excludes, never a relay: a decision of that kind must name the person, and groups cannot vote yet.
        return Err(UserError::new(Refusal::Conflict, texts::retirer::exclusion_needs_a_decision()).into());
    }
    memberships::end(&mut tx, found.membership.id, asked.why, Some(actor.user), now).await?;
    if matches!(asked.why, End::Departure | End::Death) {
        participation::refuses(&mut tx, found.person.id).await?;
    }
    let entry = Entry {
        actor: Some(actor.user),
        event: "membership.ended",
        group: Some(found.group.id),
        person: Some(found.person.id),
        region: Some(&found.group.region),
        before: Some("valide"),
        after: Some(asked.why.key()),
    };
    journal::write(&mut tx, &entry, now).await?;
    notify::departed(&mut tx, &found.group.region, found.membership.id, now).await?;
    ladder::settle(&mut tx, &app.rules(), found.group.id, Some(actor.user), now).await?;
    let standing = standing::of(&mut tx, &app.rules(), found.group.id).await?;
    let removed = Removed {
        name: found.person.short(),
        group: found.group.name,
        why: asked.why,
        standing: standing.progress(),
    };
    tx.commit().await?;
    Ok(removed)
}
