//! Buttons, selects and modals: dispatched by their stable `custom_id`, each with its own check of authority.
//!
//! They live longer than the process, so nothing of them is in memory; errors here have no framework to fall back on, so
//! each is answered inside.

use std::collections::HashMap;

use serenity::all::{
    ActionRowComponent, ComponentInteraction, ComponentInteractionDataKind, Context, ModalInteraction,
};

use super::reply::Reply;
use super::{Data, actor, answer_failure, bound_server};
use crate::domain::action::Action;
use crate::domain::ids::UserId;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::texts;
use crate::usecases::authority::Actor;

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
    /// The chosen members of a select.
    pub users: Vec<UserId>,
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
    let (values, users) = match &interaction.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => (values.clone(), Vec::new()),
        ComponentInteractionDataKind::UserSelect { values } => {
            (Vec::new(), values.iter().map(|id| UserId(id.get())).collect())
        }
        _ => (Vec::new(), Vec::new()),
    };
    let press = Press {
        data,
        reply: Reply::new(&ctx.http, interaction.id, &interaction.token),
        actor: actor(interaction.user.id, interaction.member.as_ref()),
        values,
        users,
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
    let _ = press;
    match action {
        _ => Err(stale()),
    }
}

async fn on_submit(submission: &Submission<'_>, action: Option<Action>) -> Outcome<()> {
    let _ = submission;
    match action {
        _ => Err(stale()),
    }
}

/// A component that this version does not know, or that a modal's identifier was put on.
fn stale() -> Failure {
    UserError::new(Refusal::Conflict, texts::refusals::stale()).into()
}
