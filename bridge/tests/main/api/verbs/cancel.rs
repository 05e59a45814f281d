//! Cancellation with a wait.

use std::time::Instant;

use harness::{SAMPLE_INTENT, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::super::{AT_ONCE, Api, SOON, header, problem_of};
use super::Scene;
use crate::temporal::Fixture;

#[tokio::test]
async fn a_workflow_that_heeds_its_cancellation_has_stopped() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.level().await, 0);
    let body = json!({"spec": {"reason": "the cluster goes down"}});
    let request = scene.request("cancel?wait=20s", &body).header("X-Forwarded-User", "alice");
    let stopped = request.send().await.unwrap();
    assert_eq!(stopped.status(), 200);
    let report: Value = stopped.json().await.unwrap();
    assert_eq!(
        report,
        json!({
            "workflowID": scene.workflow_id, "runID": scene.run_id, "workflowState": "Canceled", "stopped": true,
            "pendingActivities": [],
        })
    );
    let [event] = scene.events("WORKFLOW_EXECUTION_CANCEL_REQUESTED").await.try_into().unwrap();
    let event = &event["workflowExecutionCancelRequestedEventAttributes"];
    assert_eq!(event["cause"], "the cluster goes down");
    assert!(event["identity"].as_str().unwrap().starts_with("alice via "), "{event}");
}

#[tokio::test]
async fn a_workflow_that_continues_in_a_new_run_has_not_stopped() {
    let fixture = Fixture::new().await.unwrap();
    // The worker has begun to work, so that the runs end soon after their cancellation.
    fixture.closed_gate().await.unwrap();
    let continued = fixture.start("Restless", &Value::Null).await.unwrap();
    let retried = fixture.start_retried("Restless", &json!("fail")).await.unwrap();
    for run in [continued, retried] {
        let api = Api::on(fixture.server.address(), &[]).await;
        api.create_with_workflow(run.workflow_id.as_str()).await;
        let body = json!({"spec": {"runID": run.run_id}}).to_string();
        let stopping = api.post(&format!("/{SAMPLE_INTENT}/cancel?wait=3s"), body).await;
        assert_eq!(stopping.status(), 202);
        let report: Value = stopping.json().await.unwrap();
        assert_eq!(
            (&report["workflowState"], &report["stopped"]),
            (&json!("Running"), &json!(false)),
            "{report}"
        );
        assert_ne!(report["runID"], run.run_id.as_str());
        assert_eq!(api.post(&format!("/{SAMPLE_INTENT}/terminate"), "{}").await.status(), 204);
    }
}

#[tokio::test]
async fn a_workflow_that_does_not_stop_reports_its_activities() {
    let scene = Scene::new("Stubborn").await;
    let asked = Instant::now();
    let stopping = scene.post("cancel?wait=1s", json!({})).await;
    assert_eq!((stopping.status().as_u16(), header(&stopping, "retry-after")), (202, "1"));
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    assert!(header(&stopping, "location").ends_with(&format!("runID={}", scene.run_id)));
    let report: Value = stopping.json().await.unwrap();
    assert_eq!((&report["workflowState"], &report["stopped"]), (&json!("Running"), &json!(false)));
    let [activity] = report["pendingActivities"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((&activity["activityType"], &activity["attempt"]), (&json!("Toil"), &json!(2)));
    assert_eq!(activity["state"], "Started");
    assert_eq!(activity["lastFailure"]["message"], "the cluster is away");
    let age = activity["heartbeatAge"].as_f64().unwrap();
    assert!((0.0..60.0).contains(&age), "{age}");
    // When requested at once, it ends.
    let stopped = scene.post("cancel?wait=20s", json!({"terminate": true})).await;
    assert_eq!(stopped.status(), 200);
    assert_eq!(stopped.json::<Value>().await.unwrap()["workflowState"], "Terminated");
}

#[tokio::test]
async fn a_workflow_that_waits_for_a_child_names_it() {
    let scene = Scene::new("Parent").await;
    let child = |report: &Value| report["pendingChildren"][0].clone();
    let path = format!("/{SAMPLE_INTENT}/status");
    let waited_for = eventually(SOON, "the status names the child", async || {
        let status =
            scene.api.request(Method::GET, &path).send().await.unwrap().json::<Value>().await.unwrap();
        // A child that has not started yet has no run ID.
        let has_started = child(&status)["runID"].as_str().is_some_and(|run_id| !run_id.is_empty());
        if has_started { Ok(child(&status)) } else { Err(status.to_string()) }
    })
    .await;
    assert_eq!(waited_for["workflowID"], format!("{}/child", scene.workflow_id));
    assert_eq!(waited_for["workflowType"], "Stubborn");
    let stopping = scene.post("cancel?wait=1s", json!({})).await;
    assert_eq!(stopping.status(), 202);
    assert_eq!(child(&stopping.json().await.unwrap()), waited_for);
    // When terminated, it waits for nothing.
    let stopped = scene.post("cancel?wait=20s", json!({"terminate": true})).await;
    assert!(child(&stopped.json().await.unwrap()).is_null());
}

#[tokio::test]
async fn a_wait_that_is_no_time_is_refused_before_anything_is_done() {
    let scene = Scene::new("Stubborn").await;
    for parameter in ["wait", "escalateAfter"] {
        let answer = scene.post(&format!("cancel?{parameter}=soon"), json!({})).await;
        assert_eq!(problem_of(answer, 400, "invalid_parameter").await["parameter"], parameter);
    }
    assert!(scene.events("WORKFLOW_EXECUTION_CANCEL_REQUESTED").await.is_empty());
}
