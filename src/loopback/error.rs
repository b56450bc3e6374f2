//! Refusals, in the form in which Discord gives them.

use serde_json::{Map, Value, json};

/// A refusal: an HTTP status, a JSON code, a message, and for invalid forms the tree of what is wrong.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) errors: Option<Box<Value>>,
    /// Seconds to wait, for 429.
    pub(super) retry_after: Option<f64>,
    /// What no bot should ever send; the loopback keeps it to fail the test.
    pub(super) violation: Option<String>,
}

impl ApiError {
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            errors: None,
            retry_after: None,
            violation: None,
        }
    }

    pub(super) fn violation(mut self, what: impl Into<String>) -> Self {
        self.violation = Some(what.into());
        self
    }

    pub(super) fn body(&self) -> Value {
        let mut map = Map::new();
        map.insert("message".into(), json!(self.message));
        if let Some(seconds) = self.retry_after {
            map.insert("retry_after".into(), json!(seconds));
            map.insert("global".into(), json!(false));
        }
        if self.retry_after.is_none() || self.code != 0 {
            map.insert("code".into(), json!(self.code));
        }
        if let Some(errors) = &self.errors {
            map.insert("errors".into(), Value::clone(errors));
        }
        Value::Object(map)
    }

    pub(super) fn missing_access() -> Self {
        Self::new(403, 50001, "Missing Access")
    }

    pub(super) fn missing_permissions() -> Self {
        Self::new(403, 50013, "Missing Permissions")
    }

    pub(super) fn unknown(code: u32, what: &str) -> Self {
        Self::new(404, code, &format!("Unknown {what}"))
    }

    pub(super) fn unknown_channel() -> Self {
        Self::unknown(10003, "Channel")
    }

    pub(super) fn unknown_guild() -> Self {
        Self::unknown(10004, "Guild")
    }

    pub(super) fn unknown_member() -> Self {
        Self::unknown(10007, "Member")
    }

    pub(super) fn unknown_message() -> Self {
        Self::unknown(10008, "Message")
    }

    pub(super) fn unknown_role() -> Self {
        Self::unknown(10011, "Role")
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, 0, "401: Unauthorized")
    }

    /// 429 on one bucket; `code` is 0 when Discord gives none.
    pub(super) fn too_many(code: u32, message: &str, retry_after: f64) -> Self {
        let mut error = Self::new(429, code, message);
        error.retry_after = Some(retry_after.max(0.001));
        error
    }

    /// 50035 about a single path.
    pub(super) fn form(path: &str, code: &str, message: &str) -> Self {
        let mut errors = Errors::default();
        errors.add(path, code, message);
        errors.into_error()
    }
}

/// Faults of one form, gathered so that all are told together.
#[derive(Debug, Default)]
pub(super) struct Errors {
    list: Vec<(String, String, String)>,
    violation: Option<String>,
}

impl Errors {
    pub(super) fn add(&mut self, path: &str, code: &str, message: &str) {
        self.list.push((path.to_owned(), code.to_owned(), message.to_owned()));
    }

    /// A field that Discord does not know: an error here, and a violation.
    pub(super) fn unknown_field(&mut self, path: &str) {
        self.add(path, "UNKNOWN_FIELD", "This field is not known to this route.");
        self.violation.get_or_insert_with(|| format!("unknown field «{path}»"));
    }

    pub(super) fn length(&mut self, path: &str, min: usize, max: usize) {
        self.add(
            path,
            "BASE_TYPE_BAD_LENGTH",
            &format!("Must be between {min} and {max} in length."),
        );
    }

    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.list.is_empty() {
            Ok(())
        } else {
            Err(self.into_error())
        }
    }

    fn into_error(self) -> ApiError {
        let mut tree = json!({});
        for (path, code, message) in &self.list {
            let mut node = &mut tree;
            for part in path.split('.').filter(|part| !part.is_empty()) {
                node = &mut node[part];
            }
            let entry = json!({"code": code, "message": message});
            match node.get_mut("_errors").and_then(Value::as_array_mut) {
                Some(list) => list.push(entry),
                None => node["_errors"] = json!([entry]),
            }
        }
        let mut error = ApiError::new(400, 50035, "Invalid Form Body");
        error.errors = Some(Box::new(tree));
        error.violation = self.violation;
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_names_each_path() {
        let mut errors = Errors::default();
        errors.length("embeds.0.title", 1, 256);
        errors.add("name", "BASE_TYPE_REQUIRED", "This field is required");
        let body = errors.finish().unwrap_err().body();
        assert_eq!(body["code"], 50035);
        assert_eq!(
            body["errors"]["embeds"]["0"]["title"]["_errors"][0]["code"],
            "BASE_TYPE_BAD_LENGTH"
        );
        assert_eq!(body["errors"]["name"]["_errors"][0]["code"], "BASE_TYPE_REQUIRED");
    }
}
