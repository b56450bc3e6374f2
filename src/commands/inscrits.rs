//! `/inscrits` (product.md §4).

use serenity::all as serenity;

use super::components::{Press, Submission, stale};
use super::{Context, author, reply, suggest};
use crate::domain::ids::PersonId;
use crate::domain::territory::TerritoryKey;
use crate::domain::view::Message;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::merging;
use crate::usecases::placing::{self, Placing};

/// Placer les inscrits sans bassin, juger les doublons
#[poise::command(
    slash_command,
    rename = "inscrits",
    subcommands("a_placer", "a_verifier", "fusionner"),
    subcommand_required
)]
pub(super) async fn inscrits(_: Context<'_>) -> Result<(), Failure> {
    Ok(())
}

/// Voir les personnes dont le code postal ne mène à aucun bassin
#[poise::command(slash_command, rename = "a-placer")]
async fn a_placer(ctx: Context<'_>) -> Result<(), Failure> {
    let list = placing::list(&ctx.data().app, author(ctx), 0).await?;
    reply(ctx).send(&texts::inscrits::to_place(&list)).await?;
    Ok(())
}

/// «Précédent» and «Suivant», under those to place.
pub(super) async fn turn(press: &Press<'_>, page: u32) -> Outcome<()> {
    let list = placing::list(&press.data.app, press.actor, page).await?;
    press.reply.update(&texts::inscrits::to_place(&list)).await?;
    Ok(())
}

/// Someone to place was chosen: asks for a basin.
pub(super) async fn pick(press: &Press<'_>) -> Outcome<()> {
    let person: PersonId = press
        .values
        .first()
        .and_then(|value| value.parse().ok())
        .ok_or_else(stale)?;
    placing::waits(&press.data.app, press.actor, person).await?;
    press.reply.open(&texts::inscrits::place_form(person)).await?;
    Ok(())
}

/// A basin was typed.
pub(super) async fn typed(submission: &Submission<'_>, person: PersonId) -> Outcome<()> {
    let app = &submission.data.app;
    let typed = submission.field("bassin");
    let message = match placing::search(app, submission.actor, person, typed, app.clock.now()).await? {
        Placing::Done(done) => texts::inscrits::placed(&done.name, &done.place, &done.declared),
        Placing::Choose(found) => texts::inscrits::choose_basin(person, &found),
    };
    submission.reply.send(&message).await?;
    Ok(())
}

/// A basin was chosen.
pub(super) async fn chosen(press: &Press<'_>, person: PersonId) -> Outcome<()> {
    let app = &press.data.app;
    let key = press
        .values
        .first()
        .and_then(|value| TerritoryKey::parse(value))
        .ok_or_else(stale)?;
    let done = placing::place(app, press.actor, person, &key, app.clock.now()).await?;
    press
        .reply
        .update(&texts::inscrits::placed(&done.name, &done.place, &done.declared))
        .await?;
    Ok(())
}

/// Comparer les fiches qui se ressemblent, côte à côte
#[poise::command(slash_command, rename = "a-verifier")]
async fn a_verifier(ctx: Context<'_>) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let view = merging::pair(app, author(ctx), 0, app.clock.now()).await?;
    reply(ctx).send(&shown(view.as_ref())).await?;
    Ok(())
}

fn shown(view: Option<&texts::inscrits::PairView>) -> Message {
    view.map_or_else(texts::inscrits::no_pair, texts::inscrits::pair)
}

/// «Précédent» and «Suivant», under a pair.
pub(super) async fn pair(press: &Press<'_>, rank: u32) -> Outcome<()> {
    let app = &press.data.app;
    let view = merging::pair(app, press.actor, rank, app.clock.now()).await?;
    press.reply.update(&shown(view.as_ref())).await?;
    Ok(())
}

/// «Même personne»: the next pair takes the place of this one, and what was done can be undone.
pub(super) async fn same(press: &Press<'_>, a: PersonId, b: PersonId, rank: u32) -> Outcome<()> {
    let app = &press.data.app;
    let done = merging::merge(app, press.actor, a, b, app.clock.now()).await?;
    pair(press, rank).await?;
    press
        .reply
        .follow_up(&texts::inscrits::merged(&done.name, done.line))
        .await?;
    Ok(())
}

/// «Pas un doublon»: the next pair takes the place of this one.
pub(super) async fn distinct(press: &Press<'_>, a: PersonId, b: PersonId, rank: u32) -> Outcome<()> {
    let app = &press.data.app;
    merging::distinct(app, press.actor, a, b, app.clock.now()).await?;
    pair(press, rank).await
}

/// Faire une seule fiche de deux
#[poise::command(slash_command, rename = "fusionner")]
async fn fusionner(
    ctx: Context<'_>,
    #[description = "La personne : mail ou téléphone complet"]
    #[autocomplete = "personne"]
    personne: String,
    #[description = "L’autre fiche de cette personne : mail ou téléphone complet"]
    #[autocomplete = "personne"]
    avec: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let actor = author(ctx);
    let a = merging::find(app, actor, &personne).await?;
    let b = merging::find(app, actor, &avec).await?;
    let done = merging::merge(app, actor, a, b, app.clock.now()).await?;
    reply(ctx).send(&texts::inscrits::merged(&done.name, done.line)).await?;
    Ok(())
}

/// The suggestions of `personne` and `avec`.
async fn personne(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    suggest::answer(merging::suggest(&ctx.data().app, author(ctx), partial).await)
}
