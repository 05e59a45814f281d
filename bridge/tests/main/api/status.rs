//! The status of workflows.

use std::sync::Arc;
use std::time::Instant;

use bridge_core::model::WorkflowRun;
use bridge_core::ports::{Closed, EngineError, Outline, QueryError, Waited};
use futures::FutureExt;
use futures::future::{pending, ready};
use harness::{SAMPLE_INTENT, http};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;
use workflow_api::{PendingChild, TaskFailing, WorkflowFailure, WorkflowState};

use super::engine::{ScriptedEngine, outline};
use super::{AT_ONCE, Api, header, problem_of, unique};

async fn running(api: &Api, temporal: &harness::TemporalServer) -> (String, String) {
    let id = unique("status");
    api.create_with_workflow(&id).await;
    let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
    let started = temporal.cli(&args).await.unwrap();
    (id, started["runId"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_status_has_at_least_the_state_of_the_run() {
    let (api, temporal) = Api::on_temporal().await;
    let (id, run) = running(&api, temporal).await;
    for query in ["", "waitForResult=false", &format!("workflowID={id}&runID={run}")] {
        let status = api.status_of_sample(query).await;
        assert_eq!((status.status().as_u16(), header(&status, "content-type")), (200, "application/json"));
        let body = format!(
            "{{\"workflowID\":\"{id}\",\"runID\":\"{run}\",\"workflowExecutionDescription\":{{}},\"workflowState\":\"Running\"}}\n"
        );
        assert_eq!(status.text().await.unwrap(), body, "{query}");
    }
}

#[tokio::test]
async fn description_and_history_are_those_of_temporals_own_cli() {
    let (api, temporal) = Api::on_temporal().await;
    let (id, _) = running(&api, temporal).await;
    let status: Value =
        api.status_of_sample("runDescribeWfExec=true&getWfHistory=true").await.json().await.unwrap();
    let described = temporal.cli(&["workflow", "describe", "--workflow-id", &id]).await.unwrap();
    let shown = temporal.cli(&["workflow", "show", "--workflow-id", &id]).await.unwrap();
    assert_eq!(status["workflowExecutionDescription"], described);
    assert_eq!(status["workflowHistory"], shown["events"]);
}

#[tokio::test]
async fn a_wait_that_is_too_short_reports_it() {
    let (api, temporal) = Api::on_temporal().await;
    running(&api, temporal).await;
    let query = "waitForResult=true&timeout=200ms";
    let status = api.status_of_sample(query).await;
    assert_eq!(status.status(), 202);
    assert_eq!(header(&status, "retry-after"), "1");
    assert!(header(&status, "location").ends_with(&format!("/{SAMPLE_INTENT}/status?{query}")));
    let body: Value = status.json().await.unwrap();
    assert_eq!((&body["workflowState"], &body["workflowResult"]), (&json!("Running"), &Value::Null));
}

#[tokio::test]
async fn the_path_of_a_repeated_request_has_no_plus_for_a_space() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    api.create_sample(9090).await;
    let status = api.status_of_sample("waitForResult=true&workflowID=a+b%2Bc%20d").await;
    assert_eq!(status.status(), 202);
    let again = header(&status, "location");
    assert!(again.ends_with("/status?waitForResult=true&workflowID=a%20b%2Bc%20d"), "{again}");
    let repeated: Value =
        http().get(format!("{}{again}", api.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(repeated["workflowID"], "a b+c d");
}

#[tokio::test]
async fn a_wait_ends_with_the_run_and_returns_its_end() {
    let (api, temporal) = Api::on_temporal().await;
    let (id, run) = running(&api, temporal).await;
    let waiting =
        api.status_of_sample("waitForResult=true&timeout=20&runDescribeWfExec=true&getWfHistory=true");
    let terminate = ["workflow", "terminate", "--workflow-id", &id, "--reason", "enough"];
    let (status, terminated) = tokio::join!(waiting, temporal.cli(&terminate));
    terminated.unwrap();
    assert_eq!(status.status(), 200);
    let body: Value = status.json().await.unwrap();
    assert_eq!((&body["workflowState"], &body["runID"]), (&json!("Terminated"), &json!(run)));
    assert_eq!(body["workflowFailure"]["message"], "enough");
    // The other parts are of the same moment.
    let info = &body["workflowExecutionDescription"]["workflowExecutionInfo"];
    assert_eq!(info["status"], "WORKFLOW_EXECUTION_STATUS_TERMINATED");
    let last = body["workflowHistory"].as_array().unwrap().last().unwrap();
    assert_eq!(last["eventType"], "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED");
}

#[tokio::test]
async fn results_and_failures_are_returned() {
    let end = |state, result, failure| {
        let closed = Closed { run_id: "run-2".into(), state, result, failure };
        Api::on_engine(ScriptedEngine {
            outline: Box::new(move |run| {
                let mut found = outline(if run.run_id.is_empty() { WorkflowState::Running } else { state });
                found.run_id = if run.run_id.is_empty() { "run-1".into() } else { run.run_id.clone() };
                Ok(found)
            }),
            wait: Box::new(move |_| ready(Ok(Waited::Closed(closed.clone()))).boxed()),
            ..ScriptedEngine::default()
        })
    };
    let status = async |api: Api| {
        api.create_sample(9090).await;
        api.status_of_sample("waitForResult=true").await.text().await.unwrap()
    };
    let completed = end(WorkflowState::Completed, Some(json!({"apps": ["a"]}).into()), None).await;
    assert_eq!(
        status(completed).await,
        concat!(
            r#"{"workflowID":"migrate-apps-1","runID":"run-2","workflowExecutionDescription":{},"#,
            r#""workflowResult":{"apps":["a"]},"workflowState":"Completed"}"#,
            "\n"
        )
    );
    let silent = end(WorkflowState::Completed, None, None).await;
    assert!(status(silent).await.contains(r#""workflowResult":null"#));
    let failure =
        WorkflowFailure { message: "no".to_owned(), kind: "Refused".to_owned(), ..Default::default() };
    let failed = status(end(WorkflowState::Failed, None, Some(failure)).await).await;
    assert!(failed.contains(r#""workflowFailure":{"message":"no","type":"Refused"}"#), "{failed}");
    assert!(!failed.contains("workflowResult"), "{failed}");
}

#[tokio::test]
async fn stack_traces_are_returned_on_request() {
    let at = |message: &str, cause| WorkflowFailure {
        message: message.to_owned(),
        stack_trace: format!("at {message}"),
        cause,
        ..WorkflowFailure::default()
    };
    let failure = at("outer", Some(Box::new(at("inner", None))));
    let closed =
        Closed { run_id: "r".into(), state: WorkflowState::Failed, result: None, failure: Some(failure) };
    let engine = ScriptedEngine {
        wait: Box::new(move |_| ready(Ok(Waited::Closed(closed.clone()))).boxed()),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    for (query, outer, inner) in
        [("", Value::Null, Value::Null), ("&stackTrace=true", json!("at outer"), json!("at inner"))]
    {
        let status: Value =
            api.status_of_sample(&format!("waitForResult=true{query}")).await.json().await.unwrap();
        let failure = &status["workflowFailure"];
        assert_eq!((&failure["stackTrace"], &failure["cause"]["stackTrace"]), (&outer, &inner), "{status}");
    }
}

#[tokio::test]
async fn a_workflow_that_temporal_does_not_know_is_not_found() {
    let (api, temporal) = Api::on_temporal().await;
    api.create_with_workflow(&unique("never-started")).await;
    let problem = problem_of(api.status_of_sample("").await, 404, "no_such_workflow").await;
    assert!(problem["detail"].as_str().unwrap().contains(temporal.address()), "{problem}");
    problem_of(api.status_of_sample("waitForResult=true&timeout=5").await, 404, "no_such_workflow").await;
}

#[tokio::test]
async fn an_intent_that_does_not_exist_has_no_status() {
    let api = Api::new().await;
    problem_of(api.status_of_sample("workflowID=w").await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn an_absent_temporal_is_reported_within_five_seconds() {
    let api = Api::new().await;
    api.create_sample(9090).await;
    for query in ["", "runDescribeWfExec=true&getWfHistory=true&waitForResult=true&queryType=q&timeout=60"] {
        let since = Instant::now();
        let status = api.status_of_sample(query).await;
        assert!(since.elapsed() < AT_ONCE, "{query}: {:?}", since.elapsed());
        assert!(!header(&status, "retry-after").is_empty());
        problem_of(status, 503, "temporal_unavailable").await;
    }
}

#[tokio::test]
async fn a_silent_temporal_is_away_too() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = Api::on(&silent.local_addr().unwrap().to_string(), &[]).await;
    api.create_sample(9090).await;
    let since = Instant::now();
    let status = api.status_of_sample("waitForResult=true&timeout=60").await;
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
    problem_of(status, 503, "temporal_unavailable").await;
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let api = Api::new().await;
    api.create_sample(9090).await;
    for (query, parameter) in [
        ("waitForResult=yes", "waitForResult"),
        ("waitForResult=", "waitForResult"),
        ("runDescribeWfExec=1", "runDescribeWfExec"),
        ("getWfHistory=True", "getWfHistory"),
        ("workflowId=w", "workflowId"),
        ("queryType=q&queryParams={}", "queryParams"),
        ("queryType=q&queryTimeout=0s", "queryTimeout"),
        ("historyFilter=last", "historyFilter"),
        ("historyPageSize=0", "historyPageSize"),
        ("historyPageToken=x", "historyPageToken"),
        ("timeout=soon", "timeout"),
        ("temporalServer=http://temporal", "temporalServer"),
    ] {
        let problem = problem_of(api.status_of_sample(query).await, 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], parameter);
        assert!(problem["detail"].as_str().unwrap().contains(parameter), "{problem}");
    }
    problem_of(api.status_of_sample("workflowID=%zz").await, 400, "invalid_parameter").await;
}

#[tokio::test]
async fn of_repeated_parameters_the_first_counts() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    api.create_sample(9090).await;
    let status: Value = api.status_of_sample("workflowID=one&workflowID=two").await.json().await.unwrap();
    assert_eq!(status["workflowID"], "one");
}

#[tokio::test]
async fn other_temporal_servers_must_be_allowed() {
    let (_, temporal) = Api::on_temporal().await;
    let query = format!("temporalServer={}", temporal.address());

    let closed = Api::new().await;
    closed.create_sample(9090).await;
    let problem = problem_of(closed.status_of_sample(&query).await, 403, "temporal_not_allowed").await;
    assert!(problem["detail"].as_str().unwrap().contains("BRIDGE_TEMPORAL_SERVERS"), "{problem}");

    let open = Api::with(&["--temporal-servers", "127.0.0.1"]).await;
    running(&open, temporal).await;
    assert_eq!(open.status_of_sample(&query).await.status(), 200);
}

#[tokio::test]
async fn each_engine_error_has_its_own_code() {
    let target = || "temporal:7233/default".to_owned();
    let cause = || -> bridge_core::ports::Cause { Arc::new(std::io::Error::other("cause")) };
    for (error, status, code) in [
        (
            EngineError::NoSuchWorkflow { engine: target(), workflow_id: "w".into(), run_id: "".into() },
            404,
            "no_such_workflow",
        ),
        (EngineError::NoSuchNamespace { engine: target() }, 502, "no_such_namespace"),
        (EngineError::Unavailable { engine: target(), source: cause() }, 503, "temporal_unavailable"),
        (EngineError::DeadlineExceeded { engine: target(), bound: AT_ONCE }, 504, "temporal_timeout"),
        (EngineError::InvalidArgument { engine: target(), message: "m".to_owned() }, 400, "temporal_refused"),
        (
            EngineError::FailedPrecondition { engine: target(), message: "m".to_owned() },
            409,
            "temporal_failed_precondition",
        ),
        (
            EngineError::PermissionDenied { engine: target(), message: "m".to_owned() },
            502,
            "temporal_credentials",
        ),
        (EngineError::Other { engine: target(), source: cause() }, 502, "temporal_failed"),
    ] {
        let api = Api::on_engine(ScriptedEngine::failing(error)).await;
        api.create_sample(9090).await;
        let problem = problem_of(api.status_of_sample("").await, status, code).await;
        assert!(problem["detail"].as_str().unwrap().contains("temporal:7233"), "{problem}");
        problem_of(api.post(&format!("/{SAMPLE_INTENT}/cancel"), "{}").await, status, code).await;
    }
}

#[tokio::test]
async fn a_workflow_task_that_fails_again_and_again_is_shown() {
    let cause = WorkflowFailure {
        message: "no such type".to_owned(),
        kind: "WorkerUnhandledFailure".to_owned(),
        stack_trace: "at main".to_owned(),
        ..WorkflowFailure::default()
    };
    let failing = Some(TaskFailing { attempt: 3, cause: Some(cause) });
    let engine = ScriptedEngine {
        outline: Box::new(move |_| {
            Ok(Outline { task_failing: failing.clone(), ..outline(WorkflowState::Running) })
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    for (query, stack_trace) in [("", Value::Null), ("stackTrace=true", json!("at main"))] {
        let status: Value = api.status_of_sample(query).await.json().await.unwrap();
        assert_eq!(status["workflowState"], "Running");
        let task = &status["workflowTaskFailing"];
        assert_eq!((&task["attempt"], &task["cause"]["message"]), (&json!(3), &json!("no such type")));
        assert_eq!(task["cause"]["stackTrace"], stack_trace);
    }
}

/// Temporal still lists the children of a run that was terminated.
#[tokio::test]
async fn a_run_that_has_closed_waits_for_no_child() {
    for (state, children) in [(WorkflowState::Running, 1), (WorkflowState::Terminated, 0)] {
        let pending_children = vec![PendingChild { workflow_id: "child".into(), ..PendingChild::default() }];
        let seen = Outline { pending_children, ..outline(state) };
        let outline = Box::new(move |_: &WorkflowRun| Ok(seen.clone()));
        let api = Api::on_engine(ScriptedEngine { outline, ..ScriptedEngine::default() }).await;
        api.create_sample(9090).await;
        let status = api.status_of_sample("").await;
        let cancel = api.request(Method::POST, &format!("/{SAMPLE_INTENT}/cancel")).body("{}");
        let report = cancel.header("Prefer", "return=representation").send().await.unwrap();
        for response in [status, report] {
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["pendingChildren"].as_array().map_or(0, Vec::len), children, "{state}: {body}");
        }
    }
}

#[tokio::test]
async fn each_way_a_query_goes_wrong_has_its_own_code() {
    let workflow_id = || "w".into();
    for (error, status, code) in [
        (
            QueryError::Rejected { workflow_id: workflow_id(), message: "closed".to_owned() },
            409,
            "query_rejected",
        ),
        (
            QueryError::Failed {
                workflow_id: workflow_id(),
                query_type: "q".to_owned(),
                message: "?".to_owned(),
            },
            422,
            "query_failed",
        ),
        (QueryError::NoWorker { workflow_id: workflow_id(), task_queue: "queue".into() }, 503, "no_worker"),
        (
            QueryError::Late { workflow_id: workflow_id(), task_queue: "queue".into(), bound: AT_ONCE },
            504,
            "query_timeout",
        ),
    ] {
        let engine =
            ScriptedEngine { query: Box::new(move |_| Err(error.clone())), ..ScriptedEngine::default() };
        let api = Api::on_engine(engine).await;
        api.create_sample(9090).await;
        problem_of(api.status_of_sample("queryType=q").await, status, code).await;
        assert_eq!(api.status_of_sample("").await.status(), 200);
    }
}

#[tokio::test]
async fn the_result_of_a_query_is_returned_and_null_is_left_out() {
    for (answer, reported) in [(json!("started"), json!("started")), (Value::Null, Value::Null)] {
        let engine = ScriptedEngine {
            query: Box::new(move |_| Ok(answer.clone().into())),
            ..ScriptedEngine::default()
        };
        let api = Api::on_engine(engine).await;
        api.create_sample(9090).await;
        let status: Value = api.status_of_sample("queryType=current-state").await.json().await.unwrap();
        assert_eq!(status["workflowQueryResult"], reported);
        assert_eq!(status.get("workflowQueryResult").is_some(), !reported.is_null());
    }
}

#[tokio::test]
async fn a_draining_bridge_does_not_hold_those_who_wait() {
    let waits = Arc::new(Notify::new());
    let begun = Arc::clone(&waits);
    let engine = ScriptedEngine {
        wait: Box::new(move |_| {
            begun.notify_one();
            pending().boxed()
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    let drain = async {
        waits.notified().await;
        api.shutdown.drain();
    };
    let (status, ()) = tokio::join!(api.status_of_sample("waitForResult=true&timeout=60"), drain);
    assert_eq!(status.status(), 202);
}
