//! What is wrong is refused where it is said, with every fault named, and nothing is kept of it.

use anyhow::{Result, ensure};
use harness::{SAMPLE_INTENT, Stack, StackOptions, TemporalOptions};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{get, intent_url, post, send, start};

async fn stack() -> Result<Stack> {
    let temporal = TemporalOptions { in_memory: true, ..TemporalOptions::default() };
    StackOptions { temporal, ..StackOptions::default() }.start().await
}

#[tokio::test]
async fn a_faulty_intent_is_refused_with_every_fault_and_not_stored() -> Result<()> {
    let stack = stack().await?;
    let intents = stack.intents_url();
    let sample = stack.sample_intent();
    let changed = |pointer: &str, value: Value| {
        let mut intent = sample.clone();
        if let Some(place) = intent.pointer_mut(pointer) {
            *place = value;
        }
        intent.to_string()
    };
    const START_OPTIONS: &str = "/spec/temporal/workflowStartOptions";
    for (what, body, paths) in [
        ("malformed JSON", "{\"metadata\": ".to_owned(), vec!["$"]),
        ("no body", String::new(), vec!["$"]),
        (
            "wrong types",
            json!({"metadata": {"name": 1}, "spec": {"workflowClient": {"clientEndpointPort": "9090"}}})
                .to_string(),
            vec!["$.metadata.name", "$.spec.workflowClient.clientEndpointPort"],
        ),
        ("a name outside the pattern", changed("/metadata/name", json!("no good")), vec!["$.metadata.name"]),
        (
            "a missing client",
            changed("/spec/workflowClient", json!({})),
            vec!["$.spec.workflowClient.clientEndpointName", "$.spec.workflowClient.clientEndpointPort"],
        ),
        (
            "port 0",
            changed("/spec/workflowClient/clientEndpointPort", json!(0)),
            vec!["$.spec.workflowClient.clientEndpointPort"],
        ),
        (
            "no workflow ID",
            changed(START_OPTIONS, json!({"taskQueue": "q"})),
            vec!["$.spec.temporal.workflowStartOptions.ID"],
        ),
        (
            "an empty spec",
            changed("/spec", json!({})),
            vec![
                "$.spec.workflowClient.clientEndpointName",
                "$.spec.workflowClient.clientEndpointPort",
                "$.spec.temporal.workflowClientName",
                "$.spec.temporal.workflowStartOptions.ID",
                "$.spec.temporal.workflowStartOptions.TaskQueue",
            ],
        ),
    ] {
        let refused = send(Method::POST, &intents, body).await?;
        ensure!((400..500).contains(&refused.status), "{what}: {refused:?}");
        ensure!(refused.header("content-type") == "application/problem+json", "{what}: {refused:?}");
        ensure!(refused.fault_paths() == paths, "{what}: {}", refused.body);
    }
    ensure!(get(&intents).await?.expect(200)?.body == json!([]), "nothing was stored");
    stack.stop().await
}

#[tokio::test]
async fn a_client_that_refuses_is_shown_with_its_status_and_words() -> Result<()> {
    let stack = stack().await?;
    let mut intent = stack.sample_intent();
    intent["spec"]["temporal"]["workflowClientName"] = "nobody".into();
    post(&stack.intents_url(), &intent).await?.expect(422)?;
    // As if it had been there then.
    post(&format!("{}?clientCheck=Skip", stack.intents_url()), &intent).await?.expect(201)?;
    let refused = start(&stack).await?.expect(502)?;
    ensure!(refused.body["clientStatus"] == 404, "{}", refused.body);
    let words = refused.body["clientText"].as_str().unwrap_or_default();
    ensure!(words.contains("migrate_workflowclient"), "the client names those it knows: {}", refused.body);
    let status = get(&intent_url(&stack, SAMPLE_INTENT, "/status")).await?;
    ensure!(status.status == 404, "nothing was started: {status:?}");
    stack.stop().await
}

#[tokio::test]
async fn wrong_parameters_are_refused_at_creation_and_at_start() -> Result<()> {
    let stack = stack().await?;
    let mut intent = stack.sample_intent();
    let params = &mut intent["spec"]["temporal"]["workflowParams"]["activityParams"]["all-activities"];
    params["targetCluster"] = "cluster2".into();
    if let Some(params) = params.as_object_mut() {
        params.remove("targetClusterName");
        params.remove("project");
    }
    let at_create = post(&stack.intents_url(), &intent).await?.expect(422)?;
    // As if the client had been away then.
    post(&format!("{}?clientCheck=Skip", stack.intents_url()), &intent).await?.expect(201)?;
    let at_start = start(&stack).await?.expect(502)?;
    ensure!(at_start.body["clientStatus"] == 422, "{}", at_start.body);
    let faults = at_create.body["faults"].to_string();
    for fault in
        ["did you mean `targetClusterName`?", "all-activities.project", "all-activities.targetClusterName"]
    {
        ensure!(faults.contains(fault), "{fault} is named in {faults}");
    }
    // The client finds the same faults, at the same places of the intent.
    ensure!(at_start.body["faults"] == at_create.body["faults"], "{}", at_start.body);
    let status = get(&intent_url(&stack, SAMPLE_INTENT, "/status")).await?;
    ensure!(status.status == 404, "nothing was started: {status:?}");
    stack.stop().await
}

#[tokio::test]
async fn a_bad_query_parameter_is_named() -> Result<()> {
    let stack = stack().await?;
    post(&stack.intents_url(), &stack.sample_intent()).await?.expect(201)?;
    for (query, named) in [
        ("waitForResult=yes", "waitForResult"),
        ("runDescribeWfExec=1", "runDescribeWfExec"),
        ("workflowid=w", "workflowid"),
        ("timeout=soon", "timeout"),
    ] {
        let refused =
            get(&intent_url(&stack, SAMPLE_INTENT, &format!("/status?{query}"))).await?.expect(400)?;
        ensure!(refused.text("detail").contains(named), "{query}: {}", refused.body);
    }
    let missing = get(&intent_url(&stack, "nothing", "/status")).await?.expect(404)?;
    ensure!(missing.text("detail").contains("nothing"), "{}", missing.body);
    stack.stop().await
}
