//! Updates.

use std::time::Instant;

use serde_json::{Value, json};

use super::super::{AT_ONCE, fault_paths, header, problem_of};
use super::Scene;

#[tokio::test]
async fn an_update_is_done_once_and_answered_as_often_as_asked() {
    let scene = Scene::new("Obedient").await;
    let spec = json!({"name": "set", "args": [7], "updateID": "to-seven"});
    for _ in 0..2 {
        let updated = scene.post("update", spec.clone()).await;
        assert_eq!(updated.status(), 200);
        let answer: Value = updated.json().await.unwrap();
        assert_eq!(
            answer,
            json!({
                "workflowID": scene.workflow_id, "runID": scene.run_id, "updateID": "to-seven", "stage": "Completed", "result": 0,
            })
        );
    }
    assert_eq!(scene.level().await, 7);
    assert_eq!(scene.events("WORKFLOW_EXECUTION_UPDATE_ACCEPTED").await.len(), 1);
}

#[tokio::test]
async fn the_key_is_the_id_where_the_body_has_none() {
    let scene = Scene::new("Obedient").await;
    let body = json!({"spec": {"name": "set", "args": [3]}});
    for _ in 0..2 {
        let request = scene.request("update", &body).header("Idempotency-Key", "the-key");
        let answer: Value =
            request.header("X-Forwarded-User", "bob").send().await.unwrap().json().await.unwrap();
        assert_eq!((&answer["updateID"], &answer["result"]), (&json!("the-key"), &json!(0)));
    }
    let [accepted] = scene.events("WORKFLOW_EXECUTION_UPDATE_ACCEPTED").await.try_into().unwrap();
    let meta = &accepted["workflowExecutionUpdateAcceptedEventAttributes"]["acceptedRequest"]["meta"];
    assert!(meta["identity"].as_str().unwrap().starts_with("bob via "), "{meta}");
    let answer: Value = scene.post("update", json!({"name": "set", "args": [4]})).await.json().await.unwrap();
    assert!(answer["updateID"].as_str().unwrap().len() > 10 && answer["result"] == 3, "{answer}");
}

#[tokio::test]
async fn a_rejected_update_changed_nothing_and_a_failed_one_may_have() {
    let scene = Scene::new("Obedient").await;
    for (spec, code, message) in [
        (json!({"name": "set", "args": [-1]}), "update_rejected", "levels are not negative"),
        (json!({"name": "paint", "args": []}), "update_rejected", "paint"),
        (json!({"name": "break"}), "update_failed", "the lever broke"),
    ] {
        let problem = problem_of(scene.post("update", spec).await, 422, code).await;
        let failure = &problem["workflowFailure"];
        assert!(failure["message"].as_str().unwrap().contains(message), "{failure}");
    }
    assert_eq!(scene.events("WORKFLOW_EXECUTION_UPDATE_ACCEPTED").await.len(), 1);
}

#[tokio::test]
async fn an_update_that_takes_long_is_asked_for_again() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.level().await, 0);
    let body = json!({"spec": {"name": "await-level", "args": [2], "updateID": "wait"}});
    let asked = Instant::now();
    let accepted = scene.request("update?wait=2s", &body).send().await.unwrap();
    assert_eq!((accepted.status().as_u16(), header(&accepted, "retry-after")), (202, "1"));
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    let answer: Value = accepted.json().await.unwrap();
    assert_eq!((&answer["stage"], &answer["updateID"]), (&json!("Accepted"), &json!("wait")));
    assert_eq!(answer.get("result"), None);

    assert_eq!(scene.post("signal", json!({"name": "raise", "args": [2]})).await.status(), 204);
    let updated = scene.request("update", &body).send().await.unwrap();
    assert_eq!(updated.status(), 200);
    assert_eq!(updated.json::<Value>().await.unwrap()["result"], 2);
}

#[tokio::test]
async fn without_a_worker_an_update_ends_at_its_bound() {
    let deserted = Scene::deserted().await;
    let asked = Instant::now();
    let body = json!({"spec": {"name": "set", "args": [1]}});
    problem_of(deserted.request("update?wait=1s", &body).send().await.unwrap(), 503, "no_worker").await;
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_workflow_that_is_closed_or_not_there_is_not_updated() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.post("terminate", json!({})).await.status(), 204);
    let set = json!({"name": "set", "args": [1]});
    problem_of(scene.post("update", set).await, 409, "workflow_closed").await;
    let nobody = json!({"name": "set", "workflowID": "nobody"});
    problem_of(scene.post("update", nobody).await, 404, "no_such_workflow").await;
    let problem = problem_of(scene.post("update", json!({})).await, 422, "invalid_body").await;
    assert_eq!(fault_paths(&problem), ["$.spec.name"]);
}
