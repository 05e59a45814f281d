//! The OpenAPI document, compared with the program.

use std::collections::BTreeSet;

use harness::http;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, problem_of};

async fn document(api: &Api) -> Value {
    http().get(format!("{}/openapi.json", api.url)).send().await.unwrap().json().await.unwrap()
}

/// Returns every operation of the document: method and path.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| item.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    paths
        .iter()
        .flat_map(|(path, item)| methods(item).into_iter().map(move |method| (method, path.clone())))
        .map(|(method, path)| (method.to_uppercase().parse().unwrap(), path))
        .collect()
}

#[tokio::test]
async fn the_document_is_as_agreed() {
    let mut document = document(&Api::new().await).await;
    document["info"]["version"] = "(version)".into();
    insta::assert_json_snapshot!(document);
}

#[tokio::test]
async fn the_served_document_is_the_printed_one() {
    let printed: Value = serde_json::from_str(&bridge_http::document()).unwrap();
    assert_eq!(document(&Api::new().await).await, printed);
    assert_eq!(printed["openapi"], "3.1.0");
}

#[tokio::test]
async fn every_operation_of_the_document_is_served() {
    let api = Api::new().await;
    let operations = operations(&document(&api).await);
    assert_eq!(operations.len(), 78, "{operations:?}");
    for (method, path) in operations {
        let path = path.replace("{workflowIntent}", "absent").replace(['{', '}'], "");
        let answer = http().request(method.clone(), format!("{}{path}", api.url)).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(
            status.is_success() || !(text.contains("no_such_path") || text.contains("method_not_allowed")),
            "{method} {path}: {status}: {text}"
        );
    }
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document(&Api::new().await).await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.contains("#/components/schemas/WorkflowIntent"), "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_documents_own_example_is_taken() {
    let api = Api::new().await;
    let document = document(&api).await;
    let create = &document["paths"]["/v2/projects/{project}/composite-apps/{compositeApp}/{compositeAppVersion}/deployment-intent-groups/{deploymentIntentGroup}/temporal-workflow-intents"]
        ["post"];
    let example = &create["requestBody"]["content"]["application/json"]["example"];
    assert_eq!(api.post("?fieldValidation=Strict", example.to_string()).await.status(), 201);
    problem_of(api.post("", example.to_string()).await, 409, "intent_exists").await;
}

#[tokio::test]
async fn every_body_has_an_example() {
    let document = document(&Api::new().await).await;
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][method.as_str().to_lowercase()];
        let answers = operation["responses"].as_object().unwrap().values();
        let bodies = answers.chain(operation.get("requestBody")).filter_map(|body| body.get("content"));
        for body in bodies.flat_map(|content| content.as_object().unwrap().values()) {
            // The document itself needs no token.
            let shown = body.get("example").is_some() || body.get("examples").is_some();
            assert!(shown || path == "/openapi.json", "{method} {path}: {body}");
        }
    }
}

/// A typing error must not change the result: no route ignores an unknown parameter.
#[tokio::test]
async fn every_operation_refuses_unknown_query_parameters() {
    let api = Api::new().await;
    let document = document(&api).await;
    for (method, path) in operations(&document) {
        let tags = &document["paths"][&path][method.as_str().to_lowercase()]["tags"];
        if *tags != json!(["workflow intents"]) && *tags != json!(["workflows"]) || method == Method::HEAD {
            continue;
        }
        let path = path.replace("{workflowIntent}", "absent").replace(['{', '}'], "");
        let url = format!("{}{path}?dryrun=All", api.url);
        let answer = http().request(method.clone(), url).body("{}").send().await.unwrap();
        let problem = problem_of(answer, 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], "dryrun", "{method} {path}");
    }
}
