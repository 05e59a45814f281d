//! Large requests, which do not hold the threads that respond.

use std::pin::pin;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use client_kit::testing::TestServer;
use client_kit::{Client, StartContext};
use futures::poll;
use harness::all_turns;
use serde_json::json;

use crate::clients::all;

/// Parameters of this many bytes, none of which the client `typed` knows.
fn params(size: usize) -> serde_json::Value {
    let texts: serde_json::Map<_, _> =
        (0..size / 10).map(|number| (format!("p{number:08}"), json!("1"))).collect();
    json!({"workflowParams": {"activityParams": {"all-activities": texts}}})
}

#[tokio::test]
async fn a_large_body_is_read_apart() {
    let server = TestServer::new(all());
    // Its fault ends the request before anything else can wait.
    let body = |size: usize| format!(r#"{{"workflowClientName":7,"a":"{}"}}"#, "x".repeat(size));
    for (size, is_apart) in [(100, false), (64 << 10, true)] {
        let turns = all_turns().await;
        let request = Request::post("/invoke/echo").body(Body::from(body(size))).unwrap();
        let mut response = pin!(server.send(request));
        assert_eq!(poll!(response.as_mut()).is_pending(), is_apart, "{size}");
        drop(turns);
        if is_apart {
            assert_eq!(response.await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
}

#[tokio::test]
async fn large_parameters_are_read_apart() {
    let typed = all().into_iter().find(|client: &Client| client.name() == "typed").unwrap();
    for (size, is_apart) in [(100, false), (64 << 10, true)] {
        let turns = all_turns().await;
        let context = StartContext::new(serde_json::from_value(params(size)).unwrap());
        let mut start = pin!(typed.call(context));
        assert_eq!(poll!(start.as_mut()).is_pending(), is_apart, "{size}");
        drop(turns);
        if is_apart {
            assert_eq!(start.await.unwrap_err().status(), StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
}
