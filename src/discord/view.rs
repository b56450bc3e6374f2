//! Our views as the bodies that Discord expects (Discord documentation, resources/message and interactions/receiving).
//!
//! Bodies are written as JSON: serenity's builders know less than Discord does, and check permissions in a cache that this
//! program does not keep. `allowed_mentions` is always there, so that nothing typed by a person notifies anyone.

use serde_json::{Value, json};
use serenity::all::CreateAttachment;

use crate::domain::view::{Button, Embed, Field, File, Message, Modal, Row, Select, SelectOf, Style, Target};

/// The flag of a message that only its reader sees.
const EPHEMERAL: u64 = 1 << 6;

/// The body of a message, without its files. Every field is present, so that an edit replaces all of them; files too, when
/// the message has some.
#[must_use]
pub fn message(message: &Message) -> Value {
    let mut body = json!({
        "content": message.content,
        "embeds": message.embeds.iter().map(embed).collect::<Vec<_>>(),
        "components": message.rows.iter().map(row).collect::<Vec<_>>(),
        "allowed_mentions": {
            "parse": [],
            "users": message.mentions.users.iter().map(u64::to_string).collect::<Vec<_>>(),
            "roles": message.mentions.roles.iter().map(u64::to_string).collect::<Vec<_>>(),
        },
    });
    if let Some(first) = message.files.first() {
        body["attachments"] = json!([upload(first)]);
    }
    body
}

/// How the body names the one file that comes with it. Serenity numbers every file nought when it is given a body of ours, so
/// that a request carries one file; see [`one_more`].
fn upload(file: &File) -> Value {
    let mut upload = json!({"id": 0, "filename": file.name});
    if !file.description.is_empty() {
        upload["description"] = json!(file.description);
    }
    upload
}

/// The body that adds one more file to an answer which already shows those of `kept`, and changes nothing else.
#[must_use]
pub fn one_more(file: &File, kept: &[u64]) -> Value {
    let mut attachments: Vec<Value> = kept.iter().map(|id| json!({"id": id.to_string()})).collect();
    attachments.push(upload(file));
    json!({ "attachments": attachments })
}

/// The body of an answer to an interaction; whether only its reader sees it is fixed by the first answer.
#[must_use]
pub fn answer(view: &Message, ephemeral: bool) -> Value {
    let mut body = message(view);
    if ephemeral {
        body["flags"] = json!(EPHEMERAL);
    }
    body
}

/// The first file of a message, which goes with its body; the others follow by [`one_more`].
#[must_use]
pub fn files(message: &Message) -> Vec<CreateAttachment> {
    message.files.first().map(file).into_iter().collect()
}

/// A file as it is uploaded.
pub fn file(file: &File) -> CreateAttachment {
    CreateAttachment::bytes(file.bytes.clone(), file.name.clone())
}

/// The body of a modal. Fields are text inputs in action rows: the only kind that serenity 0.12 can read back.
#[must_use]
pub fn modal(modal: &Modal) -> Value {
    json!({
        "custom_id": modal.action.custom_id(),
        "title": modal.title,
        "components": modal.fields.iter().map(|field| json!({"type": 1, "components": [input(field)]})).collect::<Vec<_>>(),
    })
}

fn input(field: &Field) -> Value {
    let mut input = json!({
        "type": 4,
        "custom_id": field.id,
        "label": field.label,
        "style": if field.long { 2 } else { 1 },
        "required": field.required,
        "max_length": field.max,
    });
    if !field.value.is_empty() {
        input["value"] = json!(field.value);
    }
    if !field.placeholder.is_empty() {
        input["placeholder"] = json!(field.placeholder);
    }
    input
}

fn embed(embed: &Embed) -> Value {
    let mut body = json!({ "color": embed.tone.colour() });
    if !embed.title.is_empty() {
        body["title"] = json!(embed.title);
    }
    if !embed.description.is_empty() {
        body["description"] = json!(embed.description);
    }
    if !embed.fields.is_empty() {
        body["fields"] = embed
            .fields
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value, "inline": false}))
            .collect();
    }
    if !embed.footer.is_empty() {
        body["footer"] = json!({ "text": embed.footer });
    }
    if let Some(image) = &embed.image {
        body["image"] = json!({ "url": format!("attachment://{image}") });
    }
    body
}

fn row(row: &Row) -> Value {
    match row {
        Row::Buttons(buttons) => json!({"type": 1, "components": buttons.iter().map(button).collect::<Vec<_>>()}),
        Row::Select(of) => json!({"type": 1, "components": [select(of)]}),
    }
}

fn button(button: &Button) -> Value {
    let mut body = json!({"type": 2, "label": button.label, "disabled": button.disabled});
    match &button.target {
        Target::Act(action) => {
            body["custom_id"] = json!(action.custom_id());
            body["style"] = json!(match button.style {
                Style::Primary => 1,
                Style::Secondary => 2,
                Style::Success => 3,
                Style::Danger => 4,
            });
        }
        Target::Open(address) => {
            body["url"] = json!(address);
            body["style"] = json!(5);
        }
    }
    body
}

fn select(select: &Select) -> Value {
    let mut body = json!({
        "custom_id": select.action.custom_id(),
        "placeholder": select.placeholder,
        "min_values": select.bounds.0,
        "max_values": select.bounds.1,
    });
    match &select.of {
        SelectOf::Users => body["type"] = json!(5),
        SelectOf::Choices(choices) => {
            body["type"] = json!(3);
            body["options"] = choices
                .iter()
                .map(|choice| {
                    let mut option = json!({"label": choice.label, "value": choice.value, "default": choice.chosen});
                    if !choice.description.is_empty() {
                        option["description"] = json!(choice.description);
                    }
                    option
                })
                .collect();
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::{Action, DraftId};
    use crate::domain::ids::GroupId;

    #[test]
    fn nothing_is_mentioned_unless_named() {
        let body = message(&Message::text("@everyone <@1>"));
        assert_eq!(body["allowed_mentions"], json!({"parse": [], "users": [], "roles": []}));
        assert!(answer(&Message::text("x"), true)["flags"] == 64);
        assert!(answer(&Message::text("x"), false).get("flags").is_none());
    }

    #[test]
    fn components_and_modals_bear_their_stable_ids() {
        let view = Message::text("x").with_buttons(vec![
            Button::new(
                "Coordonnées du groupe",
                Style::Primary,
                Action::Coordinates(GroupId(7), 0),
            ),
            Button::link("Ouvrir", "https://example.org"),
        ]);
        let body = message(&view);
        assert_eq!(body["components"][0]["components"][0]["custom_id"], "coordonnees:7:0");
        assert_eq!(body["components"][0]["components"][1]["style"], 5);
        let form = Modal {
            action: Action::ValiderForm(DraftId("a".repeat(16))),
            title: "Valider une participation".to_owned(),
            fields: vec![Field::short("prenom", "Prénom").filled("Camille")],
        };
        assert_eq!(modal(&form)["components"][0]["components"][0]["value"], "Camille");
    }
}
