//! Tokens for workflow clients, of a token endpoint.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use client_kit::{Callers, ServerOptions};
use futures::future::join_all;
use harness::{SAMPLE_INTENT, TemporalServer, eventually, free_port, http, oidc_provider};
use serde_json::{Value, json};
use service::auth::{BearerTokens, Issuers, NewToken};
use service::files::SettingFile;
use service::http::{Tls, TlsFiles};
use tokio::net::TcpListener;

use super::our_client::OurClient;
use super::secured::Papers;
use super::{Api, SOON, problem_of, unique};

/// A token endpoint with scripted answers; without one it gives the token `one`.
#[derive(Clone, Default)]
struct Endpoint {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    asked: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl Endpoint {
    /// Serves on this port.
    async fn serve(&self, port: u16) {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let router = Router::new().route("/token", post(give)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
    }

    fn answer(&self, status: u16, body: Value) {
        self.answers.lock().unwrap().push_back((status, body));
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn token(token: &str, life: u32) -> Value {
    json!({"access_token": token, "token_type": "bearer", "expires_in": life})
}

async fn give(State(endpoint): State<Endpoint>, headers: HeaderMap, form: String) -> (StatusCode, String) {
    endpoint.asked.lock().unwrap().push((headers, form));
    let (status, body) =
        endpoint.answers.lock().unwrap().pop_front().unwrap_or_else(|| (200, token("one", 300)));
    (StatusCode::from_u16(status).unwrap(), body.to_string())
}

/// A bridge that gets its tokens from an endpoint on this port, and a workflow client over TLS that needs one.
struct Scene {
    api: Api,
    _client: OurClient,
    papers: Papers,
}

impl Scene {
    async fn new(port: u16, more: &str, callers: impl FnOnce(&Papers) -> Callers) -> Self {
        let papers = Papers::new();
        let tls = TlsFiles {
            certificate: Path::new(&papers.certificate).into(),
            key: Path::new(&papers.key_file).into(),
            callers: None,
        };
        let options = ServerOptions {
            tls: Some(Tls::load(tls).unwrap()),
            callers: callers(&papers),
            ..ServerOptions::default()
        };
        let client = OurClient::start_with(TemporalServer::shared().await.unwrap().address(), options).await;
        let secret = papers.file("secret", "secret\n");
        let settings = format!(
            "[[client]]\nhosts = \"127.0.0.1:{}\"\nca_file = {:?}\n[client.token_endpoint]\n\
             url = \"http://127.0.0.1:{port}/token\"\nclient_id = \"machine\"\nclient_secret_file = {secret:?}\n{more}",
            client.port, papers.ca
        );
        let api = Api::with(&["--clients", &papers.file("clients.toml", &settings)]).await;
        api.create(client.port, &unique("tokens")).await;
        Self { api, _client: client, papers }
    }

    /// The workflow client accepts the tokens `one` and `two`.
    async fn on(endpoint: &Endpoint) -> Self {
        let port = free_port();
        endpoint.serve(port).await;
        Self::at(port).await
    }

    async fn at(port: u16) -> Self {
        Self::new(port, "scope = \"a b\"\naudience = \"clients\"\n", |papers| {
            let tokens = ["one", "two"].map(|token| NewToken::of("bridge", token).unwrap().line() + "\n");
            let tokens = SettingFile::from(Path::new(&papers.file("tokens", &tokens.concat())));
            Callers { bearer_tokens: Some(BearerTokens::load(tokens).unwrap()), ..Callers::default() }
        })
        .await
    }

    async fn start(&self) -> reqwest::Response {
        self.api.post(&format!("/{SAMPLE_INTENT}/start"), "").await
    }

    /// Starts, and returns the text of the problem.
    async fn fails(&self, status: u16, code: &'static str) -> String {
        problem_of(self.start().await, status, code).await.to_string()
    }
}

#[tokio::test]
async fn many_starts_share_one_token() {
    let endpoint = Endpoint::default();
    let scene = Scene::on(&endpoint).await;
    for started in join_all((0..10).map(|_| scene.start())).await {
        assert_eq!(started.status(), 204);
    }
    let asked = endpoint.asked.lock().unwrap();
    let [(headers, form)] = asked.as_slice() else { panic!("{} fetches", asked.len()) };
    assert_eq!(headers["authorization"], "Basic bWFjaGluZTpzZWNyZXQ=");
    assert_eq!(form, "grant_type=client_credentials&scope=a+b&audience=clients");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_and_after_a_client_has_refused_it() {
    let endpoint = Endpoint::default();
    // Of the second, a fifth is left for the way.
    endpoint.answer(200, token("one", 1));
    endpoint.answer(200, token("revoked", 300));
    let scene = Scene::on(&endpoint).await;
    assert_eq!(scene.start().await.status(), 204);
    eventually(SOON, "the second token is refused", async || {
        scene.start().await.status() == 502 && endpoint.asked() == 2
    })
    .await;
    assert_eq!(scene.start().await.status(), 204);
    assert_eq!(endpoint.asked(), 3);
}

#[tokio::test]
async fn an_endpoint_that_fails_for_a_moment_is_asked_again() {
    let endpoint = Endpoint::default();
    endpoint.answer(503, json!({}));
    endpoint.answer(500, json!({}));
    let scene = Scene::on(&endpoint).await;
    assert_eq!(scene.start().await.status(), 204);
    assert_eq!(endpoint.asked(), 3);
}

#[tokio::test]
async fn without_a_token_the_problem_names_the_endpoint() {
    let endpoint = Endpoint::default();
    for _ in 0..10 {
        endpoint.answer(401, json!({"error": "invalid_client", "error_description": "secret"}));
    }
    let scene = Scene::on(&endpoint).await;
    for problem in join_all((0..10).map(|_| scene.fails(502, "client_unreachable"))).await {
        assert!(problem.contains("/token responded 401 Unauthorized (invalid_client)"), "{problem}");
        assert!(!problem.contains("secret"), "{problem}");
    }
    // A refusal does not pass by itself, and callers of the next second get the same answer.
    assert!(endpoint.asked() < 10, "{}", endpoint.asked());
    endpoint.answers.lock().unwrap().clear();
    for (body, part) in [
        (json!({"access_token": "a"}), "without `access_token` and `token_type`"),
        (json!({"access_token": "a", "token_type": "mac"}), "of another type"),
        (json!({"access_token": "a b", "token_type": "Bearer"}), "no header can carry"),
    ] {
        endpoint.answer(200, body);
        eventually(SOON, "the endpoint is asked again", async || {
            scene.fails(502, "client_unreachable").await.contains(part)
        })
        .await;
    }
    eventually(SOON, "there is a token", async || scene.start().await.status() == 204).await;
}

#[tokio::test]
async fn an_endpoint_that_is_away_comes_back() {
    let port = free_port();
    let scene = Scene::at(port).await;
    let problem = scene.fails(502, "client_unreachable").await;
    assert!(
        problem.contains(&format!("the token endpoint http://127.0.0.1:{port}/token cannot be asked")),
        "{problem}"
    );
    Endpoint::default().serve(port).await;
    eventually(SOON, "there is a token", async || scene.start().await.status() == 204).await;
}

#[tokio::test]
async fn settings_and_secrets_are_read_again() {
    let endpoint = Endpoint::default();
    let scene = Scene::on(&endpoint).await;
    assert_eq!(scene.start().await.status(), 204);
    scene.papers.file("secret", "other");
    // A changed entry begins without a token.
    let settings = scene.papers.directory.path().join("clients.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text.replace("audience = \"clients\"", "audience = \"others\"")).unwrap();
    eventually(SOON, "the new settings are used", async || {
        assert_eq!(scene.start().await.status(), 204);
        let asked = endpoint.asked.lock().unwrap();
        let (headers, form) = asked.last().unwrap();
        form.ends_with("audience=others") && headers["authorization"] == "Basic bWFjaGluZTpvdGhlcg=="
    })
    .await;
    // What cannot be used changes nothing.
    std::fs::write(&settings, "[[client]]\nhosts = 1\n").unwrap();
    assert_eq!(scene.start().await.status(), 204);
}

#[tokio::test]
async fn a_certified_provider_gives_tokens_that_our_client_accepts() {
    let port = free_port();
    let mut provider = oidc_provider(port, "key").unwrap().spawn().unwrap();
    let issuer = format!("http://127.0.0.1:{port}");
    provider.wait_ready(&format!("{issuer}/.well-known/openid-configuration")).await.unwrap();
    http();
    let scene = Scene::new(port, "scope = \"call\"\nresource = \"urn:emco:clients\"\n", |papers| {
        let entry =
            format!("[[issuer]]\nname = \"corp\"\nissuer = {issuer:?}\naudience = \"urn:emco:clients\"\n");
        let file = SettingFile::from(Path::new(&papers.file("issuers.toml", &entry)));
        Callers {
            issuers: Some(Issuers::load(file).unwrap()),
            callers: "{ user = \"machine\", issuer = \"corp\" }".parse().unwrap(),
            ..Callers::default()
        }
    })
    .await;
    assert_eq!(scene.start().await.status(), 204);
    // It is not needed until the token expires.
    drop(provider);
    assert_eq!(scene.start().await.status(), 204);
}
