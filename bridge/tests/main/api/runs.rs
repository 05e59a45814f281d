//! The runs of an intent: every start, and its current state.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::StatusCode;
use bridge_core::model::WorkflowRun;
use bridge_core::ports::EngineError;
use harness::{SAMPLE_DIG, SAMPLE_INTENT, eventually, http};
use reqwest::Method;
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::engine::{ScriptedEngine, outline};
use super::{Api, SOON, ScriptedClient, header, problem_of, unique};
use crate::temporal::Fixture;

async fn runs(api: &Api, query: &str) -> Value {
    let answer = api.get(&format!("/{SAMPLE_INTENT}/runs{query}")).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_run_has_its_caller_and_links() {
    let proxy = ["--trusted-proxies", "127.0.0.1", "--anonymous-networks", "127.0.0.1"];
    let flags = [&proxy[..], &["--temporal-ui-url", "https://temporal.example/ui/"]].concat();
    let api = Api::on_engine_with(ScriptedEngine::default(), &flags).await;
    let client = ScriptedClient::ours("w%201", "run-1").await;
    api.create_sample(client.port).await;
    let start = api.request(Method::POST, &format!("/{SAMPLE_INTENT}/start"));
    let start = start.header("X-Forwarded-User", "alice").header("Idempotency-Key", "key-1");
    assert_eq!(start.send().await.unwrap().status(), 204);
    let listed = runs(&api, "").await;
    let run = &listed[0];
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let intent = format!("{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}");
    let id = run["startID"].as_str().unwrap();
    let expected = json!({
        "startID": id,
        "number": 1,
        "workflowID": "w 1",
        "requestedWorkflowID": "migrate-apps-1",
        "runID": "run-1",
        "startedAt": run["startedAt"],
        "startedBy": "alice",
        "revision": 1,
        "idempotencyKey": "key-1",
        "outcome": "started",
        "alreadyRunning": false,
        "workflowState": "Running",
        "links": {
            "self": format!("{intent}/runs/{id}"),
            "status": format!("{intent}/status?workflowID=w%201&runID=run-1"),
            "cancel": format!("{intent}/cancel?workflowID=w%201&runID=run-1"),
            "temporalUI": "https://temporal.example/ui/namespaces/default/workflows/w%201/run-1/history",
        },
    });
    assert_eq!(*run, expected);
    run["startedAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    for link in ["self", "status"] {
        let url = format!("{}{}", api.url, run["links"][link].as_str().unwrap());
        assert_eq!(http().get(url).send().await.unwrap().status(), 200, "{link}");
    }
    for name in [id, "run-1"] {
        let one: Value = api.get(&format!("/{SAMPLE_INTENT}/runs/{name}")).await.json().await.unwrap();
        assert_eq!(one, expected);
    }
}

#[tokio::test]
async fn states_are_those_of_temporal_now() {
    let (api, temporal) = Api::on_temporal().await;
    let client = ScriptedClient::emco().await;
    let id = unique("live");
    api.create(client.port, &id).await;
    let start = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
    temporal.cli(&start).await.unwrap();
    assert_eq!(api.start_sample().await.status(), 204);
    assert_eq!(runs(&api, "").await[0]["workflowState"], "Running");
    temporal.cli(&["workflow", "terminate", "--workflow-id", &id]).await.unwrap();
    assert_eq!(runs(&api, "").await[0]["workflowState"], "Terminated");
}

/// Records this run as the only start of the sample intent.
async fn started(fixture: &Fixture, run: &WorkflowRun) -> Api {
    let (workflow_id, run_id) = (run.workflow_id.to_string(), run.run_id.to_string());
    let client = ScriptedClient::start(move || {
        let named = [("Workflow-Id", workflow_id.clone()), ("Run-Id", run_id.clone())];
        async move { (StatusCode::NO_CONTENT, named) }
    });
    let api = Api::on(fixture.server.address(), &[]).await;
    api.create(client.await.port, run.workflow_id.as_str()).await;
    assert_eq!(api.start_sample().await.status(), 204);
    api
}

/// Checks that the only run leads to another run of its chain that lives now, and stops that one by its link.
async fn leads_to_the_living_run(api: &Api, run: &WorkflowRun) {
    let shown = eventually(SOON, "the run that continues the work", async || {
        let run = runs(api, "").await[0].clone();
        (run["workflowState"] == "Running" && run["currentRunID"].is_string()).then_some(run)
    })
    .await;
    let current = shown["currentRunID"].as_str().unwrap();
    assert_eq!(shown["runID"], run.run_id.as_str());
    for link in ["status", "cancel"] {
        assert!(shown["links"][link].as_str().unwrap().ends_with(&format!("&runID={current}")), "{shown}");
    }
    // The first run has ended, and each refusal names the one that lives.
    for (verb, spec) in [
        ("cancel", json!({})),
        ("terminate", json!({})),
        ("pause", json!({})),
        ("unpause", json!({})),
        ("signal", json!({"name": "open"})),
        ("update", json!({"name": "knock", "args": [1]})),
    ] {
        let path = format!("/{SAMPLE_INTENT}/{verb}?runID={}", run.run_id);
        let refused = api.post(&path, json!({"spec": spec}).to_string()).await;
        let problem = problem_of(refused, 409, "workflow_closed").await;
        assert_eq!(problem["currentRunID"], current, "{verb}: {problem}");
    }
    let cancel = format!("{}{}", api.url, shown["links"]["cancel"].as_str().unwrap());
    assert_eq!(http().post(cancel).body("{}").send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_run_that_continued_as_new_leads_to_the_next() {
    let fixture = Fixture::new().await.unwrap();
    let run = fixture.closed_gate().await.unwrap();
    let api = started(&fixture, &run).await;
    fixture.open_gate(&run, &json!("again")).await.unwrap();
    leads_to_the_living_run(&api, &run).await;
}

#[tokio::test]
async fn a_run_that_was_retried_leads_to_the_next() {
    let fixture = Fixture::new().await.unwrap();
    let run = fixture.start_retried("Gate", &Value::Null).await.unwrap();
    fixture.stands(&run).await;
    let api = started(&fixture, &run).await;
    fixture.open_gate(&run, &json!("fail")).await.unwrap();
    leads_to_the_living_run(&api, &run).await;
}

#[tokio::test]
async fn a_run_that_was_retried_has_the_state_of_its_last_attempt() {
    let fixture = Fixture::new().await.unwrap();
    let run = fixture.start_retried("Gate", &Value::Null).await.unwrap();
    fixture.stands(&run).await;
    let api = started(&fixture, &run).await;
    fixture.open_gate(&run, &json!("fail")).await.unwrap();
    let in_state = |state: &'static str| {
        let api = &api;
        eventually(SOON, state, async move || {
            let run = runs(api, "").await[0].clone();
            (run["workflowState"] == state && run["currentRunID"].is_string()).then_some(run)
        })
    };
    let retried = in_state("Running").await;
    fixture.open_gate(&run, &json!("done")).await.unwrap();
    assert_eq!(in_state("Completed").await, {
        let mut run = retried.clone();
        run["workflowState"] = "Completed".into();
        run
    });

    // Another workflow gets the ID.
    let id = run.workflow_id.as_str();
    let start = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", id];
    fixture.server.cli(&start).await.unwrap();
    let run = runs(&api, "").await[0].clone();
    assert_eq!(
        (&run["workflowState"], &run["currentRunID"]),
        (&json!("Completed"), &retried["currentRunID"])
    );
}

#[tokio::test]
async fn a_run_that_was_reset_leads_to_the_new_one() {
    let fixture = Fixture::new().await.unwrap();
    let run = fixture.closed_gate().await.unwrap();
    let api = started(&fixture, &run).await;
    let wait = format!("runID={}&waitForResult=true&timeout=2", run.run_id);
    let body = json!({"spec": {"to": "FirstWorkflowTask", "runID": run.run_id}}).to_string();
    let reset = api.post(&format!("/{SAMPLE_INTENT}/reset"), body).await;
    assert_eq!(reset.status(), 200);
    let reset: Value = reset.json().await.unwrap();
    // A wait for the first run lasts as long as its work does, and reports the run that lives now.
    let waited = api.status_of_sample(&wait).await;
    assert_eq!(waited.status(), 202);
    let waited: Value = waited.json().await.unwrap();
    assert_eq!((&waited["runID"], &waited["workflowState"]), (&reset["runID"], &json!("Running")));
    leads_to_the_living_run(&api, &run).await;
}

#[tokio::test]
async fn a_workflow_is_looked_up_once_however_many_starts_it_has() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let engine = ScriptedEngine {
        outline: Box::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(outline(WorkflowState::Running))
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    api.create_sample(ScriptedClient::ours("w", "run-1").await.port).await;
    for _ in 0..5 {
        assert_eq!(api.start_sample().await.status(), 204);
    }
    let before = asked.load(Ordering::Relaxed);
    assert_eq!(runs(&api, "").await.as_array().unwrap().len(), 5);
    assert_eq!(asked.load(Ordering::Relaxed) - before, 1);
}

#[tokio::test]
async fn failed_starts_are_listed_with_the_reason() {
    let api = Api::new().await;
    let client = ScriptedClient::refusing(StatusCode::NOT_FOUND, "no such cluster").await;
    api.create_sample(client.port).await;
    api.start_sample().await;
    let run = &runs(&api, "").await[0];
    assert_eq!(
        (&run["outcome"], run.get("runID"), run.get("workflowState")),
        (&json!("not_started"), None, None)
    );
    assert!(run["reason"].as_str().unwrap().contains("no such cluster"), "{run}");
    assert!(run["links"]["status"].as_str().unwrap().ends_with("/status?workflowID=migrate-apps-1"), "{run}");
}

#[tokio::test]
async fn a_state_that_temporal_cannot_report_is_unknown() {
    let away = |_: &_| {
        let source: Arc<dyn std::error::Error + Send + Sync> = Arc::from(Box::from("away"));
        Err(EngineError::Unavailable { engine: String::new(), source })
    };
    for (engine, error) in [
        (ScriptedEngine::empty(), "no_such_workflow"),
        (ScriptedEngine { outline: Box::new(away), ..ScriptedEngine::default() }, "temporal_unavailable"),
    ] {
        let api = Api::on_engine(engine).await;
        api.create_sample(ScriptedClient::ours("w", "r").await.port).await;
        api.start_sample().await;
        let run = &runs(&api, "").await[0];
        assert_eq!((run.get("workflowState"), &run["workflowStateError"]), (None, &json!(error)));
    }
}

#[tokio::test]
async fn runs_come_in_pages_and_outlive_their_intent() {
    let closed = |_: &_| Ok(outline(WorkflowState::Completed));
    let engine = ScriptedEngine { outline: Box::new(closed), ..ScriptedEngine::default() };
    let api = Api::on_engine(engine).await;
    api.create_sample(ScriptedClient::ours("w", "r").await.port).await;
    for _ in 0..5 {
        api.start_sample().await;
    }
    assert_eq!(api.request(Method::DELETE, &format!("/{SAMPLE_INTENT}")).send().await.unwrap().status(), 204);
    let path = format!("{}{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}/runs", api.url);
    let mut url = Some(format!("{path}?limit=2"));
    let mut pages = Vec::new();
    while let Some(page) = url {
        let answer = http().get(page).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        url = answer.headers().contains_key("link").then(|| {
            let query = header(&answer, "link").strip_prefix('<').unwrap();
            format!("{path}{}", query.strip_suffix(">; rel=\"next\"").unwrap())
        });
        let runs: Vec<Value> = answer.json().await.unwrap();
        pages.push(runs.iter().map(|run| run["number"].as_i64().unwrap()).collect::<Vec<_>>());
    }
    assert_eq!(pages, [vec![5, 4], vec![3, 2], vec![1]]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let api = Api::new().await;
    api.create_sample(9090).await;
    assert_eq!(runs(&api, "").await, json!([]));
    problem_of(api.get("/absent/runs").await, 404, "no_such_intent").await;
    problem_of(api.get(&format!("/{SAMPLE_INTENT}/runs/run-1")).await, 404, "no_such_run").await;
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("continue=x", "continue"),
        ("x=1", "x"),
    ] {
        let refused = api.get(&format!("/{SAMPLE_INTENT}/runs?{query}")).await;
        assert_eq!(problem_of(refused, 400, "invalid_parameter").await["parameter"], parameter);
    }
}
