//! «Annuler la validation»: by a relay of the group for 24 hours, by the referent or the national team for 14 days, with a
//! reason (product.md §6.4).

use chrono::{DateTime, Utc};

use super::authority::{self, Actor, Authority};
use super::{App, ladder, notify, standing};
use crate::domain::ids::MembershipId;
use crate::domain::notice::Notice;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::groups::{self, Group};
use crate::store::journal::{self, Entry};
use crate::store::memberships::{self, End, Membership};
use crate::store::people;
use crate::store::{Tx, participation};
use crate::texts;

/// Whose power is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    /// A referent of the région, or the national team.
    Referent,
    /// A relay of the group.
    Relay,
}

/// What an annulment did, for the answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Annulled {
    /// «Camille D.».
    pub name: String,
    /// The name of the group.
    pub group: String,
    /// «4 / 5 : encore 1 membre pour …».
    pub standing: String,
    /// Whether the person goes back to the list of contacts.
    pub is_contact: bool,
}

impl std::fmt::Debug for Annulled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Annulled")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// Whether the form of the reason may be opened: whatever would be refused is refused before anything is typed.
///
/// # Errors
/// As [`annul`].
pub async fn allow(app: &App, actor: Actor, membership: MembershipId, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    check(&mut tx, app, &authority, membership, now).await?;
    Ok(())
}

/// Annuls a validation: the participation ends, the person goes back to where the calls had left off, the account that this
/// validation linked is unlinked, and the other side is told.
///
/// # Errors
/// Reserved to relays and referents; not found out of scope; «déjà annulée»; too late; no reason.
pub async fn annul(
    app: &App,
    actor: Actor,
    membership: MembershipId,
    reason: &str,
    now: DateTime<Utc>,
) -> Outcome<Annulled> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let (found, group, power) = check(&mut tx, app, &authority, membership, now).await?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(UserError::new(Refusal::Invalid, texts::annul::reason_missing()).into());
    }
    let before = participation::state_before(&mut tx, found.person, group.id).await?;
    participation::unlink_made_by(&mut tx, found.id).await?;
    memberships::end(&mut tx, found.id, End::Annulment, Some(actor.user), now).await?;
    participation::keep_reason(&mut tx, found.id, reason).await?;
    if before.as_deref() == Some("refus") {
        participation::refuses(&mut tx, found.person).await?;
    }
    let entry = Entry {
        actor: Some(actor.user),
        event: "membership.annulled",
        group: Some(group.id),
        person: Some(found.person),
        region: Some(&group.region),
        before: Some("valide"),
        after: Some(End::Annulment.key()),
    };
    journal::write(&mut tx, &entry, now).await?;
    ladder::settle(&mut tx, &app.rules(), group.id, Some(actor.user), now).await?;
    let notice = Notice::Annulled {
        membership: found.id,
        by: actor.user,
    };
    let fact = format!("annulled:{}", found.id);
    match power {
        Power::Relay => notify::referents(&mut tx, &group.region, &fact, &notice, now).await?,
        Power::Referent => notify::relays(&mut tx, group.id, &fact, &notice, now).await?,
    }
    let person = people::get(&mut tx, found.person).await?;
    let standing = standing::of(&mut tx, &app.rules(), group.id).await?;
    let annulled = Annulled {
        name: person.as_ref().map(people::Person::short).unwrap_or_default(),
        group: group.name,
        standing: standing.progress(),
        is_contact: person.is_some_and(|person| person.place.territory.is_some()),
    };
    tx.commit().await?;
    Ok(annulled)
}

async fn check(
    tx: &mut Tx,
    app: &App,
    authority: &Authority,
    membership: MembershipId,
    now: DateTime<Utc>,
) -> Outcome<(Membership, Group, Power)> {
    if authority.relays.is_empty() && authority.regions.is_empty() && !authority.national {
        return Err(authority::reserved(texts::refusals::RELAYS_AND_REFERENTS));
    }
    let not_found = || Failure::from(UserError::new(Refusal::NotFound, texts::annul::not_found()));
    let found = memberships::get(tx, membership).await?.ok_or_else(not_found)?;
    let group = groups::get(tx, found.group).await?.ok_or_else(not_found)?;
    let power = if authority.steers(&group.region) {
        Power::Referent
    } else if authority.relays(group.id) {
        Power::Relay
    } else {
        return Err(not_found());
    };
    let refuse = |text: String| Failure::from(UserError::new(Refusal::Conflict, text));
    match found.ended {
        Some((_, End::Annulment)) => return Err(refuse(texts::annul::already())),
        Some(_) => return Err(refuse(texts::annul::ended())),
        None => {}
    }
    let windows = app.settings.validation;
    let age = now - found.validated_at;
    match power {
        Power::Relay if age > windows.relay_undo => {
            Err(refuse(texts::annul::too_late_for_relay(windows.relay_undo.num_hours())))
        }
        Power::Referent if age > windows.referent_undo => Err(refuse(texts::annul::too_late_for_referent(
            windows.referent_undo.num_days(),
        ))),
        Power::Relay | Power::Referent => Ok((found, group, power)),
    }
}
