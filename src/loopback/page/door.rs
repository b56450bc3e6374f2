//! Who comes in: the right host, the right origin, and the key; and what every answer bears.

use std::io;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Shared;

/// The header that bears the key. Being no simple header, no page of elsewhere can send it without being asked first.
pub(super) const KEY: HeaderName = HeaderName::from_static("x-sandbox-key");

/// What is checked.
pub(super) struct Door {
    key: String,
    hosts: [String; 2],
    policy: HeaderValue,
}

impl Door {
    pub(super) fn new(port: u16) -> io::Result<Self> {
        let mut bytes = [0_u8; 18];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        // Older browsers do not count WebSockets of the same host as «self».
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
             connect-src 'self' ws://{} ws://{}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hosts[0], hosts[1]
        );
        Ok(Self {
            key: URL_SAFE_NO_PAD.encode(bytes),
            policy: HeaderValue::from_str(&policy).map_err(io::Error::other)?,
            hosts,
        })
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Compares without telling by the time it takes how much was right.
    pub(super) fn opens(&self, shown: &str) -> bool {
        let (known, shown) = (blake3::hash(self.key.as_bytes()), blake3::hash(shown.as_bytes()));
        known == shown
    }

    /// Whether a request was addressed to this page, by this page or by no page at all.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let host = text(header::HOST).is_some_and(|host| self.hosts.iter().any(|known| known == host));
        let origin = text(header::ORIGIN).is_none_or(|origin| {
            origin
                .strip_prefix("http://")
                .is_some_and(|origin| self.hosts.iter().any(|known| known == origin))
        });
        // «none» is a person who typed or opened the address.
        let site = text(HeaderName::from_static("sec-fetch-site"));
        let near = site.is_none_or(|site| site == "same-origin" || site == "none");
        host && origin && near
    }
}

/// A refusal in words.
fn refused(why: &'static str) -> Response {
    (StatusCode::FORBIDDEN, why).into_response()
}

/// Turns away what does not come from this page, and dresses every answer.
pub(super) async fn guarded(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let door = &shared.0.door;
    let mut response = if shared.0.end.is_cancelled() {
        // A connection that a browser kept open outlives the port for an instant.
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    } else if door.admits(request.headers()) {
        next.run(request).await
    } else {
        refused("Cette page ne répond qu’à elle-même.")
    };
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, door.policy.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ];
    for (name, value) in fixed {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Asks for the key.
pub(super) async fn keyed(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(KEY).and_then(|value| value.to_str().ok());
    if shown.is_some_and(|shown| shared.0.door.opens(shown)) {
        next.run(request).await
    } else {
        (StatusCode::UNAUTHORIZED, "La clé manque ou n’est plus la bonne.").into_response()
    }
}
