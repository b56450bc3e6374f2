//! `/aide`: what one can do here, by role (product.md §16: with the summary of the privacy notice).

use chrono::{DateTime, Utc};

use super::authority::{self, Actor};
use super::{App, meeting};
use crate::error::Outcome;
use crate::texts;
use crate::texts::templates::{HelpFacts, HelpPart, Passage};

/// The parts of the help that concern this account, for everyone first.
///
/// # Errors
/// When the database fails.
pub async fn parts(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<Vec<Passage>> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let mut parts = vec![HelpPart::Everyone];
    if authority.member_of.is_some() {
        parts.push(HelpPart::Member);
    }
    if !authority.relays.is_empty() {
        parts.push(HelpPart::Relay);
    }
    if !authority.regions.is_empty() {
        parts.push(HelpPart::Referent);
    }
    if authority.national {
        parts.push(HelpPart::National);
    }
    parts.push(HelpPart::Data);
    let next = meeting::next(app, &mut tx, now).await?;
    let templates = app.texts();
    let facts = HelpFacts {
        privacy: templates.privacy_summary(&app.settings.privacy_facts()),
        meeting: texts::welcome::meeting(next.map(|next| next.starts_at)),
    };
    Ok(parts.into_iter().map(|part| templates.help(part, &facts)).collect())
}
