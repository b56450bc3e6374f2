//! One message, one form, as lines of text.

use serde_json::Value as Json;

use super::markup::{self, Names};
use crate::loopback::Modal;
use crate::loopback::model::Message;

/// The widest line of a transcript, in characters, its margin not counted.
const WIDTH: usize = 100;
/// The longest list of options shown under a select.
const OPTIONS_SHOWN: usize = 6;
/// The longest file shown line by line.
const FILE_LINES_SHOWN: usize = 12;

/// A message as it is read: content, embeds, files, then what can be pressed or chosen.
#[must_use]
pub fn message(message: &Message, names: &impl Names) -> Vec<String> {
    let mut lines = text(&markup::plain(&message.content, names), "");
    for embed in &message.embeds {
        lines.extend(frame(embed, names));
    }
    for file in &message.attachments {
        lines.extend(attachment(&file.filename, &file.content_type, &file.bytes));
    }
    for row in &message.components {
        lines.extend(components(row, names));
    }
    lines
}

/// A form as it opens.
#[must_use]
pub fn form(modal: &Modal) -> Vec<String> {
    let mut lines = vec![format!("Formulaire « {} » :", modal.title)];
    for field in &modal.fields {
        let filled = match (field.value.as_str(), field.placeholder.as_str()) {
            ("", "") => "……".to_owned(),
            ("", hint) => format!("…… ({hint})"),
            (value, _) => value.to_owned(),
        };
        let optional = if field.required { "" } else { " (facultatif)" };
        lines.extend(text(&format!("{}{optional} : {filled}", field.label), "  "));
    }
    lines
}

/// A text broken into lines, each behind `margin`. The continuation of a line is indented as the line is.
#[must_use]
pub fn text(text: &str, margin: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if text.is_empty() {
        return lines;
    }
    for line in text.trim_end().split('\n') {
        if line.trim().is_empty() {
            lines.push(String::new());
            continue;
        }
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        let mut current = String::new();
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let long = current.chars().count() + word.chars().count() + 1 > WIDTH - margin.len();
            if long && !current.trim().is_empty() {
                lines.push(format!("{margin}{current}"));
                current.clear();
            }
            if current.is_empty() {
                current.push_str(&indent);
            } else if !current.ends_with(' ') || current.trim().is_empty() && current.len() > indent.len() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(format!("{margin}{current}"));
    }
    lines
}

fn frame(embed: &Json, names: &impl Names) -> Vec<String> {
    let read = |value: &Json| markup::plain(value.as_str().unwrap_or_default(), names);
    let mut parts = Vec::new();
    let mut push = |part: String| {
        if !part.is_empty() {
            parts.push(part);
        }
    };
    push(read(&embed["author"]["name"]));
    push(read(&embed["title"]));
    push(read(&embed["description"]));
    for field in embed["fields"].as_array().into_iter().flatten() {
        push(format!("{} : {}", read(&field["name"]), read(&field["value"])));
    }
    if embed["image"]["url"].is_string() {
        push("(image)".to_owned());
    }
    push(read(&embed["footer"]["text"]));
    parts
        .iter()
        .flat_map(|part| text(part, "▏ "))
        .map(|line| if line.is_empty() { "▏".to_owned() } else { line })
        .collect()
}

fn attachment(name: &str, content_type: &str, bytes: &[u8]) -> Vec<String> {
    let readable = content_type.starts_with("text/") || name.ends_with(".csv") || name.ends_with(".md");
    let Some(content) = std::str::from_utf8(bytes).ok().filter(|_| readable) else {
        return vec![format!("📎 {name}")];
    };
    let all: Vec<&str> = content.trim_start_matches('\u{feff}').lines().collect();
    let mut lines = vec![format!("📎 {name}")];
    lines.extend(all.iter().take(FILE_LINES_SHOWN).map(|line| format!("   {line}")));
    if all.len() > FILE_LINES_SHOWN {
        lines.push(format!("   … ({} lignes)", all.len()));
    }
    lines
}

/// A row: «`[Confirmer] [Annuler]`», or a select with the first of its options.
fn components(row: &Json, names: &impl Names) -> Vec<String> {
    let parts = row["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(select) = parts.first().filter(|part| part["type"] != 2) {
        return options(select, names);
    }
    let buttons: Vec<String> = parts.iter().map(button).collect();
    text(&buttons.join(" "), "")
}

fn button(part: &Json) -> String {
    let label = part["label"].as_str().unwrap_or_default();
    if part["disabled"] == true {
        format!("({label})")
    } else if part["url"].is_string() {
        format!("[{label} ↗]")
    } else {
        format!("[{label}]")
    }
}

fn options(select: &Json, names: &impl Names) -> Vec<String> {
    let placeholder = select["placeholder"].as_str().unwrap_or("Choisir");
    let kind = match select["type"].as_u64() {
        Some(5) => " (une personne du serveur)",
        Some(8) => " (un salon)",
        _ => "",
    };
    let mut lines = vec![format!("▼ {placeholder}{kind}")];
    let all = select["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    for option in all.iter().take(OPTIONS_SHOWN) {
        let mark = if option["default"] == true { "●" } else { "·" };
        let label = option["label"].as_str().unwrap_or_default();
        let more = option["description"]
            .as_str()
            .map(|more| format!(" — {more}"))
            .unwrap_or_default();
        lines.extend(text(&markup::plain(&format!("{mark} {label}{more}"), names), "  "));
    }
    if all.len() > OPTIONS_SHOWN {
        lines.push(format!("  … et {} autres", all.len() - OPTIONS_SHOWN));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::markup::tests::Letters;
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_keep_their_indentation() {
        let long = format!("  - {}", "mot ".repeat(40));
        let lines = text(&long, "▏ ");
        assert_eq!(lines.len(), 2);
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with("▏   ") && line.chars().count() <= WIDTH)
        );
        assert_eq!(text("a\n\nb", "  "), ["  a", "", "  b"]);
        // A no-break space does not break.
        let glued = format!("{} fin\u{a0}?", "x".repeat(96));
        assert_eq!(text(&glued, ""), ["x".repeat(96), "fin\u{a0}?".to_owned()]);
        assert_eq!(text(&"y".repeat(200), "").len(), 1);
        assert!(text("", "").is_empty());
    }

    #[test]
    fn buttons_selects_and_frames_are_readable() {
        let row = json!({"type": 1, "components": [
            {"type": 2, "label": "Confirmer", "custom_id": "a"},
            {"type": 2, "label": "Valider", "custom_id": "b", "disabled": true},
            {"type": 2, "label": "S’inscrire", "url": "https://example.org"}]});
        assert_eq!(components(&row, &Letters), ["[Confirmer] (Valider) [S’inscrire ↗]"]);
        let options: Vec<Json> = (1..=8)
            .map(|n| json!({"label": format!("Groupe {n}"), "value": "x", "default": n == 1, "description": "ici"}))
            .collect();
        let row = json!({"type": 1, "components": [{"type": 3, "placeholder": "Quel groupe ?", "options": options}]});
        let lines = components(&row, &Letters);
        assert_eq!(
            lines[..2],
            ["▼ Quel groupe ?".to_owned(), "  ● Groupe 1 — ici".to_owned()]
        );
        assert_eq!((lines.len(), lines[7].as_str()), (8, "  … et 2 autres"));
        let embed =
            json!({"title": "**Lunel**", "description": "a\n\nb", "fields": [{"name": "Relais", "value": "<@1>"}]});
        assert_eq!(
            frame(&embed, &Letters),
            ["▏ Lunel", "▏ a", "▏", "▏ b", "▏ Relais : @A1"]
        );
    }

    #[test]
    fn text_files_are_shown_and_others_named() {
        assert_eq!(
            attachment("a.csv", "text/csv", "\u{feff}x;y\n1;2\n".as_bytes()),
            ["📎 a.csv", "   x;y", "   1;2"]
        );
        assert_eq!(attachment("a.png", "image/png", &[137, 80]), ["📎 a.png"]);
        assert_eq!(
            attachment("b.txt", "text/plain", "l\n".repeat(20).as_bytes())
                .last()
                .unwrap(),
            "   … (20 lignes)"
        );
    }
}
