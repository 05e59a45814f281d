//! The record of each request: its id, one line in the log, its measures. No bodies, no query values.

use std::time::Instant;

use ::metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use tracing::{Instrument, Span};

use crate::origin::{Origin, REQUEST_ID};

/// How long requests took, from the head being read to the head of the answer being ready.
const DURATION: &str = "http_server_request_duration_seconds";
/// Requests under way.
const ACTIVE: &str = "http_server_active_requests";

/// The paths that probes and scrapers call all the time: not worth a line each.
const ROUTINE: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Describes the metrics of this module to their recorder.
pub(super) fn describe() {
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time to the head of the answer, by method, route and status"
    );
    describe_gauge!(ACTIVE, "Requests under way");
}

/// The layer that records.
pub(super) async fn record<F: Future<Output = Response>>(
    mut request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let origin = Origin::of(request.headers());
    let id = origin.request().clone();
    let mut entry = Entry::open(&origin, &request);
    let span = entry.span.clone();
    request.extensions_mut().insert(id.clone());
    let mut response = origin.scope(next(request)).instrument(span).await;
    entry.close(response.status().as_u16(), "answered");
    response.headers_mut().insert(REQUEST_ID, id.header());
    response
}

/// A request under way. One that is dropped open was given up by its caller, or cut off at the end of the process.
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
        Self {
            since: Instant::now(),
            span: tracing::info_span!("request", id = origin.request().as_str(), trace = origin.trace().id()),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use axum::{Extension, Router};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::super::wrap::wrapped;
    use super::*;
    use crate::metrics::Metrics;
    use crate::origin::RequestId;

    fn recorded(router: Router) -> Router {
        wrapped(router, |request, inner| record(request, |request| inner.run(request)))
    }

    fn router() -> Router {
        let id = get(|Extension(id): Extension<RequestId>| async move { id.as_str().to_owned() });
        recorded(Router::new().route("/things/{name}", id))
    }

    async fn ask(id: Option<&'static str>) -> (String, String) {
        let mut request = Request::get("/things/one?key=value");
        if let Some(id) = id {
            request = request.header(REQUEST_ID, id);
        }
        let response = router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let header = response.headers()[REQUEST_ID].to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (header, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_callers_id_goes_through() {
        assert_eq!(ask(Some("abc-1/2:3")).await, ("abc-1/2:3".to_owned(), "abc-1/2:3".to_owned()));
    }

    #[tokio::test]
    async fn other_ids_are_replaced_by_ours() {
        for id in [None, Some(""), Some("a b"), Some("\"quoted\"")] {
            let (header, body) = ask(id).await;
            assert_eq!(header, body);
            assert!(uuid::Uuid::try_parse(&header).is_ok(), "{id:?} gave {header}");
        }
    }

    #[tokio::test]
    async fn requests_are_measured_by_route() {
        let metrics = Metrics::install("test", "0");
        ask(None).await;
        router().oneshot(Request::get("/made/up").body(Body::empty()).unwrap()).await.unwrap();
        let text = metrics.render();
        assert!(text.contains(r#"route="/things/{name}",status="200""#), "{text}");
        assert!(text.contains(r#"route="unknown",status="404""#), "{text}");
        assert!(!text.contains("made/up"), "{text}");
    }

    #[tokio::test]
    async fn a_request_given_up_is_counted_and_no_longer_active() {
        let metrics = Metrics::install("test", "0");
        let router = recorded(Router::new().route("/for-ever", get(std::future::pending::<()>)));
        let request = Request::get("/for-ever").body(Body::empty()).unwrap();
        let answer = tokio::time::timeout(std::time::Duration::from_millis(1), router.oneshot(request)).await;
        assert!(answer.is_err());
        assert!(metrics.render().contains(r#"route="/for-ever",status="499""#));
    }
}
