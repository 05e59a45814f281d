//! Every call that changes something shows its caller in the audit, and where Temporal records one, in the history.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use audit_seals::Batch;
use bridge_core::access::{Access, AuditOptions, Open};
use bridge_core::model::{Event, Source};
use bridge_core::ports::{Audit, EventFilter, KeptEvent, StoreError};
use bridge_core::{Actor, Addressee, App, Correlation, Parts, Proof, Request, SignalOrder};
use harness::{SAMPLE_INTENT, eventually};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use workflow_api::RunReference;

use super::super::our_client::OurClient;
use super::super::{Api, SOON, problem_of, sample_key, unique};
use super::Scene;

/// A text of payloads, tokens and reasons, which the audit must never have.
const MARKER: &str = "marker-4f1c";

fn by(user: &'static str, request: RequestBuilder) -> RequestBuilder {
    request.header("X-Forwarded-User", user).bearer_auth(MARKER)
}

/// Returns the events of the audit for this query, newest first.
async fn audit(api: &Api, query: &str) -> Vec<Value> {
    let answer = reqwest::get(format!("{}/v2/audit?{query}", api.url)).await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    assert!(!text.contains(MARKER), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Returns stage and outcome of the events of a verb by alice, oldest first, which have one ID.
async fn trail(api: &Api, verb: &str) -> Vec<(String, String)> {
    let mut events = audit(api, &format!("actor=alice&verb={verb}")).await;
    events.reverse();
    assert!(events.iter().all(|event| event["id"] == events[0]["id"]), "{events:?}");
    let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    events.iter().map(|event| (text(event, "stage"), text(event, "outcome"))).collect()
}

fn before_and_after(outcome: &str) -> Vec<(String, String)> {
    let pair = |stage: &str, outcome: &str| (stage.to_owned(), outcome.to_owned());
    vec![pair("received", "pending"), pair("complete", outcome)]
}

#[tokio::test]
async fn every_verb_about_a_workflow_shows_its_caller() {
    let scene = Scene::new("Obedient").await;
    let post = async |verb: &str, spec: Value| {
        let answer = by("alice", scene.request(verb, &json!({"spec": spec}))).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let cases = [
        ("signal", json!({"name": "raise", "args": [1], "reason": MARKER}), "WORKFLOW_EXECUTION_SIGNALED"),
        ("update", json!({"name": "set", "args": [7]}), "WORKFLOW_EXECUTION_UPDATE_ACCEPTED"),
        ("pause", json!({"reason": MARKER}), "WORKFLOW_EXECUTION_PAUSED"),
        ("unpause", json!({"reason": MARKER}), "WORKFLOW_EXECUTION_UNPAUSED"),
        ("cancel", json!({"reason": MARKER}), "WORKFLOW_EXECUTION_CANCEL_REQUESTED"),
    ];
    for (verb, spec, event_type) in cases {
        let (status, text) = post(verb, spec).await;
        assert!((200..300).contains(&status), "{verb}: {status} {text}");
        assert_eq!(trail(&scene.api, verb).await, before_and_after("succeeded"), "{verb}");
        let [event] = scene.events(event_type).await.try_into().unwrap();
        assert!(event.to_string().contains("\"alice via "), "{event}");
    }
    eventually(SOON, "the workflow has ended", async || {
        scene.api.status_of_sample("").await.json::<Value>().await.unwrap()["workflowState"] == "Canceled"
    })
    .await;
    assert_eq!(post("terminate", json!({"details": [MARKER]})).await.0, 409);
    assert_eq!(trail(&scene.api, "terminate").await, before_and_after("failed"));
    // It reads a payload.
    post("query", json!({"type": "level", "args": [MARKER]})).await;
    let allowed = [("complete".to_owned(), "allowed".to_owned())];
    assert_eq!(trail(&scene.api, "query").await, allowed);
    let history = scene.api.request(Method::GET, &format!("/{SAMPLE_INTENT}/status?getWfHistory=true"));
    assert_eq!(by("alice", history).send().await.unwrap().status(), 200);
    let brief = scene.api.request(Method::GET, &format!("/{SAMPLE_INTENT}/status"));
    assert_eq!(by("alice", brief).send().await.unwrap().status(), 200);
    assert_eq!(trail(&scene.api, "history").await, allowed);
    assert_eq!(trail(&scene.api, "status").await, []);

    let event = &audit(&scene.api, "actor=alice&verb=cancel&outcome=succeeded").await[0];
    assert_eq!(event["actor"], json!({"name": "alice", "kind": "proxy"}));
    assert_eq!(event["source"]["address"], "127.0.0.1");
    assert_eq!(event["object"]["workflowID"], scene.workflow_id.as_str());
    assert!(event["tookMs"].is_u64() && event["traceParent"].is_string() && event["requestID"].is_string());
}

#[tokio::test]
async fn a_reset_and_a_termination_show_their_caller() {
    let scene = Scene::new("Obedient").await;
    eventually(SOON, "a workflow task is completed", async || {
        !scene.events("WORKFLOW_TASK_COMPLETED").await.is_empty()
    })
    .await;
    let reset = scene.request("reset", &json!({"spec": {"to": "FirstWorkflowTask", "reason": MARKER}}));
    let reset = by("alice", reset).send().await.unwrap();
    assert_eq!(reset.status(), 200);
    let run_id = reset.headers()["run-id"].to_str().unwrap().to_owned();
    let [ended] = scene.events("WORKFLOW_EXECUTION_TERMINATED").await.try_into().unwrap();
    assert!(ended.to_string().contains("(by alice via "), "{ended}");
    assert_eq!(trail(&scene.api, "reset").await, before_and_after("succeeded"));
    let terminate = scene.request("terminate", &json!({"spec": {"reason": "over", "details": [MARKER]}}));
    assert_eq!(by("alice", terminate).send().await.unwrap().status(), 204);
    let ended =
        super::events(scene.temporal, &scene.workflow_id, &run_id, "WORKFLOW_EXECUTION_TERMINATED").await;
    assert!(ended[0].to_string().contains("\"alice via "), "{ended:?}");
    assert_eq!(trail(&scene.api, "terminate").await, before_and_after("succeeded"));
}

#[tokio::test]
async fn changes_of_intents_and_starts_show_their_caller() {
    let (api, temporal) = Api::on_temporal().await;
    let client = OurClient::start(temporal.address()).await;
    let mut body = harness::sample_intent("127.0.0.1", client.port, MARKER);
    body["spec"]["temporal"]["workflowStartOptions"]["id"] = unique("audited").into();
    let send = async |method: Method, below: &str, body: &Value| {
        let request = by("alice", api.request(method, below)).header("Idempotency-Key", MARKER);
        let answer = request.body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let intent = format!("/{SAMPLE_INTENT}");
    let (status, text) = send(Method::POST, "", &body).await;
    assert_eq!(status, 201, "{text}");
    // It changes nothing.
    assert_eq!(send(Method::POST, "", &body).await.0, 409);
    assert_eq!(send(Method::PUT, &intent, &body).await.0, 200);
    assert_eq!(send(Method::POST, &format!("{intent}/start"), &json!({})).await.0, 204);
    body["metadata"]["description"] = MARKER.into();
    assert_eq!(send(Method::PUT, &intent, &body).await.0, 200);
    assert_eq!(
        send(Method::POST, &format!("{intent}/rollback"), &json!({"spec": {"revision": "1"}})).await.0 / 100,
        2
    );
    assert_eq!(send(Method::DELETE, &intent, &json!(null)).await.0, 204);
    let events = audit(&api, "actor=alice").await;
    let seen: Vec<_> = events
        .iter()
        .rev()
        .map(|event| (event["verb"].as_str().unwrap(), event["object"]["revision"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [("create", 1), ("start", 1), ("start", 1), ("replace", 2), ("rollback", 3), ("delete", 4)]
    );
    let start = &audit(&api, "verb=start&outcome=succeeded").await[0];
    assert_eq!(start["object"]["intent"], SAMPLE_INTENT);
    assert_eq!(start["object"]["runID"].as_str().unwrap().len(), 36);
    assert_eq!(start["idempotencyKeyHash"].as_str().unwrap().len(), 64);
    assert_eq!(trail(&api, "start").await, before_and_after("succeeded"));
    // Each call of this test that read the audit is an event.
    assert_eq!(audit(&api, "verb=read-audit").await.len(), 4);
}

#[tokio::test]
async fn the_audit_is_read_in_pages() {
    let api = Api::new().await;
    for _ in 0..5 {
        audit(&api, "").await;
    }
    let url = format!("{}/v2/audit", api.url);
    let first = reqwest::get(format!("{url}?limit=2&verb=read-audit")).await.unwrap();
    let link = first.headers()["link"].to_str().unwrap().to_owned();
    let numbers = |events: &Value| -> Vec<i64> {
        events.as_array().unwrap().iter().map(|event| event["number"].as_i64().unwrap()).collect()
    };
    assert_eq!(numbers(&first.json().await.unwrap()), [6, 5]);
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
    let second = reqwest::get(format!("{url}{next}")).await.unwrap();
    assert_eq!(numbers(&second.json().await.unwrap()), [4, 3]);
    for wrong in ["outcome=good", "since=yesterday", "limit=0", "continue=eA", "who=alice"] {
        let answer = reqwest::get(format!("{url}?{wrong}")).await.unwrap();
        let problem = problem_of(answer, 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], wrong.split('=').next().unwrap());
    }
}

#[tokio::test]
async fn other_reads_are_events_only_if_all_are() {
    for (flags, recorded) in [(&[][..], 0), (&["--audit-reads", "all"], 1)] {
        let api = Api::with(flags).await;
        api.create(9090, &unique("read")).await;
        assert_eq!(api.get("").await.status(), 200);
        assert_eq!(audit(&api, "verb=list").await.len(), recorded);
        // What a list leaves out or keeps is no read of each intent.
        assert_eq!(audit(&api, "verb=get").await.len(), 0);
        assert_eq!(api.get(&format!("/{SAMPLE_INTENT}")).await.status(), 200);
        let reads = audit(&api, "verb=get").await;
        assert_eq!(reads.len(), recorded);
        assert!(
            reads.iter().all(|read| read["outcome"] == "allowed" && read["stage"] == "complete"),
            "{reads:?}"
        );
    }
}

/// An audit that cannot be written.
#[derive(Debug)]
struct Full;

#[async_trait]
impl Audit for Full {
    async fn record(&self, _: &Event) -> Result<(), StoreError> {
        Err(StoreError::Unavailable { action: "write the audit", source: "the disk is full".into() })
    }

    async fn events(&self, _: &EventFilter, _: u32) -> Result<Vec<KeptEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn batches(&self, _: i64, _: u32) -> Result<Vec<Batch>, StoreError> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn without_an_audit_nothing_leaves() {
    let scene = Scene::new("Obedient").await;
    let access = Access::new(Arc::new(Open), Arc::new(Full), AuditOptions::default());
    let app = App::new(&Parts { access, ..scene.api.parts().clone() });
    let request = Request {
        actor: Actor::new("alice", Proof::Token),
        correlation: Correlation::default(),
        source: Source::default(),
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
    };
    let to = Addressee { intent: sample_key(), run: RunReference::default() };
    let order = SignalOrder { name: "raise".to_owned(), ..SignalOrder::default() };
    let error = app.workflows.signal(&request, &to, order).await.unwrap_err();
    assert!(error.to_string().contains("the audit cannot be written"), "{error}");
    assert!(scene.events("WORKFLOW_EXECUTION_SIGNALED").await.is_empty());
}

/// A caller that hangs up leaves an outcome.
#[tokio::test]
async fn a_call_that_is_cut_off_has_an_unknown_outcome() {
    let scene = Scene::deserted().await;
    let update = scene.request("update?wait=60", &json!({"spec": {"name": "set", "args": [7]}}));
    let sent = tokio::time::timeout(Duration::from_secs(1), by("alice", update).send()).await;
    assert!(sent.is_err(), "{sent:?}");
    eventually(SOON, "the outcome is recorded", async || {
        trail(&scene.api, "update").await == before_and_after("unknown")
    })
    .await;
}
