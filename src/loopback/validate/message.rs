//! Messages: content, embeds, files, allowed mentions (limits of discord.md §1).

use serde_json::{Value, json};

use super::super::error::Errors;
use super::super::model::Attachment;
use super::super::snowflake::Id;
use super::super::world::Draft;
use super::{Form, rows};

/// Fields of a message body. `poll` and `sticker_ids` are known to Discord and refused here when used.
pub(in super::super) const MESSAGE_FIELDS: &[&str] = &[
    "content",
    "nonce",
    "tts",
    "embeds",
    "allowed_mentions",
    "message_reference",
    "components",
    "sticker_ids",
    "flags",
    "attachments",
    "enforce_nonce",
    "poll",
];

/// Files that came with a request, already kept, by the number in their part's name.
pub(in super::super) type Uploads = Vec<(u64, Attachment)>;

/// Identifiers below this are numbers of uploaded files, above it existing attachments.
const UPLOAD_NUMBERS: Id = 100;

/// Reads a message from a form whose known fields include [`MESSAGE_FIELDS`].
pub(in super::super) fn draft(form: &mut Form<'_>, uploads: Uploads) -> Draft {
    for unmodelled in ["poll", "sticker_ids"] {
        if form
            .raw(unmodelled)
            .is_some_and(|v| v.as_array().is_none_or(|list| !list.is_empty()))
        {
            let path = form.path(unmodelled);
            form.errors().unknown_field(&path);
        }
    }
    form.flag("tts");
    let mut draft = Draft {
        // A content set to null is emptied; Discord trims what it keeps.
        content: form
            .nullable_text("content", 0, 2000)
            .map(|c| c.unwrap_or_default().trim().to_owned()),
        ..Draft::default()
    };
    draft.flags = form.number("flags", 0, u64::MAX).unwrap_or(0);
    if draft.flags & !(4 | 64 | 4096) != 0 {
        form.fault("flags", "MESSAGE_FLAGS_INVALID", "These flags can not be set here");
    }
    draft.enforce_nonce = form.flag("enforce_nonce").unwrap_or(false);
    if let Some(nonce) = form.raw("nonce") {
        let fits = nonce
            .as_str()
            .map_or(nonce.is_u64() || nonce.is_i64(), |text| text.chars().count() <= 25);
        if fits {
            draft.nonce = Some(nonce.clone());
        } else {
            form.fault(
                "nonce",
                "NONCE_TYPE_TOO_LONG",
                "Nonce can not be longer than 25 characters.",
            );
        }
    }
    if let Some(reference) = form.raw("message_reference") {
        let at = form.path("message_reference");
        let known = ["type", "message_id", "channel_id", "guild_id", "fail_if_not_exists"];
        draft.reference = Form::new(reference, &at, &known, form.errors()).and_then(|mut r| r.id("message_id"));
    }
    allowed_mentions(form, &mut draft);
    files(form, &mut draft, uploads);
    if form.given("embeds") {
        draft.embeds = Some(embeds(form, &draft));
    }
    if form.given("components") {
        let list = form.list("components", 5).unwrap_or_default();
        let at = form.path("components");
        draft.components = Some(rows(list, &at, form.errors()));
    }
    draft
}

fn allowed_mentions(form: &mut Form<'_>, draft: &mut Draft) {
    let Some(value) = form.raw("allowed_mentions") else {
        return;
    };
    let at = form.path("allowed_mentions");
    let Some(mut inner) = Form::new(value, &at, &["parse", "users", "roles", "replied_user"], form.errors()) else {
        return;
    };
    inner.flag("replied_user");
    let (users, roles) = (
        inner.ids("users").unwrap_or_default(),
        inner.ids("roles").unwrap_or_default(),
    );
    let parse: Vec<&str> = inner
        .list("parse", 3)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if let Some(odd) = parse.iter().find(|p| !["users", "roles", "everyone"].contains(p)) {
        inner.fault(
            "parse",
            "BASE_TYPE_CHOICES",
            &format!("«{odd}» is not one of users, roles, everyone"),
        );
    }
    for (name, list) in [("users", &users), ("roles", &roles)] {
        if parse.contains(&name) && !list.is_empty() {
            inner.fault(
                "parse",
                "ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                &format!("parse:[\"{name}\"] and {name}: [ids...] are mutually exclusive."),
            );
        }
        if list.len() > 100 {
            inner.fault(name, "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.");
        }
    }
    draft.allowed.everyone = parse.contains(&"everyone");
    draft.allowed.all_users = parse.contains(&"users");
    draft.allowed.all_roles = parse.contains(&"roles");
    draft.allowed.users = users;
    draft.allowed.roles = roles;
}

/// `attachments` names what is kept and describes what is uploaded.
fn files(form: &mut Form<'_>, draft: &mut Draft, mut uploads: Uploads) {
    if uploads.len() > 10 {
        form.fault("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
    }
    if let Some(list) = form.list("attachments", 10) {
        let at = form.path("attachments");
        let mut keep = Vec::new();
        for (n, item) in list.iter().enumerate() {
            let known = [
                "id",
                "filename",
                "description",
                "title",
                "duration_secs",
                "waveform",
                "is_remix",
            ];
            let Some(mut one) = Form::new(item, &format!("{at}.{n}"), &known, form.errors()) else {
                continue;
            };
            let description = one.text("description", 0, 1024);
            match one.id("id") {
                Some(id) if id >= UPLOAD_NUMBERS => keep.push(id),
                Some(id) => match uploads.iter_mut().find(|(number, _)| *number == id) {
                    Some((_, file)) => file.description = description,
                    None => one.fault("id", "ATTACHMENT_NOT_FOUND", "No file of that number was uploaded"),
                },
                None => one.required("id"),
            }
        }
        draft.keep = Some(keep);
    }
    draft.files = uploads.into_iter().map(|(_, file)| file).collect();
}

fn embeds(form: &mut Form<'_>, draft: &Draft) -> Vec<Value> {
    let list = form.list("embeds", 10).unwrap_or_default();
    let at = form.path("embeds");
    let mut sum = 0;
    let kept: Vec<Value> = list
        .iter()
        .enumerate()
        .map(|(n, e)| embed(e, &format!("{at}.{n}"), draft, &mut sum, form.errors()))
        .collect();
    if sum > 6000 {
        form.fault(
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            "Embed size exceeds maximum size of 6000",
        );
    }
    kept
}

const EMBED_FIELDS: &[&str] = &[
    "title",
    "type",
    "description",
    "url",
    "timestamp",
    "color",
    "footer",
    "image",
    "thumbnail",
    "video",
    "provider",
    "author",
    "fields",
];

fn embed(value: &Value, at: &str, draft: &Draft, sum: &mut usize, errors: &mut Errors) -> Value {
    let Some(mut form) = Form::new(value, at, EMBED_FIELDS, errors) else {
        return Value::Null;
    };
    let mut count = |text: &str| *sum += text.chars().count();
    let mut out = json!({"type": "rich"});
    for (name, max) in [("title", 256), ("description", 4096)] {
        if let Some(text) = form.text(name, 0, max).filter(|t| !t.trim().is_empty()) {
            count(text.trim());
            out[name] = json!(text.trim());
        }
    }
    if let Some(url) = form.text("url", 0, 2048) {
        web_address(&mut form, "url", &url);
        out["url"] = json!(url);
    }
    if let Some(color) = form.number("color", 0, 0xFF_FF_FF) {
        out["color"] = json!(color);
    }
    if form.time("timestamp").is_some() {
        out["timestamp"] = form.raw("timestamp").cloned().unwrap_or_default();
    }
    for (name, text, max) in [("footer", "text", 2048), ("author", "name", 256)] {
        let Some(part) = form.raw(name) else { continue };
        let path = form.path(name);
        let known = [text, "url", "icon_url", "proxy_icon_url"];
        if let Some(mut inner) = Form::new(part, &path, &known, form.errors()) {
            count(&inner.needed_text(text, 0, max));
        }
        out[name] = part.clone();
    }
    for name in ["image", "thumbnail"] {
        let Some(part) = form.raw(name) else { continue };
        let path = form.path(name);
        let Some(mut inner) = Form::new(part, &path, &["url", "proxy_url", "height", "width"], form.errors()) else {
            continue;
        };
        let url = inner.needed_text("url", 1, 2048);
        let mut shown = url.clone();
        if let Some(file) = url.strip_prefix("attachment://") {
            match draft.files.iter().find(|f| f.filename == file) {
                Some(file) => shown.clone_from(&file.url),
                // An edit may refer to a file that the message already has.
                None if draft.keep.as_ref().is_some_and(|keep| !keep.is_empty()) => {}
                None => inner.fault(
                    "url",
                    "ATTACHMENT_NOT_FOUND",
                    "No file of that name comes with this message",
                ),
            }
        } else {
            web_address(&mut inner, "url", &url);
        }
        out[name] = json!({"url": shown, "proxy_url": shown});
    }
    if let Some(list) = form.list("fields", 25) {
        let path = form.path("fields");
        let mut kept = Vec::new();
        for (n, field) in list.iter().enumerate() {
            let known = ["name", "value", "inline"];
            let Some(mut inner) = Form::new(field, &format!("{path}.{n}"), &known, form.errors()) else {
                continue;
            };
            let (name, text) = (inner.needed_text("name", 1, 256), inner.needed_text("value", 1, 1024));
            for (which, text) in [("name", &name), ("value", &text)] {
                count(text.trim());
                if text.trim().is_empty() {
                    inner.required(which);
                }
            }
            kept.push(json!({"name": name, "value": text, "inline": inner.flag("inline").unwrap_or(false)}));
        }
        if !kept.is_empty() {
            out["fields"] = json!(kept);
        }
    }
    out
}

fn web_address(form: &mut Form<'_>, name: &str, address: &str) {
    if !["http://", "https://"].iter().any(|scheme| address.starts_with(scheme)) {
        form.fault(name, "URL_TYPE_INVALID_SCHEME", "Scheme must be one of http, https.");
    }
}

/// Whether an embed shows nothing at all.
pub(in super::super) fn is_blank(embed: &Value) -> bool {
    embed
        .as_object()
        .is_none_or(|map| map.keys().all(|key| key == "type" || key == "color"))
}

impl Draft {
    /// Whether nothing would be shown of a new message (50006).
    pub(in super::super) fn is_empty(&self) -> bool {
        self.content.as_deref().unwrap_or_default().is_empty()
            && self.embeds.as_deref().unwrap_or_default().iter().all(is_blank)
            && self.files.is_empty()
            && self.components.as_deref().unwrap_or_default().is_empty()
    }
}
