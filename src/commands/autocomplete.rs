//! The suggestions of `groupe`, `region` and `bassin` for those who steer (product.md §19). Scope is checked by the use cases.

use serenity::all as serenity;

use super::{Context, author, suggest};
use crate::usecases::{groups, lookup, posts};

/// The groups for which a referent or the national team acts.
pub(super) async fn steered_group(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    suggest::answer(lookup::suggest_steered(&ctx.data().app, author(ctx), partial).await)
}

/// The régions for which a referent or the national team acts.
pub(super) async fn region(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    suggest::answer(posts::suggest_regions(&ctx.data().app, author(ctx), partial).await)
}

/// The parts of the country.
pub(super) async fn basin(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    suggest::answer(groups::suggest_basins(&ctx.data().app, author(ctx), partial).await)
}
