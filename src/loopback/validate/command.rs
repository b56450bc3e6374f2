//! Definitions of slash commands (Discord documentation, «Application Commands»; discord.md §1).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::error::Errors;
use super::Form;

const FIELDS: &[&str] = &[
    "id",
    "application_id",
    "guild_id",
    "version",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "default_member_permissions",
    "dm_permission",
    "default_permission",
    "type",
    "integration_types",
    "contexts",
    "nsfw",
    "handler",
];

const OPTION_FIELDS: &[&str] = &[
    "type",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "required",
    "choices",
    "options",
    "channel_types",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "autocomplete",
];

/// Reads one command at path `at`; the result has its defaults filled in.
pub(in super::super) fn command(value: &Value, at: &str, errors: &mut Errors) -> Value {
    let Some(mut form) = Form::new(value, at, FIELDS, errors) else {
        return Value::Null;
    };
    let kind = form.number("type", 1, 4).unwrap_or(1);
    let name = form.needed_text("name", 1, 32);
    let description = if kind == 1 {
        form.needed_text("description", 1, 100)
    } else {
        String::new()
    };
    if kind == 1 {
        name_fault(&mut form, &name);
    }
    localized(&mut form);
    form.flag("nsfw");
    form.flag("dm_permission");
    let permissions = form.bits("default_member_permissions");
    let list = form.list("options", 25).unwrap_or_default();
    let mut options_at = form.path("options");
    let options = options(list, &options_at, 0, form.errors());
    if size(value) > 8000 {
        options_at = form.path("");
        form.errors().add(
            options_at.trim_end_matches('.'),
            "APPLICATION_COMMAND_TOO_LARGE",
            "Command exceeds maximum size (8000)",
        );
    }
    json!({
        "type": kind, "name": name, "name_localizations": form.raw("name_localizations"), "description": description,
        "description_localizations": form.raw("description_localizations"), "options": options,
        "default_member_permissions": permissions.map(|bits| bits.to_string()), "dm_permission": true,
        "nsfw": form.raw("nsfw").cloned().unwrap_or(json!(false)), "integration_types": [0], "contexts": null,
    })
}

fn options(list: &[Value], at: &str, depth: usize, errors: &mut Errors) -> Vec<Value> {
    let mut names = BTreeSet::new();
    let mut optional_seen = false;
    let mut kept = Vec::new();
    for (n, value) in list.iter().enumerate() {
        let Some(mut form) = Form::new(value, &format!("{at}.{n}"), OPTION_FIELDS, errors) else {
            continue;
        };
        let kind = form.number("type", 1, 11).unwrap_or_else(|| {
            form.required("type");
            3
        });
        let (name, description) = (form.needed_text("name", 1, 32), form.needed_text("description", 1, 100));
        name_fault(&mut form, &name);
        localized(&mut form);
        if !names.insert(name.clone()) {
            form.fault(
                "name",
                "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                "Option name already exists",
            );
        }
        let mut out = json!({"type": kind, "name": name, "description": description});
        let inner = form.list("options", 25).unwrap_or_default();
        let group_too_deep = kind == 2 && depth > 0 || kind == 1 && depth > 1;
        if group_too_deep || (kind > 2 && !inner.is_empty()) {
            form.fault(
                "type",
                "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                "Invalid option type at this depth",
            );
        }
        if kind <= 2 {
            let path = form.path("options");
            let below = if kind == 1 { 2 } else { 1 };
            out["options"] = json!(options(inner, &path, below, form.errors()));
            if list.iter().any(|other| other["type"].as_u64().is_some_and(|t| t > 2)) {
                form.fault(
                    "type",
                    "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                    "Subcommands and options can not be mixed",
                );
            }
        } else {
            let required = form.flag("required").unwrap_or(false);
            if required && optional_seen {
                form.fault(
                    "required",
                    "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                    "Required options must be placed before non-required options",
                );
            }
            optional_seen |= !required;
            out["required"] = json!(required);
            limits(&mut form, kind, &mut out);
        }
        kept.push(out);
    }
    kept
}

fn limits(form: &mut Form<'_>, kind: u64, out: &mut Value) {
    let autocomplete = form.flag("autocomplete").unwrap_or(false);
    let choices = form.list("choices", 25).unwrap_or_default();
    if autocomplete && (!choices.is_empty() || !matches!(kind, 3 | 4 | 10)) {
        form.fault(
            "autocomplete",
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
            "Autocomplete is for strings and numbers without choices",
        );
    }
    out["autocomplete"] = json!(autocomplete);
    let at = form.path("choices");
    let mut kept = Vec::new();
    for (n, choice) in choices.iter().enumerate() {
        let path = format!("{at}.{n}");
        let Some(mut inner) = Form::new(choice, &path, &["name", "name_localizations", "value"], form.errors()) else {
            continue;
        };
        let name = inner.needed_text("name", 1, 100);
        let value = inner.raw("value").cloned().unwrap_or_default();
        let fits = match kind {
            3 => value.as_str().is_some_and(|text| text.chars().count() <= 100),
            4 => value.is_i64() || value.is_u64(),
            10 => value.is_number(),
            _ => false,
        };
        if !fits {
            inner.fault(
                "value",
                "APPLICATION_COMMAND_OPTIONS_CHOICE_VALUE",
                "The value does not fit the option's type",
            );
        }
        kept.push(json!({"name": name, "value": value}));
    }
    if !kept.is_empty() {
        out["choices"] = json!(kept);
    }
    for name in ["min_value", "max_value", "min_length", "max_length", "channel_types"] {
        if let Some(value) = form.raw(name) {
            out[name] = value.clone();
        }
    }
    form.number("min_length", 0, 6000);
    form.number("max_length", 1, 6000);
}

/// Names: letters, digits, hyphen, underscore and apostrophe, in lower case where there is one.
fn name_fault(form: &mut Form<'_>, name: &str) {
    let fits = |c: char| c.is_alphanumeric() || "-_'".contains(c);
    if !name.is_empty() && (!name.chars().all(fits) || name.to_lowercase() != name) {
        form.fault("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

fn localized(form: &mut Form<'_>) {
    for (name, max) in [("name_localizations", 32), ("description_localizations", 100)] {
        let Some(map) = form.raw(name).and_then(Value::as_object) else {
            continue;
        };
        let long = map
            .values()
            .any(|text| text.as_str().is_none_or(|t| t.is_empty() || t.chars().count() > max));
        if long {
            form.fault(
                name,
                "BASE_TYPE_BAD_LENGTH",
                &format!("Must be between 1 and {max} in length."),
            );
        }
    }
}

/// Characters that count towards the 8000 of one command: names, descriptions and values.
fn size(value: &Value) -> usize {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) if matches!(key.as_str(), "name" | "description" | "value") => text.chars().count(),
                other => size(other),
            })
            .sum(),
        Value::Array(list) => list.iter().map(size).sum(),
        _ => 0,
    }
}
