//! The parts of a status, each with its own result or its own problem.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::LiveBridge;
use crate::api::unique;
use crate::temporal::Fixture;
use crate::temporal::worker::TestWorker;

#[tokio::test]
async fn a_query_takes_arguments_and_conditions() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let gate = fixture.closed_gate().await?;
    let status = bridge.status_json(&gate, "queryType=echo&queryParams=[%22hallo%22]", 200).await;
    assert_eq!(status["workflowQueryResult"], "hallo");
    let open = bridge.status_json(&gate, "queryType=current-state&queryRejectCondition=notOpen", 200).await;
    assert_eq!(open["workflowQueryResult"], json!({"open": false}));

    fixture.open_gate(&gate, &json!(1)).await?;
    fixture.ended(&gate, WorkflowState::Completed).await?;
    let problem =
        bridge.status_json(&gate, "queryType=current-state&queryRejectCondition=notOpen", 409).await;
    assert_eq!(problem["code"], "query_rejected");
    assert!(problem["detail"].as_str().unwrap().contains("Completed"), "{problem}");
    let clean = bridge
        .status_json(&gate, "queryType=current-state&queryRejectCondition=notCompletedCleanly", 200)
        .await;
    assert_eq!(clean["workflowQueryResult"], json!({"open": true}));
    Ok(())
}

#[tokio::test]
async fn each_cause_of_a_missing_result_has_a_problem_of_its_own() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let gate = fixture.closed_gate().await?;
    assert_eq!(bridge.status_json(&gate, "queryType=unknown", 422).await["code"], "query_failed");
    assert_eq!(bridge.status_json(&gate, "queryType=broken", 422).await["code"], "query_failed");

    let within = async |run, code: u16, word: &str| {
        let since = Instant::now();
        let problem = bridge.status_json(run, "queryType=current-state&queryTimeout=1", code).await;
        assert_eq!(problem["code"], word, "{problem}");
        assert!(since.elapsed() < Duration::from_secs(5), "{word} took {:?}", since.elapsed());
    };
    let deserted = unique("deserted");
    let run = fixture.start_with("Gate", &Value::Null, &["--task-queue", &deserted]).await?;
    within(&run, 503, "no_worker").await;

    let left = unique("left");
    let worker = TestWorker::start(fixture.server.url(), left.clone());
    let run = fixture.start_with("Gate", &Value::Null, &["--task-queue", &left]).await?;
    bridge.status_json(&run, "queryType=current-state", 200).await;
    drop(worker);
    within(&run, 504, "query_timeout").await;

    let unstarted = fixture.start_with("Gate", &Value::Null, &["--task-queue", &deserted]).await?;
    fixture.server.cli(&["workflow", "terminate", "-w", unstarted.workflow_id.as_str()]).await?;
    within(&unstarted, 409, "query_rejected").await;
    Ok(())
}

#[tokio::test]
async fn a_part_that_fails_does_not_hide_the_others() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let gate = fixture.closed_gate().await?;
    let status =
        bridge.status_json(&gate, "runDescribeWfExec=true&getWfHistory=true&queryType=broken", 200).await;
    assert_eq!(status["workflowExecutionDescription"]["workflowExecutionInfo"]["type"]["name"], "Gate");
    assert!(!status["workflowHistory"].as_array().unwrap().is_empty());
    assert_eq!(status["errors"]["query"]["code"], "query_failed");
    assert_eq!(status["errors"].as_object().unwrap().len(), 1, "{status}");

    let waiting = bridge.status_json(&gate, "waitForResult=true&timeout=200ms&queryType=broken", 202).await;
    assert_eq!(waiting["errors"]["query"]["status"], 422);

    let unknown = super::run_of(&gate, "00000000-0000-4000-8000-000000000000");
    let problem = bridge
        .status_json(&unknown, "runDescribeWfExec=true&getWfHistory=true&waitForResult=true&queryType=q", 404)
        .await;
    assert_eq!(problem["code"], "no_such_workflow");
    let mut methods: Vec<_> = problem["errors"].as_object().unwrap().keys().collect();
    methods.sort();
    assert_eq!(methods, ["describe", "history", "query", "wait"]);
    Ok(())
}

#[tokio::test]
async fn a_failure_names_activity_and_attempt() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let run = fixture.start("FailingActivity", &Value::Null).await?;
    let status = bridge.status_json(&run, "waitForResult=true", 200).await;
    let chain: Vec<_> =
        std::iter::successors(Some(&status["workflowFailure"]), |failure| failure.get("cause")).collect();
    let activity = chain.iter().find(|failure| failure["activity"] == "MoveApp").unwrap();
    assert_eq!(activity["attempt"], 1, "{status}");
    assert_eq!(chain.last().unwrap()["type"], "NoSuchApp");
    Ok(())
}

#[tokio::test]
async fn a_preference_bounds_the_wait_and_is_applied() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let gate = fixture.closed_gate().await?;
    let url = format!("http://127.0.0.1:{}{}", bridge.port, LiveBridge::path(&gate, "waitForResult=true"));
    let since = Instant::now();
    let answer = harness::http().get(url).header("prefer", "wait=1").send().await?;
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.headers()["preference-applied"], "wait=1");
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(answer.headers()["location"].to_str()?.contains("waitForResult=true"));
    let took = since.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{took:?}");
    Ok(())
}

#[tokio::test]
async fn another_namespace_is_another_place() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let gate = fixture.closed_gate().await?;
    assert_eq!(bridge.status_json(&gate, "namespace=default", 200).await["workflowState"], "Running");
    // Only namespaces that the operator lists may be named.
    let refused = bridge.status_json(&gate, "namespace=nowhere", 403).await;
    assert_eq!(refused["code"], "namespace_not_allowed");
    assert!(
        refused["detail"].as_str().unwrap_or_default().contains("BRIDGE_TEMPORAL_NAMESPACES"),
        "{refused}"
    );
    Ok(())
}
