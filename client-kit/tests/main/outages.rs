//! Temporal is not reachable, does not respond, and returns. Each request gets a response within the start budget.

use std::time::{Duration, Instant};

use harness::{Proxy, TemporalServer, free_port};
use serde_json::json;

use crate::serving::{Serving, body};

const BUDGET: Duration = Duration::from_secs(3);
/// The time that a busy machine may add.
const SLACK: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_temporal_that_is_not_reachable_is_reported() {
    let serving = Serving::at(&format!("127.0.0.1:{}", free_port()), BUDGET).await;
    let since = Instant::now();
    let answer = serving.start("echo", json!({"ID": "away", "TaskQueue": "q"})).await;
    answer.assert_problem(503, "temporal_unavailable");
    assert!(since.elapsed() < BUDGET, "took {:?}", since.elapsed());
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(answer.body["workflowID"], "away");
}

#[tokio::test]
async fn a_temporal_that_never_responds_is_reported() {
    let temporal = TemporalServer::shared().await.unwrap();
    let proxy = Proxy::start(temporal.address()).await.unwrap();
    proxy.pause();
    let serving = Serving::at(&proxy.address(), BUDGET).await;
    let since = Instant::now();
    let answer = serving.start("echo", json!({"ID": "never-speaks", "TaskQueue": "q"})).await;
    assert!(matches!(answer.status.as_u16(), 503 | 504), "{answer:?}");
    assert!(since.elapsed() < BUDGET + SLACK, "took {:?}", since.elapsed());
}

#[tokio::test]
async fn starts_succeed_after_a_temporal_that_stopped_responding() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut proxy = Proxy::start(temporal.address()).await.unwrap();
    let serving = Serving::at(&proxy.address(), BUDGET).await;
    serving.start("echo", json!({"TaskQueue": "q"})).await.run();

    proxy.pause();
    let since = Instant::now();
    serving
        .start("echo", json!({"ID": "silent", "TaskQueue": "q"}))
        .await
        .assert_problem(504, "start_timeout");
    assert!(since.elapsed() < BUDGET + SLACK, "took {:?}", since.elapsed());

    proxy.resume().await.unwrap();
    serving.start("echo", json!({"ID": "speaks-again", "TaskQueue": "q"})).await.run();
}

#[tokio::test]
async fn starts_succeed_after_temporal_was_restarted() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut proxy = Proxy::start(temporal.address()).await.unwrap();
    let serving = Serving::at(&proxy.address(), Duration::from_secs(10)).await;
    serving.start("echo", json!({"TaskQueue": "q"})).await.run();

    proxy.refuse().await;
    let since = Instant::now();
    let away = serving.start("echo", json!({"ID": "gone", "TaskQueue": "q"})).await;
    away.assert_problem(503, "temporal_unavailable");
    assert!(since.elapsed() < Duration::from_secs(10), "took {:?}", since.elapsed());

    proxy.resume().await.unwrap();
    serving.start("echo", json!({"ID": "back", "TaskQueue": "q"})).await.run();
}

#[tokio::test]
async fn an_unknown_namespace_is_no_fault_of_the_caller() {
    use client_kit::{Server, ServerOptions, TemporalStarter};
    use temporal::{TemporalConnection, TemporalTarget};
    use tower::ServiceExt;

    let temporal = TemporalServer::shared().await.unwrap();
    let target = TemporalTarget::new(temporal.address(), "nowhere").unwrap();
    let starter = TemporalStarter::new(TemporalConnection::new(target));
    let server = Server::new(crate::clients::all(), starter, ServerOptions::default()).unwrap();
    let request = axum::http::Request::post("/invoke/echo")
        .body(axum::body::Body::from(body(json!({"ID": "nowhere", "TaskQueue": "q"}))))
        .unwrap();
    let response = server.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 502);
}
