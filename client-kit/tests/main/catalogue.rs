//! The catalogue and the OpenAPI document of a server.

use harness::http;
use serde_json::{Value, json};
use workflow_api::{Catalogue, TemporalSpec, read};

use crate::serving::{Serving, answer};

#[tokio::test]
async fn the_catalogue_lists_the_parameters_of_each_client() {
    let (serving, _) = Serving::recorded().await;
    let got = answer(http().get(serving.url("/invoke"))).await;
    assert_eq!((got.status.as_u16(), got.header("content-type")), (200, Some("application/json")));
    let clients = got.body["clients"].as_array().unwrap();
    let client = |name: &str| clients.iter().find(|client| client["name"] == name).unwrap().clone();
    assert_eq!(
        client("migrate_workflowclient"),
        json!({
            "name": "migrate_workflowclient", "summary": "", "workflowType": "EmcoMigrateWorkflow",
            "taskQueue": "MIGRATION_TASK_Q", "params": {}, "idempotencyKey": true,
        })
    );
    let typed = client("typed");
    assert_eq!(typed["summary"], "Moves an application to other clusters.");
    assert_eq!(typed["workflowType"], "Move");
    assert_eq!(typed["params"]["doDIGUpdate"]["required"], json!(["attempts"]));
    let schema = &typed["params"]["all-activities"];
    assert_eq!(
        schema["properties"]["application"],
        json!({"type": "string", "description": "The application."})
    );
    assert_eq!(schema["properties"]["replicas"]["type"], json!(["integer", "null"]));
    assert_eq!(client("echo")["params"], json!({}));
}

#[tokio::test]
async fn a_reader_of_the_catalogue_finds_the_faults_that_the_client_finds() {
    let (serving, _) = Serving::recorded().await;
    let text = http().get(serving.url("/invoke")).send().await.unwrap().text().await.unwrap();
    let catalogue = read::<Catalogue>(text.as_bytes()).unwrap();
    assert_eq!(catalogue.unknown, Vec::<String>::new());
    let client = catalogue.value.get("typed").unwrap().clone();
    for params in [
        json!({"all-activities": {"application": "a", "attempts": "1"}}),
        json!({"all-activities": {"application": "a", "attempts": "1", "replicas": ""}, "other": {"x": "y"}}),
        json!({"all-activities": {"replicas": "many", "mode": "odd", "aplication": "a"}, "doDIGUpdate": {"attempt": "1"}}),
        json!({}),
    ] {
        let body =
            json!({"workflowStartOptions": {"TaskQueue": "q"}, "workflowParams": {"activityParams": params}});
        let spec: TemporalSpec = serde_json::from_value(body.clone()).unwrap();
        let mut found: Vec<_> = client
            .check(&spec)
            .unwrap()
            .iter()
            .map(|fault| json!({"path": fault.path, "message": fault.message}))
            .collect();
        let refused = answer(serving.post("typed", body.to_string())).await;
        let mut listed = refused.body["faults"].as_array().cloned().unwrap_or_default();
        found.sort_by_key(Value::to_string);
        listed.sort_by_key(Value::to_string);
        assert_eq!(found, listed);
    }
}

#[tokio::test]
async fn the_openapi_document_has_each_client_with_its_parameters() {
    let (serving, _) = Serving::recorded().await;
    let document = answer(http().get(serving.url("/openapi.json"))).await.body;
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), crate::clients::all().len() + 1);
    let typed = &paths["/invoke/typed"]["post"];
    assert_eq!(typed["summary"], "Moves an application to other clusters.");
    let body = &typed["requestBody"]["content"]["application/json"]["schema"]["allOf"];
    assert_eq!(body[0], json!({"$ref": "#/components/schemas/TemporalSpec"}));
    let params = &body[1]["properties"]["workflowParams"]["properties"]["activityParams"]["properties"];
    let own = &params["all-activities"]["properties"];
    assert_eq!(own["application"], json!({"type": "string", "description": "The application."}));
    assert_eq!(own["replicas"]["contentSchema"]["type"], json!(["integer", "null"]));
    assert_eq!(params["doDIGUpdate"]["x-required"], json!(["attempts"]));
    assert_references_lead_somewhere(&document, &document);
}

fn assert_references_lead_somewhere(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("$ref") {
                let pointer = target.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
            }
            members.values().for_each(|member| assert_references_lead_somewhere(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| assert_references_lead_somewhere(document, item)),
        _ => {}
    }
}
