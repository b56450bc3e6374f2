//! `/aide`: the parts of `config/textes/aide.md` that concern someone, one embed each.

use super::templates::Passage;
use crate::domain::view::{Embed, Message, Tone};

/// The answer.
#[must_use]
pub fn show(parts: &[Passage]) -> Message {
    parts.iter().fold(Message::default(), |message, part| {
        message.with_embed(Embed::new(Tone::Neutral, part.title.clone(), part.text.clone()))
    })
}
