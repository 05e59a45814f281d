//! The status of workflows: defects 3 to 6, 10, 18 and 19.

use harness::{SAMPLE_INTENT, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Served, running};
use crate::api::{SOON, unique};
use crate::temporal::Fixture;

/// Starts a bridge with an intent for this workflow.
async fn bridge_for(fixture: &Fixture, workflow_id: &str) -> Served {
    let bridge = Served::on(fixture.server.address()).await;
    bridge.create(workflow_id, 9090).await;
    bridge
}

#[tokio::test]
async fn d03_a_wrong_boolean_is_refused() {
    let bridge = Served::alone().await;
    bridge.create("w", 9090).await;
    for (parameter, value) in [("waitForResult", "yes"), ("runDescribeWfExec", "True"), ("getWfHistory", "1")]
    {
        let answer = bridge.status_of_sample(&format!("{parameter}={value}")).await;
        assert_eq!(answer.problem(400, "invalid_parameter")["parameter"], parameter);
    }
}

#[tokio::test]
async fn d04_a_wait_reports_the_result_or_the_failure() {
    let fixture = Fixture::new().await.unwrap();
    let run = fixture.start("Echo", &json!({"moved": ["web"]})).await.unwrap();
    let bridge = bridge_for(&fixture, run.workflow_id.as_str()).await;
    let completed = bridge.status_of_sample("waitForResult=true&timeout=20s").await;
    assert_eq!(completed.status, 200);
    assert_eq!(completed.json()["workflowState"], "Completed");
    assert_eq!(completed.json()["workflowResult"], json!({"echo": {"moved": ["web"]}}));

    let run = fixture.start("FailingActivity", &Value::Null).await.unwrap();
    let query = format!("waitForResult=true&timeout=20s&workflowID={}", run.workflow_id);
    let failed = bridge.status_of_sample(&query).await.json();
    assert_eq!(failed["workflowState"], "Failed");
    assert_ne!(failed["workflowFailure"]["message"].as_str().unwrap(), "");
    assert_eq!(failed.get("workflowResult"), None);
}

#[tokio::test]
async fn d05_the_workflow_id_comes_from_the_intent() {
    let (bridge, temporal) = Served::start().await;
    let id = unique("d05");
    bridge.create(&id, 9090).await;
    let run = running(temporal, &id).await;
    let status = bridge.status_of_sample("").await.json();
    assert_eq!((&status["workflowID"], &status["runID"]), (&json!(id), &json!(run)));
}

#[tokio::test]
async fn d06_an_intent_that_does_not_exist_has_no_status() {
    let (bridge, temporal) = Served::start().await;
    let id = unique("d06");
    running(temporal, &id).await;
    let answer = bridge.get(&format!("/no-such-intent/status?workflowID={id}")).await;
    answer.problem(404, "no_such_intent");
}

#[tokio::test]
async fn d10_a_wait_is_bounded_and_ends_with_its_caller() {
    let (bridge, temporal) = Served::start().await;
    let id = unique("d10");
    bridge.create(&id, 9090).await;
    running(temporal, &id).await;
    let bounded = bridge.status_of_sample("waitForResult=true&timeout=100ms").await;
    assert_eq!((bounded.status, &bounded.json()["workflowState"]), (202, &json!("Running")));

    let path = format!("/{SAMPLE_INTENT}/status?waitForResult=true&timeout=5m");
    let callers: Vec<_> = (0..10).map(|_| tokio::spawn(bridge.request(Method::GET, &path).send())).collect();
    eventually(SOON, "the callers wait", async || under_way(&bridge).await == 11).await;
    callers.iter().for_each(tokio::task::JoinHandle::abort);
    eventually(SOON, "nobody waits", async || under_way(&bridge).await == 1).await;
}

/// Returns the number of open requests, including this one.
async fn under_way(bridge: &Served) -> u32 {
    let metrics = bridge.metrics().await;
    let value = metrics.lines().find_map(|line| line.strip_prefix("http_server_active_requests "));
    value.unwrap().parse().unwrap()
}

#[tokio::test]
async fn d18_a_query_takes_arguments_and_reports_why_it_failed() {
    let fixture = Fixture::new().await.unwrap();
    let run = fixture.closed_gate().await.unwrap();
    let bridge = bridge_for(&fixture, run.workflow_id.as_str()).await;
    let echoed = bridge.status_of_sample("queryType=echo&queryParams=[%22hello%22]").await;
    assert_eq!((echoed.status, &echoed.json()["workflowQueryResult"]), (200, &json!("hello")));

    bridge.status_of_sample("queryType=broken").await.problem(422, "query_failed");
    bridge.status_of_sample("queryType=no-such-query").await.problem(422, "query_failed");
    let ended = fixture.start("Nothing", &Value::Null).await.unwrap().workflow_id;
    assert_eq!(bridge.status_of_sample(&format!("waitForResult=true&workflowID={ended}")).await.status, 200);
    let query = format!("queryType=echo&queryRejectCondition=notOpen&workflowID={ended}");
    bridge.status_of_sample(&query).await.problem(409, "query_rejected");
    let nobody = unique("d18");
    running(fixture.server, &nobody).await;
    bridge.status_of_sample(&format!("queryType=echo&workflowID={nobody}")).await.problem(503, "no_worker");
}

#[tokio::test]
async fn d19_a_status_is_readable() {
    let fixture = Fixture::new().await.unwrap();
    let run = fixture.start("Echo", &json!("hello")).await.unwrap();
    let bridge = bridge_for(&fixture, run.workflow_id.as_str()).await;
    let query = "waitForResult=true&timeout=20s&runDescribeWfExec=true&getWfHistory=true";
    let status = bridge.status_of_sample(query).await.json();
    assert_eq!(status["workflowState"], "Completed");
    let info = &status["workflowExecutionDescription"]["workflowExecutionInfo"];
    assert_eq!(
        (&info["status"], &info["type"]["name"]),
        (&json!("WORKFLOW_EXECUTION_STATUS_COMPLETED"), &json!("Echo"))
    );
    let first = &status["workflowHistory"][0];
    assert_eq!(first["eventType"], "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED");
    // Temporal's own names for all of it.
    let shown = fixture.server.cli(&["workflow", "show", "-w", run.workflow_id.as_str()]).await.unwrap();
    assert_eq!(status["workflowHistory"], shown["events"]);
}
