//! Streams and waits of callers whose rights or tokens are removed.

use std::time::Duration;

use anyhow::Result;
use harness::{Mount, eventually};
use serde_json::json;
use service::auth::NewToken;
use tokio::time::{Instant, timeout};

use super::LiveBridge;
use super::sockets::Call;
use crate::api::SOON;
use crate::temporal::Fixture;

/// How soon those are out who may no longer.
const OUT: Duration = Duration::from_secs(2);

/// These may operate.
fn rights(operators: &[&str]) -> [(&'static str, String); 1] {
    let operators: Vec<_> = operators.iter().map(|name| format!("{{ token = \"{name}\" }}")).collect();
    let text = format!(
        "[[binding]]\nname = \"a\"\nrole = \"author\"\nsubjects = [\"anonymous\"]\nscope = \"**\"\n\
         uses = {{ clients = [\"*\"], taskQueues = [\"*\"] }}\n\
         [[binding]]\nname = \"o\"\nrole = \"operator\"\nsubjects = [{}]\nscope = \"**\"\n\
         uses = {{ workflows = [\"*\"] }}\n",
        operators.join(", ")
    );
    [("rights.toml", text)]
}

/// Each has a token that is the name.
fn tokens(owners: &[&str]) -> [(&'static str, String); 1] {
    [("tokens", owners.iter().map(|name| NewToken::of(name, name).unwrap().line() + "\n").collect())]
}

#[tokio::test]
async fn streams_and_waits_end_within_two_seconds_and_others_go_on() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (mut granted, mut known) =
        (Mount::new(&rights(&["alice", "bob"]))?, Mount::new(&tokens(&["alice", "bob"]))?);
    let settings =
        [("BRIDGE_RIGHTS", &*granted.path("rights.toml")), ("BRIDGE_BEARER_TOKENS", &*known.path("tokens"))];
    let bridge = LiveBridge::with(&fixture, &settings).await;
    for removed in ["right", "token"] {
        let gate = fixture.closed_gate().await?;
        let call = async |user: &str, query: &str, accept: &str| {
            let token = format!("Bearer {user}");
            let headers = [("Authorization", token.as_str()), ("Accept", accept)];
            Call::get(bridge.port, &LiveBridge::path(&gate, query), &headers).await
        };
        eventually(SOON, "bob may ask", async || call("bob", "", "*/*").await.answer().await.0 == 200).await;
        let follow = async |user| call(user, "", "text/event-stream").await;
        let wait = async |user| call(user, "waitForResult=true&timeout=60", "application/json").await;
        let (alices, bobs) = (follow("alice").await, follow("bob").await);
        let (alice_waits, bob_waits) = (wait("alice").await, wait("bob").await);
        bridge.stands(SOON, &[("bridge_open_streams", 2.0), ("bridge_open_waits", 2.0)]).await;

        let (status, code, retry) = if removed == "right" {
            granted.swap(&rights(&["alice"]))?;
            (403, "forbidden", Some(1000))
        } else {
            known.swap(&tokens(&["alice"]))?;
            (401, "unauthorized", None)
        };
        let since = Instant::now();
        let ended = async { tokio::join!(bobs.events(), bob_waits.answer()) };
        let (events, answer) = timeout(SOON, ended).await?;
        assert!(since.elapsed() < OUT, "{removed}: {:?}", since.elapsed());
        assert_eq!(events.last().unwrap().retry, retry, "{removed}: {events:?}");
        assert_eq!((answer.0, &answer.1["code"]), (status, &json!(code)), "{removed}: {answer:?}");
        bridge.stands(SOON, &[("bridge_open_streams", 1.0), ("bridge_open_waits", 1.0)]).await;

        fixture.open_gate(&gate, &json!({"through": true})).await?;
        assert_eq!(timeout(SOON, alices.events()).await?.last().unwrap().name, "closed");
        assert_eq!(timeout(SOON, alice_waits.answer()).await?.0, 200);
        granted.swap(&rights(&["alice", "bob"]))?;
    }
    Ok(())
}
