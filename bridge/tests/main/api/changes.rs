//! Replacements, conditions on changes, and dry runs.

use harness::{SAMPLE_DIG, SAMPLE_INTENT, sample_intent};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Api, fault_paths, header, problem_of};

const PATH: &str = "/dig1-workflow-intent";

fn described(description: &str) -> Value {
    let mut intent = sample_intent("client", 9090, "http://emco");
    intent["metadata"]["description"] = description.into();
    intent
}

async fn put(api: &Api, query: &str, conditions: &[(&str, &str)], body: &Value) -> Response {
    let mut request = api.request(Method::PUT, &format!("{PATH}{query}")).body(body.to_string());
    for (name, value) in conditions {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn delete(api: &Api, query: &str, conditions: &[(&str, &str)]) -> Response {
    let mut request = api.request(Method::DELETE, &format!("{PATH}{query}"));
    for (name, value) in conditions {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn description(api: &Api) -> String {
    let intent: Value = api.get(PATH).await.json().await.unwrap();
    intent["metadata"]["description"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn put_creates_and_then_replaces() {
    let api = Api::new().await;
    let created = put(&api, "", &[], &described("one")).await;
    assert_eq!((created.status().as_u16(), header(&created, "etag")), (201, "\"1\""));
    let path = format!("{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}");
    assert_eq!(header(&created, "location"), path);

    let replaced = put(&api, "", &[], &described("two")).await;
    assert_eq!((replaced.status().as_u16(), header(&replaced, "etag")), (200, "\"2\""));
    assert_eq!(replaced.headers().get("location"), None);
    assert_eq!(replaced.json::<Value>().await.unwrap()["metadata"]["description"], "two");
    assert_eq!(description(&api).await, "two");
}

#[tokio::test]
async fn a_put_that_changes_nothing_makes_no_revision() {
    let api = Api::new().await;
    put(&api, "", &[], &described("one")).await;
    let same = put(&api, "", &[], &described("one")).await;
    assert_eq!((same.status().as_u16(), header(&same, "etag")), (200, "\"1\""));
}

#[tokio::test]
async fn the_path_names_the_intent() {
    let api = Api::new().await;
    let mut body = described("one");
    body["metadata"].as_object_mut().unwrap().remove("name");
    let created = put(&api, "", &[], &body).await;
    assert_eq!(created.status(), 201);
    assert_eq!(created.json::<Value>().await.unwrap()["metadata"]["name"], SAMPLE_INTENT);

    body["metadata"]["name"] = "other".into();
    let problem = problem_of(put(&api, "", &[], &body).await, 422, "invalid_intent").await;
    assert_eq!(fault_paths(&problem), ["$.metadata.name"]);
    let unsound = api.request(Method::PUT, "/-x-").body(body.to_string()).send().await.unwrap();
    problem_of(unsound, 422, "invalid_intent").await;
}

#[tokio::test]
async fn a_faulty_put_changes_nothing() {
    let api = Api::new().await;
    put(&api, "", &[], &described("one")).await;
    let mut body = described("two");
    body["spec"]["temporal"]["workflowStartOptions"] = json!({});
    problem_of(put(&api, "", &[], &body).await, 422, "invalid_intent").await;
    body["spec"]["workflowClient"] = json!(7);
    problem_of(put(&api, "", &[], &body).await, 422, "invalid_body").await;
    let mut body = described("two");
    body["spec"]["hookBlocking"] = true.into();
    problem_of(put(&api, "?fieldValidation=Strict", &[], &body).await, 400, "unknown_fields").await;
    assert_eq!(description(&api).await, "one");

    let warned = put(&api, "", &[], &body).await;
    assert_eq!(header(&warned, "warning"), r#"299 - "unknown field $.spec.hookBlocking""#);
}

#[tokio::test]
async fn an_entity_tag_follows_the_revision() {
    let api = Api::new().await;
    let created = api.post("", described("one").to_string()).await;
    assert_eq!(header(&created, "etag"), "\"1\"");
    let got = api.get(PATH).await;
    assert_eq!(header(&got, "etag"), "\"1\"");
    for (known, status) in [("\"1\"", 304), ("\"7\", W/\"1\"", 304), ("*", 304), ("\"2\"", 200)] {
        let got = api.request(Method::GET, PATH).header("If-None-Match", known).send().await.unwrap();
        assert_eq!((got.status().as_u16(), header(&got, "etag")), (status, "\"1\""), "{known}");
        assert_eq!(got.text().await.unwrap().is_empty(), status == 304, "{known}");
    }
    put(&api, "", &[], &described("two")).await;
    let got = api.request(Method::GET, PATH).header("If-None-Match", "\"1\"").send().await.unwrap();
    assert_eq!((got.status().as_u16(), header(&got, "etag")), (200, "\"2\""));
}

#[tokio::test]
async fn a_tag_does_not_come_back_with_the_name() {
    let api = Api::new().await;
    api.post("", described("one").to_string()).await;
    assert_eq!(delete(&api, "", &[]).await.status(), 204);
    let created = api.post("", described("two").to_string()).await;
    assert_eq!((created.status().as_u16(), header(&created, "etag")), (201, "\"3\""));
    problem_of(delete(&api, "", &[("If-Match", "\"1\"")]).await, 412, "condition_failed").await;
}

#[tokio::test]
async fn a_change_whose_conditions_fail_is_not_made() {
    let api = Api::new().await;
    let one = described("one");
    problem_of(put(&api, "", &[("If-Match", "*")], &one).await, 412, "condition_failed").await;
    problem_of(put(&api, "", &[("If-Match", "\"1\"")], &one).await, 412, "condition_failed").await;
    assert_eq!(put(&api, "", &[("If-None-Match", "*")], &one).await.status(), 201);

    let two = described("two");
    for conditions in [
        [("If-None-Match", "*")],
        [("If-None-Match", "\"1\"")],
        [("If-Match", "\"2\"")],
        [("If-Match", "W/\"1\"")],
        [("If-Match", "\"of-another-server\"")],
    ] {
        let problem = problem_of(put(&api, "", &conditions, &two).await, 412, "condition_failed").await;
        assert_eq!(problem["currentETag"], "\"1\"", "{conditions:?}");
        problem_of(delete(&api, "", &conditions).await, 412, "condition_failed").await;
    }
    assert_eq!(description(&api).await, "one");
    let replaced = put(&api, "", &[("If-Match", "\"7\", \"1\"")], &two).await;
    assert_eq!((replaced.status().as_u16(), header(&replaced, "etag")), (200, "\"2\""));
    assert_eq!(delete(&api, "", &[("If-Match", "\"2\"")]).await.status(), 204);
    // An intent that does not exist is not found, whatever the conditions (RFC 9110 §13.2.1).
    problem_of(delete(&api, "", &[("If-Match", "*")]).await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn a_condition_that_is_no_tag_is_refused() {
    let api = Api::new().await;
    let refused = put(&api, "", &[("If-Match", "1")], &described("one")).await;
    assert_eq!(problem_of(refused, 400, "invalid_parameter").await["parameter"], "if-match");
    problem_of(api.get(PATH).await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn a_dry_run_answers_alike_and_stores_nothing() {
    let api = Api::new().await;
    let one = described("one");
    let tried = api.post("?dryRun=All", one.to_string()).await;
    let tried = (tried.status(), header(&tried, "etag").to_owned(), tried.text().await.unwrap());
    problem_of(api.get(PATH).await, 404, "no_such_intent").await;
    let done = api.post("", one.to_string()).await;
    assert_eq!((done.status(), header(&done, "etag").to_owned(), done.text().await.unwrap()), tried);

    let tried = put(&api, "?dryRun=All", &[], &described("two")).await;
    assert_eq!((tried.status().as_u16(), header(&tried, "etag")), (200, "\"2\""));
    assert_eq!(delete(&api, "?dryRun=All", &[]).await.status(), 204);
    assert_eq!(description(&api).await, "one");

    problem_of(api.post("?dryRun=All", one.to_string()).await, 409, "intent_exists").await;
    let conditions = [("If-Match", "\"9\"")];
    problem_of(put(&api, "?dryRun=All", &conditions, &one).await, 412, "condition_failed").await;
    problem_of(put(&api, "?dryRun=All", &[], &json!({})).await, 422, "invalid_intent").await;
}

#[tokio::test]
async fn a_misspelt_dry_run_is_refused_and_not_done() {
    let api = Api::new().await;
    api.post("", described("one").to_string()).await;
    for (query, parameter) in
        [("?dryrun=All", "dryrun"), ("?dryRun=all", "dryRun"), ("?dryRun=true", "dryRun")]
    {
        let refused = put(&api, query, &[], &described("two")).await;
        assert_eq!(problem_of(refused, 400, "invalid_parameter").await["parameter"], parameter);
        problem_of(delete(&api, query, &[]).await, 400, "invalid_parameter").await;
    }
    assert_eq!(description(&api).await, "one");
}
