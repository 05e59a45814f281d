//! Tokens, TLS, and the limit of requests.

use std::path::Path;
use std::time::Duration;

use client_kit::testing::{RecordedTemporal, StartFailure};
use client_kit::{Callers, ServerOptions};
use harness::{eventually, http};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, Client, Identity};
use service::auth::{BearerTokens, NewToken};
use service::files::SettingFile;
use service::http::{CallerFiles, ClientAuth, Tls, TlsFiles};
use tempfile::TempDir;

use crate::serving::{Answer, LIMIT, Serving, answer};

const START: &str = r#"{"workflowStartOptions": {"TaskQueue": "q"}}"#;

fn file(path: &Path) -> SettingFile {
    SettingFile::from(path)
}

/// A line of the file.
fn line(name: &str, token: &str) -> String {
    NewToken::of(name, token).unwrap().line() + "\n"
}

/// A server that requires one of the tokens in the file.
async fn guarded(tokens: &str) -> (Serving, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens");
    std::fs::write(&path, tokens).unwrap();
    let bearer_tokens = Some(BearerTokens::load(file(&path)).unwrap());
    let callers = Callers { bearer_tokens, ..Callers::default() };
    let options = ServerOptions { callers, ..ServerOptions::default() };
    (Serving::with_options(RecordedTemporal::new(), options).await, directory)
}

async fn start_with(serving: &Serving, token: &str) -> Answer {
    answer(serving.post("echo", START).bearer_auth(token)).await
}

#[tokio::test]
async fn starts_need_a_token_and_operators_do_not() {
    let (serving, _files) = guarded(&(line("a", "one") + &line("b", "two"))).await;
    for token in ["one", "two"] {
        assert_eq!(start_with(&serving, token).await.status, 204);
    }
    for refused in [start_with(&serving, "three").await, answer(serving.post("echo", START)).await] {
        refused.assert_problem(401, "unauthorized");
        assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"), "{refused:?}");
        assert_eq!(refused.header("start-outcome"), Some("none"));
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(http().get(serving.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn tokens_are_read_again_when_they_change() {
    let (serving, files) = guarded(&line("a", "before")).await;
    let tokens = files.path().join("tokens");
    std::fs::write(&tokens, line("a", "after")).unwrap();
    eventually(LIMIT, "the new token is known", async || start_with(&serving, "after").await.status == 204)
        .await;
    assert_eq!(start_with(&serving, "before").await.status, 401);
}

#[tokio::test]
async fn requests_above_the_limit_are_refused() {
    let options = ServerOptions { max_requests: 1, ..short() };
    let serving = Serving::with_options(RecordedTemporal::new(), options).await;
    // It waits until the start budget is over.
    let hanging = tokio::spawn(serving.post("hanging", "{}").send());
    eventually(LIMIT, "there is no place left", async || {
        let refused = answer(serving.post("echo", START)).await;
        if refused.status == 204 {
            return false;
        }
        refused.assert_problem(503, "overloaded");
        assert_eq!(
            (refused.header("retry-after"), refused.header("start-outcome")),
            (Some("1"), Some("none"))
        );
        true
    })
    .await;
    assert_eq!(http().get(serving.url("/healthz")).send().await.unwrap().status(), 200);
    assert_eq!(hanging.await.unwrap().unwrap().status(), 504);
    assert_eq!(answer(serving.post("echo", START)).await.status, 204);
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for this machine and its key, both PEM.
fn certificate(authority: &Authority) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

/// A server over TLS, and the authority of its certificate and of those of its callers.
async fn over_tls(auth: ClientAuth, token: Option<&str>) -> (Serving, Authority) {
    over_tls_with(RecordedTemporal::new(), auth, token).await
}

async fn over_tls_with(
    temporal: RecordedTemporal,
    auth: ClientAuth,
    token: Option<&str>,
) -> (Serving, Authority) {
    let (authority, directory) = (authority(), tempfile::tempdir().unwrap());
    let (chain, key) = certificate(&authority);
    let write = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        file(&path)
    };
    let files = TlsFiles {
        certificate: write("tls.crt", &chain),
        key: write("tls.key", &key),
        callers: Some(CallerFiles { authorities: write("ca.crt", &authority.pem()), revoked: None, auth }),
    };
    let tls = Tls::load(files).unwrap();
    let bearer_tokens = token.map(|token| BearerTokens::load(write("tokens", &line("a", token))).unwrap());
    let callers = Callers { bearer_tokens, ..Callers::default() };
    let options = ServerOptions { tls: Some(tls), callers, ..short() };
    (Serving::with_options(temporal, options).await, authority)
}

/// Short, so that a test that hangs ends soon.
fn short() -> ServerOptions {
    ServerOptions { start_budget: Duration::from_secs(3), ..ServerOptions::default() }
}

fn caller(authority: &Authority, certified: bool) -> Client {
    harness::http();
    let builder = Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .tls_certs_only([Certificate::from_pem(authority.pem().as_bytes()).unwrap()]);
    let builder = if certified {
        let (chain, key) = certificate(authority);
        builder.identity(Identity::from_pem(format!("{chain}{key}").as_bytes()).unwrap())
    } else {
        builder
    };
    builder.build().unwrap()
}

impl Serving {
    fn https(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }
}

#[tokio::test]
async fn starts_go_over_tls_with_a_certificate_that_is_required() {
    let (serving, authority) = over_tls(ClientAuth::Required, None).await;
    let start = |certified| caller(&authority, certified).post(serving.https("/invoke/echo")).body(START);
    assert_eq!(answer(start(true)).await.status, 204);
    assert!(start(false).send().await.is_err());
}

#[tokio::test]
async fn an_optional_certificate_is_needed_for_starts_and_not_for_operators() {
    let (serving, authority) = over_tls(ClientAuth::Optional, None).await;
    let start = |certified| caller(&authority, certified).post(serving.https("/invoke/echo")).body(START);
    assert_eq!(answer(start(true)).await.status, 204);
    let refused = answer(start(false)).await;
    refused.assert_problem(403, "certificate_required");
    assert_eq!(refused.header("start-outcome"), Some("none"));
    for path in ["/healthz", "/readyz", "/metrics"] {
        let asked = caller(&authority, false).get(serving.https(path)).send().await.unwrap();
        assert_eq!(asked.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_token_replaces_only_an_optional_certificate() {
    for (auth, certified, token, status) in [
        (ClientAuth::Optional, true, None, Some(204)),
        (ClientAuth::Optional, false, Some("token"), Some(204)),
        (ClientAuth::Optional, false, None, Some(401)),
        (ClientAuth::Required, true, Some("token"), Some(204)),
        (ClientAuth::Required, true, None, Some(401)),
        (ClientAuth::Required, false, Some("token"), None),
    ] {
        let (serving, authority) = over_tls(auth, Some("token")).await;
        let start = caller(&authority, certified).post(serving.https("/invoke/echo"));
        let start = token.into_iter().fold(start.body(START), |start, token| start.bearer_auth(token));
        let answered = start.send().await.ok().map(|answer| answer.status().as_u16());
        assert_eq!(answered, status, "{auth:?}, certificate: {certified}, {token:?}");
    }
}

#[tokio::test]
async fn a_start_under_way_finishes_over_tls() {
    let temporal = RecordedTemporal::new();
    temporal.fail(StartFailure::Silent);
    let (serving, authority) = over_tls_with(temporal.clone(), ClientAuth::Required, None).await;
    let start = caller(&authority, true).post(serving.https("/invoke/echo")).body(START);
    let start = tokio::spawn(start.send());
    eventually(LIMIT, "Temporal is asked", async || temporal.asked().requests().len() == 1).await;
    serving.shutdown.drain();
    assert_eq!(start.await.unwrap().unwrap().status(), 504, "its budget ends it, and not the drain");
    serving.done.await.unwrap().unwrap();
}
