//! The words around the statutes posted in a space (product.md §9).

use super::markdown::{EMBED_DESCRIPTION_MAX, EMBED_TITLE_MAX, escape_line, fit};

/// «Article 3 — Les décisions».
#[must_use]
pub fn title(number: u32, title: &str) -> String {
    fit(&format!("Article {number} — {}", escape_line(title)), EMBED_TITLE_MAX)
}

/// The text of an article. It keeps its Markdown: the generic statutes have some, and those who vote an article choose how
/// it reads. Mentions in an embed notify nobody.
#[must_use]
pub fn body(text: &str) -> String {
    fit(text.trim(), EMBED_DESCRIPTION_MAX)
}

/// «Statuts v1 · réf. statuts 12.3»: the version since which the article reads so.
#[must_use]
pub fn footer(since: u32, marker: &str) -> String {
    format!("Statuts v{since} · {marker}")
}
