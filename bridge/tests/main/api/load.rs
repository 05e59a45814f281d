//! Limits on the load, callers' addresses, and metrics.

use std::sync::Arc;

use harness::http;
use http::StatusCode;
use tokio::sync::Semaphore;

use super::{Api, SOON, ScriptedClient, header, problem_of};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn metrics(api: &Api) -> String {
    http().get(format!("{}/metrics", api.url)).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_start_passes_request_id_and_trace_to_the_client() {
    let api = Api::new().await;
    let client = ScriptedClient::ours("w", "r").await;
    api.create_sample(client.port).await;
    let request = api.request(reqwest::Method::POST, &format!("/{}/start", harness::SAMPLE_INTENT));
    let request =
        request.header("x-request-id", "abc-1").header("traceparent", PARENT).header("tracestate", "a=1");
    assert_eq!(header(&request.send().await.unwrap(), "x-request-id"), "abc-1");
    let sent = client.asked_once().headers;
    assert_eq!(
        (&sent["x-request-id"], &sent["traceparent"]),
        (&"abc-1".parse().unwrap(), &PARENT.parse().unwrap())
    );
    assert_eq!(sent["tracestate"], "a=1");
}

#[tokio::test]
async fn a_start_without_a_trace_begins_one() {
    let api = Api::new().await;
    let client = ScriptedClient::ours("w", "r").await;
    api.create_sample(client.port).await;
    let answer = api.start_sample().await;
    let sent = client.asked_once().headers;
    assert_eq!(sent["x-request-id"], header(&answer, "x-request-id"));
    let parent = sent["traceparent"].to_str().unwrap();
    assert!(parent.starts_with("00-") && parent.len() == PARENT.len(), "{parent}");
    assert!(!sent.contains_key("tracestate"));
}

#[tokio::test]
async fn more_requests_than_are_taken_on_are_refused() {
    let (may_answer, api) = (Arc::new(Semaphore::new(0)), Api::with(&["--max-requests", "1"]).await);
    let client = ScriptedClient::start({
        let may_answer = Arc::clone(&may_answer);
        move || {
            let may_answer = Arc::clone(&may_answer);
            async move {
                may_answer.acquire().await.unwrap().forget();
                StatusCode::NO_CONTENT
            }
        }
    })
    .await;
    api.create_sample(client.port).await;
    let starting = tokio::spawn(
        api.request(reqwest::Method::POST, &format!("/{}/start", harness::SAMPLE_INTENT)).send(),
    );
    harness::eventually(SOON, "the client is asked", async || client.asked().len() == 1).await;

    let refused = api.get("").await;
    assert_eq!(header(&refused, "retry-after"), "1");
    problem_of(refused, 503, "overloaded").await;
    // Operators still reach it.
    assert!(metrics(&api).await.contains(r#"http_server_refused_requests_total{limit="overloaded"}"#));
    may_answer.add_permits(1);
    assert!(starting.await.unwrap().unwrap().status().is_success());
    assert_eq!(api.get("").await.status(), 200);
}

#[tokio::test]
async fn waits_have_a_limit_of_their_own() {
    let api = Api::with(&["--max-requests", "1", "--max-waits", "0"]).await;
    api.create_sample(9090).await;
    let refused = api.status_of_sample("waitForResult=true").await;
    assert_eq!(header(&refused, "retry-after"), "1");
    problem_of(refused, 503, "too_many_waits").await;
    // Waits and other requests do not block each other.
    assert_eq!(api.get("").await.status(), 200);
}

#[tokio::test]
async fn a_caller_has_so_many_changes_in_a_second() {
    let api = Api::with(&["--max-changes", "1"]).await;
    let refused = harness::eventually(SOON, "a change is refused", async || {
        let answer = api.post("", "{").await;
        (answer.status() == StatusCode::TOO_MANY_REQUESTS).then_some(answer)
    })
    .await;
    assert_eq!(header(&refused, "retry-after"), "1");
    problem_of(refused, 429, "too_many_requests").await;
    // Reads and other callers are not limited.
    assert_eq!(api.get("").await.status(), 200);
    let other = api.request(reqwest::Method::POST, "").header("x-forwarded-user", "bob").body("{");
    assert_eq!(other.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_caller_has_so_many_reads_in_a_second() {
    let api = Api::with(&["--max-reads", "1"]).await;
    let refused = harness::eventually(SOON, "a read is refused", async || {
        let answer = api.get("").await;
        (answer.status() == StatusCode::TOO_MANY_REQUESTS).then_some(answer)
    })
    .await;
    assert_eq!(header(&refused, "retry-after"), "1");
    problem_of(refused, 429, "too_many_requests").await;
    // Changes and other callers are not limited.
    assert_eq!(api.post("", "{").await.status(), 400);
    let other = api.request(reqwest::Method::GET, "").header("x-forwarded-user", "bob");
    assert_eq!(other.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn connections_and_calls_are_measured() {
    let (api, _) = Api::on_temporal().await;
    api.create_with_workflow(&super::unique("measured")).await;
    problem_of(api.status_of_sample("").await, 404, "no_such_workflow").await;
    let metrics = metrics(&api).await;
    for measure in [
        r#"bridge_database_connections{pool="writer",state="idle"}"#,
        r#"bridge_database_connections{pool="readers",state="busy"}"#,
        "temporal_connections ",
        r#"temporal_call_duration_seconds_bucket{method="DescribeWorkflowExecution",outcome="workflow_not_found",le="#,
    ] {
        assert!(metrics.contains(measure), "{measure}: {metrics}");
    }
}
