//! `/aide`: what one can do here, by role (product.md §16: with the summary of the privacy notice).

use super::App;
use super::authority::{self, Actor};
use crate::error::Outcome;
use crate::texts::templates::{HelpFacts, HelpPart, Passage};

/// The parts of the help that concern this account, for everyone first.
///
/// # Errors
/// When the database fails.
pub async fn parts(app: &App, actor: Actor) -> Outcome<Vec<Passage>> {
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
    let texts = app.texts();
    let facts = HelpFacts {
        privacy: texts.privacy_summary(&app.settings.privacy_facts()),
    };
    Ok(parts.into_iter().map(|part| texts.help(part, &facts)).collect())
}
