//! What EMCO's workflowmgr sends and receives, byte for byte (EMCO-API §2.1), and values that must fit into headers.

use harness::{TemporalServer, Wire};
use serde_json::{Value, json};

use crate::options::payload;
use crate::serving::{Serving, answer, body};

#[tokio::test]
async fn emcos_own_request_is_answered_with_204_and_nothing_else() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let body = include_str!("emco-start-body.json").replace("migrate-apps-1", "emcos-own-request");
    let head = format!(
        "POST /invoke/migrate_workflowclient HTTP/1.1\r\nHost: {}\r\nUser-Agent: Go-http-client/1.1\r\n\
         Content-Length: {}\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n",
        serving.address,
        body.len()
    );
    let mut socket = Wire::connect(serving.address).await.unwrap();
    socket.send(head + &body).await.unwrap();
    let answer = socket.head().await.unwrap();

    assert!(answer.head.starts_with("HTTP/1.1 204 No Content\r\n"), "{answer:?}");
    assert_eq!(answer.header("workflow-id"), Some("emcos-own-request"));
    let described =
        temporal.cli(&["workflow", "describe", "--workflow-id", "emcos-own-request"]).await.unwrap();
    assert_eq!(described["workflowExecutionInfo"]["execution"]["runId"].as_str(), answer.header("run-id"));
    assert_eq!(described["workflowExecutionInfo"]["type"]["name"], "EmcoMigrateWorkflow");
}

#[tokio::test]
async fn a_body_is_returned_only_if_preferred() {
    let serving = Serving::shared().await;
    let plain = answer(serving.post("echo", body(json!({"ID": "plain-answer", "TaskQueue": "q"})))).await;
    assert_eq!((plain.status.as_u16(), &plain.body), (204, &json!(null)));
    assert_eq!(plain.header("workflow-id"), Some("plain-answer"));
    let full = serving.start("echo", json!({"ID": "plain-answer", "TaskQueue": "q"})).await;
    assert_eq!(full.status, 201);
    assert_eq!(full.header("preference-applied"), Some("return=representation"));
    assert_eq!(full.header("content-type"), Some("application/json"));
    assert_eq!(full.body["runID"].as_str(), plain.header("run-id"));
}

#[tokio::test]
async fn any_workflow_id_fits_into_a_header() {
    let serving = Serving::shared().await;
    let id = "Zürich 100%\r\nSet-Cookie: a";
    let answer = serving.start("echo", json!({"ID": id, "TaskQueue": "q"})).await;
    assert_eq!(answer.body["workflowID"], id);
    assert_eq!(answer.header("workflow-id"), Some("Z%C3%BCrich%20100%25%0D%0ASet-Cookie:%20a"));
    assert!(answer.header("set-cookie").is_none());
}

#[tokio::test]
async fn a_callers_trace_goes_into_temporals_headers() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = serving.post("echo", body(json!({"ID": "traced", "TaskQueue": "q"})));
    let answer = answer(request.header("traceparent", parent).header("tracestate", "a=1")).await;
    assert_eq!(answer.status, 204);
    let history = temporal.cli(&["workflow", "show", "--workflow-id", "traced"]).await.unwrap();
    let header = &history["events"][0]["workflowExecutionStartedEventAttributes"]["header"]["fields"];
    let (encoding, data) = payload(&header["_tracer-data"]);
    assert_eq!(encoding, "json/plain");
    let trace: Value = serde_json::from_slice(&data).unwrap();
    assert_eq!(trace, json!({"traceparent": parent, "tracestate": "a=1"}));
}
