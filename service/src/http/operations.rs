//! What the operators of a process request: `/healthz`, `/readyz`, `/metrics`.

use axum::Json;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::health::Health;
use crate::metrics::Metrics;

/// Returns the routes: `/healthz` is 200 as long as the process lives; `/readyz` is 200 or 503, with each check and why
/// it failed; `/metrics` is Prometheus text.
pub fn operations(health: Health, metrics: Metrics) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(move || async move { readiness(&health).await }))
        .route("/metrics", get(move || async move { exposition(&metrics) }))
}

async fn readiness(health: &Health) -> impl IntoResponse + use<> {
    let report = health.report().await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report))
}

fn exposition(metrics: &Metrics) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}
