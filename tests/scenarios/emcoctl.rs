//! EMCO's sample documents 04, 05 and 06, posted with the bytes that emcoctl sends (EMCO-API §5.6).

use anyhow::{Result, ensure};
use harness::{SAMPLE_DIG, SAMPLE_INTENT, SAMPLE_TARGET, SAMPLE_WORKFLOW_ID, Stack, eventually, placements};
use serde_json::Value;

use crate::api::{SOON, raw};

/// A request as emcoctl's HTTP library writes it, but for the wish to keep the connection.
fn request(method: &str, path: &str, host: &str, body: &str) -> String {
    let content = if method == "POST" {
        format!("Content-Length: {}\r\nContent-Type: application/json\r\n", body.len())
    } else {
        String::new()
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: go-resty/2.7.0 (https://github.com/go-resty/resty)\r\n\
         {content}Accept-Encoding: gzip\r\nConnection: close\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn the_sample_documents_move_the_sample_app() -> Result<()> {
    let stack = Stack::start().await?;
    let bridge = format!("127.0.0.1:{}", stack.bridge.port());
    let intents = format!("{SAMPLE_DIG}/temporal-workflow-intents");
    ensure!(placements(&stack.dig_status().await?)["collectd"] == ["provider1/cluster1"], "where it starts");

    let document_04 = stack.sample_intent().to_string();
    let (status, body) = raw(&bridge, &request("POST", &intents, &bridge, &document_04)).await?;
    ensure!(status == 201, "document 04: {status} {body}");

    let start = format!("{intents}/{SAMPLE_INTENT}/start");
    let (status, body) =
        raw(&bridge, &request("POST", &start, &bridge, r#"{"metadata":{"name":""}}"#)).await?;
    ensure!((status, body.as_str()) == (204, ""), "document 05: {status} {body}");

    let document_06 = format!(
        "{intents}/{SAMPLE_INTENT}/status?workflowID={SAMPLE_WORKFLOW_ID}&runDescribeWfExec=true&waitForResult=false\
         &getWfHistory=false&temporalServer=\"{}\"&queryType=current-state",
        stack.temporal.address()
    );
    let completed = eventually(SOON, "document 06 says that the workflow has completed", async || {
        let (status, body) = raw(&bridge, &request("GET", &document_06, &bridge, "")).await?;
        let body: Value = serde_json::from_str(&body)?;
        let (answer, state) = (&body["workflowQueryResult"], &body["workflowState"]);
        ensure!(status == 200 && answer == "completed" && state == "Completed", "{status} {body}");
        Ok(body)
    })
    .await;

    ensure!(completed["workflowID"] == SAMPLE_WORKFLOW_ID, "{completed}");
    let described = &completed["workflowExecutionDescription"]["workflowExecutionInfo"];
    ensure!(described["status"] == "WORKFLOW_EXECUTION_STATUS_COMPLETED", "{completed}");
    let args = ["workflow", "describe", "--workflow-id", SAMPLE_WORKFLOW_ID];
    let temporal = stack.temporal.cli(&args).await?;
    ensure!(temporal["workflowExecutionInfo"]["execution"]["runId"] == completed["runID"], "{temporal}");

    eventually(SOON, "the app is ready on its new cluster", async || {
        let dig = stack.dig_status().await?;
        ensure!(dig["readyStatus"] == "Ready" && placements(&dig)["collectd"] == [SAMPLE_TARGET], "{dig}");
        Ok(())
    })
    .await;
    stack.stop().await
}
