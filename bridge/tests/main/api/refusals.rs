//! Invalid input: each case is rejected with every fault named, and nothing is stored.

use harness::{SAMPLE_DIG, SAMPLE_INTENT, http, sample_intent};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, fault_paths, header, problem_of};

/// Returns the sample with one part changed.
fn with(pointer: &str, value: Value) -> String {
    let mut intent = sample_intent("client", 9090, "http://emco");
    *intent.pointer_mut(pointer).unwrap() = value;
    intent.to_string()
}

async fn assert_nothing_stored(api: &Api) {
    assert_eq!(api.get("").await.text().await.unwrap(), "[]\n");
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let api = Api::new().await;
    for body in ["", "  \n", "{", "{\"metadata\": ", "intent", "{'metadata': {}}"] {
        let problem = problem_of(api.post("", body).await, 400, "not_json").await;
        assert_eq!(fault_paths(&problem), ["$"], "{body}");
    }
    assert_nothing_stored(&api).await;
}

#[tokio::test]
async fn every_wrong_type_is_listed() {
    let api = Api::new().await;
    let body = json!({
        "metadata": {"name": 7},
        "spec": {
            "workflowClient": {"clientEndpointName": true, "clientEndpointPort": "9090"},
            "temporal": {"workflowStartOptions": {"workflowRunTimeout": "soon"}, "workflowParams": {"activityParams": {"a": {"b": 1}}}},
        },
    });
    let problem = problem_of(api.post("", body.to_string()).await, 422, "invalid_body").await;
    assert_eq!(
        fault_paths(&problem),
        [
            "$.metadata.name",
            "$.spec.workflowClient.clientEndpointName",
            "$.spec.workflowClient.clientEndpointPort",
            "$.spec.temporal.workflowStartOptions.workflowRunTimeout",
            "$.spec.temporal.workflowParams.activityParams.a.b",
        ]
    );
    assert_nothing_stored(&api).await;
}

#[tokio::test]
async fn an_empty_spec_is_refused_with_all_that_is_missing() {
    let api = Api::new().await;
    for body in [
        r#"{"metadata":{"name":"i"},"spec":{}}"#,
        r#"{"metadata":{"name":"i"}}"#,
        r#"{"metadata":{"name":"i"},"spec":null}"#,
    ] {
        let problem = problem_of(api.post("", body).await, 422, "invalid_intent").await;
        assert_eq!(
            fault_paths(&problem),
            [
                "$.spec.workflowClient.clientEndpointName",
                "$.spec.workflowClient.clientEndpointPort",
                "$.spec.temporal.workflowClientName",
                "$.spec.temporal.workflowStartOptions.ID",
                "$.spec.temporal.workflowStartOptions.TaskQueue",
            ]
        );
    }
    assert_nothing_stored(&api).await;
}

#[tokio::test]
async fn each_unsound_part_is_named() {
    let api = Api::new().await;
    for (pointer, value, path) in [
        ("/metadata/name", json!("-a"), "$.metadata.name"),
        ("/metadata/name", json!("a b"), "$.metadata.name"),
        ("/metadata/name", json!(""), "$.metadata.name"),
        ("/metadata/name", json!("a".repeat(129)), "$.metadata.name"),
        ("/spec/workflowClient/clientEndpointName", json!(""), "$.spec.workflowClient.clientEndpointName"),
        (
            "/spec/workflowClient/clientEndpointName",
            json!("http://c"),
            "$.spec.workflowClient.clientEndpointName",
        ),
        ("/spec/workflowClient/clientEndpointPort", json!(0), "$.spec.workflowClient.clientEndpointPort"),
        ("/spec/workflowClient/clientEndpointPort", json!(65536), "$.spec.workflowClient.clientEndpointPort"),
        ("/spec/temporal/workflowClientName", json!(""), "$.spec.temporal.workflowClientName"),
        ("/spec/temporal/workflowClientName", json!("../x"), "$.spec.temporal.workflowClientName"),
        ("/spec/temporal/workflowStartOptions/id", json!(""), "$.spec.temporal.workflowStartOptions.id"),
        ("/spec/temporal/workflowStartOptions/id", json!("a\0b"), "$.spec.temporal.workflowStartOptions.id"),
        (
            "/spec/temporal/workflowStartOptions/id",
            json!("x".repeat(1001)),
            "$.spec.temporal.workflowStartOptions.id",
        ),
    ] {
        let problem = problem_of(api.post("", with(pointer, value)).await, 422, "invalid_intent").await;
        assert_eq!(fault_paths(&problem), [path]);
    }
    assert_nothing_stored(&api).await;
}

/// However long the texts of a caller are, and however many faults they have, the response is short.
#[tokio::test]
async fn responses_to_long_texts_and_many_faults_are_short() {
    let (api, _) = Api::on_temporal().await;
    let long = "x".repeat(50_000);
    assert_eq!(api.post("", with("/metadata/name", json!(SAMPLE_INTENT))).await.status(), 201);
    let queries = [
        format!("{long}=1"),
        format!("timeout={long}"),
        format!("historyFilter={long}"),
        format!("historyPageToken={long}"),
        format!("queryType=q&queryParams={long}"),
        format!("runID={long}"),
        format!("workflowID={long}&runDescribeWfExec=true&getWfHistory=true&queryType=q"),
        format!("temporalServer={long}"),
        format!("namespace={long}"),
    ];
    let names =
        ["", "/status", "/runs", "/runs/x", "/revisions", "/check"].map(|below| format!("/{long}{below}"));
    let parts = ["runs", "revisions", "nothing"].map(|part| format!("/{SAMPLE_INTENT}/{part}/{long}"));
    let statuses = queries.map(|query| format!("/{SAMPLE_INTENT}/status?{query}"));
    for below in names.iter().chain(&parts).chain(&statuses) {
        let response = api.get(below).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_client_error(), "{}: {status}", &below[..40]);
        // Identities and paths may be longer than names.
        let most = if below.contains("workflowID") || below.contains("nothing") { 1_000 } else { 200 };
        let longest = text.split(|c| c != 'x').map(str::len).max();
        assert!(
            longest <= Some(most) && text.len() < 5_000,
            "{}: {longest:?} of {}",
            &below[..40],
            text.len()
        );
    }

    let wrong: Value = (0..30_000).map(|number| (format!("a{number}"), json!(7))).collect();
    let body = with("/spec/temporal/workflowParams/activityParams", wrong);
    let response = api.post("", body).await;
    let problem = problem_of(response, 422, "invalid_body").await;
    assert_eq!(problem["faults"].as_array().unwrap().len(), 100);
    assert_eq!(problem["faults"][99]["message"], "there are 29901 more faults");
}

#[tokio::test]
async fn names_in_the_path_are_checked_with_the_body() {
    let api = Api::new().await;
    let url = |dig: &str| format!("{}{}/temporal-workflow-intents", api.url, SAMPLE_DIG.replace("dig1", dig));
    let post = |dig: &str, body: String| http().post(url(dig)).body(body).send();

    let unsound = post("a%20b", with("/metadata/name", json!("-"))).await.unwrap();
    let problem = problem_of(unsound, 422, "invalid_intent").await;
    assert_eq!(fault_paths(&problem), ["path.deploymentIntentGroup", "$.metadata.name"]);

    let mistyped = post("-dig", with("/metadata/name", json!(1))).await.unwrap();
    let problem = problem_of(mistyped, 422, "invalid_body").await;
    assert_eq!(fault_paths(&problem), ["$.metadata.name", "path.deploymentIntentGroup"]);

    let list = http().get(url("a%20b")).send().await.unwrap();
    assert_eq!(list.text().await.unwrap(), "[]\n");
}

#[tokio::test]
async fn a_body_over_two_mebibytes_is_refused() {
    let api = Api::new().await;
    let body = with("/metadata/description", json!("x".repeat(2 << 20)));
    problem_of(api.post("", body).await, 413, "body_too_large").await;
    assert_nothing_stored(&api).await;
}

/// Go writes `<` as `\u003c`, so the request to the workflow client is six times as long.
#[tokio::test]
async fn a_request_that_no_client_accepts_is_refused() {
    let api = Api::new().await;
    let (params, long) = ("/spec/temporal/workflowParams/activityParams", "<".repeat(400 << 10));
    let too_long = with(params, json!({"all-activities": {"a": long}}));
    let problem = problem_of(api.post("", too_long.clone()).await, 422, "invalid_intent").await;
    assert_eq!(fault_paths(&problem), ["$.spec.temporal"]);
    assert_nothing_stored(&api).await;

    let half = "<".repeat(200 << 10);
    let kept = with(params, json!({"all-activities": {"a": half}}));
    assert_eq!(api.post("", kept).await.status(), 201);
    let put = api.request(Method::PUT, &format!("/{SAMPLE_INTENT}")).body(too_long).send().await.unwrap();
    problem_of(put, 422, "invalid_intent").await;
    let more = json!({"spec": {"activityParams": {"all-activities": {"b": half}}}}).to_string();
    let problem = problem_of(api.start_under("key", more).await, 422, "invalid_start").await;
    assert_eq!(fault_paths(&problem), ["$.spec.activityParams"]);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let api = Api::new().await;
    problem_of(http().get(format!("{}/v2/nothing", api.url)).send().await.unwrap(), 404, "no_such_path")
        .await;
    let patch = api.request(Method::PATCH, "/i").send().await.unwrap();
    assert_eq!(header(&patch, "allow"), "GET,HEAD,PUT,DELETE");
    problem_of(patch, 405, "method_not_allowed").await;
    problem_of(api.get("/i/start").await, 405, "method_not_allowed").await;
    problem_of(api.get("/%ff").await, 400, "bad_request").await;
}

#[tokio::test]
async fn callers_who_prefer_text_get_the_same_sentences() {
    let api = Api::new().await;
    let request =
        api.request(Method::POST, "").header("Accept", "text/plain").body(r#"{"metadata":{"name":"i"}}"#);
    let response = request.send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), header(&response, "content-type")),
        (422, "text/plain; charset=utf-8")
    );
    let text = response.text().await.unwrap();
    assert!(text.starts_with("the workflow intent is not valid: it has 5 faults\n"), "{text}");
    assert!(text.contains("\n$.spec.workflowClient.clientEndpointPort: 0 is not a port"), "{text}");
}
