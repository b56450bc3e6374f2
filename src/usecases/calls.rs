//! What came of a call: by the buttons of the card, or by typing `/appel` (product.md §5). The rules are `domain::contact`'s.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::authority::{self, Actor, Authority};
use super::contacts::{self, Gated, Own, card, enter, find, own};
use super::{App, charter};
use crate::domain::action::{DraftId, ListAt};
use crate::domain::calendar::{paris_date, parse_date};
use crate::domain::contact::{CallState, Filter, OutcomeKind, after};
use crate::domain::ids::PersonId;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::drafts::{self, Draft};
use crate::store::journal::{self, Entry};
use crate::store::{Tx, calls, names, suppressions};
use crate::texts;
use crate::texts::contacts::{Card, NOTE_MAX};
use crate::texts::templates::{Sms, SmsFacts, Versioned};

/// The kind of the drafts of `/appel`.
const KIND: &str = "appel";
/// A second press of the same button within this time is the same attempt.
const SAME_PRESS: TimeDelta = TimeDelta::seconds(30);

/// What was recorded, for the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The card, as it is now.
    pub card: Card,
    /// What came of the call.
    pub kind: OutcomeKind,
    /// The SMS text to copy, for «SMS envoyé». It holds a first name: kept from `Debug`.
    pub sms: Option<Text>,
}

/// A text that names somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text(…)")
    }
}

/// What came of a call, as a relay says it.
#[derive(Clone, Default)]
pub struct Said {
    /// The day of a call-back.
    pub day: Option<NaiveDate>,
    /// What to note.
    pub note: Option<Zeroizing<String>>,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said")
            .field("day", &self.day)
            .field("note", &self.note.is_some())
            .finish()
    }
}

/// Records what came of a call. «Ne plus appeler» is final: whoever calls this has had it confirmed.
///
/// # Errors
/// Reserved to relays; not found out of scope; refused while another relay has the card open, and by the rules of
/// `domain::contact::after`.
pub async fn record(
    app: &App,
    actor: Actor,
    person: PersonId,
    kind: OutcomeKind,
    said: Said,
    at: ListAt,
    now: DateTime<Utc>,
) -> Outcome<Gated<Recorded>> {
    let mut tx = app.store.write().await?;
    let authority = match enter(app, &mut tx, actor).await? {
        Gated::Open(authority) => authority,
        Gated::Charter(text) => return Ok(Gated::Charter(text)),
    };
    let own = own(&mut tx, &authority, person).await?;
    let recorded = record_own(app, &mut tx, &authority, own, kind, said, at, now).await?;
    end(tx, kind).await?;
    Ok(Gated::Open(recorded))
}

/// Commits. Of all outcomes, the loops look at call-backs only, which they remind.
async fn end(tx: Tx, kind: OutcomeKind) -> Outcome<()> {
    match kind {
        OutcomeKind::CallBack => tx.commit().await?,
        _ => tx.commit_quietly().await?,
    }
    Ok(())
}

#[allow(
    clippy::too_many_arguments,
    reason = "one inner step of `record` and of `/appel`, with what each has read already"
)]
async fn record_own(
    app: &App,
    tx: &mut Tx,
    authority: &Authority,
    own: Own,
    kind: OutcomeKind,
    said: Said,
    at: ListAt,
    now: DateTime<Utc>,
) -> Outcome<Recorded> {
    let person = own.person.id;
    let today = paris_date(now);
    let never = calls::must_not_be_called(tx, person).await?;
    let before = contacts::standing(&own.listed, never);
    if own.listed.member.is_none() {
        contacts::free(tx, app, authority.user, &own.listed, now).await?;
    }
    let outcome = kind.on(said.day).map_err(refused)?;
    let state = after(before, outcome, today).map_err(refused)?;
    let reaches_out = matches!(
        kind,
        OutcomeKind::NoAnswer | OutcomeKind::MessageLeft | OutcomeKind::TextSent | OutcomeKind::CallBack
    );
    if own.listed.contact.number_blocked && reaches_out {
        return Err(UserError::new(Refusal::Conflict, texts::contacts::number_blocked()).into());
    }
    let note = said
        .note
        .as_deref()
        .map(|note| tidy(note))
        .filter(|note| !note.is_empty());
    let sms = match kind {
        OutcomeKind::TextSent => Some(sms(app, tx, authority, &own).await?),
        _ => None,
    };
    if note.is_some() || !repeats(tx, authority, person, kind, said.day, now).await? {
        calls::record(
            tx,
            person,
            authority.user,
            outcome,
            note.as_deref().map(String::as_str),
            state,
            now,
        )
        .await?;
        if state == CallState::DoNotCall
            && let Some(phone) = own
                .person
                .identity
                .as_ref()
                .and_then(|identity| identity.phone.as_ref())
        {
            suppressions::block_number(tx, phone, now).await?;
        }
        let entry = Entry {
            actor: Some(authority.user),
            event: "call.recorded",
            group: Some(own.group.id),
            person: Some(person),
            region: Some(&own.group.region),
            before: Some(before.code()),
            after: Some(state.code()),
        };
        journal::write(tx, &entry, now).await?;
    }
    let own = contacts::own(tx, authority, person).await?;
    let card = card(app, tx, authority, own, at, now).await?;
    Ok(Recorded {
        card,
        kind,
        sms: sms.map(Text),
    })
}

fn refused(refusal: crate::domain::contact::OutcomeRefusal) -> UserError {
    UserError::new(Refusal::Invalid, texts::contacts::outcome_refused(refusal))
}

/// Whether the same relay has just recorded the very same thing: a button pressed twice.
async fn repeats(
    tx: &mut Tx,
    authority: &Authority,
    person: PersonId,
    kind: OutcomeKind,
    day: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Outcome<bool> {
    let (last, _) = calls::attempts(tx, person, 1).await?;
    Ok(last.first().is_some_and(|last| {
        last.by == authority.user
            && last.outcome == Some(kind)
            && (kind != OutcomeKind::CallBack || last.call_back_on == day)
            && now - last.at < SAME_PRESS
    }))
}

/// A note as it is kept: trimmed, and no longer than the modal accepts.
fn tidy(note: &str) -> Zeroizing<String> {
    Zeroizing::new(note.trim().chars().take(usize::from(NOTE_MAX)).collect())
}

/// The ready SMS text: the first contact, or the one that follows a call without answer.
async fn sms(app: &App, tx: &mut Tx, authority: &Authority, own: &Own) -> Outcome<String> {
    let which = if calls::was_tried(tx, own.person.id).await? {
        Sms::AfterCall
    } else {
        Sms::FirstContact
    };
    let facts = sms_facts(app, tx, authority, own).await?;
    Ok(app.texts().sms(which, &facts))
}

/// What the SMS texts need to know; code and days are the invitation's.
pub(super) async fn sms_facts(app: &App, tx: &mut Tx, authority: &Authority, own: &Own) -> Outcome<SmsFacts> {
    let name = names::display_name(tx, authority.user).await?;
    Ok(SmsFacts {
        first_name: own
            .person
            .identity
            .as_ref()
            .map(|identity| identity.first.to_string())
            .unwrap_or_default(),
        relay: name.unwrap_or_else(|| texts::people::a_relay().to_owned()),
        group: own.group.name.clone(),
        discord_link: app.settings.links.discord.clone(),
        ..SmsFacts::default()
    })
}

/// Keeps a note about a person, sealed.
///
/// # Errors
/// As [`record`]; an empty note.
pub async fn note(
    app: &App,
    actor: Actor,
    person: PersonId,
    note: &str,
    at: ListAt,
    now: DateTime<Utc>,
) -> Outcome<Gated<Card>> {
    let mut tx = app.store.write().await?;
    let authority = match enter(app, &mut tx, actor).await? {
        Gated::Open(authority) => authority,
        Gated::Charter(text) => return Ok(Gated::Charter(text)),
    };
    let own = own(&mut tx, &authority, person).await?;
    let note = tidy(note);
    if note.is_empty() {
        return Err(UserError::new(Refusal::Invalid, texts::contacts::empty_note()).into());
    }
    calls::note(&mut tx, person, actor.user, &note, now).await?;
    let entry = Entry {
        actor: Some(actor.user),
        event: "call.noted",
        group: Some(own.group.id),
        person: Some(person),
        region: Some(&own.group.region),
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    let card = card(app, &mut tx, &authority, own, at, now).await?;
    tx.commit_quietly().await?;
    Ok(Gated::Open(card))
}

/// Reads a typed day.
///
/// # Errors
/// Says what is wrong with it.
pub fn day(typed: &str) -> Outcome<NaiveDate> {
    parse_date(typed).map_err(|fault| UserError::new(Refusal::Invalid, texts::contacts::day_refused(fault)).into())
}

/// What was typed with `/appel`, kept sealed while the charter or a confirmation is read.
#[derive(Clone, Serialize, Deserialize)]
pub struct Typed {
    /// The option `inscrit`.
    pub inscrit: String,
    /// The option `issue`, by value.
    pub issue: String,
    /// The option `note`.
    pub note: Option<String>,
    /// The option `rappel`.
    pub rappel: Option<String>,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Typed")
            .field("issue", &self.issue)
            .finish_non_exhaustive()
    }
}

/// What `/appel` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// The charter, to be accepted on the way.
    Charter {
        /// Its text.
        charter: Versioned,
        /// The draft that keeps what was typed.
        draft: DraftId,
    },
    /// «Ne plus appeler», to be confirmed once.
    Confirm {
        /// The card.
        card: Card,
        /// The draft that keeps what was typed.
        draft: DraftId,
    },
    /// Recorded.
    Done(Recorded),
}

/// `/appel`: the same as the card's buttons, by typing.
///
/// # Errors
/// As [`record`]; a day that cannot be read.
pub async fn start(app: &App, actor: Actor, typed: Typed, now: DateTime<Utc>) -> Outcome<Started> {
    let mut tx = app.store.write().await?;
    let started = match enter(app, &mut tx, actor).await? {
        Gated::Charter(charter) => {
            let draft = drafts::put(&mut tx, actor.user, KIND, &typed, app.settings.data.drafts, now).await?;
            Started::Charter { charter, draft }
        }
        Gated::Open(authority) => typed_call(app, &mut tx, &authority, typed, now).await?,
    };
    tx.commit().await?;
    Ok(started)
}

/// «J’accepte la charte»: goes straight on to what was typed.
///
/// # Errors
/// As [`start`]; an expired draft.
pub async fn accept_charter(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<Started> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_relay()?;
    let typed = opened(&mut tx, draft, actor, now).await?;
    charter::accept(&mut tx, &app.texts().charter(), actor.user, now).await?;
    drafts::spend(&mut tx, draft, None, now).await?;
    // Accepted even when what was typed is then refused: the relay has read it.
    match typed_call(app, &mut tx, &authority, typed, now).await {
        Ok(started) => {
            tx.commit().await?;
            Ok(started)
        }
        Err(refusal @ Failure::User(_)) => {
            tx.commit_quietly().await?;
            Err(refusal)
        }
        Err(failure) => Err(failure),
    }
}

/// «Confirmer», under «ne plus appeler».
///
/// # Errors
/// As [`record`]; an expired draft.
pub async fn confirm(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<Gated<Recorded>> {
    let mut tx = app.store.write().await?;
    let authority = match enter(app, &mut tx, actor).await? {
        Gated::Open(authority) => authority,
        Gated::Charter(text) => return Ok(Gated::Charter(text)),
    };
    let typed = opened(&mut tx, draft, actor, now).await?;
    let own = find(&mut tx, &authority, &typed.inscrit).await?;
    let said = Said {
        day: None,
        note: typed.note.map(Zeroizing::new),
    };
    let recorded = record_own(app, &mut tx, &authority, own, OutcomeKind::DoNotCall, said, LIST, now).await?;
    drafts::spend(&mut tx, draft, Some(recorded.card.id.0), now).await?;
    tx.commit().await?;
    Ok(Gated::Open(recorded))
}

/// The list behind a card that `/appel` shows.
const LIST: ListAt = ListAt {
    filter: Filter::ToCall,
    page: 0,
};

async fn typed_call(
    app: &App,
    tx: &mut Tx,
    authority: &Authority,
    typed: Typed,
    now: DateTime<Utc>,
) -> Outcome<Started> {
    let kind = OutcomeKind::from_code(&typed.issue)
        .ok_or_else(|| UserError::new(Refusal::Invalid, texts::contacts::unknown_outcome()))?;
    let own = find(tx, authority, &typed.inscrit).await?;
    if kind == OutcomeKind::DoNotCall {
        let never = calls::must_not_be_called(tx, own.person.id).await?;
        after(
            contacts::standing(&own.listed, never),
            crate::domain::contact::Outcome::DoNotCall,
            paris_date(now),
        )
        .map_err(refused)?;
        let typed = Typed {
            inscrit: own.person.id.to_string(),
            ..typed
        };
        let card = card(app, tx, authority, own, LIST, now).await?;
        let draft = drafts::put(tx, authority.user, KIND, &typed, app.settings.data.drafts, now).await?;
        return Ok(Started::Confirm { card, draft });
    }
    let day = match (kind, typed.rappel.as_deref()) {
        (OutcomeKind::CallBack, Some(typed)) => Some(day(typed)?),
        _ => None,
    };
    let said = Said {
        day,
        note: typed.note.map(Zeroizing::new),
    };
    Ok(Started::Done(
        record_own(app, tx, authority, own, kind, said, LIST, now).await?,
    ))
}

async fn opened(tx: &mut Tx, draft: &DraftId, actor: Actor, now: DateTime<Utc>) -> Outcome<Typed> {
    match drafts::get::<Typed>(tx, draft, actor.user, KIND, now).await? {
        Some(Draft::Open(typed)) => Ok(typed),
        Some(Draft::Spent(_)) => Err(UserError::new(Refusal::Conflict, texts::refusals::stale()).into()),
        None => Err(UserError::new(Refusal::Conflict, texts::refusals::draft_expired()).into()),
    }
}
