//! One-time codes: `/invitation`, `/rejoindre` and the button «J’ai un code» (product.md §6.6). Names are never proof.

use chrono::{DateTime, TimeDelta, Utc};

use super::authority::{self, Actor};
use super::validation::suggest::{Suggestion, answers};
use super::{App, calls, contacts, notify};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::invitation::{Code, LENGTH};
use crate::domain::notice::Notice;
use crate::domain::person::Identity;
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::journal::{self, Entry};
use crate::store::vault::VaultError;
use crate::store::{StoreError, Tx, bindings, groups, invitations, names, people};
use crate::texts;
use crate::texts::invitations::{Given, Welcome};
use crate::texts::templates::Sms;

/// The time within which tries are counted.
const TRIES: TimeDelta = TimeDelta::hours(1);

/// `/invitation`: gives a code for a person of the relay's own; a former one no longer serves.
///
/// # Errors
/// Reserved to relays; not found out of scope; refused when the person is linked already.
pub async fn invite(app: &App, actor: Actor, personne: &str, now: DateTime<Utc>) -> Outcome<Given> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_relay()?;
    let own = contacts::find(&mut tx, &authority, personne).await?;
    let short = own.person.short();
    if own.person.discord.is_some() {
        return Err(UserError::new(Refusal::Conflict, texts::invitations::already_linked(&short)).into());
    }
    let code = fresh(&mut tx).await?;
    let life = app.settings.validation.invitation;
    let expires_at = now + life;
    invitations::create(&mut tx, own.person.id, code.as_str(), actor.user, expires_at, now).await?;
    let entry = Entry {
        actor: Some(actor.user),
        event: "invitation.given",
        group: Some(own.group.id),
        person: Some(own.person.id),
        region: Some(&own.group.region),
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    let mut facts = calls::sms_facts(app, &mut tx, &authority, &own).await?;
    facts.code = code.as_str().to_owned();
    facts.days = life.num_days().to_string();
    let sms = app.texts().sms(Sms::Invitation, &facts);
    tx.commit_quietly().await?;
    Ok(Given {
        short,
        code: code.as_str().to_owned(),
        sms,
        expires_at,
    })
}

/// The suggestions of the option `personne`: the relay's own members who are not linked, then his contacts. 25 at most.
///
/// # Errors
/// Reserved to relays.
pub async fn suggest(app: &App, actor: Actor, typed: &str) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_relay()?;
    let mut found = people::of_groups(&mut tx, &authority.relays).await?;
    found.retain(|person| {
        person.discord.is_none()
            && person.member_of.is_none_or(|group| authority.relays(group))
            && answers(person, typed)
    });
    found.sort_by_cached_key(|person| (person.member_of.is_none(), person.identity.as_ref().map(Identity::fold)));
    Ok(found
        .iter()
        .take(OPTIONS_MAX)
        .map(|person| Suggestion {
            label: texts::valider::suggestion(&person.short(), &person.place.postal_code, person.call),
            value: person.id.to_string(),
        })
        .collect())
}

/// A code that was never given.
async fn fresh(tx: &mut Tx) -> Outcome<Code> {
    loop {
        let mut bytes = zeroize::Zeroizing::new([0u8; 4 * LENGTH]);
        getrandom::fill(bytes.as_mut()).map_err(|_| StoreError::Vault(VaultError::NoRandomness))?;
        if let Some(code) = Code::from_random(bytes.as_ref())
            && invitations::find(tx, code.as_str()).await?.is_none()
        {
            return Ok(code);
        }
    }
}

/// `/rejoindre`, or the button «J’ai un code»: links the account to the person of the code.
///
/// # Errors
/// An account that is linked already, whose code is kept; the sixth try within the hour, even with a good code; a code that
/// opens nothing, always in the same words.
pub async fn join(app: &App, actor: Actor, typed: &str, now: DateTime<Utc>) -> Outcome<Welcome> {
    let mut tx = app.store.write().await?;
    if people::of_account(&mut tx, actor.user).await?.is_some() {
        return Err(UserError::new(Refusal::Conflict, texts::invitations::account_linked()).into());
    }
    let since = now - TRIES;
    if invitations::tries(&mut tx, actor.user, since).await? >= app.settings.validation.attempts_per_hour {
        let first = invitations::first_try(&mut tx, actor.user, since).await?.unwrap_or(now);
        return Err(UserError::new(Refusal::Later, texts::invitations::too_many_tries(first + TRIES)).into());
    }
    invitations::note_try(&mut tx, actor.user, since, now).await?;
    let Some(person) = spend(&mut tx, actor, typed, now).await? else {
        // The try counts, whatever came of it.
        tx.commit_quietly().await?;
        return Err(refused());
    };
    people::link(&mut tx, person.id, Some(actor.user), now).await?;
    let group = match (person.member_of, person.place.territory) {
        (Some(group), _) => Some(group),
        (None, Some(territory)) => groups::of_place(&mut tx, territory, person.place.insee.as_deref()).await?,
        (None, None) => None,
    };
    let mut welcome = welcome(app, &mut tx, group, person.member_of.is_some()).await?;
    let left = names::presence(&mut tx, actor.user)
        .await?
        .is_some_and(|seen| !seen.present);
    welcome.way_back = left.then(|| app.settings.links.discord.clone());
    let entry = Entry {
        actor: Some(actor.user),
        event: "person.linked",
        group,
        person: Some(person.id),
        ..Entry::default()
    };
    let line = journal::write(&mut tx, &entry, now).await?;
    if let Some(group) = group {
        let fact = format!("joined:{line}");
        let notice = Notice::Joined {
            person: person.id,
            group,
        };
        notify::relays(&mut tx, group, &fact, &notice, now).await?;
        if let Some(group) = groups::get(&mut tx, group).await? {
            notify::referents(&mut tx, &group.region, &fact, &notice, now).await?;
        }
    }
    // Wakes the reconciler, which opens the space.
    tx.commit().await?;
    Ok(welcome)
}

fn refused() -> Failure {
    UserError::new(Refusal::Invalid, texts::invitations::refused()).into()
}

/// Uses the code, for a person who can still be linked.
async fn spend(tx: &mut Tx, actor: Actor, typed: &str, now: DateTime<Utc>) -> Outcome<Option<people::Person>> {
    let Some(code) = Code::parse(typed) else {
        return Ok(None);
    };
    let Some(invitation) = invitations::find(tx, code.as_str()).await? else {
        return Ok(None);
    };
    let person = people::get(tx, invitation.person).await?;
    let Some(person) = person.filter(|person| person.identity.is_some() && person.discord.is_none()) else {
        return Ok(None);
    };
    Ok(invitations::spend(tx, invitation.id, actor.user, now)
        .await?
        .then_some(person))
}

/// What the code has opened.
async fn welcome(app: &App, tx: &mut Tx, group: Option<GroupId>, member: bool) -> Outcome<Welcome> {
    let Some(id) = group else {
        return Ok(Welcome {
            group: None,
            member,
            space: None,
            way_back: None,
        });
    };
    let name = groups::get(tx, id).await?.map(|group| group.name);
    let channel = if member {
        bindings::space_ready(tx, id).await?
    } else {
        None
    };
    Ok(Welcome {
        group: name,
        member,
        space: app.guild().zip(channel),
        way_back: None,
    })
}

/// The words of a [`Notice::Joined`] when it is sent; none when the person was erased meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn joined(tx: &mut Tx, person: PersonId, group: GroupId) -> Result<Option<(String, String)>, StoreError> {
    let person = people::get(tx, person)
        .await?
        .filter(|person| person.identity.is_some());
    let group = groups::get(tx, group).await?;
    Ok(person.zip(group).map(|(person, group)| (person.short(), group.name)))
}
