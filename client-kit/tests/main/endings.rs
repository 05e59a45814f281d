//! What was begun is carried through: past the caller's end, and past the wish to end the process.

use std::time::Duration;

use harness::{Proxy, TemporalServer, eventually, http};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::serving::{LIMIT, Serving, body};

/// Asks for a start that Temporal, paused, does not confirm; hangs up; waits until the server has seen it.
async fn ask_and_hang_up(serving: &Serving, id: &str) {
    let before = given_up(serving).await;
    let body = body(json!({"ID": id, "TaskQueue": "q"}));
    let head =
        format!("POST /invoke/echo HTTP/1.1\r\nHost: client\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut caller = TcpStream::connect(serving.address).await.unwrap();
    caller.write_all((head + &body).as_bytes()).await.unwrap();
    eventually(LIMIT, "the start is under way", async || under_way(serving).await > 0).await;
    drop(caller);
    eventually(LIMIT, "the server sees that its caller is gone", async || given_up(serving).await > before)
        .await;
}

/// Requests whose callers hung up before the answer, as `/metrics` counts them.
async fn given_up(serving: &Serving) -> u64 {
    measure(
        serving,
        r#"http_server_request_duration_seconds_count{method="POST",route="/invoke/{client}",status="499"}"#,
    )
    .await
}

/// Requests under way, less the one that asks.
async fn under_way(serving: &Serving) -> u64 {
    measure(serving, "http_server_active_requests").await.saturating_sub(1)
}

async fn measure(serving: &Serving, series: &str) -> u64 {
    let text = http().get(serving.url("/metrics")).send().await.unwrap().text().await.unwrap();
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_start_outlives_its_caller_and_the_drain_waits_for_it() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut proxy = Proxy::start(temporal.address()).await.unwrap();
    let serving = Serving::at(&proxy.address(), Duration::from_secs(15)).await;
    serving.start("echo", json!({"TaskQueue": "q"})).await.run();

    proxy.pause();
    ask_and_hang_up(&serving, "outlives-its-caller").await;
    serving.shutdown.drain();
    eventually(LIMIT, "the server takes no more callers", async || {
        TcpStream::connect(serving.address).await.is_err()
    })
    .await;
    assert!(!serving.done.is_finished(), "the start is not through yet");

    proxy.resume().await.unwrap();
    serving.done.await.unwrap().unwrap();
    // No waiting here: the server has ended, so the start is through.
    temporal.cli(&["workflow", "describe", "--workflow-id", "outlives-its-caller"]).await.unwrap();
}

#[tokio::test]
async fn a_caller_who_waits_is_answered_while_the_server_drains() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut proxy = Proxy::start(temporal.address()).await.unwrap();
    let serving = Serving::at(&proxy.address(), Duration::from_secs(15)).await;
    serving.start("echo", json!({"TaskQueue": "q"})).await.run();

    proxy.pause();
    let call = serving.post("echo", body(json!({"ID": "waits-through", "TaskQueue": "q"}))).send();
    let call = tokio::spawn(call);
    eventually(LIMIT, "the start is under way", async || under_way(&serving).await > 0).await;
    serving.shutdown.drain();
    proxy.resume().await.unwrap();
    assert_eq!(call.await.unwrap().unwrap().status(), 204);
    serving.done.await.unwrap().unwrap();
}

#[tokio::test]
async fn readiness_does_not_hang_on_temporal() {
    let serving = Serving::alone().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(http().get(serving.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
}
