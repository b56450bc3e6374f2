//! The page's own files, embedded.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal $kind:ident),* $(,)?) => {
        /// Every file under `/web`: name, content type, text.
        const FILES: &[(&str, &str, &str)] = &[$(($name, $kind, include_str!(concat!("web/", $name)))),*];
    };
}

files! {
    "icon.svg" SVG,
    "base.css" CSS,
    "layout.css" CSS,
    "messages.css" CSS,
    "controls.css" CSS,
    "app.js" JS,
    "acts.js" JS,
    "chooser.js" JS,
    "clock.js" JS,
    "composer.js" JS,
    "components.js" JS,
    "dom.js" JS,
    "embeds.js" JS,
    "form.js" JS,
    "markdown.js" JS,
    "messages.js" JS,
    "net.js" JS,
    "panels.js" JS,
    "people.js" JS,
    "sidebar.js" JS,
    "slash.js" JS,
    "state.js" JS,
    "suggestions.js" JS,
    "tour.js" JS,
}

/// The page itself. It holds no data: the key opens those.
pub(super) async fn index() -> Response {
    ([(header::CONTENT_TYPE, HTML)], include_str!("web/index.html")).into_response()
}

/// One of its files.
pub(super) async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
