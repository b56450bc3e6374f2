//! The first station: the charter, once, then the form.

use chrono::{DateTime, Utc};

use super::{KIND, LIFE, Seen, Sheet, Typed, groups_of, open_sheet, relay, suggest, whom};
use crate::domain::action::DraftId;
use crate::domain::ids::PersonId;
use crate::error::{Outcome, Refusal, UserError};
use crate::store::{Tx, drafts};
use crate::texts;
use crate::texts::templates::Versioned;
use crate::usecases::authority::{Actor, Authority};
use crate::usecases::{App, access, charter};

/// What the relay asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The option `inscrit`: a person's id as suggested, or a name that only one contact bears.
    pub inscrit: Option<String>,
    /// The option `membre`.
    pub account: Option<Seen>,
}

/// What is shown first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The charter, to be accepted on the way.
    Charter {
        /// Its text.
        charter: Versioned,
        /// The draft that keeps what was asked.
        draft: DraftId,
    },
    /// The form.
    Form {
        /// The draft.
        draft: DraftId,
        /// What it is filled with.
        typed: Typed,
    },
}

/// Opens a validation. Whatever can be refused is refused here, before the relay types anything.
///
/// # Errors
/// Reserved to relays; a person out of scope; an account that cannot be linked.
pub async fn start(app: &App, actor: Actor, asked: Asked, now: DateTime<Utc>) -> Outcome<Opened> {
    let mut tx = app.store.write().await?;
    let authority = relay(&mut tx, actor).await?;
    if groups_of(&mut tx, &authority).await?.is_empty() {
        return Err(UserError::new(Refusal::Conflict, texts::valider::only_archived_groups()).into());
    }
    let person = match &asked.inscrit {
        Some(typed) => Some(suggest::find(&mut tx, &authority, typed).await?),
        None => None,
    };
    if let Some(seen) = &asked.account {
        whom::linkable(&mut tx, seen, person.as_ref()).await?;
    }
    let sheet = Sheet {
        person: person.map(|person| person.id),
        account: asked.account,
        ..Sheet::default()
    };
    let draft = drafts::put(&mut tx, actor.user, KIND, &sheet, LIFE, now).await?;
    let charter = app.texts().charter();
    let opened = if charter::accepted(&mut tx, &charter, actor.user).await? {
        fill(&mut tx, &authority, draft, sheet, now).await?
    } else {
        Opened::Charter { charter, draft }
    };
    // Nothing that the loops look at has changed.
    tx.commit_quietly().await?;
    Ok(opened)
}

/// «J’accepte la charte»: goes straight on to the form.
///
/// # Errors
/// Reserved to relays; an expired draft; a person who is out of scope meanwhile.
pub async fn accept_charter(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<Opened> {
    let mut tx = app.store.write().await?;
    let authority = relay(&mut tx, actor).await?;
    let sheet = open_sheet(&mut tx, draft, actor.user, now).await?;
    charter::accept(&mut tx, &app.texts().charter(), actor.user, now).await?;
    let opened = fill(&mut tx, &authority, draft.clone(), sheet, now).await?;
    tx.commit_quietly().await?;
    Ok(opened)
}

/// «Corriger»: the form again, filled with what was typed.
///
/// # Errors
/// Reserved to relays; an expired or spent draft.
pub async fn correct(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<Typed> {
    let mut tx = app.store.read().await?;
    relay(&mut tx, actor).await?;
    Ok(open_sheet(&mut tx, draft, actor.user, now).await?.typed.clone())
}

/// «Annuler»: forgets what was typed.
///
/// # Errors
/// An expired or spent draft.
pub async fn cancel(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    open_sheet(&mut tx, draft, actor.user, now).await?;
    drafts::spend(&mut tx, draft, None, now).await?;
    tx.commit_quietly().await?;
    Ok(())
}

/// Fills the form from the person on file. Reading someone's phone and mail is journaled (product.md §16).
async fn fill(tx: &mut Tx, authority: &Authority, draft: DraftId, sheet: Sheet, now: DateTime<Utc>) -> Outcome<Opened> {
    let Some(id): Option<PersonId> = sheet.person else {
        return Ok(Opened::Form {
            draft,
            typed: sheet.typed.clone(),
        });
    };
    let person = whom::chosen(tx, authority, id).await?;
    let typed = Typed::of(&person);
    let group = whom::calling_group(tx, &person).await?.or(person.member_of);
    access::coordinates(tx, authority.user, group, id, now).await?;
    let filled = Sheet {
        typed: typed.clone(),
        ..sheet
    };
    drafts::replace(tx, &draft, &filled).await?;
    Ok(Opened::Form { draft, typed })
}
