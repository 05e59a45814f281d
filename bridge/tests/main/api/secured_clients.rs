//! Workflow clients that are called over TLS, and require a certificate and a token.

use std::path::Path;

use client_kit::{Callers, Client, ServerOptions, clients};
use harness::{SAMPLE_INTENT, TemporalServer, eventually};
use reqwest::StatusCode;
use serde_json::Value;
use service::auth::{BearerTokens, NewToken};
use service::files::SettingFile;
use service::http::{CallerFiles, ClientAuth, Tls, TlsFiles};

use super::our_client::{OurClient, migrate};
use super::secured::Papers;
use super::{Api, SOON, problem_of, unique};

/// Starts a workflow client that requires both, and writes the bridge's file with its settings.
async fn secured(papers: &Papers) -> (OurClient, String, String) {
    serve(papers, clients![migrate]).await
}

/// Starts such a server of these clients, which believes the bridge. Returns the files of the bridge's settings and of
/// its token too.
pub(super) async fn serve(
    papers: &Papers,
    clients: impl IntoIterator<Item = Client>,
) -> (OurClient, String, String) {
    let file = |path: &str| SettingFile::from(Path::new(path));
    let path = |name: &str| papers.directory.path().join(name).to_str().unwrap().to_owned();
    let (tokens, ours, settings) = (path("tokens"), path("token"), path("clients.toml"));
    std::fs::write(&tokens, NewToken::of("bridge", "open-sesame").unwrap().line()).unwrap();
    std::fs::write(&ours, "open-sesame\n").unwrap();
    let tls = TlsFiles {
        certificate: file(&papers.certificate),
        key: file(&papers.key_file),
        callers: Some(CallerFiles {
            authorities: file(&papers.ca),
            revoked: None,
            auth: ClientAuth::Required,
        }),
    };
    let options = ServerOptions {
        tls: Some(Tls::load(tls).unwrap()),
        callers: Callers {
            bearer_tokens: Some(BearerTokens::load(file(&tokens)).unwrap()),
            // The certificate proves more than the token.
            trusted_bridges: "{ certificate = \"bridge.test\" }".parse().unwrap(),
            ..Callers::default()
        },
        ..ServerOptions::default()
    };
    let client = OurClient::serve(clients, TemporalServer::shared().await.unwrap().address(), options).await;
    let Papers { certificate, key_file, ca, .. } = papers;
    let document = format!(
        "[[client]]\nhosts = \"127.0.0.1:{}\"\nca_file = {ca:?}\ncertificate_file = {certificate:?}\nkey_file = {key_file:?}\n\
         token_file = {ours:?}\n",
        client.port
    );
    std::fs::write(&settings, document).unwrap();
    (client, settings, ours)
}

#[tokio::test]
async fn a_client_that_requires_certificate_and_token_is_called() {
    let papers = Papers::new();
    let (client, clients, token) = secured(&papers).await;
    let api = Api::with(&["--clients", &clients, "--client-check", "20s"]).await;
    api.create(client.port, &unique("secured")).await;
    let check: Value = api.get(&format!("/{SAMPLE_INTENT}/check")).await.json().await.unwrap();
    assert_eq!(check["standing"], "Accepted", "{check}");
    let started = api.post(&format!("/{SAMPLE_INTENT}/start"), "").await;
    assert_eq!(started.status(), StatusCode::NO_CONTENT);
    assert!(started.headers().contains_key("run-id"));

    // A token can change while the bridge runs.
    std::fs::write(&token, "wrong").unwrap();
    eventually(SOON, "the new token is sent", async || {
        let check: Value = api.get(&format!("/{SAMPLE_INTENT}/check")).await.json().await.unwrap();
        check["standing"] == "Unknown"
    })
    .await;
    let refused = api.post(&format!("/{SAMPLE_INTENT}/start"), "").await;
    let problem = problem_of(refused, 502, "client_refused").await;
    assert_eq!(problem["clientStatus"], 401, "{problem}");
    assert!(!problem.to_string().contains("wrong"), "{problem}");
}

#[tokio::test]
async fn a_client_behind_tls_is_not_reached_in_clear() {
    let papers = Papers::new();
    let (client, ..) = secured(&papers).await;
    // The outcome of the request cannot be known, so the bridge asks until the timeout.
    let api = Api::with(&["--start-timeout", "2s"]).await;
    api.create(client.port, &unique("secured")).await;
    let answer = api.post(&format!("/{SAMPLE_INTENT}/start"), "").await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY, "{}", answer.text().await.unwrap());
}
