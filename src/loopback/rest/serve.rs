//! The way of every HTTP request: body, route, accidents, handler, record, answer.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Multipart, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::IntoResponse;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::calls::{Call, Violation};
use super::super::error::ApiError;
use super::super::faults::{Action, Then};
use super::super::gateway;
use super::super::handle::Shared;
use super::super::limits::Budget;
use super::super::net::Connection;
use super::super::snowflake::Id;
use super::super::world::World;
use super::{Reply, Request, Upload, find};

type HttpRequest = axum::http::Request<Body>;

/// The greatest request that is read: 25 MiB and some room for its frame.
pub(in super::super) const MAX_REQUEST: usize = 26 * 1024 * 1024;
/// The greatest file of a bot without boosts (discord.md §1).
const MAX_FILE: usize = 10 * 1024 * 1024;

/// Everything that reaches the port.
pub(in super::super) async fn entry(
    State(shared): State<Shared>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: HttpRequest,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    if path == "/" || path.is_empty() {
        return upgrade(shared, connection, request).await;
    }
    if path.starts_with("/attachments/") {
        return attachment(shared, connection, &path, request.method().as_str()).await;
    }
    api(shared, connection, request, &path).await
}

async fn upgrade(shared: Shared, connection: Connection, request: HttpRequest) -> Response<Body> {
    let (mut parts, _) = request.into_parts();
    let actions = shared.write(|w| w.faults.pick("GET", "/", "/"));
    if let Err(response) = before(&connection, &actions).await {
        return response;
    }
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| gateway::serve(shared, connection, socket)),
        Err(rejection) => rejection.into_response(),
    }
}

/// Files, as the CDN serves them.
async fn attachment(shared: Shared, connection: Connection, path: &str, method: &str) -> Response<Body> {
    let actions = shared.write(|w| {
        w.faults
            .pick(method, "/attachments/{channel}/{attachment}/{filename}", path)
    });
    if let Err(response) = before(&connection, &actions).await {
        return response;
    }
    let id: Option<Id> = path.split('/').nth(3).and_then(|part| part.parse().ok());
    let file = shared.read(|w| {
        let file = id.and_then(|id| w.attachments.get(&id))?;
        path.ends_with(&format!("/{}", file.filename))
            .then(|| (file.bytes.clone(), file.content_type.clone()))
    });
    match file {
        Some((bytes, kind)) if method == "GET" => {
            ([(header::CONTENT_TYPE, kind)], Bytes::from_owner(bytes)).into_response()
        }
        _ => (StatusCode::NOT_FOUND, "This content is no longer available.").into_response(),
    }
}

/// What the accidents do before anything else; Err is an answer already.
async fn before(connection: &Connection, actions: &[Action]) -> Result<(), Response<Body>> {
    for action in actions {
        match action {
            Action::Fail(status, code, message) => {
                return Err(answer(&Err(ApiError::new(*status, *code, message)), "fault"));
            }
            Action::Reset => {
                connection.cut();
                return Err(StatusCode::BAD_GATEWAY.into_response());
            }
            Action::Delay(time) => tokio::time::sleep(*time).await,
            Action::TooMany(wait, global) => return Err(too_many(*wait, *global)),
            Action::CloudflareTooMany(wait) => return Err(cloudflare(*wait)),
            Action::Pause(gate) => gate.pass().await,
            Action::Redirect(to) => {
                return Err((StatusCode::FOUND, [(header::LOCATION, to.clone())]).into_response());
            }
            Action::FailAfter(_)
            | Action::ResetAfter
            | Action::DelayAfter(_)
            | Action::Twice
            | Action::PauseAfter(_)
            | Action::Hook(_) => {}
        }
    }
    Ok(())
}

/// What the accidents do once everything is done.
async fn after(connection: &Connection, actions: &[Action], response: Response<Body>) -> Response<Body> {
    let mut response = response;
    for action in actions {
        match action {
            Action::FailAfter(status) => response = answer(&Err(ApiError::new(*status, 0, "upstream error")), "fault"),
            Action::ResetAfter => connection.cut(),
            Action::DelayAfter(time) => tokio::time::sleep(*time).await,
            Action::PauseAfter(gate) => gate.pass().await,
            Action::Hook(hook) => {
                if hook() == Then::Reset {
                    connection.cut();
                }
            }
            Action::Fail(..)
            | Action::Reset
            | Action::Delay(_)
            | Action::TooMany(..)
            | Action::CloudflareTooMany(_)
            | Action::Twice
            | Action::Pause(_)
            | Action::Redirect(_) => {}
        }
    }
    response
}

async fn api(shared: Shared, connection: Connection, request: HttpRequest, full_path: &str) -> Response<Body> {
    let method = request.method().as_str().to_owned();
    let Some(path) = full_path.strip_prefix("/api/v10") else {
        return unknown(&shared, &method, full_path);
    };
    let Some((route, params)) = find(&method, path) else {
        return unknown(&shared, &method, path);
    };
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let query: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    let headers = parts.headers.clone();
    let read = read_body(parts, body).await;
    let reason = reason(&headers);

    // Interaction tokens are secrets: they are not kept.
    let shown = match params.get("token") {
        Some(token) => path.replace(token.as_str(), "{token}"),
        None => path.to_owned(),
    };
    let ids: Vec<Id> = params.values().filter_map(|p| p.parse().ok()).collect();
    let mut call = Call {
        number: 0,
        at: shared.now(),
        method: method.clone(),
        template: route.template.to_owned(),
        path: shown,
        ids,
        body: read.as_ref().map(|(body, _)| body.clone()).unwrap_or_default(),
        files: read
            .as_ref()
            .map(|(_, files)| files.iter().map(|f| f.filename.clone()).collect())
            .unwrap_or_default(),
        reason: reason.clone().unwrap_or_default(),
        status: 0,
        code: None,
        created: None,
        done: false,
    };

    let actions = shared.write(|w| w.faults.pick(&method, route.template, path));
    if let Err(response) = before(&connection, &actions).await {
        call.status = if actions.iter().any(|a| matches!(a, Action::Reset)) {
            0
        } else {
            response.status().as_u16()
        };
        shared.write(|w| record(w, call, None));
        return response;
    }
    let token_shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let agent = headers.get(header::USER_AGENT).is_some_and(|v| !v.is_empty());
    let result = shared.write(|w| {
        let result = (|| {
            if !agent {
                // Cloudflare turns away clients that do not name themselves.
                return Err(ApiError::new(403, 0, "error code: 1010").violation("no User-Agent"));
            }
            if route.token && token_shown != format!("Bot {}", w.bot.token) {
                return Err(ApiError::unauthorized());
            }
            global_limit(w)?;
            reason?;
            let (body, files) = read?;
            w.echoes = if actions.iter().any(|a| matches!(a, Action::Twice)) {
                2
            } else {
                1
            };
            (route.handler)(
                w,
                &Request {
                    params,
                    query,
                    body,
                    files,
                },
            )
        })();
        w.echoes = 1;
        call.at = w.now();
        match &result {
            Ok(reply) => {
                call.status = reply.status;
                call.done = true;
                let created = reply
                    .body
                    .as_ref()
                    .filter(|_| method == "POST")
                    .and_then(|body| body["id"].as_str());
                call.created = created.and_then(|id| id.parse().ok());
            }
            Err(error) => {
                call.status = error.status;
                call.code = Some(error.code);
            }
        }
        match actions.iter().find_map(|a| {
            if let Action::FailAfter(status) = a {
                Some(*status)
            } else {
                None
            }
        }) {
            Some(status) => call.status = status,
            None if actions.iter().any(|a| matches!(a, Action::ResetAfter)) => call.status = 0,
            None => {}
        }
        let violation = result.as_ref().err().and_then(|e| e.violation.clone());
        record(w, call, violation);
        result
    });
    after(&connection, &actions, answer(&result, route.template)).await
}

fn record(world: &mut World, mut call: Call, violation: Option<String>) {
    call.number = world.calls.len() + 1;
    if let Some(what) = violation {
        let route = format!("{} {}", call.method, call.template);
        world.violations.push(Violation { route, what });
    }
    world.calls.push(call);
}

fn global_limit(world: &mut World) -> Result<(), ApiError> {
    if !world.settings.global_limit {
        return Ok(());
    }
    let now = world.now();
    world.limits.take_or_429(Budget::Global, now, 50, TimeDelta::seconds(1))
}

fn unknown(shared: &Shared, method: &str, path: &str) -> Response<Body> {
    let route = format!("{method} {path}");
    shared.write(|w| {
        w.violations.push(Violation {
            route,
            what: "unknown route".into(),
        });
    });
    answer(&Err(ApiError::new(404, 0, "404: Not Found")), "unknown")
}

/// The JSON and the files of a request.
async fn read_body(parts: Parts, body: Body) -> Result<(Value, Vec<Upload>), ApiError> {
    let kind = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if kind.starts_with("multipart/form-data") {
        return multipart(parts, body).await;
    }
    let too_large = |_| ApiError::new(413, 40005, "Request entity too large");
    let bytes = axum::body::to_bytes(body, MAX_REQUEST).await.map_err(too_large)?;
    if bytes.is_empty() {
        return Ok((Value::Null, Vec::new()));
    }
    if !kind.starts_with("application/json") {
        let error = ApiError::new(400, 50035, "Invalid Form Body");
        return Err(error.violation(format!(
            "Expected \"Content-Type\" header to be application/json, not «{kind}»"
        )));
    }
    Ok((parse(&bytes)?, Vec::new()))
}

fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(bytes)
        .map_err(|_| ApiError::new(400, 50109, "The request body contains invalid JSON.").violation("invalid JSON"))
}

async fn multipart(parts: Parts, body: Body) -> Result<(Value, Vec<Upload>), ApiError> {
    let broken = || ApiError::new(400, 50035, "Invalid Form Body").violation("a multipart body that can not be read");
    let mut form = Multipart::from_request(HttpRequest::from_parts(parts, body), &())
        .await
        .map_err(|_| broken())?;
    let (mut json, mut files) = (Value::Null, Vec::new());
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|_| ApiError::new(413, 40005, "Request entity too large"))?
    {
        let name = field.name().unwrap_or_default().to_owned();
        let filename = field.file_name().map(str::to_owned);
        let content_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let bytes = field
            .bytes()
            .await
            .map_err(|_| ApiError::new(413, 40005, "Request entity too large"))?;
        if name == "payload_json" {
            json = parse(&bytes)?;
            continue;
        }
        let number = match name.strip_prefix("files[").and_then(|n| n.strip_suffix(']')) {
            Some(number) => number.parse().map_err(|_| broken())?,
            None if name == "file" => 0,
            None => return Err(broken().violation(format!("unknown part «{name}»"))),
        };
        if bytes.len() > MAX_FILE {
            return Err(ApiError::new(413, 40005, "Request entity too large"));
        }
        let filename = filename.ok_or_else(broken)?;
        files.push(Upload {
            number,
            filename,
            content_type,
            bytes: bytes.to_vec(),
        });
    }
    Ok((json, files))
}

/// The reason for the audit log: 1 to 512 characters once decoded.
fn reason(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(raw) = headers.get("x-audit-log-reason") else {
        return Ok(None);
    };
    let wrong = || {
        ApiError::form(
            "X-Audit-Log-Reason",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 512 in length.",
        )
    };
    let raw = raw
        .to_str()
        .map_err(|_| wrong().violation("an audit reason that is not URL-encoded"))?;
    // A plus is a plus in a header, unlike in a query.
    let encoded = format!("r={}", raw.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(encoded.as_bytes())
        .next()
        .map(|(_, v)| v.into_owned())
        .unwrap_or_default();
    if (1..=512).contains(&decoded.chars().count()) {
        Ok(Some(decoded))
    } else {
        Err(wrong().violation("audit reason too long or empty"))
    }
}

fn answer(result: &Result<Reply, ApiError>, bucket: &str) -> Response<Body> {
    let (status, body, retry) = match result {
        Ok(reply) => (reply.status, reply.body.clone(), None),
        Err(error) => (error.status, Some(error.body()), error.retry_after),
    };
    let mut response = match body {
        Some(body) => ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response(),
        None => ().into_response(),
    };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let remaining = if retry.is_some() { "0" } else { "49" };
    let wait = Duration::from_secs_f64(retry.unwrap_or(1.0).clamp(0.0, 1e9));
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    };
    put("x-ratelimit-limit", "50".into());
    put("x-ratelimit-remaining", remaining.into());
    // The only instant told in real time: a client compares it with its own clock.
    let reset = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        + wait;
    put("x-ratelimit-reset", format!("{:.3}", reset.as_secs_f64()));
    put("x-ratelimit-reset-after", format!("{:.3}", wait.as_secs_f64()));
    put(
        "x-ratelimit-bucket",
        format!(
            "{:08x}",
            bucket.bytes().fold(5381_u32, |h, b| h.wrapping_mul(33) ^ u32::from(b))
        ),
    );
    if retry.is_some() {
        put("retry-after", wait.as_secs_f64().ceil().to_string());
        put("x-ratelimit-scope", "user".into());
    }
    response
}

fn too_many(wait: f64, global: bool) -> Response<Body> {
    let body = json!({"message": "You are being rate limited.", "retry_after": wait, "global": global});
    let mut response = answer(
        &Err(ApiError::too_many(0, "You are being rate limited.", wait)),
        "fault",
    );
    *response.body_mut() = Body::from(body.to_string());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    if global {
        headers.insert("x-ratelimit-global", header::HeaderValue::from_static("true"));
        headers.insert("x-ratelimit-scope", header::HeaderValue::from_static("global"));
    }
    response
}

fn cloudflare(wait: u32) -> Response<Body> {
    let page = "<!doctype html><html><head><title>Access denied | discord.com used Cloudflare to restrict access</title></head><body>error code: 1015</body></html>";
    (
        StatusCode::TOO_MANY_REQUESTS,
        [
            (header::CONTENT_TYPE, "text/html; charset=UTF-8".to_owned()),
            (header::RETRY_AFTER, wait.to_string()),
        ],
        page,
    )
        .into_response()
}
