//! Starting intents: the request to the workflow client, the response to the caller, the record.

use std::sync::Arc;

use ::http::StatusCode;
use bridge_core::model::Outcome;
use harness::{SAMPLE_INTENT, eventually, http};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::SqlitePool;
use tokio::sync::Semaphore;
use workflow_api::{Fault, Problem, WorkflowState};

use super::client::ScriptedClient;
use super::engine::{ScriptedEngine, outline};
use super::{AT_ONCE, Api, SOON, fault_paths, header, problem_of, unique};

/// The request of workflowmgr for the sample (EMCO-API §2.1).
const EMCOS_BODY: &str = r#"{"workflowClientName":"migrate_workflowclient","workflowStartOptions":{"ID":"migrate-apps-1","TaskQueue":"MIGRATION_TASK_Q","WorkflowExecutionTimeout":0,"WorkflowRunTimeout":0,"WorkflowTaskTimeout":0,"WorkflowIDReusePolicy":0,"WorkflowExecutionErrorWhenAlreadyStarted":false,"RetryPolicy":{"InitialInterval":0,"BackoffCoefficient":0,"MaximumInterval":0,"MaximumAttempts":2,"NonRetryableErrorTypes":null},"CronSchedule":"","Memo":null,"SearchAttributes":null},"workflowParams":{"activityOptions":{"all-activities":{"TaskQueue":"","ScheduleToCloseTimeout":0,"ScheduleToStartTimeout":0,"StartToCloseTimeout":60000000000,"HeartbeatTimeout":5000000,"WaitForCancellation":false,"ActivityID":"","RetryPolicy":{"InitialInterval":10,"BackoffCoefficient":0,"MaximumInterval":0,"MaximumAttempts":0,"NonRetryableErrorTypes":null}}},"activityParams":{"all-activities":{"compositeApp":"capp1","compositeAppVersion":"v1","deploymentIntentGroup":"dig1","emcoURL":"http://192.168.1.201:30415","project":"proj1","targetClusterName":"cluster2","targetClusterProvider":"provider2"}}}}"#;

#[tokio::test]
async fn the_client_gets_emcos_bytes() {
    let api = Api::new().await;
    let client = ScriptedClient::ours("migrate-apps-1", "run-1").await;
    api.create_sample(client.port).await;
    assert_eq!(api.start_sample().await.status(), 204);
    let asked = client.asked_once();
    assert_eq!(
        (asked.method.as_str(), asked.uri.to_string().as_str()),
        ("POST", "/invoke/migrate_workflowclient")
    );
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(asked.headers["host"], format!("127.0.0.1:{}", client.port));
    assert_eq!(std::str::from_utf8(&asked.body).unwrap(), EMCOS_BODY);
}

#[tokio::test]
async fn bodies_of_emcos_callers_are_taken() {
    let api = Api::new().await;
    let client = ScriptedClient::ours("migrate-apps-1", "run-1").await;
    api.create_sample(client.port).await;
    for body in ["", r#"{"metadata":{"name":""}}"#, "{}", r#"{"spec":null}"#] {
        let started = api.post(&format!("/{SAMPLE_INTENT}/start"), body).await;
        assert_eq!(started.status(), 204);
        assert_eq!(started.text().await.unwrap(), "");
    }
    assert!(client.asked().iter().all(|asked| asked.body == EMCOS_BODY));
}

#[tokio::test]
async fn the_run_is_reported_and_recorded() {
    let api = Api::new().await;
    let client = ScriptedClient::ours("migrate-apps-1", "run-1").await;
    api.create_sample(client.port).await;
    let before = jiff::Timestamp::now();
    let started = api.start_sample().await;
    assert_eq!((header(&started, "workflow-id"), header(&started, "run-id")), ("migrate-apps-1", "run-1"));
    let run = api.run_of_sample().await;
    assert_eq!(run.workflow_id.as_str(), "migrate-apps-1");
    assert_eq!(run.key.text, client.asked_once().headers["idempotency-key"]);
    let Outcome::Started { run_id, at, .. } = run.outcome else { panic!("{run:?}") };
    assert_eq!(run_id, Some("run-1".into()));
    assert!(run.requested_at.as_microsecond() >= before.as_microsecond() && at >= run.requested_at);
}

#[tokio::test]
async fn a_callers_key_goes_to_the_client() {
    let api = Api::new().await;
    let client = ScriptedClient::ours("migrate-apps-1", "run-1").await;
    api.create_sample(client.port).await;
    let start = |key: &'static str| {
        api.request(Method::POST, &format!("/{SAMPLE_INTENT}/start")).header("Idempotency-Key", key).send()
    };
    assert_eq!(start("key-1").await.unwrap().status(), 204);
    assert_eq!(client.asked_once().headers["idempotency-key"], "key-1");
    assert_eq!(api.run_of_sample().await.key.text, "key-1");
    for key in ["", "two words"] {
        let problem = problem_of(start(key).await.unwrap(), 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn a_body_is_answered_to_those_who_prefer_one() {
    let api = Api::new().await;
    for (already_running, status) in [(false, 201), (true, 200)] {
        let client = ScriptedClient::start(move || async move {
            let body = json!({"workflowID": "w 1", "runID": "run-1", "alreadyRunning": already_running});
            (StatusCode::CREATED, axum::Json(body))
        })
        .await;
        api.create_sample(client.port).await;
        let path = format!("/{SAMPLE_INTENT}/start");
        let started =
            api.request(Method::POST, &path).header("Prefer", "return=representation").send().await.unwrap();
        assert_eq!(started.status(), status);
        assert_eq!(header(&started, "preference-applied"), "return=representation");
        assert!(
            header(&started, "location")
                .ends_with("/dig1-workflow-intent/status?workflowID=w%201&runID=run-1")
        );
        let body =
            format!("{{\"workflowID\":\"w 1\",\"runID\":\"run-1\",\"alreadyRunning\":{already_running}}}\n");
        assert_eq!(started.text().await.unwrap(), body);
        api.request(Method::DELETE, &format!("/{SAMPLE_INTENT}")).send().await.unwrap();
    }
}

#[tokio::test]
async fn any_success_of_the_client_is_a_start() {
    for status in [StatusCode::OK, StatusCode::ACCEPTED, StatusCode::NO_CONTENT] {
        let api = Api::new().await;
        let client = ScriptedClient::start(move || async move { status }).await;
        api.create_sample(client.port).await;
        assert_eq!(api.start_sample().await.status(), 204);
        // Temporal is away, so the run ID is not known.
        assert!(matches!(api.run_of_sample().await.outcome, Outcome::Started { run_id: None, .. }));
    }
}

#[tokio::test]
async fn the_run_of_an_emco_client_is_looked_up_in_temporal() {
    let (api, temporal) = Api::on_temporal().await;
    let client = ScriptedClient::emco().await;
    let id = unique("looked-up");
    let mut body = harness::sample_intent("127.0.0.1", client.port, "http://emco");
    body["spec"]["temporal"]["workflowStartOptions"]["id"] = id.as_str().into();
    assert_eq!(api.post("", body.to_string()).await.status(), 201);
    let started = temporal
        .cli(&["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id])
        .await
        .unwrap();
    let repeated = api.start_sample().await;
    assert_eq!(repeated.status(), 204);
    assert_eq!(header(&repeated, "run-id"), started["runId"].as_str().unwrap());
}

#[tokio::test]
async fn a_workflow_that_ran_before_is_reported_as_running_already() {
    let engine = ScriptedEngine {
        outline: Box::new(|_| {
            let mut old = outline(WorkflowState::Running);
            old.started = Some("2020-01-01T00:00:00Z".parse().unwrap());
            Ok(old)
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    let client = ScriptedClient::emco().await;
    api.create_sample(client.port).await;
    let path = format!("/{SAMPLE_INTENT}/start");
    let started =
        api.request(Method::POST, &path).header("Prefer", "return=representation").send().await.unwrap();
    assert_eq!(started.status(), 200);
    let body: Value = started.json().await.unwrap();
    assert_eq!(body, json!({"workflowID": "migrate-apps-1", "runID": "run-1", "alreadyRunning": true}));
}

#[tokio::test]
async fn an_intent_that_does_not_exist_is_not_started() {
    let api = Api::new().await;
    problem_of(api.start_sample().await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn a_start_that_cannot_be_put_on_record_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", directory.path().join("bridge.db").display());
    let api = Api::with(&["--database", &database]).await;
    let client = ScriptedClient::emco().await;
    api.create_sample(client.port).await;
    let damaged = SqlitePool::connect(&database).await.unwrap();
    sqlx::query("DROP TABLE runs").execute(&damaged).await.unwrap();
    let problem = problem_of(api.start_sample().await, 503, "database_unavailable").await;
    assert!(problem["detail"].as_str().unwrap().contains("nothing was started"), "{problem}");
    assert!(client.asked().is_empty());
}

#[tokio::test]
async fn a_refusing_client_is_quoted_and_nothing_was_started() {
    for status in
        [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND, StatusCode::FOUND, StatusCode::CONFLICT]
    {
        let api = Api::on_engine(ScriptedEngine::empty()).await;
        let text = format!("{}é{}", "x".repeat(1023), "y".repeat(5000));
        let client = ScriptedClient::refusing(status, text).await;
        api.create_sample(client.port).await;
        let problem = problem_of(api.start_sample().await, 502, "client_refused").await;
        assert_eq!(problem["clientStatus"], status.as_u16());
        let quoted = problem["clientText"].as_str().unwrap();
        // Cut inside the `é`.
        assert_eq!(quoted, format!("{}\u{fffd}", "x".repeat(1023)));
        assert!(problem["detail"].as_str().unwrap().contains(&status.to_string()), "{problem}");
        let run = api.run_of_sample().await;
        let Outcome::NotStarted { reason, .. } = run.outcome else { panic!("{run:?}") };
        assert!(reason.contains(&status.to_string()), "{reason}");
        client.asked_once();
    }
}

#[tokio::test]
async fn the_faults_that_a_client_finds_are_those_of_the_intent() {
    let faults: Vec<_> = (0..90)
        .map(|index| {
            Fault::new(format!("$.workflowParams.activityParams.all-activities.a{index}"), "is missing")
        })
        .chain([Fault::new("somewhere", "is wrong")])
        .collect();
    let problem = Problem::new(422, "invalid_params", "wrong").with_faults(faults);
    let body = serde_json::to_string(&problem).unwrap();
    let answer = move || {
        let body = body.clone();
        let headers = [("Content-Type", "application/problem+json")];
        async move { (StatusCode::UNPROCESSABLE_ENTITY, headers, body) }
    };
    let api = Api::on_engine(ScriptedEngine::empty()).await;
    let client = ScriptedClient::start(answer).await;
    api.create_sample(client.port).await;
    let problem = problem_of(api.start_sample().await, 502, "client_refused").await;
    let paths = fault_paths(&problem);
    assert_eq!(paths.len(), 91, "{problem}");
    assert_eq!(paths[89], "$.spec.temporal.workflowParams.activityParams.all-activities.a89");
    assert_eq!(problem["faults"][90], json!({"path": "somewhere", "message": "is wrong"}));
}

#[tokio::test]
async fn the_response_of_another_server_is_not_repeated() {
    for (content_type, sniffed) in
        [("text/plain", ""), ("application/json", "nosniff"), ("text/html", "nosniff")]
    {
        let api = Api::on_engine(ScriptedEngine::empty()).await;
        let headers = [("Content-Type", content_type), ("X-Content-Type-Options", sniffed)];
        let client =
            ScriptedClient::start(move || async move { (StatusCode::BAD_REQUEST, headers, "hunter2") }).await;
        api.create_sample(client.port).await;
        let problem = problem_of(api.start_sample().await, 502, "client_refused").await;
        assert_eq!(problem["clientStatus"], 400, "{problem}");
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
        let Outcome::NotStarted { reason, .. } = api.run_of_sample().await.outcome else { panic!() };
        assert!(!reason.contains("hunter2"), "{reason}");
    }
}

#[tokio::test]
async fn a_client_that_ran_out_of_time_leaves_the_outcome_unknown() {
    let api = Api::with(&["--start-timeout", "500ms"]).await;
    let client = ScriptedClient::refusing(StatusCode::GATEWAY_TIMEOUT, "Temporal is slow").await;
    api.create_sample(client.port).await;
    let problem = problem_of(api.start_sample().await, 502, "start_outcome_unknown").await;
    assert_eq!((&problem["clientStatus"], &problem["clientText"]), (&json!(504), &json!("Temporal is slow")));
    assert!(matches!(api.run_of_sample().await.outcome, Outcome::Unknown { .. }));
}

#[tokio::test]
async fn a_client_that_is_away_is_reported() {
    let api = Api::new().await;
    api.create_sample(harness::free_port()).await;
    let problem = problem_of(api.start_sample().await, 502, "client_unreachable").await;
    assert!(problem["detail"].as_str().unwrap().contains("refused"), "{problem}");
    assert!(matches!(api.run_of_sample().await.outcome, Outcome::NotStarted { .. }));
}

#[tokio::test]
async fn a_client_with_an_unknown_name_is_reported_as_away() {
    let api = Api::new().await;
    let body = harness::sample_intent("no-such-host.invalid", 9090, "http://emco");
    assert_eq!(api.post("", body.to_string()).await.status(), 201);
    problem_of(api.start_sample().await, 502, "client_unreachable").await;
}

#[tokio::test]
async fn where_the_answer_is_late_the_outcome_is_unknown() {
    let api = Api::with(&["--start-timeout", "300ms"]).await;
    let client = ScriptedClient::start(std::future::pending::<StatusCode>).await;
    api.create_sample(client.port).await;
    let problem = problem_of(api.start_sample().await, 502, "start_outcome_unknown").await;
    assert_eq!(problem["workflowID"], "migrate-apps-1");
    assert!(matches!(api.run_of_sample().await.outcome, Outcome::Unknown { .. }));
    client.asked_once();
}

#[tokio::test]
async fn where_the_answer_is_lost_the_outcome_is_unknown() {
    let api = Api::with(&["--start-timeout", "500ms"]).await;
    api.create_sample(ScriptedClient::hanging_up().await.port).await;
    problem_of(api.start_sample().await, 502, "start_outcome_unknown").await;
    assert!(matches!(api.run_of_sample().await.outcome, Outcome::Unknown { .. }));
}

#[tokio::test]
async fn a_lost_answer_does_not_matter_where_temporal_has_the_run() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    api.create_sample(ScriptedClient::hanging_up().await.port).await;
    let started = api.start_sample().await;
    assert_eq!((started.status().as_u16(), header(&started, "run-id")), (204, "run-1"));
}

#[tokio::test]
async fn hosts_that_may_not_be_called_are_not() {
    let client = ScriptedClient::emco().await;
    for (flags, host) in [
        (&["--client-hosts", "*.emco:9090"][..], "127.0.0.1"),
        (&["--client-hosts", "127.0.0.1:1"], "127.0.0.1"),
        (&[], "169.254.169.254"),
        (&[], "2852039166"),
        (&[], "::ffff:169.254.169.254"),
        (&[], "fe80::1"),
    ] {
        let api = Api::with(flags).await;
        let body = harness::sample_intent(host, client.port, "http://emco");
        assert_eq!(api.post("", body.to_string()).await.status(), 201, "{host}");
        problem_of(api.start_sample().await, 403, "client_not_allowed").await;
        assert!(matches!(api.run_of_sample().await.outcome, Outcome::NotStarted { .. }));
    }
    assert!(client.asked().is_empty());
}

#[tokio::test]
async fn names_are_resolved_and_dialled() {
    let client = ScriptedClient::ours("w", "r").await;
    let api = Api::with(&["--client-hosts", "localhost"]).await;
    let body = harness::sample_intent("localhost", client.port, "http://emco");
    assert_eq!(api.post("", body.to_string()).await.status(), 201);
    assert_eq!(api.start_sample().await.status(), 204);
}

#[tokio::test]
async fn a_start_is_carried_through_when_the_caller_hangs_up() {
    let api = Api::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let client = ScriptedClient::start(move || {
        let held = Arc::clone(&held);
        async move {
            let _open = held.acquire().await;
            [("Run-Id", "run-1")]
        }
    })
    .await;
    api.create_sample(client.port).await;
    let path = format!("/{SAMPLE_INTENT}/start");
    let caller = tokio::spawn(api.request(Method::POST, &path).send());
    eventually(SOON, "the client is asked", async || client.asked().len() == 1).await;
    caller.abort();
    // The bridge has noticed when no request is open any more.
    eventually(SOON, "the caller is gone", async || {
        let metrics = http().get(format!("{}/metrics", api.url)).send().await?.text().await?;
        let gone =
            metrics.lines().any(|line| line.contains(r#"intents/{workflowIntent}/start",status="499""#));
        gone.then_some(()).ok_or_else(|| anyhow::anyhow!("{metrics}"))
    })
    .await;
    assert_eq!(api.run_of_sample().await.outcome, Outcome::Starting);
    gate.add_permits(1);
    eventually(SOON, "the start is settled", async || {
        matches!(api.run_of_sample().await.outcome, Outcome::Started { run_id: Some(_), .. })
    })
    .await;
}

#[tokio::test]
async fn an_answer_comes_soon_though_temporal_is_away() {
    let api = Api::new().await;
    let client = ScriptedClient::emco().await;
    api.create_sample(client.port).await;
    let started = tokio::time::timeout(AT_ONCE, api.start_sample()).await.unwrap();
    assert_eq!((started.status().as_u16(), started.headers().get("run-id")), (204, None));
}
