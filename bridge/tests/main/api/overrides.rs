//! Starts with overrides, and previews of starts.

use harness::{SAMPLE_INTENT, sample_intent};
use reqwest::Method;
use serde_json::{Value, json};

use super::engine::ScriptedEngine;
use super::{Api, ScriptedClient, fault_paths, header, problem_of};

fn start(query: &str) -> String {
    format!("/{SAMPLE_INTENT}/start{query}")
}

async fn posted(api: &Api, client: &ScriptedClient, body: Value) -> Value {
    let started = api.post(&start(""), body.to_string()).await;
    assert_eq!(started.status(), 204, "{}", started.text().await.unwrap());
    serde_json::from_slice(&client.asked().last().unwrap().body).unwrap()
}

#[tokio::test]
async fn one_intent_launches_many_workflows() {
    let api = Api::new().await;
    let client = ScriptedClient::emco().await;
    api.create_sample(client.port).await;
    for number in 1..=3 {
        let spec = posted(&api, &client, json!({"spec": {"workflowID": "migrate-{{run}}"}})).await;
        assert_eq!(spec["workflowStartOptions"]["ID"], format!("migrate-{number}"));
    }
    let mut ids = Vec::new();
    for _ in 0..2 {
        let spec = posted(&api, &client, json!({"SPEC": {"workflowid": "{{uuid}}"}})).await;
        ids.push(spec["workflowStartOptions"]["ID"].as_str().unwrap().parse::<uuid::Uuid>().unwrap());
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn single_parameters_are_overridden_and_the_intent_stays() {
    let api = Api::new().await;
    let client = ScriptedClient::emco().await;
    api.create_sample(client.port).await;
    let params =
        json!({"all-activities": {"targetClusterName": "cluster9"}, "DoDigUpdate": {"dryRun": "yes"}});
    let spec = posted(&api, &client, json!({"spec": {"activityParams": params}})).await;
    let all = &spec["workflowParams"]["activityParams"];
    assert_eq!(all["all-activities"]["targetClusterName"], "cluster9");
    assert_eq!(all["all-activities"]["targetClusterProvider"], "provider2");
    assert_eq!(all["DoDigUpdate"], json!({"dryRun": "yes"}));
    assert_eq!(spec["workflowStartOptions"]["ID"], "migrate-apps-1");
    let spec = posted(&api, &client, json!({})).await;
    assert_eq!(spec["workflowParams"]["activityParams"]["all-activities"]["targetClusterName"], "cluster2");
}

#[tokio::test]
async fn an_unsound_start_is_refused_with_all_its_faults() {
    let api = Api::new().await;
    let client = ScriptedClient::emco().await;
    api.create_sample(client.port).await;
    let body = json!({"spec": {"workflowID": "{{who}}-{{uuid}}-{{what"}}).to_string();
    let problem = problem_of(api.post(&start(""), body).await, 422, "invalid_start").await;
    assert_eq!(fault_paths(&problem), ["$.spec.workflowID", "$.spec.workflowID"]);
    assert!(problem["faults"][0]["message"].as_str().unwrap().contains("{{who}}"), "{problem}");

    let body = json!({"spec": {"workflowID": 1, "activityParams": {"a": {"b": true}, "c": []}}}).to_string();
    let problem = problem_of(api.post(&start(""), body).await, 422, "invalid_body").await;
    let paths = ["$.spec.workflowID", "$.spec.activityParams.a.b", "$.spec.activityParams.c"];
    assert_eq!(fault_paths(&problem), paths);
    problem_of(api.post(&start(""), "not JSON").await, 400, "not_json").await;
    assert!(client.asked().is_empty());
}

#[tokio::test]
async fn unknown_fields_are_reported_or_rejected() {
    let api = Api::new().await;
    let client = ScriptedClient::emco().await;
    api.create_sample(client.port).await;
    let body = r#"{"spec":{"workflowId":"w","params":{}}}"#;
    let started = api.post(&start(""), body).await;
    assert_eq!(header(&started, "warning"), r#"299 - "unknown field $.spec.params""#);
    problem_of(api.post(&start("?fieldValidation=Strict"), body).await, 400, "unknown_fields").await;
    assert!(api.post(&start("?fieldValidation=Ignore"), body).await.headers().get("warning").is_none());
    assert_eq!(client.asked().len(), 2);
}

#[tokio::test]
async fn a_dry_run_returns_the_request_and_does_nothing() {
    let api = Api::new().await;
    let client = ScriptedClient::emco().await;
    api.create_sample(client.port).await;
    let body = json!({"spec": {"workflowID": "w-{{run}}", "more": 1}}).to_string();
    for _ in 0..2 {
        let preview = api.post(&start("?dryRun=All"), body.clone()).await;
        assert_eq!(
            (preview.status().as_u16(), header(&preview, "warning")),
            (200, r#"299 - "unknown field $.spec.more""#)
        );
        let preview: Value = preview.json().await.unwrap();
        let url = format!("http://127.0.0.1:{}/invoke/migrate_workflowclient", client.port);
        assert_eq!((&preview["method"], &preview["url"]), (&json!("POST"), &json!(url)));
        assert_eq!(preview["body"]["workflowStartOptions"]["ID"], "w-1");
    }
    assert!(client.asked().is_empty());
    api.post(&start(""), body.clone()).await;
    let preview: Value = api.post(&start("?dryRun=All"), body).await.json().await.unwrap();
    assert_eq!(preview["body"]["workflowStartOptions"]["ID"], "w-2");
    let problem = problem_of(api.post(&start("?dryRun=true"), "").await, 400, "invalid_parameter").await;
    assert_eq!(problem["parameter"], "dryRun");
    problem_of(api.post("/absent/start?dryRun=All", "").await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn an_intent_may_make_a_workflow_with_each_start() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    let client = ScriptedClient::emco().await;
    api.create(client.port, "{{uuid}}").await;
    let problem = problem_of(api.status_of_sample("").await, 404, "no_such_workflow").await;
    assert!(problem["detail"].as_str().unwrap().contains("start it, or name `workflowID`"), "{problem}");
    for _ in 0..2 {
        let started = api.start_sample().await;
        let workflow_id = header(&started, "workflow-id");
        assert!(workflow_id.parse::<uuid::Uuid>().is_ok(), "{workflow_id}");
        let posted: Value = serde_json::from_slice(&client.asked().last().unwrap().body).unwrap();
        assert_eq!(posted["workflowStartOptions"]["ID"], workflow_id);
        let status: Value = api.status_of_sample("").await.json().await.unwrap();
        assert_eq!(status["workflowID"], workflow_id);
    }
    let status: Value = api.status_of_sample("workflowID=another").await.json().await.unwrap();
    assert_eq!(status["workflowID"], "another");
}

#[tokio::test]
async fn an_intents_own_workflow_id_may_be_a_template() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    let client = ScriptedClient::emco().await;
    api.create(client.port, "migrate-{{run}}").await;
    for number in 1..=2 {
        let spec = posted(&api, &client, json!({})).await;
        assert_eq!(spec["workflowStartOptions"]["ID"], format!("migrate-{number}"));
    }
    let preview: Value = api.post(&start("?dryRun=All"), "").await.json().await.unwrap();
    assert_eq!(preview["body"]["workflowStartOptions"]["ID"], "migrate-3");
    let cancel = api.request(Method::POST, &format!("/{SAMPLE_INTENT}/cancel"));
    let cancelled = cancel.header("Prefer", "return=representation").body("{}").send().await.unwrap();
    assert_eq!(cancelled.json::<Value>().await.unwrap()["workflowID"], "migrate-2");
}

#[tokio::test]
async fn calls_go_to_the_workflow_that_the_client_started() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    let client = ScriptedClient::ours("order-77", "run-1").await;
    api.create(client.port, "order-1").await;
    let workflow = async || {
        let mut found = Vec::new();
        let status: Value = api.status_of_sample("").await.json().await.unwrap();
        found.push(status["workflowID"].as_str().unwrap().to_owned());
        for (verb, body) in [("cancel", "{}"), ("signal", r#"{"spec":{"name":"stop"}}"#)] {
            let call = api.request(Method::POST, &format!("/{SAMPLE_INTENT}/{verb}"));
            let called = call.header("Prefer", "return=representation").body(body).send().await.unwrap();
            let report: Value = called.json().await.unwrap();
            found
                .push(report["workflowID"].as_str().unwrap_or_else(|| panic!("{verb}: {report}")).to_owned());
        }
        found.dedup();
        found
    };
    assert_eq!(workflow().await, ["order-1"]);

    let expected = r#"299 - "the workflow client started `order-77` instead of `order-1`; calls of the intent go there""#;
    // A repeat has the same response.
    for replayed in [false, true] {
        let started = api.start_under("key", "").await;
        assert_eq!((header(&started, "workflow-id"), header(&started, "warning")), ("order-77", expected));
        assert_eq!(started.headers().contains_key("idempotency-replayed"), replayed);
    }
    assert_eq!(workflow().await, ["order-77"]);
    let runs: Value = api.get(&format!("/{SAMPLE_INTENT}/runs")).await.json().await.unwrap();
    assert_eq!(
        (&runs[0]["workflowID"], &runs[0]["requestedWorkflowID"]),
        (&json!("order-77"), &json!("order-1"))
    );

    // A start that fails changes nothing.
    let overridden = json!({"spec": {"workflowID": "order-{{who}}"}}).to_string();
    problem_of(api.post(&start(""), overridden).await, 422, "invalid_start").await;
    assert_eq!(workflow().await, ["order-77"]);
}

#[tokio::test]
async fn a_start_that_came_to_nothing_is_no_workflow_of_an_intent() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    let client = ScriptedClient::emco().await;
    api.create(client.port, "{{uuid}}").await;
    let started = api.start_sample().await;
    let workflow_id = header(&started, "workflow-id").to_owned();
    let mut elsewhere = sample_intent("127.0.0.1", harness::free_port(), "http://emco");
    elsewhere["spec"]["temporal"]["workflowStartOptions"]["id"] = "{{uuid}}".into();
    let put = api.request(Method::PUT, &format!("/{SAMPLE_INTENT}")).body(elsewhere.to_string());
    assert_eq!(put.send().await.unwrap().status(), 200);
    problem_of(api.start_sample().await, 502, "client_unreachable").await;
    let status: Value = api.status_of_sample("").await.json().await.unwrap();
    assert_eq!(status["workflowID"], workflow_id);
}

#[tokio::test]
async fn a_template_that_stands_for_nothing_is_not_kept() {
    let api = Api::new().await;
    let mut intent = sample_intent("127.0.0.1", 9090, "http://emco");
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = "a-{{who}}".into();
    let problem = problem_of(api.post("", intent.to_string()).await, 422, "invalid_intent").await;
    assert_eq!(fault_paths(&problem), ["$.spec.temporal.workflowStartOptions.id"]);
}
