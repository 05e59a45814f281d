//! Resets.

use harness::{SAMPLE_INTENT, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::super::{SOON, fault_paths, header, problem_of};
use super::Scene;

#[tokio::test]
async fn a_workflow_runs_again_from_each_kind_of_point() {
    for point in
        [json!({"to": "FirstWorkflowTask"}), json!({"to": "LastWorkflowTask"}), json!({"eventID": 4})]
    {
        let scene = Scene::new("Obedient").await;
        assert_eq!(scene.post("signal", json!({"name": "raise", "args": [3]})).await.status(), 204);
        eventually(SOON, "the level is 3", async || scene.level().await == 3).await;

        let mut spec = point.clone();
        spec["reason"] = "once more".into();
        let request = scene.request("reset", &json!({"spec": spec})).header("X-Forwarded-User", "carol");
        let reset = request.send().await.unwrap();
        assert_eq!(reset.status(), 200, "{point}: {}", reset.text().await.unwrap());
        let (run_id, location) = (header(&reset, "run-id").to_owned(), header(&reset, "location").to_owned());
        let answer: Value = reset.json().await.unwrap();
        assert_eq!(answer, json!({"workflowID": scene.workflow_id, "runID": run_id}));
        assert_ne!(run_id, scene.run_id);
        assert!(
            location.ends_with(&format!("workflowID={}&runID={run_id}", scene.workflow_id)),
            "{location}"
        );

        // Signals after the point are applied again.
        eventually(SOON, "the level is 3 again", async || scene.level().await == 3).await;
        let [ended] = scene.events("WORKFLOW_EXECUTION_TERMINATED").await.try_into().unwrap();
        let ended = &ended["workflowExecutionTerminatedEventAttributes"];
        assert!(ended["reason"].as_str().unwrap().contains("once more"), "{ended}");
    }
}

#[tokio::test]
async fn a_stream_goes_on_with_the_run_that_a_reset_made() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.level().await, 0);
    let stream = scene.api.request(Method::GET, &format!("/{SAMPLE_INTENT}/status?historyFilter=closeEvent"));
    let mut stream = stream.header("Accept", "text/event-stream").send().await.unwrap();
    let mut text = String::new();
    let mut read_to = async |wanted: &str| {
        while !text.contains(wanted) {
            let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        text.clone()
    };
    read_to("Running").await;
    let reset = scene.post("reset", json!({"to": "FirstWorkflowTask"})).await;
    let run_id = header(&reset, "run-id").to_owned();
    let text = read_to(&format!("\"runID\":\"{run_id}\"")).await;
    assert!(!text.contains("event: closed"), "{text}");
    assert_eq!(scene.post("terminate", json!({})).await.status(), 204);
    let text = read_to("event: closed").await;
    assert!(text.contains(&format!("id: {run_id}/")), "{text}");
}

#[tokio::test]
async fn a_rejected_reset_has_its_reason() {
    let scene = Scene::new("Obedient").await;
    for spec in [json!({}), json!({"to": "Yesterday"}), json!({"to": "LastWorkflowTask", "eventID": 4})] {
        let problem = problem_of(scene.post("reset", spec).await, 422, "invalid_body").await;
        assert_eq!(fault_paths(&problem).len(), 1);
    }
    problem_of(scene.post("reset", json!({"eventID": 4000})).await, 400, "temporal_refused").await;
    let nobody = json!({"to": "LastWorkflowTask", "workflowID": "nobody"});
    problem_of(scene.post("reset", nobody).await, 404, "no_such_workflow").await;
    let deserted = Scene::deserted().await;
    problem_of(deserted.post("reset", json!({"to": "LastWorkflowTask"})).await, 409, "nothing_to_reset")
        .await;
}
