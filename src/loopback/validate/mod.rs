//! Forms: which fields a route knows, of which type and length. All faults of one body are told together.

mod command;
mod components;
mod message;

pub(super) use command::command;
pub use components::{Modal, ModalField};
pub(super) use components::{modal, rows};
pub(super) use message::{MESSAGE_FIELDS, Uploads, draft};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::error::{ApiError, Errors};
use super::model::{Overwrite, OverwriteKind};
use super::snowflake::Id;

/// A JSON object being read. Null fields count as absent except where `given` asks.
pub(super) struct Form<'a> {
    map: &'a Map<String, Value>,
    at: String,
    errors: &'a mut Errors,
}

impl<'a> Form<'a> {
    /// Reads `body`, the value at path `at`, in which only `known` fields may stand.
    pub(super) fn new(body: &'a Value, at: &str, known: &[&str], errors: &'a mut Errors) -> Option<Self> {
        let Some(map) = body.as_object() else {
            errors.add(at, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
            return None;
        };
        let form = Self {
            map,
            at: at.to_owned(),
            errors,
        };
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            let path = form.path(name);
            form.errors.unknown_field(&path);
        }
        Some(form)
    }

    pub(super) fn path(&self, name: &str) -> String {
        if self.at.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.at)
        }
    }

    pub(super) fn fault(&mut self, name: &str, code: &str, message: &str) {
        let path = self.path(name);
        self.errors.add(&path, code, message);
    }

    /// For parts that are read as forms of their own.
    pub(super) fn errors(&mut self) -> &mut Errors {
        self.errors
    }

    /// Whether the field stands there, null included.
    pub(super) fn given(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    pub(super) fn raw(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    fn typed<T>(&mut self, name: &str, kind: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.raw(name)?;
        let read = read(value);
        if read.is_none() {
            self.fault(
                name,
                &format!("{kind}_TYPE_CONVERT"),
                &format!("Value is not a valid {}", kind.to_lowercase()),
            );
        }
        read
    }

    pub(super) fn text(&mut self, name: &str, min: usize, max: usize) -> Option<String> {
        let text = self.typed(name, "STRING", |v| v.as_str().map(str::to_owned))?;
        let length = text.chars().count();
        if !(min..=max).contains(&length) {
            let path = self.path(name);
            self.errors.length(&path, min, max);
        }
        Some(text)
    }

    /// As [`Self::text`], but missing is a fault.
    pub(super) fn needed_text(&mut self, name: &str, min: usize, max: usize) -> String {
        if self.raw(name).is_none() {
            self.required(name);
        }
        self.text(name, min, max).unwrap_or_default()
    }

    /// A text that null takes away: None when absent, Some(None) when null.
    pub(super) fn nullable_text(&mut self, name: &str, min: usize, max: usize) -> Option<Option<String>> {
        self.given(name).then(|| self.text(name, min, max))
    }

    pub(super) fn required(&mut self, name: &str) {
        self.fault(name, "BASE_TYPE_REQUIRED", "This field is required");
    }

    pub(super) fn number(&mut self, name: &str, min: u64, max: u64) -> Option<u64> {
        let number = self.typed(name, "NUMBER", Value::as_u64)?;
        if !(min..=max).contains(&number) {
            self.fault(
                name,
                "NUMBER_TYPE_RANGE",
                &format!("int value should be between {min} and {max}."),
            );
        }
        Some(number)
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.typed(name, "BOOLEAN", Value::as_bool)
    }

    pub(super) fn id(&mut self, name: &str) -> Option<Id> {
        self.typed(name, "SNOWFLAKE", as_id)
    }

    /// An identifier that null takes away.
    pub(super) fn nullable_id(&mut self, name: &str) -> Option<Option<Id>> {
        self.given(name).then(|| self.id(name))
    }

    pub(super) fn ids(&mut self, name: &str) -> Option<Vec<Id>> {
        self.typed(name, "LIST", |v| v.as_array()?.iter().map(as_id).collect())
    }

    pub(super) fn list(&mut self, name: &str, max: usize) -> Option<&'a [Value]> {
        let list = self.typed(name, "LIST", |v| v.as_array().map(Vec::as_slice))?;
        if list.len() > max {
            let path = self.path(name);
            self.errors.length(&path, 0, max);
        }
        Some(list)
    }

    /// Permission bits, as a number or as its decimal text.
    pub(super) fn bits(&mut self, name: &str) -> Option<u64> {
        self.typed(name, "BITFIELD", as_id)
    }

    pub(super) fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.typed(name, "DATETIME", |v| {
            DateTime::parse_from_rfc3339(v.as_str()?)
                .ok()
                .map(|time| time.with_timezone(&Utc))
        })
    }
}

fn as_id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Reads a whole body: `read` takes what it needs, and the faults come back as one 50035.
pub(super) fn body<T>(body: &Value, known: &[&str], read: impl FnOnce(&mut Form<'_>) -> T) -> Result<T, ApiError> {
    let mut errors = Errors::default();
    let result = Form::new(body, "", known, &mut errors).map(|mut form| read(&mut form));
    errors.finish()?;
    result.ok_or_else(|| ApiError::new(400, 50109, "The request body contains invalid JSON."))
}

/// A list of overwrites at `name`; 100 at most in one body.
pub(super) fn overwrites(form: &mut Form<'_>, name: &str) -> Option<Vec<Overwrite>> {
    let list = form.list(name, 100)?;
    let at = form.path(name);
    let errors = form.errors();
    let mut out = Vec::new();
    for (n, item) in list.iter().enumerate() {
        let known = ["id", "type", "allow", "deny"];
        let Some(mut one) = Form::new(item, &format!("{at}.{n}"), &known, errors) else {
            continue;
        };
        let kind = match one.number("type", 0, 1) {
            Some(1) => OverwriteKind::Member,
            _ => OverwriteKind::Role,
        };
        let (allow, deny) = (one.bits("allow").unwrap_or(0), one.bits("deny").unwrap_or(0));
        match one.id("id") {
            Some(id) => out.push(Overwrite { id, kind, allow, deny }),
            None => one.required("id"),
        }
    }
    Some(out)
}
