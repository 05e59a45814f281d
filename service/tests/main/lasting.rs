//! Responses that last: streams and waits of callers that are no longer accepted.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures::StreamExt;
use futures::stream::{once, unfold};
use harness::{Mount, Wire, eventually};
use service::auth::{Authenticator, BearerTokens, authenticated};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::auth::lines;
use crate::server::{SOON, Server};

/// How long a caller may be served after its token was removed.
const WITHIN: Duration = Duration::from_secs(2);

/// Answers that last until there is news: `/stream` goes on afterwards.
fn lasting(news: &watch::Sender<u32>) -> Router {
    let (stream, wait) = (news.clone(), news.clone());
    let next = async |mut news: watch::Receiver<u32>| {
        news.changed().await.ok()?;
        let line = format!("{}\n", *news.borrow_and_update());
        Some((Ok::<_, Infallible>(line), news))
    };
    let stream = async move || {
        let begun = once(async { Ok("begun\n".to_owned()) });
        Body::from_stream(begun.chain(unfold(stream.subscribe(), next)))
    };
    let wait = async move || {
        let _ = wait.subscribe().changed().await;
        "done"
    };
    Router::new().route("/stream", get(stream)).route("/wait", get(wait.clone()).post(wait))
}

/// Sends a request with a token.
async fn asked(server: &Server, request: &str, token: &str) -> Wire {
    let mut caller = Wire::connect(server.address).await.unwrap();
    let head = format!("{request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    caller.send(head).await.unwrap();
    caller
}

/// Opens a stream, and reads its first line and the end of that chunk.
async fn stream(server: &Server, token: &str) -> Wire {
    let mut caller = asked(server, "GET /stream", token).await;
    assert_eq!(caller.head().await.unwrap().status, 200);
    while caller.line().await.unwrap().unwrap() != "begun" {}
    assert_eq!(caller.line().await.unwrap().unwrap(), "");
    caller
}

#[tokio::test]
async fn streams_and_waits_of_a_removed_token_end_and_others_go_on() {
    let file = |bob: &str| [("tokens", lines(&[("alice", "hers"), ("bob", bob)]))];
    let mut mount = Mount::new(&file("0")).unwrap();
    let tokens = Some(BearerTokens::load(mount.path("tokens").as_path()).unwrap());
    let news = watch::Sender::new(0);
    let router = authenticated(lasting(&news), Authenticator { tokens, ..Authenticator::default() });
    let server = Server::start(router).await;
    for number in 1..=3 {
        let token = (number - 1).to_string();
        let mut alices = [stream(&server, "hers").await, asked(&server, "GET /wait", "hers").await];
        let (bobs, mut waits) = (stream(&server, &token).await, asked(&server, "GET /wait", &token).await);
        let mut changes = asked(&server, "POST /wait", &token).await;
        eventually(SOON, "all wait", async || news.receiver_count() == 5).await;

        mount.swap(&file(&number.to_string())).unwrap();
        let since = Instant::now();
        // Without the chunk that ends a body: nobody takes it for whole.
        timeout(SOON, bobs.closed()).await.unwrap().unwrap();
        assert_eq!(timeout(SOON, waits.answer()).await.unwrap().unwrap().status, 401);
        assert!(since.elapsed() < WITHIN, "{:?}", since.elapsed());

        news.send_replace(number);
        assert_eq!(changes.answer().await.unwrap().parts(), (200, "done".to_owned()));
        assert_eq!(alices[1].answer().await.unwrap().parts(), (200, "done".to_owned()));
        assert_eq!(alices[0].line().await.unwrap().unwrap(), "2");
        assert_eq!(alices[0].line().await.unwrap().unwrap(), number.to_string());
        drop(alices);
        eventually(SOON, "the streams are gone", async || news.receiver_count() == 0).await;
    }
}
