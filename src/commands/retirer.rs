//! `/retirer` (product.md §6.7).

use serenity::all as serenity;

use super::choice::{Choice, Choices};
use super::{Context, author, reply, suggest};
use crate::error::Failure;
use crate::store::memberships::End;
use crate::texts;
use crate::usecases::{lookup, retirer};

/// The reasons that a person may give, in the option `motif`.
impl Choices for End {
    fn list() -> &'static [(&'static str, &'static str)] {
        &texts::retirer::REASONS
    }

    fn from_value(value: &str) -> Option<Self> {
        Self::list()
            .iter()
            .find(|(known, _)| *known == value)
            .and_then(|(known, _)| End::from_key(known))
    }
}

/// Mettre fin à la participation d’un membre
#[poise::command(slash_command, rename = "retirer")]
pub(super) async fn retirer(
    ctx: Context<'_>,
    #[description = "Le membre qui quitte le groupe"]
    #[autocomplete = "personne"]
    personne: String,
    #[description = "Pourquoi sa participation prend fin"] motif: Choice<End>,
    #[description = "Le groupe, pour un référent ou l’équipe nationale"]
    #[autocomplete = "groupe"]
    groupe: Option<String>,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let asked = retirer::Asked {
        person: &personne,
        why: motif.0,
        group: groupe.as_deref(),
    };
    let done = retirer::remove(app, author(ctx), &asked, app.clock.now()).await?;
    reply(ctx)
        .send(&texts::retirer::done(
            &done.name,
            &done.group,
            done.why.key(),
            &done.standing,
        ))
        .await?;
    Ok(())
}

/// The suggestions of `personne`: members within reach.
async fn personne(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    let group = suggest::other_option(ctx, "groupe");
    suggest::answer(lookup::suggest(&ctx.data().app, author(ctx), partial, Some(group)).await)
}

/// The suggestions of `groupe`.
async fn groupe(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    suggest::answer(lookup::suggest_groups(&ctx.data().app, author(ctx), partial).await)
}
