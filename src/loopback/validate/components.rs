//! Buttons, selects and modals of the legacy kind: action rows (discord.md §1).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::error::{ApiError, Errors};
use super::super::snowflake::Id;
use super::{Form, body};

/// Action rows under a message; their custom_ids must differ from each other.
pub(in super::super) fn rows(list: &[Value], at: &str, errors: &mut Errors) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for (n, row) in list.iter().enumerate() {
        let path = format!("{at}.{n}");
        let Some(mut form) = Form::new(row, &path, &["type", "id", "components"], errors) else {
            continue;
        };
        if form.number("type", 1, 1).is_none() {
            form.required("type");
            continue;
        }
        let parts = form.list("components", 5).unwrap_or_default();
        let selects = parts
            .iter()
            .filter(|c| c["type"].as_u64().is_some_and(|t| (3..=8).contains(&t)))
            .count();
        if parts.is_empty() || (selects > 0 && parts.len() > 1) {
            form.fault(
                "components",
                "BASE_TYPE_BAD_LENGTH",
                "A row holds 1 to 5 buttons, or one select.",
            );
        }
        let kept_parts: Vec<Value> = parts
            .iter()
            .enumerate()
            .filter_map(|(m, part)| {
                let path = format!("{path}.components.{m}");
                match part["type"].as_u64() {
                    Some(2) => button(part, &path, &mut seen, form.errors()),
                    Some(3 | 5..=8) => select(part, &path, &mut seen, form.errors()),
                    _ => {
                        form.errors().add(
                            &path,
                            "UNION_TYPE_CHOICES",
                            "This kind of component can not stand in a message row.",
                        );
                        None
                    }
                }
            })
            .collect();
        kept.push(json!({"type": 1, "components": kept_parts}));
    }
    kept
}

fn custom_id(form: &mut Form<'_>, seen: &mut BTreeSet<String>) -> String {
    let id = form.needed_text("custom_id", 1, 100);
    if !seen.insert(id.clone()) {
        form.fault(
            "custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "Component custom id cannot be duplicated",
        );
    }
    id
}

fn button(part: &Value, at: &str, seen: &mut BTreeSet<String>, errors: &mut Errors) -> Option<Value> {
    let known = [
        "type",
        "id",
        "style",
        "label",
        "emoji",
        "custom_id",
        "url",
        "disabled",
        "sku_id",
    ];
    let mut form = Form::new(part, at, &known, errors)?;
    let style = form.number("style", 1, 5).unwrap_or_else(|| {
        form.required("style");
        1
    });
    let mut out = json!({"type": 2, "style": style, "disabled": form.flag("disabled").unwrap_or(false)});
    let label = form.text("label", 0, 80).filter(|l| !l.trim().is_empty());
    if label.is_none() && form.raw("emoji").is_none() {
        form.fault(
            "label",
            "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED",
            "A button must have a label or an emoji",
        );
    }
    if let Some(label) = label {
        out["label"] = json!(label);
    }
    if let Some(emoji) = form.raw("emoji") {
        out["emoji"] = emoji.clone();
    }
    if form.raw("sku_id").is_some() {
        form.fault("sku_id", "BUTTON_COMPONENT_SKU_ID", "Premium buttons do not exist here");
    }
    if style == 5 {
        let url = form.needed_text("url", 1, 512);
        if !["http://", "https://", "discord://"].iter().any(|s| url.starts_with(s)) {
            form.fault(
                "url",
                "URL_TYPE_INVALID_SCHEME",
                "Scheme must be one of http, https, discord.",
            );
        }
        if form.raw("custom_id").is_some() {
            form.fault(
                "custom_id",
                "BUTTON_COMPONENT_CUSTOM_ID_URL",
                "A custom id and url cannot both be specified",
            );
        }
        out["url"] = json!(url);
    } else {
        if form.raw("url").is_some() {
            form.fault(
                "url",
                "BUTTON_COMPONENT_CUSTOM_ID_URL",
                "A custom id and url cannot both be specified",
            );
        }
        out["custom_id"] = json!(custom_id(&mut form, seen));
    }
    Some(out)
}

fn select(part: &Value, at: &str, seen: &mut BTreeSet<String>, errors: &mut Errors) -> Option<Value> {
    let known = [
        "type",
        "id",
        "custom_id",
        "options",
        "channel_types",
        "placeholder",
        "default_values",
        "min_values",
        "max_values",
        "disabled",
        "required",
    ];
    let mut form = Form::new(part, at, &known, errors)?;
    let kind = form.number("type", 3, 8).unwrap_or(3);
    let (min, max) = (
        form.number("min_values", 0, 25).unwrap_or(1),
        form.number("max_values", 1, 25).unwrap_or(1),
    );
    if min > max {
        form.fault(
            "min_values",
            "SELECT_COMPONENT_MIN_ABOVE_MAX",
            "min_values is above max_values",
        );
    }
    let mut out = json!({
        "type": kind, "custom_id": custom_id(&mut form, seen), "min_values": min, "max_values": max,
        "placeholder": form.text("placeholder", 0, 150), "disabled": form.flag("disabled").unwrap_or(false),
    });
    if let Some(types) = form.raw("channel_types") {
        out["channel_types"] = types.clone();
    }
    if let Some(list) = form.list("default_values", 25) {
        if list.len() as u64 > max {
            form.fault(
                "default_values",
                "SELECT_COMPONENT_DEFAULTS",
                "More defaults than max_values",
            );
        }
        out["default_values"] = json!(list);
    }
    if kind == 3 {
        let list = form.list("options", 25).unwrap_or_default();
        if list.is_empty() {
            form.fault("options", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.");
        }
        if max > list.len().max(1) as u64 {
            form.fault(
                "max_values",
                "SELECT_COMPONENT_MAX_ABOVE_OPTIONS",
                "max_values is above the number of options",
            );
        }
        out["options"] = json!(options(list, &form.path("options"), max, form.errors()));
    } else if form
        .raw("options")
        .is_some_and(|o| o.as_array().is_none_or(|list| !list.is_empty()))
    {
        form.fault(
            "options",
            "SELECT_COMPONENT_OPTIONS",
            "Only string selects have options",
        );
    }
    Some(out)
}

fn options(list: &[Value], at: &str, max: u64, errors: &mut Errors) -> Vec<Value> {
    let mut values = BTreeSet::new();
    let mut defaults = 0;
    let mut kept = Vec::new();
    for (n, option) in list.iter().enumerate() {
        let known = ["label", "value", "description", "emoji", "default"];
        let Some(mut form) = Form::new(option, &format!("{at}.{n}"), &known, errors) else {
            continue;
        };
        let (label, value) = (form.needed_text("label", 1, 100), form.needed_text("value", 1, 100));
        if !values.insert(value.clone()) {
            form.fault(
                "value",
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            );
        }
        let default = form.flag("default").unwrap_or(false);
        defaults += u64::from(default);
        let mut out = json!({"label": label, "value": value, "default": default});
        if let Some(text) = form.text("description", 0, 100) {
            out["description"] = json!(text);
        }
        if let Some(emoji) = form.raw("emoji") {
            out["emoji"] = emoji.clone();
        }
        kept.push(out);
    }
    if defaults > max {
        errors.add(at, "SELECT_COMPONENT_DEFAULTS", "More defaults than max_values");
    }
    kept
}

/// A form shown to one person.
#[derive(Clone, Debug)]
pub struct Modal {
    /// What identifies it to the bot.
    pub custom_id: String,
    /// Its title.
    pub title: String,
    /// Its fields, from top to bottom.
    pub fields: Vec<ModalField>,
    /// The interaction that it answered.
    pub interaction: Id,
    /// The message whose component opened it.
    pub message: Option<Id>,
    /// Where it was opened.
    pub channel: Id,
}

/// A text field of a modal.
#[derive(Clone, Debug)]
pub struct ModalField {
    /// What identifies it to the bot.
    pub custom_id: String,
    /// What is written above it.
    pub label: String,
    /// One line (1) or several (2).
    pub style: u64,
    /// What stands in it when it opens.
    pub value: String,
    /// What is shown in it while it is empty.
    pub placeholder: String,
    /// Whether it must be filled.
    pub required: bool,
    /// The least number of characters, when filled.
    pub min_length: usize,
    /// The greatest number of characters.
    pub max_length: usize,
}

/// Reads a modal: 1 to 5 rows of one text field each. Label components, which serenity 0.12.5 cannot read back
/// (discord.md §3), are refused.
pub(in super::super) fn modal(data: &Value) -> Result<Modal, ApiError> {
    body(data, &["custom_id", "title", "components"], |form| {
        let custom_id = form.needed_text("custom_id", 1, 100);
        let title = form.needed_text("title", 1, 45);
        let list = form.list("components", 5).unwrap_or_default();
        if list.is_empty() {
            form.fault(
                "components",
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 1 and 5 in length.",
            );
        }
        let mut seen = BTreeSet::new();
        let mut fields = Vec::new();
        for (n, row) in list.iter().enumerate() {
            let at = format!("components.{n}");
            let Some(mut row) = Form::new(row, &at, &["type", "id", "components"], form.errors()) else {
                continue;
            };
            if row.number("type", 1, 1) != Some(1) {
                row.fault(
                    "type",
                    "UNION_TYPE_CHOICES",
                    "Only action rows are understood in modals here.",
                );
            }
            match row.list("components", 1).unwrap_or_default() {
                [input] => fields.extend(field(input, &format!("{at}.components.0"), &mut seen, row.errors())),
                _ => row.fault("components", "BASE_TYPE_BAD_LENGTH", "Must be 1 in length."),
            }
        }
        Modal {
            custom_id,
            title,
            fields,
            interaction: 0,
            message: None,
            channel: 0,
        }
    })
}

fn field(input: &Value, at: &str, seen: &mut BTreeSet<String>, errors: &mut Errors) -> Option<ModalField> {
    let known = [
        "type",
        "id",
        "custom_id",
        "style",
        "label",
        "min_length",
        "max_length",
        "required",
        "value",
        "placeholder",
    ];
    let mut form = Form::new(input, at, &known, errors)?;
    if form.number("type", 4, 4).is_none() {
        form.required("type");
    }
    if form.raw("style").is_none() {
        form.required("style");
    }
    let field = ModalField {
        custom_id: custom_id(&mut form, seen),
        label: form.needed_text("label", 1, 45),
        style: form.number("style", 1, 2).unwrap_or(1),
        value: form.text("value", 0, 4000).unwrap_or_default(),
        placeholder: form.text("placeholder", 0, 100).unwrap_or_default(),
        required: form.flag("required").unwrap_or(true),
        min_length: usize::try_from(form.number("min_length", 0, 4000).unwrap_or(0)).unwrap_or(0),
        max_length: usize::try_from(form.number("max_length", 1, 4000).unwrap_or(4000)).unwrap_or(4000),
    };
    if field.min_length > field.max_length {
        form.fault(
            "min_length",
            "TEXT_INPUT_MIN_ABOVE_MAX",
            "min_length is above max_length",
        );
    }
    if field.value.chars().count() > field.max_length {
        form.fault(
            "value",
            "BASE_TYPE_MAX_LENGTH",
            &format!("Must be {} or fewer in length.", field.max_length),
        );
    }
    Some(field)
}
