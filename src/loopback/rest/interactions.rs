//! First answers to interactions, and what the token allows afterwards.

use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::interactions::{Choice, First, Interaction, Kind};
use super::super::model::Message;
use super::super::snowflake::Id;
use super::super::validate::{self, MESSAGE_FIELDS};
use super::super::wire;
use super::super::world::{Draft, World};
use super::{Reply, Request, messages};

/// POST …/callback: 204, or 200 with the resource when asked.
pub(super) fn callback(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["with_response"])?;
    let interaction = world.answerable(request.id("interaction")?, request.param("token"))?;
    let (kind, data) = validate::body(&request.body, &["type", "data"], |form| {
        if form.raw("type").is_none() {
            form.required("type");
        }
        (
            form.number("type", 1, 12).unwrap_or(0),
            form.raw("data").cloned().unwrap_or(Value::Null),
        )
    })?;
    let (first, original) = answer(world, request, &interaction, kind, &data)?;
    world.settle_first(interaction.id, first, original);
    if request.query.get("with_response").is_some_and(|v| v == "true") {
        let answered = original.and_then(|id| world.message(id));
        let ephemeral = answered.is_some_and(Message::is_ephemeral);
        let message = answered.map(|m| wire::message(world, m));
        return Reply::json(json!({
            "interaction": {"id": wire::id(interaction.id), "type": interaction.kind.number(), "response_message_id": original.map(wire::id),
                "response_message_loading": kind == 5, "response_message_ephemeral": ephemeral},
            "resource": {"type": kind, "message": message},
        }));
    }
    Reply::empty()
}

fn wrong_type() -> ApiError {
    ApiError::form(
        "type",
        "INTERACTION_CALLBACK_TYPE_INVALID",
        "This answer does not fit this interaction",
    )
}

fn answer(
    world: &mut World,
    request: &Request,
    to: &Interaction,
    kind: u64,
    data: &Value,
) -> Result<(First, Option<Id>), ApiError> {
    let from_message = matches!(to.kind, Kind::Component | Kind::Modal) && to.source.is_some();
    let silent = to.kind != Kind::Autocomplete;
    match kind {
        4 if silent => {
            let draft = response_draft(world, to, request, data)?;
            if draft.is_empty() {
                return Err(ApiError::new(400, 50006, "Cannot send an empty message"));
            }
            let id = world.answer_message(to, draft, false);
            Ok((First::Message(id), Some(id)))
        }
        5 if silent => {
            // Of a deferred answer, only the flags count now.
            let draft = response_draft(world, to, request, data)?;
            let draft = Draft {
                flags: draft.flags,
                ..Draft::default()
            };
            let id = world.answer_message(to, draft, true);
            Ok((First::Deferred(id), Some(id)))
        }
        6 if from_message => Ok((First::Silent, to.source)),
        7 if from_message => {
            let draft = response_draft(world, to, request, data)?;
            let source = to.source.ok_or_else(wrong_type)?;
            let message = world.message(source).cloned().ok_or_else(ApiError::unknown_message)?;
            if draft.leaves_empty(&message) {
                return Err(ApiError::new(400, 50006, "Cannot send an empty message"));
            }
            world.edit(source, draft);
            Ok((First::Update(source), Some(source)))
        }
        8 if to.kind == Kind::Autocomplete => Ok((First::Choices(choices(data)?), None)),
        9 if matches!(to.kind, Kind::Command | Kind::Component) => {
            let mut modal = validate::modal(data)?;
            modal.interaction = to.id;
            modal.message = to.source;
            modal.channel = to.channel;
            Ok((First::Modal(modal), None))
        }
        _ => Err(wrong_type()),
    }
}

/// Serenity repeats `attachments` and adds `tts`; everything else is as in any message.
fn response_draft(world: &mut World, to: &Interaction, request: &Request, data: &Value) -> Result<Draft, ApiError> {
    let files = messages::uploads(world, to.channel, request);
    let empty = json!({});
    let body = if data.is_null() { &empty } else { data };
    let known = [
        "tts",
        "content",
        "embeds",
        "allowed_mentions",
        "flags",
        "components",
        "attachments",
        "poll",
    ];
    // The tree of errors lies under «data», as on Discord.
    validate::body(body, &known, |form| validate::draft(form, files)).map_err(|mut error| {
        error.errors = error.errors.map(|tree| Box::new(json!({"data": tree})));
        error
    })
}

fn choices(data: &Value) -> Result<Vec<Choice>, ApiError> {
    validate::body(data, &["choices"], |form| {
        let list = form.list("choices", 25).unwrap_or_default();
        let mut kept = Vec::new();
        for (n, item) in list.iter().enumerate() {
            let known = ["name", "name_localizations", "value"];
            let Some(mut one) = validate::Form::new(item, &format!("choices.{n}"), &known, form.errors()) else {
                continue;
            };
            let name = one.needed_text("name", 1, 100);
            let value = one.raw("value").cloned().unwrap_or_default();
            let fits = match &value {
                Value::String(text) => (1..=100).contains(&text.chars().count()),
                other => other.is_number(),
            };
            if !fits {
                one.fault("value", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
            }
            kept.push(Choice { name, value });
        }
        kept
    })
}

fn original(world: &World, request: &Request) -> Result<(Interaction, Id), ApiError> {
    let interaction = world.by_token(request.param("token"))?;
    let id = interaction.original.filter(|id| world.message(*id).is_some());
    id.map(|id| (interaction, id)).ok_or_else(ApiError::unknown_message)
}

fn followed(world: &World, request: &Request) -> Result<(Interaction, Id), ApiError> {
    let interaction = world.by_token(request.param("token"))?;
    let id = request.id("message")?;
    let own = interaction.followups.contains(&id) || interaction.original == Some(id);
    if own && world.message(id).is_some() {
        Ok((interaction, id))
    } else {
        Err(ApiError::unknown_message())
    }
}

fn shown(world: &World, id: Id) -> Result<Reply, ApiError> {
    Reply::json(wire::message(
        world,
        world.message(id).ok_or_else(ApiError::unknown_message)?,
    ))
}

fn change(world: &mut World, request: &Request, to: &Interaction, id: Id) -> Result<Reply, ApiError> {
    let known = [
        "content",
        "embeds",
        "flags",
        "allowed_mentions",
        "components",
        "attachments",
        "poll",
    ];
    let draft = messages::draft(world, to.channel, request, &known)?;
    let message = world.message(id).cloned().ok_or_else(ApiError::unknown_message)?;
    if draft.leaves_empty(&message) {
        return Err(ApiError::new(400, 50006, "Cannot send an empty message"));
    }
    world.edit(id, draft);
    shown(world, id)
}

pub(super) fn get_original(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (_, id) = original(world, request)?;
    shown(world, id)
}

pub(super) fn edit_original(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["with_components"])?;
    let (interaction, id) = original(world, request)?;
    change(world, request, &interaction, id)
}

pub(super) fn delete_original(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let (_, id) = original(world, request)?;
    world.delete_message(id);
    Reply::empty()
}

/// A further message. While the first answer is still «réfléchit…», it becomes that answer, ephemeral or not as
/// was decided then.
pub(super) fn followup(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["wait", "with_components"])?;
    let interaction = world.by_token(request.param("token"))?;
    let draft = messages::draft(world, interaction.channel, request, MESSAGE_FIELDS)?;
    if draft.is_empty() {
        return Err(ApiError::new(400, 50006, "Cannot send an empty message"));
    }
    let pending = interaction
        .original
        .filter(|id| world.message(*id).is_some_and(|m| m.loading));
    if let Some(id) = pending {
        world.edit(id, draft);
        return shown(world, id);
    }
    let id = world.answer_message(&interaction, draft, false);
    if let Some(interaction) = world.interactions.get_mut(&interaction.id) {
        interaction.followups.push(id);
    }
    shown(world, id)
}

pub(super) fn get_followup(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (_, id) = followed(world, request)?;
    shown(world, id)
}

pub(super) fn edit_followup(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    let (interaction, id) = followed(world, request)?;
    change(world, request, &interaction, id)
}

pub(super) fn delete_followup(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.no_body()?;
    let (_, id) = followed(world, request)?;
    world.delete_message(id);
    Reply::empty()
}
