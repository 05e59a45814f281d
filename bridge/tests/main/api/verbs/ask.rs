//! Queries.

use std::time::Instant;

use serde_json::{Value, json};

use super::super::{AT_ONCE, fault_paths, problem_of};
use super::Scene;

#[tokio::test]
async fn a_workflow_answers_with_arguments_and_without() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.level().await, 0);
    let answer: Value = scene.post("query", json!({"type": "sum", "args": [5]})).await.json().await.unwrap();
    assert_eq!(answer, json!({"workflowID": scene.workflow_id, "result": {"sum": 5}}));
}

#[tokio::test]
async fn each_reason_for_no_answer_is_a_problem_of_its_own() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.level().await, 0);
    let unknown = scene.post("query", json!({"type": "colour"})).await;
    assert_eq!(unknown.status(), 422);
    let problem = problem_of(scene.post("query", json!({})).await, 422, "invalid_body").await;
    assert_eq!(fault_paths(&problem), ["$.spec.type"]);
    let misnamed = scene.post("query", json!({"name": "level"})).await;
    let problem = problem_of(misnamed, 422, "invalid_body").await;
    assert_eq!(fault_paths(&problem), ["$.spec.type", "$.spec.name"]);
    assert_eq!(problem["faults"][1]["message"], "is not a known field");

    let deserted = Scene::deserted().await;
    let asked = Instant::now();
    let body = json!({"spec": {"type": "level"}});
    let answer = deserted.request("query?timeout=1", &body).send().await.unwrap();
    problem_of(answer, 503, "no_worker").await;
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    for wrong in ["soon", "0s"] {
        let answer = deserted.request(&format!("query?timeout={wrong}"), &body).send().await.unwrap();
        let problem = problem_of(answer, 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], "timeout");
    }
}
