//! `/invitation`, `/rejoindre`, and the button «J’ai un code» (product.md §6.6, §11).

use serenity::all as serenity;

use super::components::{Press, Submission};
use super::{Context, author, reply, suggest};
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::usecases::invitations;

/// Donner à une personne un code pour relier son compte Discord
#[poise::command(slash_command, rename = "invitation")]
pub(super) async fn invitation(
    ctx: Context<'_>,
    #[description = "La personne qui n’est pas encore sur Discord"]
    #[autocomplete = "personne"]
    personne: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let given = invitations::invite(app, author(ctx), &personne, app.clock.now()).await?;
    reply(ctx).send(&texts::invitations::given(&given)).await?;
    Ok(())
}

/// The suggestions of `personne`.
async fn personne(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    suggest::answer(invitations::suggest(&ctx.data().app, author(ctx), partial).await)
}

/// Relier votre compte avec le code reçu de votre relai local
#[poise::command(slash_command, rename = "rejoindre")]
pub(super) async fn rejoindre(
    ctx: Context<'_>,
    #[description = "Le code à 8 caractères reçu par SMS"]
    #[max_length = 100]
    code: String,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let welcome = invitations::join(app, author(ctx), &code, app.clock.now()).await?;
    reply(ctx).send(&texts::invitations::joined(&welcome)).await?;
    Ok(())
}

/// «J’ai un code»: opens the modal.
pub(super) async fn open_code(press: &Press<'_>) -> Outcome<()> {
    press.reply.open(&texts::invitations::code_form()).await?;
    Ok(())
}

/// A code typed in the modal. The message that bears the button (the welcome) stays as it is.
pub(super) async fn code_submitted(submission: &Submission<'_>) -> Outcome<()> {
    let app = &submission.data.app;
    let code = submission.field(texts::invitations::CODE_FIELD);
    let welcome = invitations::join(app, submission.actor, code, app.clock.now()).await?;
    submission.reply.send(&texts::invitations::joined(&welcome)).await?;
    Ok(())
}
