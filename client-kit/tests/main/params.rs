//! Typed parameters over HTTP.

use serde_json::{Value, json};

use crate::clients::SECRET;
use crate::serving::{Answer, Serving, answer};

fn body(params: Value) -> String {
    json!({"workflowStartOptions": {"ID": "w", "TaskQueue": "q"}, "workflowParams": {"activityParams": params}}).to_string()
}

fn faults(answer: &Answer) -> Vec<(&str, &str)> {
    let text = |fault: &'_ Value, member: &str| fault[member].as_str().unwrap().to_owned().leak() as &str;
    answer.body["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (text(fault, "path"), text(fault, "message")))
        .collect()
}

#[tokio::test]
async fn parameters_arrive_in_their_types() {
    let (serving, temporal) = Serving::recorded().await;
    let body = body(json!({
        "all-activities": {
            "application": "shop", "replicas": "3", "clusters": "edge-1, edge-2", "mode": "hard", "attempts": "1",
        },
        "doDIGUpdate": {"attempts": "2"},
        "anotherActivity": {"whatever": "it likes"},
    }));
    assert_eq!(answer(serving.post("typed", body)).await.status, 204);
    let started = temporal.started();
    let [start] = started.requests() else { panic!("one start") };
    assert_eq!(
        start.start.arguments(),
        [json!({
            "to": {"application": "shop", "replicas": 3, "clusters": ["edge-1", "edge-2"], "mode": "hard"},
            "attempts": 2, "queue": "q",
        })]
    );
    assert_eq!(start.start.workflow_type().as_str(), "Move");
}

#[tokio::test]
async fn an_activity_uses_the_parameters_for_all() {
    let (serving, temporal) = Serving::recorded().await;
    let body = body(json!({"all-activities": {"application": "shop", "attempts": "7"}}));
    assert_eq!(answer(serving.post("typed", body)).await.status, 204);
    assert_eq!(temporal.started().requests()[0].start.arguments()[0]["attempts"], 7);
}

#[tokio::test]
async fn every_fault_of_every_argument_comes_in_one_answer() {
    let (serving, temporal) = Serving::recorded().await;
    let body = body(json!({
        "all-activities": {"aplication": SECRET, "replicas": SECRET, "mode": SECRET, "clusters": "[1]"},
        "doDIGUpdate": {"attempts": "300", "replicas": "1"},
    }));
    let refused = answer(serving.post("typed", body)).await;
    refused.assert_problem(422, "invalid_params");
    assert_eq!(refused.body["detail"], "7 parameters of the workflow cannot be used");
    assert_eq!(refused.header("start-outcome"), Some("none"));
    assert_eq!(
        faults(&refused),
        [
            ("$.workflowParams.activityParams.doDIGUpdate.replicas", "is not known; known are `attempts`"),
            ("$.workflowParams.activityParams.doDIGUpdate.attempts", "must be an integer from 0 to 255"),
            (
                "$.workflowParams.activityParams.all-activities.aplication",
                "is not known; did you mean `application`?"
            ),
            ("$.workflowParams.activityParams.all-activities.application", "is missing"),
            ("$.workflowParams.activityParams.all-activities.clusters[0]", "must be a text"),
            ("$.workflowParams.activityParams.all-activities.mode", "must be `gentle` or `hard`"),
            ("$.workflowParams.activityParams.all-activities.replicas", "must be an integer from 0 to 255"),
        ]
    );
    assert!(!refused.body.to_string().contains(SECRET), "{refused:?}");
    assert_eq!(temporal.started().requests(), []);
}
