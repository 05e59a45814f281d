//! The monitors in Temporal: each rule is looked at by itself.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rule_acts_by_itself_until_it_is_deleted() {
    let scene = Scene::new("Gate").await;
    let spec = json!({"when": {"state": ["Running"]}, "every": "10s", "then": alarm("workflowLate")});
    scene.rule("by-itself", spec).await;
    scene.start(json!({})).await;
    let raised =
        eventually(SOON, "there is an alarm", async || scene.alarms("workflowLate").await.pop()).await;
    assert_eq!(raised["perceivedSeverity"], "MINOR");
    let url = format!("{}/v2/projects/{PROJECT}/workflow-rules/by-itself", scene.api.url());
    assert_eq!(harness::http().delete(url).send().await.unwrap().status(), 204);
    eventually(SOON, "the alarm is cleared", async || {
        (scene.alarms("workflowLate").await[0]["perceivedSeverity"] == "CLEARED").then_some(())
    })
    .await;
    let installation = scene.api.parts.store.installation().await.unwrap();
    let monitor = format!("emco-bridge-{installation}/rule/{PROJECT}/by-itself");
    eventually(SOON, "the monitor has ended", async || {
        let described = scene.temporal.cli(&["workflow", "describe", "-w", &monitor]).await.unwrap();
        let status = &described["workflowExecutionInfo"]["status"];
        (status == "WORKFLOW_EXECUTION_STATUS_COMPLETED").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_time_of_a_look_is_a_part_of_the_interval() {
    let scene = Scene::new("Gate").await;
    let spec = json!({"when": {"state": ["Running"]}, "every": "10s", "then": alarm("workflowLate")});
    scene.rule("regular", spec).await;
    let next = scene.app.rules.turn(&RuleKey::of(PROJECT, "regular")).await.unwrap().unwrap();
    assert!(next < Duration::from_secs(10), "{next:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_a_worker_of_its_own_the_bridge_has_no_rules() {
    let scene = Scene::with("Echo", &["--escalation", "off"]).await;
    let spec = json!({"when": {"state": ["Failed"]}, "then": alarm("workflowFailed")});
    let refused = scene.put("failed", &spec).await;
    assert_eq!(refused.status(), 501);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "rules_off");
    assert!(problem["detail"].as_str().unwrap().contains("BRIDGE_ESCALATION"), "{problem}");
}
