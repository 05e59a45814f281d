//! Records each request: its ID, one line in the log, its metrics. No bodies, no query values.

use std::time::Instant;

use ::metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span};

use crate::origin::{Origin, REQUEST_ID};
use crate::problem::cut;

const DURATION: &str = "http_server_request_duration_seconds";
const ACTIVE: &str = "http_server_active_requests";

/// Probes and scrapers call these paths all the time: not worth a line each.
const ROUTINE: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// How many characters of a path are logged.
const MAX_PATH: usize = 1000;

pub(super) fn describe() {
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time to the head of the response, by method, route and status"
    );
    describe_gauge!(ACTIVE, "Requests in progress");
}

/// The layer that records.
pub(super) async fn record(request: Request, next: Next) -> Response {
    let origin = Origin::of(request.headers());
    let id = origin.request.clone();
    let mut entry = Entry::open(&origin, &request);
    let span = entry.span.clone();
    let mut response = origin.scope(next.run(request)).instrument(span).await;
    entry.close(response.status().as_u16(), "answered");
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// A request in progress. If it is dropped while open, its caller has gone away, or the process has ended.
struct Entry {
    since: Instant,
    span: Span,
    method: Method,
    path: String,
    route: Option<MatchedPath>,
    open: bool,
}

impl Entry {
    fn open(origin: &Origin, request: &Request) -> Self {
        gauge!(ACTIVE).increment(1.0);
        let mut path = request.uri().path().to_owned();
        cut(&mut path, MAX_PATH);
        Self {
            since: Instant::now(),
            span: tracing::info_span!("request", id = origin.request_id(), trace = origin.trace().id()),
            method: request.method().clone(),
            path,
            route: request.extensions().get().cloned(),
            open: true,
        }
    }

    fn close(&mut self, status: u16, message: &'static str) {
        self.open = false;
        gauge!(ACTIVE).decrement(1.0);
        let took = self.since.elapsed();
        // Names made up by callers must not become labels.
        let route = self.route.as_ref().map_or("unknown", MatchedPath::as_str).to_owned();
        let method = known(&self.method);
        histogram!(DURATION, "method" => method, "route" => route, "status" => status.to_string())
            .record(took);
        let (path, ms) = (self.path.as_str(), (took.as_secs_f64() * 1e6).round() / 1e3);
        if ROUTINE.contains(&path) {
            tracing::debug!(parent: &self.span, method, path, status, ms, "{message}");
        } else {
            tracing::info!(parent: &self.span, method, path, status, ms, "{message}");
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.open {
            // 499: "client closed request", as proxies count it. Nothing is sent.
            self.close(499, "given up before the answer");
        }
    }
}

fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
