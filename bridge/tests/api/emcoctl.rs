//! What emcoctl and the policy controller put on the wire (EMCO-API §4, §5.6), byte for byte over a raw socket.

use harness::{SAMPLE_DIG, SAMPLE_INTENT, sample_intent};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::ScriptedClient;
use super::{Api, unique};

/// Sends a request and reads the whole answer: status and body.
async fn exchange(api: &Api, method: &str, path: &str, body: Option<&str>) -> (u16, String) {
    let address = api.url.strip_prefix("http://").unwrap();
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: go-resty/2.7.0\r\nConnection: close\r\n"
    );
    if let Some(body) = body {
        request += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    } else {
        request += "\r\n";
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn its_sample_documents_are_served() {
    let (api, temporal) = Api::on_temporal().await;
    let client = ScriptedClient::emco().await;
    let intents = format!("{SAMPLE_DIG}/temporal-workflow-intents");
    let intent = format!("{intents}/{SAMPLE_INTENT}");
    let id = unique("emcoctl");
    let mut document = sample_intent("127.0.0.1", client.port, "http://emco");
    document["spec"]["temporal"]["workflowStartOptions"]["id"] = id.as_str().into();

    // 04, then 05.
    let (code, _) = exchange(&api, "POST", &intents, Some(&document.to_string())).await;
    assert_eq!(code, 201);
    temporal
        .cli(&["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id])
        .await
        .unwrap();
    let start = format!("{intent}/start");
    assert_eq!(
        exchange(&api, "POST", &start, Some(r#"{"metadata":{"name":""}}"#)).await,
        (204, String::new())
    );
    // As the policy controller does.
    assert_eq!(exchange(&api, "POST", &start, Some("")).await, (204, String::new()));

    // 06: raw quotes in the request line. Without a worker there is nobody to query.
    let status = format!(
        "{intent}/status?workflowID={id}&runDescribeWfExec=true&waitForResult=false&getWfHistory=false&temporalServer=\"{}\"",
        temporal.address()
    );
    let (code, body) = exchange(&api, "GET", &status, None).await;
    assert_eq!(code, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["workflowExecutionDescription"]["workflowExecutionInfo"]["execution"]["workflowId"], id);

    // 07.
    let cancel = format!(
        r#"{{"metadata":{{"name":""}},"spec":{{"reason":"Need to upgrade workflow version","temporalServer":"{}","terminate":true}}}}"#,
        temporal.address()
    );
    assert_eq!(
        exchange(&api, "POST", &format!("{intent}/cancel"), Some(&cancel)).await,
        (204, String::new())
    );
    let described = temporal.cli(&["workflow", "describe", "--workflow-id", &id]).await.unwrap();
    assert_eq!(described["workflowExecutionInfo"]["status"], "WORKFLOW_EXECUTION_STATUS_TERMINATED");

    // 04 again: get, then delete.
    assert_eq!(exchange(&api, "GET", &intent, None).await.0, 200);
    assert_eq!(exchange(&api, "DELETE", &intent, None).await.0, 204);
}
