//! A start continues if its caller hangs up, and if the process drains.

use std::time::Duration;

use client_kit::{StartError, StartRequest, Started, Starter, TemporalStarter};
use harness::{Proxy, TemporalServer, Wire, eventually, http};
use serde_json::json;
use tokio::sync::watch;

use crate::serving::{LIMIT, Serving, body, starter};

/// A Temporal behind a paused network, a server that starts workflows there, and the number of starts that reached it.
struct Paused {
    temporal: &'static TemporalServer,
    proxy: Proxy,
    serving: Serving,
    asked: watch::Receiver<usize>,
}

impl Paused {
    async fn start() -> Self {
        let temporal = TemporalServer::shared().await.unwrap();
        let proxy = Proxy::start(temporal.address()).await.unwrap();
        let (counter, asked) = watch::channel(0);
        let counting = Counting { temporal: starter(&proxy.address()), counter };
        let serving = Serving::with(counting, Duration::from_secs(15)).await;
        serving.start("echo", json!({"TaskQueue": "q"})).await.run();
        proxy.pause();
        Self { temporal, proxy, serving, asked }
    }

    /// Waits until the second start has been requested.
    async fn second_start(&mut self) {
        tokio::time::timeout(LIMIT, self.asked.wait_for(|asked| *asked == 2)).await.unwrap().unwrap();
    }
}

#[derive(Debug)]
struct Counting {
    temporal: TemporalStarter,
    counter: watch::Sender<usize>,
}

#[async_trait::async_trait]
impl Starter for Counting {
    async fn start(&self, request: StartRequest) -> Result<Started, StartError> {
        self.counter.send_modify(|asked| *asked += 1);
        self.temporal.start(request).await
    }
}

/// The number of requests whose callers hung up before the response, from `/metrics`.
async fn given_up(serving: &Serving) -> u64 {
    const SERIES: &str =
        r#"http_server_request_duration_seconds_count{method="POST",route="/invoke/{client}",status="499"}"#;
    let text = http().get(serving.url("/metrics")).send().await.unwrap().text().await.unwrap();
    text.lines().find_map(|line| line.strip_prefix(SERIES)?.trim().parse().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_start_continues_without_its_caller_and_delays_the_drain() {
    let mut paused = Paused::start().await;
    let before = given_up(&paused.serving).await;
    let body = body(json!({"ID": "outlives-its-caller", "TaskQueue": "q"}));
    let head =
        format!("POST /invoke/echo HTTP/1.1\r\nHost: client\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut caller = Wire::connect(paused.serving.address).await.unwrap();
    caller.send(head + &body).await.unwrap();
    paused.second_start().await;
    drop(caller);
    eventually(LIMIT, "the server sees that its caller is gone", async || {
        given_up(&paused.serving).await > before
    })
    .await;

    let Paused { temporal, mut proxy, serving, .. } = paused;
    serving.shutdown.drain();
    eventually(LIMIT, "the server takes no more callers", async || {
        Wire::connect(serving.address).await.is_err()
    })
    .await;
    assert!(!serving.done.is_finished(), "the start is not through yet");
    proxy.resume().await.unwrap();
    serving.done.await.unwrap().unwrap();
    // The server has ended, so the start is complete.
    temporal.cli(&["workflow", "describe", "--workflow-id", "outlives-its-caller"]).await.unwrap();
}

#[tokio::test]
async fn a_caller_who_waits_is_answered_while_the_server_drains() {
    let mut paused = Paused::start().await;
    let call = paused.serving.post("echo", body(json!({"ID": "waits-through", "TaskQueue": "q"}))).send();
    let call = tokio::spawn(call);
    paused.second_start().await;
    paused.serving.shutdown.drain();
    paused.proxy.resume().await.unwrap();
    assert_eq!(call.await.unwrap().unwrap().status(), 204);
    paused.serving.done.await.unwrap().unwrap();
}

#[tokio::test]
async fn readiness_does_not_depend_on_temporal() {
    let serving = Serving::alone().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(http().get(serving.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
}
