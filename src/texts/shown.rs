//! Messages as a reader sees them, for snapshots.

use crate::domain::view::{Message, Modal, Row, SelectOf, Target};

/// The text of a message, its buttons and its selects; faults fail the test, and so does a doubled identifier.
pub(super) fn message(message: &Message) -> String {
    assert_eq!(message.faults(), Vec::<String>::new());
    let mut out = Vec::new();
    if !message.content.is_empty() {
        out.push(message.content.clone());
    }
    for embed in &message.embeds {
        out.push(format!("| {}", embed.title));
        out.extend(embed.description.lines().map(|line| format!("| {line}")));
        if !embed.footer.is_empty() {
            out.push(format!("| ({})", embed.footer));
        }
    }
    let mut ids = Vec::new();
    for row in &message.rows {
        match row {
            Row::Buttons(buttons) => {
                let labels = buttons.iter().map(|button| {
                    if let Target::Act(action) = &button.target {
                        ids.push(action.custom_id());
                    }
                    if button.disabled {
                        format!("[{} (fermé)]", button.label)
                    } else {
                        format!("[{}]", button.label)
                    }
                });
                out.push(labels.collect::<Vec<_>>().join(" "));
            }
            Row::Select(select) => {
                ids.push(select.action.custom_id());
                out.push(format!("<{}>", select.placeholder));
                if let SelectOf::Choices(choices) = &select.of {
                    out.extend(
                        choices
                            .iter()
                            .map(|choice| format!("  {} / {}", choice.label, choice.description)),
                    );
                }
            }
        }
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "two components bear the same identifier");
    assert!(ids.iter().all(|id| id.len() <= 100));
    out.join("\n")
}

/// The title and fields of a form.
pub(super) fn modal(modal: &Modal) -> String {
    let fields = modal
        .fields
        .iter()
        .map(|field| format!("{}: {} ({})", field.id, field.label, field.placeholder));
    std::iter::once(modal.title.clone())
        .chain(fields)
        .collect::<Vec<_>>()
        .join("\n")
}
