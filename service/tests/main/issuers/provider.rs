//! A certified OpenID Connect provider as the issuer.

use std::time::Duration;

use harness::{Process, eventually, free_port, http, oidc_provider};
use serde_json::Value;

use super::{Guarded, entry};

const LIMIT: Duration = Duration::from_secs(60);

async fn provider(port: u16, key: &str) -> Process {
    let mut process = oidc_provider(port, key).unwrap().spawn().unwrap();
    process.wait_ready(&format!("http://127.0.0.1:{port}/.well-known/openid-configuration")).await.unwrap();
    process
}

/// A token that the provider gives to a machine for this audience.
async fn token(port: u16, audience: &str) -> String {
    let request = http()
        .post(format!("http://127.0.0.1:{port}/token"))
        .basic_auth("machine", Some("secret"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials&scope=call&resource={audience}"));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn a_certified_provider_is_an_issuer() {
    let port = free_port();
    let first = provider(port, "first").await;
    let settings =
        entry("corp", &format!("http://127.0.0.1:{port}")).replace("\"bridge\"", "\"urn:emco:bridge\"");
    let server = Guarded::now(&settings).await;
    let ours = token(port, "urn:emco:bridge").await;
    assert_eq!(server.ask(&ours).await, (200, r#"Issuer corp machine ["operator"]"#.to_owned()));
    let (status, text) = server.ask(&token(port, "urn:emco:other").await).await;
    assert!(status == 401 && text.contains("its audience is another one"), "{text}");

    // While it is away, its tokens are accepted.
    drop(first);
    eventually(LIMIT, "the provider is away", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err()
    })
    .await;
    server.pass(300);
    assert!(server.accepts(&ours).await);

    // It comes back with another key, and without the one that it had.
    let _second = provider(port, "second").await;
    server.pass(10);
    assert!(server.accepts(&token(port, "urn:emco:bridge").await).await);
    assert!(!server.accepts(&ours).await);
}
