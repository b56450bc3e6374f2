//! The third station: person, membership, consent, link, journal, step reached and who is told, in one transaction.

use chrono::{DateTime, TimeDelta, Utc};

use super::answer::{self, Space};
use super::form::{Case, consent, read};
use super::{Sheet, open_sheet, place, relay, sheet, whom};
use crate::domain::action::DraftId;
use crate::domain::duplicates::Doubt;
use crate::domain::ids::{GroupId, MembershipId, PersonId, UserId};
use crate::domain::notice::{Class, Notice};
use crate::domain::person::Identity;
use crate::error::{Error, Outcome, Refusal, UserError};
use crate::store::answers::{self, Answer};
use crate::store::groups::Group;
use crate::store::imports::Pair;
use crate::store::journal::{self, Entry};
use crate::store::memberships::{self, Membership, NewMembership};
use crate::store::people::{self, NewPerson, Origin, Person, Place};
use crate::store::{Tx, drafts, groups, imports, participation};
use crate::texts;
use crate::texts::valider::{Confirmed, Elsewhere};
use crate::usecases::authority::{Actor, Authority};
use crate::usecases::{App, ladder, notify};

/// How long the answer can be edited: Discord's tokens live 15 minutes, the last one is left for the call itself (§6.3).
const ANSWER_LIFE: TimeDelta = TimeDelta::minutes(14);

/// The interaction whose answer may be edited when the space is ready.
#[derive(Clone, PartialEq, Eq)]
pub struct Thread {
    /// The application.
    pub application: u64,
    /// The token.
    pub token: String,
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Thread(…)")
    }
}

/// What «Confirmer» did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// The person is a member now.
    Done(Confirmed),
    /// The person was a member of this group already; nothing changed.
    Already(Confirmed),
    /// The person is a member of another group; nothing changed.
    Elsewhere {
        /// That group.
        standing: Elsewhere,
        /// The draft, still open, for «Proposer un transfert».
        draft: DraftId,
    },
}

/// Writes the validation. Pressed twice, or by two relays at once, it writes once: the write transaction decides.
///
/// # Errors
/// Reserved to relays; not found for a group that is no longer the relay's; an expired draft; a choice that is missing.
pub async fn confirm(
    app: &App,
    actor: Actor,
    draft: &DraftId,
    thread: Option<&Thread>,
    now: DateTime<Utc>,
) -> Outcome<Confirmation> {
    let mut tx = app.store.write().await?;
    let authority = relay(&mut tx, actor).await?;
    let mut sheet = match sheet(&mut tx, draft, actor.user, now).await? {
        Ok(sheet) => sheet,
        Err(Some(made)) => return already(&mut tx, app, &authority, MembershipId(made)).await,
        Err(None) => return Err(UserError::new(Refusal::Conflict, texts::valider::closed()).into()),
    };
    let atlas = app.atlas();
    let form =
        read(&atlas, &sheet.typed).map_err(|_| UserError::new(Refusal::Invalid, texts::valider::to_complete()))?;
    let case = Case::study(&mut tx, &authority, &atlas, &mut sheet, form).await?;
    if let Some(standing) = &case.standing {
        let current = memberships::current(&mut tx, standing.person).await?;
        return match (current, &case.group) {
            (Some(current), Some(group)) if current.group == group.id => {
                already(&mut tx, app, &authority, current.id).await
            }
            _ => {
                let standing = Elsewhere {
                    group: standing.name.clone(),
                    number: standing.number,
                    same: false,
                };
                Ok(Confirmation::Elsewhere {
                    standing,
                    draft: draft.clone(),
                })
            }
        };
    }
    let (Some(group), true) = (case.group.clone(), case.is_ready()) else {
        return Err(UserError::new(Refusal::Invalid, texts::valider::to_choose()).into());
    };
    let place = place::row(&mut tx, &atlas, case.form.code, &case.placing)
        .await?
        .ok_or(Error::Invariant("a territory of the atlas that it does not know"))?;
    let written = write(&mut tx, app, actor.user, &sheet, &case, &group, &place, now).await?;
    drafts::spend(&mut tx, draft, Some(written.membership.id.0), now).await?;
    let mut confirmed = answer::facts(&mut tx, app, written.membership.id)
        .await?
        .ok_or(Error::Invariant("a participation just written is not there"))?;
    confirmed.outside = case.is_outside(&mut tx).await?;
    await_space(&mut tx, &confirmed, actor.user, thread, now).await?;
    tx.commit().await?;
    Ok(Confirmation::Done(confirmed))
}

/// Keeps the answer to edit, when it announces a space that is not there yet.
pub(in crate::usecases) async fn await_space(
    tx: &mut Tx,
    confirmed: &Confirmed,
    user: UserId,
    thread: Option<&Thread>,
    now: DateTime<Utc>,
) -> Outcome<()> {
    let (Space::Preparing, Some(thread)) = (confirmed.space, thread) else {
        return Ok(());
    };
    let pending = Answer {
        id: 0,
        group: confirmed.group,
        membership: confirmed.membership,
        user,
        application: thread.application,
        token: thread.token.clone(),
        expires_at: now + ANSWER_LIFE,
    };
    answers::insert(tx, &pending).await?;
    Ok(())
}

/// Who would move from which group to which, for «Proposer un transfert»: the same checks as «Confirmer», at the press.
pub(in crate::usecases) async fn to_transfer(
    tx: &mut Tx,
    app: &App,
    actor: Actor,
    draft: &DraftId,
    now: DateTime<Utc>,
) -> Outcome<(PersonId, GroupId, GroupId)> {
    let authority = relay(tx, actor).await?;
    let mut sheet = open_sheet(tx, draft, actor.user, now).await?;
    let atlas = app.atlas();
    let form =
        read(&atlas, &sheet.typed).map_err(|_| UserError::new(Refusal::Invalid, texts::valider::to_complete()))?;
    let case = Case::study(tx, &authority, &atlas, &mut sheet, form).await?;
    match (&case.standing, &case.group) {
        (Some(standing), Some(group)) if standing.group != group.id => Ok((standing.person, standing.group, group.id)),
        (_, None) => Err(UserError::new(Refusal::Invalid, texts::valider::to_choose()).into()),
        _ => Err(whom::person_not_found()),
    }
}

/// The answer for a participation that was there before.
async fn already(tx: &mut Tx, app: &App, authority: &Authority, membership: MembershipId) -> Outcome<Confirmation> {
    let facts = answer::facts(tx, app, membership).await?;
    facts
        .filter(|facts| authority.relays(facts.group))
        .map(Confirmation::Already)
        .ok_or_else(whom::person_not_found)
}

/// What was written.
struct Written {
    membership: Membership,
}

#[allow(clippy::too_many_arguments, reason = "one call site, which has just gathered them")]
async fn write(
    tx: &mut Tx,
    app: &App,
    by: UserId,
    sheet: &Sheet,
    case: &Case,
    group: &Group,
    place: &Place,
    now: DateTime<Utc>,
) -> Outcome<Written> {
    let identity = &case.form.identity;
    let person = match &case.person {
        Some(known) => {
            update(tx, app, by, known, identity, place, now).await?;
            known.id
        }
        None => create(tx, by, group, identity, place, now).await?,
    };
    let doubts = case.matches.doubtful.iter().map(|(other, doubt)| (*other, *doubt));
    let twice = case.matches.same.iter().map(|same| (same.id, Doubt::SamePersonTwice));
    let pairs: Vec<Pair> = doubts
        .chain(twice)
        .filter_map(|(other, why)| Pair::new(person, other, why))
        .collect();
    imports::add_pairs(tx, &pairs, now).await?;
    let before = participation::joined(tx, person).await?;
    let version = consent(app, &group.name).version;
    let new = NewMembership {
        person,
        group: group.id,
        by,
        consent_version: &version,
    };
    let membership = memberships::insert(tx, &new, now).await?;
    let entry = Entry {
        actor: Some(by),
        event: "membership.validated",
        group: Some(group.id),
        person: Some(person),
        region: Some(&group.region),
        before: Some(&before),
        after: Some("valide"),
    };
    journal::write(tx, &entry, now).await?;
    if let Some(seen) = &sheet.account {
        link(tx, by, person, seen.user, membership.id, now).await?;
    }
    ladder::settle(tx, &app.rules(), group.id, Some(by), now).await?;
    let fact = format!("validated:{}", membership.id);
    notify::referents(
        tx,
        &group.region,
        &fact,
        &Notice::Validated {
            membership: membership.id,
        },
        now,
    )
    .await?;
    Ok(Written { membership })
}

/// Writes a person who was not on file: a local recruit (product.md §6.1).
async fn create(
    tx: &mut Tx,
    by: UserId,
    group: &Group,
    identity: &Identity,
    place: &Place,
    now: DateTime<Utc>,
) -> Outcome<PersonId> {
    let new = NewPerson {
        identity,
        place,
        origin: Origin::Local,
        signed_up_on: None,
    };
    let id = people::insert(tx, &new, now).await?;
    let entry = Entry {
        actor: Some(by),
        event: "person.created",
        group: Some(group.id),
        person: Some(id),
        region: Some(&group.region),
        after: Some("local"),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(id)
}

/// Brings what is on file in line with what was typed; the journal tells which fields changed, never their values.
async fn update(
    tx: &mut Tx,
    app: &App,
    by: UserId,
    known: &Person,
    identity: &Identity,
    place: &Place,
    now: DateTime<Utc>,
) -> Outcome<()> {
    let changed = changed_fields(known, identity, place);
    if known.identity.as_ref() != Some(identity) || known.place.postal_code != place.postal_code {
        people::set_identity(tx, known.id, identity, &place.postal_code, now).await?;
    }
    if known.place != *place {
        people::set_place(tx, known.id, place, now).await?;
    }
    if !changed.is_empty() {
        let fields = changed.join(",");
        let entry = Entry {
            actor: Some(by),
            event: "person.updated",
            person: Some(known.id),
            after: Some(&fields),
            ..Entry::default()
        };
        journal::write(tx, &entry, now).await?;
    }
    if known.origin == Origin::Site && known.place.territory != place.territory {
        moved(tx, app, by, known, now).await?;
    }
    Ok(())
}

/// Someone who came by the website counts in another territory now (product.md §3: «at correction»).
async fn moved(tx: &mut Tx, app: &App, by: UserId, known: &Person, now: DateTime<Utc>) -> Outcome<()> {
    if let Some(group) = whom::calling_group(tx, known).await? {
        ladder::settle(tx, &app.rules(), group, Some(by), now).await?;
    }
    ladder::declare_ripe(tx, &app.rules(), Some(by), now).await?;
    Ok(())
}

fn changed_fields(known: &Person, identity: &Identity, place: &Place) -> Vec<&'static str> {
    let Some(old) = &known.identity else { return Vec::new() };
    [
        ("prenom", old.first != identity.first),
        ("nom", old.last != identity.last),
        ("telephone", old.phone != identity.phone),
        ("mail", old.mail != identity.mail),
        ("code_postal", known.place.postal_code != place.postal_code),
        ("territoire", known.place.territory != place.territory),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

/// Links the account and tells it, with «Ce n’est pas moi» (product.md §6).
pub(super) async fn link(
    tx: &mut Tx,
    by: UserId,
    person: PersonId,
    user: UserId,
    membership: MembershipId,
    now: DateTime<Utc>,
) -> Outcome<()> {
    if people::of_account(tx, user)
        .await?
        .is_some_and(|holder| holder.id == person)
    {
        return Ok(());
    }
    people::link(tx, person, Some(user), now).await?;
    let group: Option<GroupId> = memberships::get(tx, membership)
        .await?
        .map(|membership| membership.group);
    let region = match group {
        Some(group) => groups::get(tx, group).await?.map(|group| group.region),
        None => None,
    };
    let entry = Entry {
        actor: Some(by),
        event: "person.linked",
        group,
        person: Some(person),
        region: region.as_ref(),
        after: Some("linked"),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    let fact = format!("linked:{membership}");
    notify::user(tx, user, Class::Access, &fact, &Notice::Linked { membership }, now).await?;
    Ok(())
}
