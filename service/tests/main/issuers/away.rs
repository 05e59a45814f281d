//! How keys are fetched: when, how often, and what happens while the issuer is away.

use futures::future::join_all;
use harness::eventually;
use serde_json::json;

use super::signer::{Signer, encoded};
use super::{A_MOMENT, BEGIN, Guarded, Mode, TestIssuer, ask, entry};
use crate::server::SOON;

#[tokio::test]
async fn ten_thousand_unknown_keys_cause_one_fetch_in_ten_seconds() {
    let signer = Signer::es256("known");
    let issuer = TestIssuer::start(&[&signer]).await;
    let server = Guarded::by(&issuer).await;
    assert!(server.accepts(&signer.token(&issuer.claims())).await);
    let mut caller = server.connect().await;
    let token = signer.token(&issuer.claims());
    let (_, rest) = token.split_once('.').unwrap();
    for number in 0..10_000 {
        if number == 5_000 {
            assert_eq!(issuer.fetches(), 1, "the first one was a moment ago");
            server.pass(10);
        }
        let header = encoded(json!({"alg": "ES256", "kid": format!("random-{number}")}).to_string());
        assert_eq!(ask(&mut caller, &format!("{header}.{rest}")).await.0, 401);
    }
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn callers_with_a_new_key_wait_for_one_fetch_together() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let issuer = TestIssuer::start(&[&old]).await;
    let server = Guarded::by(&issuer).await;
    assert!(server.accepts(&old.token(&issuer.claims())).await);
    issuer.has(&[&old, &new]);
    let token = new.token(&issuer.claims());
    assert!(!server.accepts(&token).await, "keys were fetched less than ten seconds ago");
    server.pass(10);
    let answers = join_all((0..20).map(|_| server.accepts(&token))).await;
    assert!(answers.iter().all(|accepted| *accepted), "{answers:?}");
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn a_key_that_was_withdrawn_is_refused_within_five_minutes() {
    let (old, new) = (Signer::es256("old"), Signer::ed("new"));
    let issuer = TestIssuer::start(&[&old, &new]).await;
    let server = Guarded::by(&issuer).await;
    let token = old.token(&issuer.claims());
    assert!(server.accepts(&token).await);
    issuer.has(&[&new]);
    assert!(server.accepts(&token).await, "nothing has been fetched since");
    server.pass(300);
    eventually(SOON, "the key is refused", async || !server.accepts(&token).await).await;
    assert!(server.accepts(&new.token(&issuer.claims())).await);
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn former_keys_are_used_while_the_issuer_is_away_for_an_hour() {
    let signer = Signer::es256("1");
    let issuer = TestIssuer::start(&[&signer]).await;
    let server = Guarded::by(&issuer).await;
    let token = signer.token(&issuer.claims());
    assert!(server.accepts(&token).await);
    for (minute, mode) in
        (1..=60).zip([Mode::Broken, Mode::Elsewhere, Mode::TooLarge, Mode::Other].into_iter().cycle())
    {
        issuer.responds(mode);
        server.pass(60);
        let since = tokio::time::Instant::now();
        assert!(server.accepts(&token).await, "minute {minute}");
        assert!(since.elapsed() < SOON);
    }
    let tries = issuer.fetches();
    assert!(tries > 10, "{tries}: it is asked again and again");

    // A day later they are too old.
    let mut claims = issuer.claims();
    claims["exp"] = (BEGIN + 100_000).into();
    let token = signer.token(&claims);
    server.pass(86_400);
    let (status, text) = server.ask(&token).await;
    assert!(status == 503 && text.contains("issuer_unavailable"), "{status} {text}");
    issuer.responds(Mode::Well);
    server.pass(10);
    assert!(server.accepts(&token).await);
}

#[tokio::test]
async fn a_silent_issuer_delays_nobody_who_has_a_known_key() {
    let signer = Signer::es256("1");
    let issuer = TestIssuer::start(&[&signer]).await;
    let server = Guarded::by(&issuer).await;
    assert!(server.accepts(&signer.token(&issuer.claims())).await);
    issuer.responds(Mode::Silent);
    // Old enough to be fetched again, and not too old to be used meanwhile.
    server.pass(299);
    let since = tokio::time::Instant::now();
    assert!(server.accepts(&signer.token(&issuer.claims())).await);
    assert!(since.elapsed() < A_MOMENT, "{:?}", since.elapsed());
    eventually(SOON, "the issuer is asked", async || issuer.fetches() == 2).await;
}

#[tokio::test]
async fn a_server_starts_without_its_issuer() {
    let signer = Signer::es256("1");
    let issuer = TestIssuer::start(&[&signer]).await;
    issuer.responds(Mode::Broken);
    let server = Guarded::with(&entry("test", &issuer.url())).await;
    let token = signer.token(&issuer.claims());
    let (status, text) = server.ask(&token).await;
    assert!(status == 503 && text.contains("issuer_unavailable"), "{status} {text}");
    issuer.responds(Mode::Well);
    assert!(!server.accepts(&token).await, "it was asked less than ten seconds ago");
    server.pass(10);
    assert!(server.accepts(&token).await);
}

#[tokio::test]
async fn keys_are_never_fetched_from_addresses_that_are_refused() {
    let metadata = "http://169.254.169.254/realm";
    let server = Guarded::with(&(entry("test", metadata) + "allow_http = true\n")).await;
    let claims = json!({"iss": metadata, "aud": "bridge", "sub": "a", "exp": BEGIN + 60});
    let since = tokio::time::Instant::now();
    let (status, text) = server.ask(&Signer::ed("1").token(&claims)).await;
    assert!(status == 503 && text.contains("issuer_unavailable"), "{status} {text}");
    assert!(since.elapsed() < A_MOMENT, "it was called for {:?}", since.elapsed());
}
