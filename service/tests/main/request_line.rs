//! A raw `"` in the request line, through a real listener and hyper's own reading of requests.

use std::time::Duration;

use harness::Wire;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use service::http::Options;

use crate::server::{Server, echo};

/// The request of EMCO's sample 06, as emcoctl puts it on the wire (EMCO-API §5.6).
const STATUS: &str = "/v2/projects/proj1/composite-apps/collection-composite-app/v1/deployment-intent-groups/dig1/\
    temporal-workflow-intents/dig1-workflow-intent/status?workflowID=migrate-apps-1&runDescribeWfExec=true\
    &waitForResult=false&getWfHistory=false&temporalServer=\"192.168.0.33:7233\"&queryType=current-state";

fn status_request() -> String {
    format!(
        "GET {STATUS} HTTP/1.1\r\nHost: localhost:30431\r\nUser-Agent: go-resty/2.7.0\r\nX-Note: \"kept\"\r\nAccept-Encoding: gzip\r\n\r\n"
    )
}

fn status_answer() -> (u16, String) {
    (200, format!("GET {} [\"kept\"] ", STATUS.replace('"', "%22")))
}

#[tokio::test]
async fn emcoctls_status_request_is_answered() {
    let server = Server::start(echo()).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    caller.send(status_request()).await.unwrap();
    assert_eq!(caller.answer().await.unwrap().parts(), status_answer());
}

#[tokio::test]
async fn every_request_of_a_kept_connection_is_answered() {
    let server = Server::start(echo()).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    for number in 0..3 {
        caller.send(status_request()).await.unwrap();
        assert_eq!(caller.answer().await.unwrap().parts(), status_answer());
        let body = format!("{{\"name\": \"number {number}\"}}\r\nGET /\"x\" HTTP/1.1\r\n\r\n");
        caller
            .send(format!(
                "POST /\"start\" HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ))
            .await
            .unwrap();
        assert_eq!(caller.answer().await.unwrap().parts(), (200, format!("POST /'start' [] {body}")));
    }
}

#[tokio::test]
async fn a_request_may_come_in_two_parts_split_anywhere() {
    let server = Server::start(echo()).await;
    let request = format!(
        "{}POST /?\"b\" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\"\r\n\r\n0\r\n\r\n{0}",
        status_request()
    );
    for split in 0..request.len() {
        let mut caller = Wire::connect(server.address).await.unwrap();
        caller.send(&request[..split]).await.unwrap();
        caller.send(&request[split..]).await.unwrap();
        assert_eq!(caller.answer().await.unwrap().parts(), status_answer(), "split at {split}");
        assert_eq!(
            caller.answer().await.unwrap().parts(),
            (200, "POST /?%22b%22 [] \"\r\n".to_owned()),
            "split at {split}"
        );
        assert_eq!(caller.answer().await.unwrap().parts(), status_answer(), "split at {split}");
    }
}

#[tokio::test]
async fn a_request_may_come_byte_by_byte() {
    let server = Server::start(echo()).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    for byte in status_request().bytes() {
        caller.send([byte]).await.unwrap();
    }
    assert_eq!(caller.answer().await.unwrap().parts(), status_answer());
}

#[tokio::test]
async fn a_body_that_nobody_reads_hides_no_request() {
    let server = Server::start(axum::Router::new().fallback(async || "unread")).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    let body = "GET /\"x\" HTTP/1.1\r\n\r\n".repeat(3);
    caller
        .send(format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}{}",
            body.len(),
            status_request()
        ))
        .await
        .unwrap();
    assert_eq!(caller.answer().await.unwrap().parts(), (200, "unread".to_owned()));
    assert_eq!(caller.answer().await.unwrap().parts(), (200, "unread".to_owned()));
}

/// A request and its answer.
fn exchange() -> impl Strategy<Value = (Vec<u8>, (u16, String))> {
    let target = r#"/[a-z/]{0,8}(\?[a-z=&":.]{0,20})?"#;
    let note = r#"[a-z"]([a-z": ]{0,9}[a-z"])?"#;
    let header = r#"(x-[a-m]{1,12}|content-type|te|cookie|transfer-coding): ["a-z:, 0-9]{0,40}\r\n"#;
    // What a body must be able to hold: quotes, line ends, text that looks like another request.
    let data = prop_oneof![
        r#"[a-z"\r\n:0-9 é]{1,30}"#,
        Just("\r\n\r\nGET /\"q\" HTTP/1.1\r\nx-note: n\r\n\r\n".to_owned())
    ];
    let body = prop_oneof![
        Just((String::new(), String::new(), String::new())),
        data.clone().prop_map(|data| (format!("Content-Length: {}\r\n", data.len()), data.clone(), data)),
        (proptest::collection::vec((data, r#"( ?;[a-z="]{0,5})?"#), 0..4), r#"(x-t: [a-z"]{0,5}\r\n){0,2}"#)
            .prop_map(|(chunks, trailers)| {
                let sent: String = chunks
                    .iter()
                    .map(|(data, extension)| format!("{:X}{extension}\r\n{data}\r\n", data.len()))
                    .collect();
                let read = chunks.into_iter().map(|(data, _)| data).collect();
                (
                    "transfer-encoding: gzip, Chunked\r\n".to_owned(),
                    format!("{sent}0\r\n{trailers}\r\n"),
                    read,
                )
            }),
    ];
    let headers = proptest::collection::vec(header, 0..4);
    (r"(\r\n){0,2}", target, note, headers, body, prop_oneof![Just("\r\n"), Just("\n")]).prop_map(
        |(blank, target, note, headers, (framing, sent, read), end)| {
            let headers = headers.concat();
            let head = format!(
                "{blank}PUT {target} HTTP/1.1\r\nHost: x\r\nX-Note: {note}\r\n{headers}{framing}\r\n"
            )
            .replace("\r\n", end);
            let answer = format!("PUT {} [{note}] {read}", restored(&target));
            ([head, sent].concat().into_bytes(), (200, answer))
        },
    )
}

/// Our reading of where requests begin, against hyper's.
#[test]
fn hyper_sees_what_was_meant_in_any_pieces() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(echo()));
    let pipelined = proptest::collection::vec(exchange(), 1..6);
    let pieces = proptest::collection::vec(1_usize..80, 0..12);
    TestRunner::default()
        .run(&(pipelined, pieces), |(exchanges, pieces)| {
            runtime.block_on(async {
                let mut caller = Wire::connect(server.address).await.unwrap();
                let sent: Vec<u8> = exchanges.iter().flat_map(|(request, _)| request.clone()).collect();
                let mut rest = sent.as_slice();
                for piece in pieces {
                    let (now, later) = rest.split_at(piece.min(rest.len()));
                    caller.send(now).await.unwrap();
                    rest = later;
                }
                caller.send(rest).await.unwrap();
                for (_, answer) in exchanges {
                    assert_eq!(
                        caller.answer().await.unwrap().parts(),
                        answer,
                        "{}",
                        String::from_utf8_lossy(&sent)
                    );
                }
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn what_no_client_may_send_is_refused() {
    let server = Server::start(echo()).await;
    for head in [
        // A quote is no part of a method.
        "G\"T / HTTP/1.1\r\nHost: x",
        "\"GET / HTTP/1.1\r\nHost: x",
        "G?\"T / HTTP/1.1\r\nHost: x",
        // Nor is a backtick a part of a target, or a quote.
        "GET /?a=`b` HTTP/1.1\r\nHost: x",
        "GET /`a` HTTP/1.1\r\nHost: x",
        // RFC 9112 §3.2.
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: x",
        "GET / HTTP/1.1\r\nHost: x\r\nhost: y",
        "GET / HTTP/1.0\r\nHost: x\r\nHost: y",
    ] {
        let mut caller = Wire::connect(server.address).await.unwrap();
        caller.send(format!("{head}\r\n\r\n")).await.unwrap();
        assert_eq!(caller.answer().await.unwrap().status, 400, "{head}");
    }
    let mut caller = Wire::connect(server.address).await.unwrap();
    caller.send("GET /old HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!(caller.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_head_too_large_is_refused() {
    let server = Server::start(echo()).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    caller.send(format!("GET / HTTP/1.1\r\nX-Note: {}\r\n\r\n", "x".repeat(100 << 10))).await.unwrap();
    assert_eq!(caller.answer().await.unwrap().parts().0, 431);
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let options = Options { head_timeout: Duration::from_millis(50), ..Options::default() };
    let server = Server::with(echo(), options, Duration::from_secs(30)).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    caller.send("GET / HTTP/1.1\r\nX-Note: ").await.unwrap();
    caller.closed().await.unwrap();
}

/// What handlers see of a target.
fn restored(target: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) => format!("{}?{}", path.replace('"', "'"), query.replace('"', "%22")),
        None => target.replace('"', "'"),
    }
}
