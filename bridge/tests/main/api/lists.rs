//! Lists: pages and filters.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bridge_core::model::{Outcome, StartId, StartKey, StartRecord};
use bridge_core::ports::{Begun, Closed, EngineError, Outline, Terms, Waited};
use futures::FutureExt;
use futures::future::ready;
use harness::sample_intent;
use jiff::Timestamp;
use reqwest::Response;
use serde_json::Value;
use workflow_api::WorkflowState;

use super::engine::{ScriptedEngine, outline};
use super::{Api, SOON, header, problem_of, sample_dig};

async fn create(api: &Api, name: &str, change: impl FnOnce(&mut Value)) {
    let mut intent = sample_intent("client", 9090, "http://emco");
    intent["metadata"]["name"] = name.into();
    change(&mut intent);
    assert_eq!(api.post("", intent.to_string()).await.status(), 201);
}

async fn names(answer: Response) -> Vec<String> {
    assert_eq!(answer.status(), 200);
    let list: Vec<Value> = answer.json().await.unwrap();
    list.iter().map(|intent| intent["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

/// Records a start of this intent.
async fn run(api: &Api, intent: &str, outcome: Outcome) {
    let id = StartId::new();
    let run = StartRecord {
        id,
        intent: sample_dig().intent(intent),
        number: 0,
        revision: 1,
        workflow_id: intent.into(),
        requested_id: None,
        key: StartKey { text: id.to_string(), fingerprint: None },
        started_by: String::new(),
        requested_at: Timestamp::now(),
        attempt: 0,
        outcome: Outcome::Starting,
    };
    let terms = Terms { lease: SOON, key_kept: SOON };
    let store = &api.parts.store;
    let Begun::New(run) = store.begin_start(&run, None, terms, None).await.unwrap() else {
        panic!("{intent} has such a start")
    };
    assert!(store.settle(&StartRecord { outcome, ..run }, None).await.unwrap());
}

fn started() -> Outcome {
    Outcome::Started { run_id: Some("run".into()), already_running: false, at: Timestamp::now() }
}

#[tokio::test]
async fn a_page_by_state_costs_a_bounded_number_of_calls() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let engine = ScriptedEngine {
        outline: Box::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Outline { run_id: "run".into(), ..outline(WorkflowState::Running) })
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    for number in 0..210 {
        let name = format!("i{number:03}");
        create(&api, &name, |_| {}).await;
        run(&api, &name, started()).await;
    }
    let page = api.get("?state=Failed&limit=5").await;
    assert!(page.headers().contains_key("continue"));
    assert_eq!(names(page).await, Vec::<String>::new());
    assert_eq!(asked.load(Ordering::Relaxed), 200);
}

#[tokio::test]
async fn pages_lead_through_the_whole_list() {
    let api = Api::new().await;
    for name in ["d", "a", "c", "b", "e"] {
        create(&api, name, |_| {}).await;
    }
    let first = api.get("?limit=2").await;
    let token = header(&first, "continue").to_owned();
    assert_eq!(header(&first, "link"), format!("<?limit=2&continue={token}>; rel=\"next\""));
    assert_eq!(names(first).await, ["a", "b"]);
    // Changes to names on earlier pages have no effect.
    let deleted = api.request(reqwest::Method::DELETE, "/b").send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    let second = api.get(&format!("?limit=2&continue={token}")).await;
    let token = header(&second, "continue").to_owned();
    assert_eq!(names(second).await, ["c", "d"]);
    let third = api.get(&format!("?limit=2&continue={token}")).await;
    assert_eq!((third.headers().get("continue"), third.headers().get("link")), (None, None));
    assert_eq!(names(third).await, ["e"]);
    let exact = api.get("?limit=4").await;
    assert_eq!(exact.headers().get("continue"), None);
}

#[tokio::test]
async fn a_list_is_whole_unless_limited() {
    let api = Api::new().await;
    let many: Vec<_> = (0..450).map(|number| format!("intent-{number:03}")).collect();
    for name in &many {
        create(&api, name, |_| {}).await;
    }
    assert_eq!(names(api.get("").await).await, many);
    let page = api.get("?limit=300").await;
    assert!(page.headers().contains_key("continue"));
    assert_eq!(names(page).await, many[..300]);
}

#[tokio::test]
async fn intents_are_found_by_client_and_task_queue() {
    let api = Api::new().await;
    for (name, client, queue) in [("a", "c1", "q1"), ("b", "c1", "q2"), ("c", "c2", "q1"), ("d", "c1", "q1")]
    {
        create(&api, name, |intent| {
            intent["spec"]["temporal"]["workflowClientName"] = client.into();
            intent["spec"]["temporal"]["workflowStartOptions"]["taskQueue"] = queue.into();
        })
        .await;
    }
    for (query, found) in [
        ("?workflowClientName=c1", &["a", "b", "d"][..]),
        ("?taskQueue=q1", &["a", "c", "d"]),
        ("?workflowClientName=c1&taskQueue=q1", &["a", "d"]),
        ("?workflowClientName=C1", &[]),
    ] {
        assert_eq!(names(api.get(query).await).await, found, "{query}");
    }
    let first = api.get("?workflowClientName=c1&limit=2").await;
    let link = header(&first, "link").to_owned();
    assert_eq!(names(first).await, ["a", "b"]);
    let query = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    assert_eq!(names(api.get(query).await).await, ["d"]);
}

#[tokio::test]
async fn a_workflow_that_continued_as_new_is_found_by_its_last_run() {
    let run_of = |state, run_id: &str, first: &str| Outline {
        run_id: run_id.into(),
        first_run_id: first.into(),
        ..outline(state)
    };
    let engine = ScriptedEngine {
        outline: Box::new(move |run| {
            Ok(match (run.workflow_id.as_str(), run.run_id.as_str()) {
                ("continued", "") => run_of(WorkflowState::Completed, "run-3", "run"),
                // The ID was used again since.
                ("used-again", "") => run_of(WorkflowState::Running, "run-4", "run-4"),
                ("used-again", _) => run_of(WorkflowState::Failed, "run", "run"),
                // The start found the workflow running.
                ("found-running", "") => run_of(WorkflowState::Terminated, "run-9", "run-0"),
                _ => run_of(WorkflowState::ContinuedAsNew, "run", "run-0"),
            })
        }),
        // It failed, and was not retried.
        wait: Box::new(|run| {
            let (run_id, state) = (run.run_id.clone(), WorkflowState::Failed);
            ready(Ok(Waited::Closed(Closed { run_id, state, result: None, failure: None }))).boxed()
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    for name in ["continued", "found-running", "used-again"] {
        create(&api, name, |_| {}).await;
        run(&api, name, started()).await;
    }
    for (state, found) in [
        ("Completed", &["continued"][..]),
        ("Terminated", &["found-running"]),
        ("Failed", &["used-again"]),
        ("ContinuedAsNew", &[]),
        ("Running", &[]),
    ] {
        assert_eq!(names(api.get(&format!("?state={state}")).await).await, found, "{state}");
    }
}

#[tokio::test]
async fn intents_are_found_by_their_latest_run() {
    let engine = ScriptedEngine {
        outline: Box::new(|run| match run.workflow_id.as_str() {
            "running" => Ok(outline(WorkflowState::Running)),
            "failed" => Ok(outline(WorkflowState::Failed)),
            _ => Err(EngineError::NoSuchWorkflow {
                engine: "temporal:7233".to_owned(),
                workflow_id: run.workflow_id.clone(),
                run_id: run.run_id.clone(),
            }),
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    for name in ["failed", "forgotten", "never-started", "refused", "running"] {
        create(&api, name, |_| {}).await;
    }
    for name in ["failed", "forgotten", "running"] {
        run(&api, name, started()).await;
    }
    for name in ["refused", "running"] {
        run(&api, name, Outcome::NotStarted { reason: "refused".to_owned(), at: Timestamp::now() }).await;
    }
    for (query, found) in [
        ("?state=Running", &["running"][..]),
        ("?state=Failed", &["failed"]),
        ("?state=Completed", &[]),
        ("?workflowType=Type", &["failed", "running"]),
        ("?workflowType=Type&state=Failed", &["failed"]),
        ("?workflowType=Other", &[]),
    ] {
        assert_eq!(names(api.get(query).await).await, found, "{query}");
    }
}

#[tokio::test]
async fn a_state_that_temporal_cannot_report_is_no_empty_list() {
    let api = Api::new().await;
    create(&api, "a", |_| {}).await;
    // Nothing was started, so Temporal is not asked.
    assert_eq!(names(api.get("?state=Running").await).await, Vec::<String>::new());
    run(&api, "a", started()).await;
    let away = problem_of(api.get("?state=Running").await, 503, "temporal_unavailable").await;
    assert!(away["detail"].as_str().unwrap().contains("Temporal"), "{away}");
}

#[tokio::test]
async fn unknown_and_wrong_parameters_are_refused() {
    let api = Api::new().await;
    for (query, parameter) in [
        ("?client=x", "client"),
        ("?State=Running", "State"),
        ("?state=running", "state"),
        ("?limit=0", "limit"),
        ("?limit=many", "limit"),
        ("?continue=!", "continue"),
    ] {
        let problem = problem_of(api.get(query).await, 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], parameter, "{query}");
    }
}
