//! Registering, reading and deleting intents.

use harness::{SAMPLE_DIG, SAMPLE_INTENT, sample_intent};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, header, problem_of};

fn named(name: &str) -> Value {
    let mut intent = sample_intent("client", 9090, "http://emco");
    intent["metadata"]["name"] = name.into();
    intent
}

/// EMCO's response to the sample, byte for byte (EMCO-API §0.2, §1.2).
const NORMALISED: &str = concat!(
    r#"{"metadata":{"name":"dig1-workflow-intent","description":"description for intent","userData1":"","userData2":""},"#,
    r#""spec":{"workflowClient":{"clientEndpointName":"client","clientEndpointPort":9090},"#,
    r#""temporal":{"workflowClientName":"migrate_workflowclient","workflowStartOptions":{"ID":"migrate-apps-1","#,
    r#""TaskQueue":"MIGRATION_TASK_Q","WorkflowExecutionTimeout":0,"WorkflowRunTimeout":0,"WorkflowTaskTimeout":0,"#,
    r#""WorkflowIDReusePolicy":0,"WorkflowExecutionErrorWhenAlreadyStarted":false,"RetryPolicy":{"InitialInterval":0,"#,
    r#""BackoffCoefficient":0,"MaximumInterval":0,"MaximumAttempts":2,"NonRetryableErrorTypes":null},"CronSchedule":"","#,
    r#""Memo":null,"SearchAttributes":null},"workflowParams":{"activityOptions":{"all-activities":{"TaskQueue":"","#,
    r#""ScheduleToCloseTimeout":0,"ScheduleToStartTimeout":0,"StartToCloseTimeout":60000000000,"#,
    r#""HeartbeatTimeout":5000000,"WaitForCancellation":false,"ActivityID":"","RetryPolicy":{"InitialInterval":10,"#,
    r#""BackoffCoefficient":0,"MaximumInterval":0,"MaximumAttempts":0,"NonRetryableErrorTypes":null}}},"#,
    r#""activityParams":{"all-activities":{"compositeApp":"capp1","compositeAppVersion":"v1","#,
    r#""deploymentIntentGroup":"dig1","emcoURL":"http://emco?a=1\u0026b=2","project":"proj1","#,
    r#""targetClusterName":"cluster2","targetClusterProvider":"provider2"}}}}}}"#,
    "\n"
);

#[tokio::test]
async fn a_created_intent_is_answered_and_read_in_emcos_bytes() {
    let api = Api::new().await;
    let body = sample_intent("client", 9090, "http://emco?a=1&b=2");
    let created = api.post("", body.to_string()).await;
    assert_eq!(created.status(), 201);
    assert_eq!(header(&created, "content-type"), "application/json");
    let path = format!("{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}");
    assert_eq!(header(&created, "location"), path);
    assert_eq!(created.text().await.unwrap(), NORMALISED);

    let read = api.get(&format!("/{SAMPLE_INTENT}")).await;
    assert_eq!(read.status(), 200);
    assert_eq!(header(&read, "content-type"), "application/json");
    assert_eq!(read.text().await.unwrap(), NORMALISED);
}

#[tokio::test]
async fn lists_are_arrays_ordered_by_name() {
    let api = Api::new().await;
    let empty = api.get("").await;
    assert_eq!(empty.status(), 200);
    assert_eq!(empty.text().await.unwrap(), "[]\n");
    for name in ["b", "a", "c"] {
        assert_eq!(api.post("", named(name).to_string()).await.status(), 201);
    }
    let list: Value = api.get("").await.json().await.unwrap();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|intent| &intent["metadata"]["name"]).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_deleted_intent_is_gone() {
    let api = Api::new().await;
    api.create_sample(9090).await;
    let path = format!("/{SAMPLE_INTENT}");
    let deleted = api.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(deleted.text().await.unwrap(), "");
    let again = api.request(Method::DELETE, &path).send().await.unwrap();
    let problem = problem_of(again, 404, "no_such_intent").await;
    assert!(
        problem["detail"].as_str().unwrap().contains("proj1/capp1/v1/dig1/dig1-workflow-intent"),
        "{problem}"
    );
    problem_of(api.get(&path).await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn a_second_intent_of_the_name_conflicts() {
    let api = Api::new().await;
    api.create_sample(9090).await;
    let again = api.post("", sample_intent("other", 9090, "http://emco").to_string()).await;
    problem_of(again, 409, "intent_exists").await;
    let kept: Value = api.get(&format!("/{SAMPLE_INTENT}")).await.json().await.unwrap();
    assert_eq!(kept["spec"]["workflowClient"]["clientEndpointName"], "127.0.0.1");
}

#[tokio::test]
async fn unknown_fields_are_reported_rejected_or_ignored() {
    let api = Api::new().await;
    let body = |name| {
        let mut intent = named(name);
        intent["spec"]["hookBlocking"] = json!(true);
        intent["spec"]["temporal"]["workflowStartOptions"]["a b"] = json!(1);
        intent.to_string()
    };
    for (query, name) in [("", "warned"), ("?fieldValidation=Warn", "warned-2")] {
        let created = api.post(query, body(name)).await;
        assert_eq!(created.status(), 201);
        let warnings: Vec<_> = created.headers().get_all("warning").iter().collect();
        assert_eq!(
            warnings,
            [
                r#"299 - "unknown field $.spec.temporal.workflowStartOptions[\"a b\"]""#,
                r#"299 - "unknown field $.spec.hookBlocking""#
            ]
        );
        assert!(!created.text().await.unwrap().contains("hookBlocking"));
    }
    let ignored = api.post("?fieldValidation=Ignore", body("ignored")).await;
    assert_eq!((ignored.status().as_u16(), ignored.headers().get("warning")), (201, None));

    let strict = api.post("?fieldValidation=Strict", body("strict")).await;
    let problem = problem_of(strict, 400, "unknown_fields").await;
    assert_eq!(problem["faults"].as_array().unwrap().len(), 2);
    problem_of(api.get("/strict").await, 404, "no_such_intent").await;

    let wrong = api.post("?fieldValidation=strict", body("strict")).await;
    assert_eq!(problem_of(wrong, 400, "invalid_parameter").await["parameter"], "fieldValidation");
}

#[tokio::test]
async fn keys_match_without_regard_to_case_and_nulls_are_nothing() {
    let api = Api::new().await;
    let body = r#"{"METADATA": {"Name": "folded", "description": null}, "Spec": {
        "WORKFLOWCLIENT": {"clientendpointname": "client", "ClientEndpointPort": 9090.0},
        "temporal": {"workflowclientname": "c", "WorkflowStartOptions": {"id": "w", "taskqueue": "q", "workflowRunTimeout": "1h30m"}}
    }} trailing"#;
    let created = api.post("", body).await;
    assert_eq!((created.status().as_u16(), created.headers().get("warning")), (201, None));
    let intent: Value = created.json().await.unwrap();
    assert_eq!(
        intent["spec"]["temporal"]["workflowStartOptions"]["WorkflowRunTimeout"],
        5_400_000_000_000_u64
    );
}
