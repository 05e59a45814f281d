//! How much a server accepts.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use harness::Wire;
use service::http::{Limits, Options, limited};
use tower::ServiceExt;

use crate::server::{SOON, Server, echo};

fn router(changes: Option<u32>, reads: Option<u32>) -> Router {
    let stream = async || Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let routes = Router::new().route("/stream", get(stream)).route("/change", post(async || {}));
    let limits = Limits {
        requests: 1,
        waits: 2,
        is_wait: |request| request.uri().query() == Some("wait"),
        changes: changes.and_then(NonZeroU32::new),
        reads: reads.and_then(NonZeroU32::new),
    };
    limited(routes, limits)
}

async fn response(router: &Router, method: &str, uri: &str) -> Response {
    let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn requests_and_waits_count_apart_until_their_bodies_end() {
    let router = router(None, None);
    let call = response(&router, "GET", "/stream").await;
    let waits =
        [response(&router, "GET", "/stream?wait").await, response(&router, "GET", "/stream?wait").await];
    for uri in ["/stream", "/stream?wait"] {
        let refused = response(&router, "GET", uri).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{uri}");
        assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    }
    drop(call);
    assert_eq!(response(&router, "GET", "/stream").await.status(), StatusCode::OK);
    drop(waits);
    assert_eq!(response(&router, "GET", "/stream?wait").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn changes_and_reads_have_rates_of_their_own() {
    for (router, limited, free) in
        [(router(Some(1), None), "POST", "GET"), (router(None, Some(1)), "GET", "POST")]
    {
        // At any speed: so many at once are more than one in a second.
        let mut refused = None;
        for _ in 0..100 {
            let answer = response(&router, limited, "/change").await;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                refused = Some(answer);
                break;
            }
        }
        assert_eq!(refused.unwrap().headers()[header::RETRY_AFTER], "1", "{limited}");
        assert_ne!(
            response(&router, free, "/change").await.status(),
            StatusCode::TOO_MANY_REQUESTS,
            "{free}"
        );
    }
}

#[tokio::test]
async fn a_caller_that_accepts_nothing_loses_its_place() {
    let endless = async || {
        let zeros = || Ok::<_, std::io::Error>(Bytes::from_static(&[0; 64 << 10]));
        Body::from_stream(futures::stream::repeat_with(zeros))
    };
    let limits = Limits { requests: 1, waits: 0, is_wait: |_| false, changes: None, reads: None };
    let routes = limited(Router::new().route("/endless", get(endless)).merge(echo()), limits);
    let options = Options { write_timeout: Duration::from_millis(500), ..Options::default() };
    let server = Server::with(routes, options, SOON).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    caller.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!(caller.head().await.unwrap().status, 200);
    let other = async || {
        let mut other = Wire::connect(server.address).await.unwrap();
        other.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
        other.answer().await.unwrap().status
    };
    assert_eq!(other().await, 503);
    harness::eventually(SOON, "its place is free", async || other().await == 200).await;
}
