//! A Temporal whose connections break.

use std::time::Duration;

use axum::http::{HeaderMap, Response, header::CONTENT_TYPE};
use hyper::body::Bytes;
use serde_json::json;
use tokio::net::TcpListener;

use crate::serving::Serving;

/// Starts a Temporal that breaks its first connection at a start, and then refuses starts because it is busy.
async fn breaking_and_busy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        for connection in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut calls = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((call, mut respond))) = calls.accept().await {
                    let is_start = call.uri().path().ends_with("/StartWorkflowExecution");
                    if is_start && connection == 0 {
                        return;
                    }
                    let response = Response::builder().header(CONTENT_TYPE, "application/grpc");
                    let mut body = respond.send_response(response.body(()).unwrap(), false).unwrap();
                    if !is_start {
                        // An empty message.
                        body.send_data(Bytes::from_static(&[0; 5]), false).unwrap();
                    }
                    let status = if is_start { "8" } else { "0" };
                    let status = ("grpc-status".parse().unwrap(), status.parse().unwrap());
                    body.send_trailers(HeaderMap::from_iter([status])).unwrap();
                }
            });
        }
    });
    address
}

/// The first call may have started the workflow, whatever Temporal responds to the second.
#[tokio::test]
async fn a_start_that_was_sent_twice_does_not_report_that_nothing_was_started() {
    let serving = Serving::at(&breaking_and_busy().await, Duration::from_secs(10)).await;
    let options = json!({"ID": "w", "TaskQueue": "q"});
    for outcome in [None, Some("none")] {
        let refused = serving.start("echo", options.clone()).await;
        refused.assert_problem(503, "temporal_busy");
        assert_eq!(refused.header("start-outcome"), outcome);
    }
}
