//! `/metrics` and `/healthz`, when the host asks for them (`METRICS_ADDR`, product.md §17). Numbers only: no name, no id.

use std::fmt::Write as _;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::commands::Vitals;
use crate::error::Error;
use crate::store::meta::{self, Fact};
use crate::store::{self, backup, outbox, setbacks};
use crate::usecases::App;

/// What the answers are made from.
#[derive(Debug, Clone)]
struct Source {
    app: Arc<App>,
    vitals: Vitals,
}

/// Takes the address.
///
/// # Errors
/// When another program has it, or it is not this machine's.
pub async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until `end`.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    vitals: Vitals,
    end: impl Future<Output = ()> + Send + 'static,
) {
    let router = Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .with_state(Source { app, vitals });
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(end).await {
        tracing::error!(%error, "measures are no longer served");
    }
}

/// 200 while the database answers and the gateway has given a sign of life in the time that it is given; else 503.
async fn health(State(source): State<Source>) -> impl IntoResponse {
    let alive = source.vitals.gateway.silence() < source.app.settings.watch.silence;
    if alive && store::ping(&source.app.store).await.is_ok() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable\n")
    }
}

async fn metrics(State(source): State<Source>) -> impl IntoResponse {
    match text(&source).await {
        Ok(text) => (
            StatusCode::OK,
            [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(error = %crate::commands::Chain(&error), "measures could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The measures in the text format of Prometheus.
async fn text(source: &Source) -> Result<String, Error> {
    let mut tx = source.app.store.read().await?;
    let queue = outbox::gauge(&mut tx).await?;
    let setbacks = setbacks::load(&mut tx).await?.len();
    let backup = meta::instant(&mut tx, Fact::Backup).await?;
    drop(tx);
    let gateway = &source.vitals.gateway;
    let now = source.app.clock.now();
    let mut page = Page::default();
    let uptime = (now - source.vitals.started).num_seconds();
    page.gauge("maillage_uptime_seconds", "Time since the start.", uptime as f64);
    page.gauge(
        "maillage_gateway_silence_seconds",
        "Time since the last sign of life.",
        gateway.silence().as_secs_f64(),
    );
    if let Some(latency) = gateway.latency() {
        page.gauge(
            "maillage_gateway_latency_seconds",
            "Heartbeat to acknowledgement.",
            latency.as_secs_f64(),
        );
    }
    page.counter(
        "maillage_gateway_unreadable_events_total",
        "Expected events that could not be read.",
        gateway.unreadable(),
    );
    page.gauge(
        "maillage_outbox_waiting",
        "Messages that wait.",
        f64::from(queue.waiting),
    );
    page.gauge(
        "maillage_outbox_failing",
        "Messages that failed at least once.",
        f64::from(queue.failing),
    );
    page.gauge(
        "maillage_setbacks",
        "Changes that Discord refused or failed.",
        setbacks as f64,
    );
    page.gauge(
        "maillage_database_bytes",
        "Size of the database.",
        backup::size(&source.app.store) as f64,
    );
    if let Some(backup) = backup {
        page.gauge(
            "maillage_last_backup_seconds",
            "When the last backup was made.",
            backup.timestamp() as f64,
        );
    }
    page.head("maillage_loop_failures_total", "Failed steps of each loop.", "counter");
    for (name, status) in source.vitals.loops.loops() {
        let _ = writeln!(
            page.0,
            "maillage_loop_failures_total{{loop=\"{name}\"}} {}",
            status.failures
        );
    }
    Ok(page.0)
}

/// A page of measures; writing into memory does not fail.
#[derive(Debug, Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, help, "gauge");
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "counter");
        let _ = writeln!(self.0, "{name} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_has_its_help_and_its_type() {
        let mut page = Page::default();
        page.gauge("maillage_setbacks", "Changes.", 2.0);
        assert_eq!(
            page.0,
            "# HELP maillage_setbacks Changes.\n# TYPE maillage_setbacks gauge\nmaillage_setbacks 2\n"
        );
    }
}
