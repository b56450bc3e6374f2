//! What the visitor does as the chosen person, each act through [`Person`].

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value as Content, json};

use super::super::client::{Answer, AnswerKind, Person, Refusal, Value};
use super::super::interactions::First;
use super::super::snowflake::Id;
use super::super::validate::Modal;
use super::stage::Character;
use super::{Shared, view};

/// A request: who does what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "as")]
    user: String,
    deed: Deed,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Deed {
    /// Writes a message.
    Write {
        channel: String,
        text: String,
        #[serde(default)]
        files: Vec<Upload>,
    },
    /// Types a slash command.
    Slash {
        channel: String,
        line: String,
        #[serde(default)]
        options: Vec<Filled>,
    },
    /// Types in an option that proposes.
    Complete {
        channel: String,
        line: String,
        option: String,
        typed: String,
        #[serde(default)]
        options: Vec<Filled>,
    },
    /// Presses a button.
    Press { message: String, component: String },
    /// Chooses in a select.
    Select {
        message: String,
        component: String,
        values: Vec<String>,
    },
    /// Sends a form; `interaction` is the act that opened it.
    Submit { interaction: String, fields: Vec<Field> },
    /// Deletes a message.
    Erase { message: String },
    /// Comes to the server.
    Join,
    /// Leaves it.
    Leave,
    /// Accepts its rules.
    Accept,
    /// Closes or opens direct messages.
    Closed { closed: bool },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Upload {
    name: String,
    /// Base64.
    bytes: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filled {
    name: String,
    value: Typed,
}

/// The value of an option. Identifiers say what they name.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Typed {
    Text(String),
    Number(serde_json::Number),
    Yes(bool),
    User(String),
    Role(String),
    Channel(String),
    File(Upload),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    id: String,
    text: String,
}

/// What cannot be done at all: the page never asks for it.
fn odd<T>(why: &str) -> Result<T, Refusal> {
    Err(Refusal::NotOffered(why.to_owned()))
}

fn number(text: &str) -> Result<Id, Refusal> {
    text.parse().or_else(|_| odd("ce n’est pas un identifiant"))
}

impl Upload {
    fn value(self) -> Result<Value, Refusal> {
        match STANDARD.decode(&self.bytes) {
            Ok(bytes) => Ok(Value::file(&self.name, bytes)),
            Err(_) => odd("le fichier n’est pas lisible"),
        }
    }
}

impl Typed {
    fn value(self) -> Result<Value, Refusal> {
        Ok(match self {
            Self::Text(text) => Value::Text(text),
            Self::Number(number) => match number.as_i64() {
                Some(whole) => Value::Int(whole),
                None => Value::Num(number.as_f64().unwrap_or_default()),
            },
            Self::Yes(yes) => Value::Bool(yes),
            Self::User(user) => Value::User(number(&user)?),
            Self::Role(role) => Value::Role(number(&role)?),
            Self::Channel(channel) => Value::Channel(number(&channel)?),
            Self::File(file) => file.value()?,
        })
    }
}

fn filled(options: Vec<Filled>) -> Result<Vec<(String, Value)>, Refusal> {
    options
        .into_iter()
        .map(|option| Ok((option.name, option.value.value()?)))
        .collect()
}

fn borrowed(options: &[(String, Value)]) -> Vec<(&str, Value)> {
    options
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect()
}

/// POST /api/act.
pub(super) async fn act(State(shared): State<Shared>, asked: Result<Json<Asked>, JsonRejection>) -> Response {
    let asked = match asked {
        Ok(Json(asked)) => asked,
        Err(rejection) => return (rejection.status(), rejection.body_text()).into_response(),
    };
    let handle = &shared.0.handle;
    let Some(user) = handle.read(|world| view::account(world, &asked.user)) else {
        return (StatusCode::NOT_FOUND, "Cette personne n’existe pas.").into_response();
    };
    let person = handle.as_user(user).hasty();
    let answer = match perform(&shared, &person, asked.deed).await {
        Ok(answer) => answer,
        Err(Refusal::NotOffered(why)) => json!({"refused": why}),
        Err(Refusal::NoAnswer | Refusal::NeverFinished) => json!({"silence": true}),
    };
    Json(answer).into_response()
}

async fn perform(shared: &Shared, person: &Person, deed: Deed) -> Result<Content, Refusal> {
    let done = || Ok(json!({"done": true}));
    match deed {
        Deed::Write { channel, text, files } => {
            let files = files.into_iter().map(Upload::value).collect::<Result<Vec<_>, _>>()?;
            let id = person.send_files(number(&channel)?, &text, files)?;
            Ok(json!({"done": true, "message": view::id(id)}))
        }
        Deed::Slash { channel, line, options } => {
            let options = filled(options)?;
            let person = person.in_channel(number(&channel)?);
            Ok(told(&person.slash(&line, &borrowed(&options)).await?))
        }
        Deed::Complete {
            channel,
            line,
            option,
            typed,
            options,
        } => {
            let options = filled(options)?;
            let person = person.in_channel(number(&channel)?);
            let choices = person
                .autocomplete_with(&line, &option, &typed, &borrowed(&options))
                .await?;
            let list: Vec<Content> = choices
                .iter()
                .map(|choice| json!({"name": choice.name, "value": choice.value}))
                .collect();
            Ok(json!({"choices": list}))
        }
        Deed::Press { message, component } => Ok(told(&person.press(number(&message)?, &component).await?)),
        Deed::Select {
            message,
            component,
            values,
        } => {
            let message = number(&message)?;
            let answer = if offers_texts(shared, message, &component) {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                person.select(message, &component, &values).await?
            } else {
                let chosen = values
                    .iter()
                    .map(|value| number(value))
                    .collect::<Result<Vec<Id>, _>>()?;
                person.select_entities(message, &component, &chosen).await?
            };
            Ok(told(&answer))
        }
        Deed::Submit { interaction, fields } => {
            let interaction = number(&interaction)?;
            let Some(modal) = open_form(shared, person.id(), interaction) else {
                return odd("ce formulaire n’est plus ouvert");
            };
            let texts: Vec<(&str, &str)> = fields
                .iter()
                .map(|field| (field.id.as_str(), field.text.as_str()))
                .collect();
            Ok(told(&person.submit(&modal, &texts).await?))
        }
        Deed::Erase { message } => {
            person.delete_message(number(&message)?)?;
            done()
        }
        Deed::Join => {
            person.join();
            done()
        }
        Deed::Leave => {
            person.leave();
            done()
        }
        Deed::Accept => {
            person.accept_rules();
            done()
        }
        Deed::Closed { closed } => {
            shared.0.handle.admin().set_dms_closed(person.id(), closed);
            done()
        }
    }
}

/// Whether that select offers texts rather than people, roles or channels.
fn offers_texts(shared: &Shared, message: Id, component: &str) -> bool {
    shared.0.handle.read(|world| {
        let rows = world
            .message(message)
            .map(|m| m.components.as_slice())
            .unwrap_or_default();
        let mut parts = rows.iter().filter_map(|row| row["components"].as_array()).flatten();
        parts.any(|part| part["custom_id"] == component && part["type"] == 3)
    })
}

/// The form that an act of this person opened.
fn open_form(shared: &Shared, user: Id, interaction: Id) -> Option<Modal> {
    shared.0.handle.read(|world| {
        let of = world.interactions.get(&interaction).filter(|of| of.user == user)?;
        match &of.first {
            Some(First::Modal(modal)) => Some(modal.clone()),
            _ => None,
        }
    })
}

/// How an act was answered. Messages come by the live view.
fn told(answer: &Answer) -> Content {
    match answer.kind {
        AnswerKind::Modal => json!({"modal": form(answer.modal())}),
        AnswerKind::Choices => json!({"choices": []}),
        AnswerKind::Message | AnswerKind::Update | AnswerKind::Silent => {
            json!({"done": true, "message": answer.message_id.map(view::id), "thinking": answer.deferred})
        }
    }
}

fn form(modal: &Modal) -> Content {
    let fields: Vec<Content> = modal
        .fields
        .iter()
        .map(|field| {
            json!({"id": field.custom_id, "label": field.label, "long": field.style == 2, "value": field.value,
                "placeholder": field.placeholder, "required": field.required, "min": field.min_length,
                "max": field.max_length})
        })
        .collect();
    json!({"interaction": view::id(modal.interaction), "title": modal.title, "fields": fields})
}

/// Where the clock is asked to go: the rank of a button.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jumped {
    moment: usize,
}

/// POST /api/clock.
pub(super) async fn clock(State(shared): State<Shared>, asked: Result<Json<Jumped>, JsonRejection>) -> Response {
    let Ok(Json(asked)) = asked else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(moment) = shared.0.stage.moments.get(asked.moment) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let handle = &shared.0.handle;
    let at = moment.jump.from(handle.now());
    handle.set_clock(at);
    (shared.0.stage.moved)(at);
    Json(json!({"now": handle.now().timestamp_millis()})).into_response()
}

/// POST /api/newcomer: somebody who had no account comes to the server.
pub(super) async fn newcomer(State(shared): State<Shared>) -> Response {
    let number = {
        let mut arrived = shared
            .0
            .arrived
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *arrived += 1;
        *arrived - 1
    };
    let list = &shared.0.stage.newcomers;
    if list.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let next = &list[number % list.len()];
    let round = number / list.len();
    let (username, display) = if round == 0 {
        (next.username.clone(), next.display.clone())
    } else {
        (
            format!("{}{}", next.username, round + 1),
            format!("{} {}", next.display, round + 1),
        )
    };
    let handle = &shared.0.handle;
    let user = handle.admin().create_user(&username, &display);
    handle.as_user(user).join();
    let character = Character {
        user,
        role: next.role.clone(),
        about: next.about.clone(),
    };
    shared
        .0
        .cast
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .push(character);
    shared.0.changed.send_modify(|n| *n = n.wrapping_add(1));
    Json(json!({"id": view::id(user), "name": display})).into_response()
}

/// GET /api/file: an attachment. Only pictures of the common kinds keep their type; the rest is never interpreted.
pub(super) async fn file(State(shared): State<Shared>, Path((id, name)): Path<(Id, String)>) -> Response {
    const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
    let found = shared.0.handle.read(|world| {
        let file = world.attachments.get(&id).filter(|file| file.filename == name)?;
        Some((file.bytes.clone(), file.content_type.clone()))
    });
    let Some((bytes, kind)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = PICTURES
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or("application/octet-stream");
    let headers: [(HeaderName, String); 2] = [
        (header::CONTENT_TYPE, kind.to_owned()),
        // Names are made of plain characters already (`World::new_attachment`).
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, Bytes::from_owner(bytes)).into_response()
}
