//! Suggestions while an option is being typed: 25 at most, 100 characters each (Discord documentation, «Autocomplete»).
//! Authority is checked by the use case; what it refuses suggests nothing, and the command itself says why.

use serenity::all as serenity;

use super::{Chain, Context};
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Failure, Outcome};
use crate::texts::markdown::fit;
use crate::usecases::validation::suggest::Suggestion;

/// The most characters of a suggestion.
const LABEL_MAX: usize = 100;

/// Turns what a use case suggests into the answer of Discord.
pub fn answer(found: Outcome<Vec<Suggestion>>) -> serenity::CreateAutocompleteResponse {
    let found = match found {
        Ok(found) => found,
        Err(Failure::User(_)) => Vec::new(),
        Err(Failure::Internal(error)) => {
            tracing::error!(error = %Chain(&error), "autocomplete failed");
            Vec::new()
        }
    };
    found
        .into_iter()
        .take(OPTIONS_MAX)
        .fold(serenity::CreateAutocompleteResponse::new(), |answer, suggestion| {
            answer.add_string_choice(fit(&suggestion.label, LABEL_MAX), suggestion.value)
        })
}

/// What another option holds while one is being typed; empty when it is not filled.
#[must_use]
pub fn other_option<'a>(ctx: Context<'a>, name: &str) -> &'a str {
    ctx.args
        .iter()
        .find(|option| option.name == name)
        .map(|option| match option.value {
            serenity::ResolvedValue::String(text) => text,
            serenity::ResolvedValue::Autocomplete { value, .. } => value,
            _ => "",
        })
        .unwrap_or_default()
}
