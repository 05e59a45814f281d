//! Bad input fails the workflow at once.

use serde_json::{Value, json};
use temporalio_common::data_converters::{PayloadConverter, RawValue};

use crate::run::Failure;
use crate::scene::Scene;

/// Expects a failure at the first workflow task that is not retried.
async fn refusal(scene: &Scene, input: RawValue) -> Failure {
    let run = scene.start_with(input).await;
    let failure = run.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("InvalidParams", true));
    assert_eq!(run.workflow_attempts().await, 1);
    assert_eq!(run.attempts().await, []);
    failure
}

fn one(argument: &Value) -> RawValue {
    RawValue::from_value(argument, &PayloadConverter::default())
}

#[tokio::test]
async fn input_of_the_wrong_format_fails_the_workflow() {
    let scene = Scene::new("shape").await;
    let argument = one(&json!({})).payloads;
    for (input, words) in [
        (RawValue::default(), "not 0"),
        (RawValue::new([argument.clone(), argument].concat()), "not 2"),
        (one(&json!("text")), "must be an object"),
        (one(&json!([1, 2])), "must be an object"),
        (one(&json!({"activityParams": {"all-activities": {"project": 1}}})), "project: must be a text"),
        (one(&json!(null)), "emcoURL: is missing"),
    ] {
        let failure = refusal(&scene, input).await;
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
}

#[tokio::test]
async fn everything_wrong_is_in_one_message() {
    let scene = Scene::new("wrong").await;
    let mut params = scene.sample_params();
    let all = &mut params["activityParams"]["all-activities"];
    all.as_object_mut().unwrap().retain(|name, _| name != "project" && name != "targetClusterName");
    all["emcoURL"] = json!("emco");
    all["targetCluster"] = json!("cluster2");
    params["activityOptions"]["Migrate"] = json!({});
    params["activityOptions"]["DoDigUpdate"] = json!({"RetryPolicy": {"MaximumInterval": "1ms"}});
    let run = scene.start(&params).await;
    let failure = run.failure().await;
    for words in [
        "$.activityParams.all-activities.project: is missing",
        "$.activityParams.all-activities.targetClusterName: is missing",
        "$.activityParams.all-activities.emcoURL: cannot be used",
        "$.activityParams.all-activities.targetCluster: is not known; did you mean `targetClusterName`?",
        "no activity `Migrate`; write `all-activities` or one of `GetDigAppIntents`, `UpdateAppIntents`, `DoDigUpdate`",
        "$.activityOptions.DoDigUpdate.RetryPolicy.MaximumInterval: ",
    ] {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    run.replays("invalid").await;
}
