//! Callers who begin a body and do not end it.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use harness::Wire;
use service::http::{BodyLimits, Limits, limited, standard};

use crate::server::Server;

#[tokio::test]
async fn a_stalled_body_holds_no_place_for_good() {
    let limits = Limits { requests: 1, waits: 0, is_wait: |_| false, changes: None, reads: None };
    let bodies = BodyLimits { size: 100, within: Duration::from_millis(100) };
    let length = async |body: Bytes| body.len().to_string();
    let routes = Router::new().route("/a", post(length));
    let server = Server::start(standard(limited(routes, limits), bodies)).await;
    for _ in 0..2 {
        let mut stalled = Wire::connect(server.address).await.unwrap();
        stalled.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\n{").await.unwrap();
        let (status, body) = stalled.answer().await.unwrap().parts();
        assert_eq!(status, 408, "{body}");
        assert!(body.contains("\"body_timeout\""), "{body}");
    }
}
