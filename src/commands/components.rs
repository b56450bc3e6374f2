//! Buttons, selects and modals: dispatched by their stable `custom_id`, each with its own check of authority.
//!
//! They live longer than the process, so nothing of them is in memory; errors here have no framework to fall back on, so
//! each is answered inside.

use std::collections::HashMap;

use serenity::all::{
    ActionRowComponent, ComponentInteraction, ComponentInteractionDataKind, Context, ModalInteraction,
};

use super::reply::Reply;
use super::{
    Data, actor, answer_failure, appel, bound_server, contacts, groupe, importer, inscrits, installer, invitation,
    journal, mon_groupe, rapport, registre, regroup, relai, reunion, valider, welcome,
};
use crate::domain::action::Action;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::texts;
use crate::usecases::authority::Actor;
use crate::usecases::validation::Seen;

/// A component that was pressed.
#[derive(Debug)]
pub struct Press<'a> {
    /// What every handler can reach.
    pub data: &'a Data,
    /// How to answer.
    pub reply: Reply<'a>,
    /// Who pressed.
    pub actor: Actor,
    /// The chosen lines of a select.
    pub values: Vec<String>,
    /// The chosen members of a select, as this interaction shows them.
    pub chosen: Vec<Seen>,
    /// Whether it was pressed on the server, where members can be listed.
    pub on_server: bool,
    /// Whether the message that bears the component is seen by its reader only.
    pub ephemeral: bool,
    /// The application, for answers to come later.
    pub application: u64,
}

/// A modal that was submitted.
#[derive(Debug)]
pub struct Submission<'a> {
    /// What every handler can reach.
    pub data: &'a Data,
    /// How to answer.
    pub reply: Reply<'a>,
    /// Who submitted.
    pub actor: Actor,
    /// What each field holds.
    fields: HashMap<String, String>,
    /// Whether it was opened by a button of a message, which can then be replaced.
    pub from_message: bool,
}

impl Submission<'_> {
    /// What a field holds; empty when it was left so.
    #[must_use]
    pub fn field(&self, id: &str) -> &str {
        self.fields.get(id).map_or("", String::as_str)
    }
}

/// Handles a pressed component.
pub async fn pressed(ctx: &Context, data: &Data, interaction: &ComponentInteraction) {
    if !data.is_new(interaction.id.get()) {
        return;
    }
    let (values, chosen) = match &interaction.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => (values.clone(), Vec::new()),
        ComponentInteractionDataKind::UserSelect { values } => {
            let resolved = &interaction.data.resolved;
            (Vec::new(), values.iter().map(|id| super::seen(resolved, *id)).collect())
        }
        _ => (Vec::new(), Vec::new()),
    };
    let press = Press {
        data,
        reply: Reply::new(&ctx.http, interaction.id, &interaction.token),
        actor: actor(interaction.user.id, interaction.member.as_ref()),
        values,
        chosen,
        on_server: interaction.guild_id.is_some(),
        ephemeral: interaction
            .message
            .flags
            .is_some_and(|flags| flags.contains(serenity::all::MessageFlags::EPHEMERAL)),
        application: interaction.application_id.get(),
    };
    let action = Action::parse(&interaction.data.custom_id);
    let kind = kind(&interaction.data.custom_id);
    let done = match bound_server(&data.app, interaction.guild_id) {
        Ok(()) => on_press(&press, action).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(failure) = done {
        answer_failure(&press.reply, &failure, kind).await;
    }
}

/// Handles a submitted modal.
pub async fn submitted(ctx: &Context, data: &Data, interaction: &ModalInteraction) {
    if !data.is_new(interaction.id.get()) {
        return;
    }
    let mut fields = HashMap::new();
    for row in &interaction.data.components {
        for component in &row.components {
            if let ActionRowComponent::InputText(input) = component {
                fields.insert(input.custom_id.clone(), input.value.clone().unwrap_or_default());
            }
        }
    }
    let submission = Submission {
        data,
        reply: Reply::new(&ctx.http, interaction.id, &interaction.token),
        actor: actor(interaction.user.id, interaction.member.as_ref()),
        fields,
        from_message: interaction.message.is_some(),
    };
    let action = Action::parse(&interaction.data.custom_id);
    let kind = kind(&interaction.data.custom_id);
    let done = match bound_server(&data.app, interaction.guild_id) {
        Ok(()) => on_submit(&submission, action).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(failure) = done {
        answer_failure(&submission.reply, &failure, kind).await;
    }
}

/// What a `custom_id` is about, without its arguments, for logs.
fn kind(custom_id: &str) -> &str {
    custom_id.split(':').next().unwrap_or_default()
}

async fn on_press(press: &Press<'_>, action: Option<Action>) -> Outcome<()> {
    let Some(action) = action else { return Err(stale()) };
    match action {
        Action::ValiderCharter(draft) => valider::accept_charter(press, &draft).await,
        Action::ValiderCorrect(draft) => valider::correct(press, &draft).await,
        Action::ValiderCancel(draft) => valider::cancel(press, &draft).await,
        Action::ValiderGroup(draft) => valider::choose_group(press, &draft).await,
        Action::ValiderPlace(draft) => valider::choose_place(press, &draft).await,
        Action::ValiderConfirm(draft) => valider::confirm(press, &draft).await,
        Action::Annul(membership) => valider::annul(press, membership).await,
        Action::AnnulPick(_) => valider::annul_pick(press).await,
        Action::NotMe(person) => valider::not_me(press, person).await,
        Action::TransferAsk(draft) => valider::propose_transfer(press, &draft).await,
        Action::TransferAccept(transfer) => valider::accept_transfer(press, transfer).await,
        Action::TransferDecline(transfer) => valider::decline_transfer(press, transfer).await,
        Action::TransferConfirm(transfer) => valider::complete_transfer(press, transfer).await,
        Action::TransferDrop(transfer) => valider::drop_transfer(press, transfer).await,
        Action::TransferSee(transfer) => valider::see_transfer(press, transfer).await,
        Action::RegisterPage(group, page) => registre::page(press, group, page).await,
        Action::RegisterPick => registre::pick(press).await,
        Action::Coordinates(group, page) => mon_groupe::coordinates(press, group, page).await,
        Action::Contacts(at) => contacts::turn(press, at).await,
        Action::ContactsCharter(at) => contacts::accept_charter(press, at).await,
        Action::ContactPick(at) => contacts::pick(press, at).await,
        Action::Contact(person, at) => contacts::card(press, person, at).await,
        Action::ContactValidate(person) => valider::open_for(press, person).await,
        Action::CallOutcome(person, outcome, at) => contacts::outcome(press, person, outcome, at).await,
        Action::CallBackPick(person, at) => contacts::pick_day(press, person, at).await,
        Action::DoNotCall(person, at) => contacts::never(press, person, at).await,
        Action::CallNote(person, at) => contacts::open_note(press, person, at).await,
        Action::CallCharter(draft) => appel::accept_charter(press, &draft).await,
        Action::CallConfirm(draft) => appel::confirm(press, &draft).await,
        Action::Code => invitation::open_code(press).await,
        Action::MeetingRemind => welcome::remind(press).await,
        Action::MeetingForget => welcome::forget(press).await,
        Action::MyData => welcome::my_data(press).await,
        Action::MessagesStop => welcome::stop(press).await,
        Action::MessagesResume => welcome::resume(press).await,
        Action::MeetingKeep(day) => reunion::keep(press, day).await,
        Action::MeetingCancel(day) => reunion::call_off(press, day).await,
        Action::MeetingMove(day) => reunion::ask_date(press, day).await,
        Action::ImportConfirm(draft) => importer::confirm(press, &draft).await,
        Action::ImportCancel(draft) => importer::cancel(press, &draft).await,
        Action::NameRelay(group) => relai::ask(press, group).await,
        Action::NameRelayPick => relai::pick(press).await,
        Action::NameRelayUser(group) => relai::chosen(press, group).await,
        Action::Journal(at) => journal::turn(press, at).await,
        Action::Undo(line) => regroup::ask_undo(press, line).await,
        Action::UndoConfirm(line) => regroup::undone(press, line).await,
        Action::UndoCancel(_) => regroup::undo_cancelled(press).await,
        Action::MergeConfirm(draft) => regroup::merge(press, &draft).await,
        Action::MergeCancel(draft) => regroup::cancel_merge(press, &draft).await,
        Action::SplitPage(draft, page) => regroup::turn(press, &draft, page).await,
        Action::SplitPick(draft, page) => regroup::pick(press, &draft, page).await,
        Action::SplitSearch(draft) => regroup::open_search(press, &draft).await,
        Action::SplitAll(draft) => regroup::all(press, &draft).await,
        Action::SplitReview(draft) => regroup::review(press, &draft).await,
        Action::SplitConfirm(draft) => regroup::split(press, &draft).await,
        Action::SplitCancel(draft) => regroup::cancel_split(press, &draft).await,
        Action::ToPlace(page) => inscrits::turn(press, page).await,
        Action::ToPlacePick => inscrits::pick(press).await,
        Action::PlaceChoice(person) => inscrits::chosen(press, person).await,
        Action::Pair(rank) => inscrits::pair(press, rank).await,
        Action::PairSame(a, b, rank) => inscrits::same(press, a, b, rank).await,
        Action::PairDistinct(a, b, rank) => inscrits::distinct(press, a, b, rank).await,
        Action::GroupList(page) => groupe::turn(press, page).await,
        Action::RelayList(page) => relai::turn(press, page).await,
        Action::ReportRegion(file) => rapport::chosen(press, file).await,
        Action::Prompt(scope) => rapport::prompt(press, &scope).await,
        Action::Diagnostic => installer::refresh(press).await,
        Action::ReloadTexts => installer::reload(press).await,
        _ => Err(stale()),
    }
}

async fn on_submit(submission: &Submission<'_>, action: Option<Action>) -> Outcome<()> {
    let Some(action) = action else { return Err(stale()) };
    match action {
        Action::ValiderForm(draft) => valider::submitted(submission, &draft).await,
        Action::AnnulForm(membership) => valider::annul_submitted(submission, membership).await,
        Action::CallBackForm(person, at) => contacts::day_submitted(submission, person, at).await,
        Action::CallNoteForm(person, at) => contacts::note_submitted(submission, person, at).await,
        Action::CodeForm => invitation::code_submitted(submission).await,
        Action::SplitSearchForm(draft) => regroup::searched(submission, &draft).await,
        Action::PlaceForm(person) => inscrits::typed(submission, person).await,
        Action::MeetingMoveForm(day) => reunion::put_off(submission, day).await,
        Action::NameRelayForm(group) => relai::typed(submission, group).await,
        _ => Err(stale()),
    }
}

/// A component that this version does not know, or that a modal's identifier was put on.
pub(super) fn stale() -> Failure {
    UserError::new(Refusal::Conflict, texts::refusals::stale()).into()
}
