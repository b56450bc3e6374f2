//! `/contacts`, its pages and cards (product.md §5).

use super::choice::{Choice, Choices};
use super::components::{Press, Submission, stale};
use super::{Context, author, reply};
use crate::domain::action::{Action, ListAt};
use crate::domain::calendar::paris_date;
use crate::domain::contact::{Filter, OutcomeKind, in_days};
use crate::domain::ids::PersonId;
use crate::domain::view::Message;
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::texts::contacts::Confirm;
use crate::usecases::App;
use crate::usecases::calls::{self, Recorded, Said};
use crate::usecases::contacts::{self as lists, Gated};

/// The lists, in the option `filtre`.
impl Choices for Filter {
    fn list() -> &'static [(&'static str, &'static str)] {
        &texts::contacts::FILTERS
    }

    fn from_value(value: &str) -> Option<Self> {
        Filter::from_code(value)
    }
}

/// Vos contacts : qui appeler, qui rappeler, qui a répondu
#[poise::command(slash_command, rename = "contacts")]
pub(super) async fn contacts(
    ctx: Context<'_>,
    #[description = "La liste à afficher ; sans choix, les personnes à appeler"] filtre: Option<Choice<Filter>>,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let at = ListAt::first(filtre.map_or_else(Filter::default, |choice| choice.0));
    let shown = lists::list(app, author(ctx), at, app.clock.now()).await?;
    let message = gated(shown, at, |page| texts::contacts::page(&page, &lists::pace(app)));
    reply(ctx).send(&message).await?;
    Ok(())
}

/// What was asked for, or the charter on the way to the list.
fn gated<T>(shown: Gated<T>, at: ListAt, view: impl FnOnce(T) -> Message) -> Message {
    match shown {
        Gated::Charter(charter) => texts::valider::charter(&charter, Action::ContactsCharter(at)),
        Gated::Open(open) => view(open),
    }
}

/// A page of the list, in place of the message.
pub(super) async fn turn(press: &Press<'_>, at: ListAt) -> Outcome<()> {
    let app = &press.data.app;
    let shown = lists::list(app, press.actor, at, app.clock.now()).await?;
    let message = gated(shown, at, |page| texts::contacts::page(&page, &lists::pace(app)));
    press.reply.update(&message).await?;
    Ok(())
}

/// «J’accepte la charte»: straight on to the list.
pub(super) async fn accept_charter(press: &Press<'_>, at: ListAt) -> Outcome<()> {
    let app = &press.data.app;
    lists::accept_charter(app, press.actor, app.clock.now()).await?;
    turn(press, at).await
}

/// The person chosen in the select.
pub(super) async fn pick(press: &Press<'_>, at: ListAt) -> Outcome<()> {
    let person = press
        .values
        .first()
        .and_then(|value| value.parse::<PersonId>().ok())
        .ok_or_else(stale)?;
    card(press, person, at).await
}

/// The card of a person, in place of the message.
pub(super) async fn card(press: &Press<'_>, person: PersonId, at: ListAt) -> Outcome<()> {
    let app = &press.data.app;
    let shown = lists::open(app, press.actor, person, at, app.clock.now()).await?;
    press
        .reply
        .update(&gated(shown, at, |card| texts::contacts::card(&card)))
        .await?;
    Ok(())
}

/// One of the seven buttons of the card. Two of them ask something first.
pub(super) async fn outcome(press: &Press<'_>, person: PersonId, kind: OutcomeKind, at: ListAt) -> Outcome<()> {
    let app = &press.data.app;
    let now = app.clock.now();
    let message = match kind {
        OutcomeKind::CallBack => {
            let shown = lists::open(app, press.actor, person, at, now).await?;
            gated(shown, at, |card| texts::contacts::ask_day(&card, paris_date(now)))
        }
        OutcomeKind::DoNotCall => {
            let shown = lists::open(app, press.actor, person, at, now).await?;
            gated(shown, at, |card| texts::contacts::ask_never(&card, Confirm::Card))
        }
        _ => recorded(
            app,
            calls::record(app, press.actor, person, kind, Said::default(), at, now).await?,
            at,
        ),
    };
    press.reply.update(&message).await?;
    Ok(())
}

/// The answer to a recorded outcome.
pub(super) fn recorded(app: &App, done: Gated<Recorded>, at: ListAt) -> Message {
    gated(done, at, |done| {
        let sms = done.sms.as_ref().map(|text| text.0.as_str());
        texts::contacts::recorded(&done.card, done.kind, sms, &lists::pace(app))
    })
}

/// The day chosen under «À rappeler…».
pub(super) async fn pick_day(press: &Press<'_>, person: PersonId, at: ListAt) -> Outcome<()> {
    let app = &press.data.app;
    let now = app.clock.now();
    let days = match press.values.first().map(String::as_str) {
        Some(texts::contacts::TOMORROW) => 1,
        Some(texts::contacts::IN_THREE_DAYS) => 3,
        Some(texts::contacts::OTHER_DAY) => {
            press.reply.open(&texts::contacts::day_form(person, at)).await?;
            return Ok(());
        }
        _ => return Err(stale()),
    };
    let said = Said {
        day: Some(in_days(paris_date(now), days)),
        note: None,
    };
    let done = calls::record(app, press.actor, person, OutcomeKind::CallBack, said, at, now).await?;
    press.reply.update(&recorded(app, done, at)).await?;
    Ok(())
}

/// A typed day.
pub(super) async fn day_submitted(submission: &Submission<'_>, person: PersonId, at: ListAt) -> Outcome<()> {
    let app = &submission.data.app;
    let day = calls::day(submission.field(texts::contacts::DAY_FIELD))?;
    let said = Said {
        day: Some(day),
        note: None,
    };
    let done = calls::record(
        app,
        submission.actor,
        person,
        OutcomeKind::CallBack,
        said,
        at,
        app.clock.now(),
    )
    .await?;
    answer(submission, &recorded(app, done, at)).await
}

/// «Confirmer», under «Ne plus appeler».
pub(super) async fn never(press: &Press<'_>, person: PersonId, at: ListAt) -> Outcome<()> {
    let app = &press.data.app;
    let done = calls::record(
        app,
        press.actor,
        person,
        OutcomeKind::DoNotCall,
        Said::default(),
        at,
        app.clock.now(),
    )
    .await?;
    press.reply.update(&recorded(app, done, at)).await?;
    Ok(())
}

/// «Note»: opens the modal. Who may write it is checked when it is submitted.
pub(super) async fn open_note(press: &Press<'_>, person: PersonId, at: ListAt) -> Outcome<()> {
    press.reply.open(&texts::contacts::note_form(person, at)).await?;
    Ok(())
}

/// A note.
pub(super) async fn note_submitted(submission: &Submission<'_>, person: PersonId, at: ListAt) -> Outcome<()> {
    let app = &submission.data.app;
    let note = submission.field(texts::contacts::NOTE_FIELD);
    let shown = calls::note(app, submission.actor, person, note, at, app.clock.now()).await?;
    answer(submission, &gated(shown, at, |card| texts::contacts::noted(&card))).await
}

/// A modal opened from a card replaces the card.
async fn answer(submission: &Submission<'_>, message: &Message) -> Outcome<()> {
    if submission.from_message {
        submission.reply.update(message).await?;
    } else {
        submission.reply.send(message).await?;
    }
    Ok(())
}
