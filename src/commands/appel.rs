//! `/appel`: what came of a call, by typing (product.md §5).

use serenity::all as serenity;

use super::choice::{Choice, Choices};
use super::components::Press;
use super::{Context, author, contacts, reply, suggest};
use crate::domain::action::{Action, DraftId, ListAt};
use crate::domain::contact::{Filter, OutcomeKind};
use crate::domain::view::Message;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::texts::contacts::Confirm;
use crate::usecases::App;
use crate::usecases::calls::{self, Started, Typed};
use crate::usecases::contacts::Gated;

/// What came of a call, in the option `issue`.
impl Choices for OutcomeKind {
    fn list() -> &'static [(&'static str, &'static str)] {
        &texts::contacts::OUTCOMES
    }

    fn from_value(value: &str) -> Option<Self> {
        OutcomeKind::from_code(value)
    }
}

/// Noter l’issue d’un appel à une personne inscrite
#[poise::command(slash_command, rename = "appel")]
pub(super) async fn appel(
    ctx: Context<'_>,
    #[description = "La personne appelée"]
    #[autocomplete = "inscrit"]
    inscrit: String,
    #[description = "Ce que l’appel a donné"] issue: Choice<OutcomeKind>,
    #[description = "Une note, que vous pourriez lire à la personne"]
    #[max_length = 1000]
    note: Option<String>,
    #[description = "Le jour du rappel, pour « À rappeler » : JJ/MM/AAAA"] rappel: Option<String>,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let typed = Typed {
        inscrit,
        issue: issue.0.code().to_owned(),
        note,
        rappel,
    };
    let started = calls::start(app, author(ctx), typed, app.clock.now()).await?;
    reply(ctx).send(&view(app, started)).await?;
    Ok(())
}

/// The suggestions of `inscrit`.
async fn inscrit(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    let app = &ctx.data().app;
    suggest::answer(crate::usecases::validation::suggest::contacts(app, author(ctx), partial).await)
}

fn view(app: &App, started: Started) -> Message {
    match started {
        Started::Charter { charter, draft } => texts::valider::charter(&charter, Action::CallCharter(draft)),
        Started::Confirm { card, draft } => texts::contacts::ask_never(&card, Confirm::Command(draft)),
        Started::Done(done) => contacts::recorded(app, Gated::Open(done), LIST),
    }
}

/// The list on the way to which a charter stands, when it changed since.
const LIST: ListAt = ListAt {
    filter: Filter::ToCall,
    page: 0,
};

/// «J’accepte la charte»: straight on to what was typed.
pub(super) async fn accept_charter(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let started = calls::accept_charter(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&view(app, started)).await?;
    Ok(())
}

/// «Confirmer», under «Ne plus appeler».
pub(super) async fn confirm(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let done = calls::confirm(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&contacts::recorded(app, done, LIST)).await?;
    Ok(())
}
