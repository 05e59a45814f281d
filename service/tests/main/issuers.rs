//! Tokens of issuers, whose keys are fetched over real connections, at a time that the test sets.

mod away;
mod forged;
mod login;
mod provider;
mod rotation;
mod service_accounts;
mod signer;

use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures::stream::pending;
use harness::{Mount, Wire, eventually};
use jiff::Timestamp;
use serde_json::{Value, json};
use service::auth::{Authenticator, Identity, Issuers, authenticated};
use service::clock::Clock;

use self::signer::Signer;
use crate::server::{SOON, Server};

/// When tests begin.
const BEGIN: i64 = 1_800_000_000;
/// The file of issuers.
const FILE: &str = "issuers.toml";

/// How an issuer responds.
#[derive(Clone, Copy)]
enum Mode {
    Well,
    Broken,
    /// Never.
    Silent,
    Elsewhere,
    TooLarge,
    /// As another issuer.
    Other,
}

/// An issuer on this machine.
struct TestIssuer {
    state: Arc<IssuerState>,
}

struct IssuerState {
    keys: Mutex<Value>,
    mode: Mutex<Mode>,
    fetches: AtomicUsize,
    url: Mutex<String>,
}

impl TestIssuer {
    async fn start(signers: &[&Signer]) -> Self {
        let state = Arc::new(IssuerState {
            keys: Mutex::new(json!({"keys": []})),
            mode: Mutex::new(Mode::Well),
            fetches: AtomicUsize::new(0),
            url: Mutex::default(),
        });
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(discovery))
            .route("/realm/keys", get(keys))
            .with_state(Arc::clone(&state));
        let server = Server::start(router).await;
        *state.url.lock().unwrap() = format!("http://{}/realm", server.address);
        let issuer = Self { state };
        issuer.has(signers);
        issuer
    }

    fn url(&self) -> String {
        self.state.url.lock().unwrap().clone()
    }

    /// From now on it publishes these keys.
    fn has(&self, signers: &[&Signer]) {
        self.publishes(json!({"keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>()}));
    }

    fn publishes(&self, keys: Value) {
        *self.state.keys.lock().unwrap() = keys;
    }

    fn responds(&self, mode: Mode) {
        *self.state.mode.lock().unwrap() = mode;
    }

    /// How often its keys were fetched, or were to be.
    fn fetches(&self) -> usize {
        self.state.fetches.load(Ordering::SeqCst)
    }

    /// The claims of a token that is accepted.
    fn claims(&self) -> Value {
        json!({
            "iss": self.url(), "aud": ["other", "bridge"], "sub": "alice", "iat": BEGIN, "exp": BEGIN + 7200,
            "realm_access": {"roles": ["author", "viewer"]},
        })
    }
}

async fn discovery(State(state): State<Arc<IssuerState>>) -> Response {
    state.fetches.fetch_add(1, Ordering::SeqCst);
    let mode = *state.mode.lock().unwrap();
    let url = state.url.lock().unwrap().clone();
    let document = |issuer: &str| json!({"issuer": issuer, "jwks_uri": format!("{url}/keys")}).to_string();
    match mode {
        Mode::Well => document(&url).into_response(),
        Mode::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mode::Silent => std::future::pending().await,
        Mode::Elsewhere => Redirect::temporary("keys").into_response(),
        Mode::TooLarge => format!("{}{}", document(&url), " ".repeat(256 << 10)).into_response(),
        Mode::Other => document("https://other.example").into_response(),
    }
}

async fn keys(State(state): State<Arc<IssuerState>>) -> String {
    state.keys.lock().unwrap().to_string()
}

/// A server that accepts tokens of issuers, and its clock.
struct Guarded {
    server: Server,
    settings: Mutex<Mount>,
    now: Arc<AtomicI64>,
}

impl Guarded {
    /// Accepts the tokens of `issuer`, whose keys it has fetched.
    async fn by(issuer: &TestIssuer) -> Self {
        let server = Self::with(&entry("test", &issuer.url())).await;
        let unknown = Signer::ed("unknown").token(&issuer.claims());
        eventually(SOON, "the keys are fetched", async || server.ask(&unknown).await.0 == 401).await;
        server
    }

    /// As [`with`](Self::with), from the time that other processes have too.
    async fn now(settings: &str) -> Self {
        let server = Self::with(settings).await;
        server.now.store(Clock::default().now().as_second(), Ordering::SeqCst);
        server
    }

    async fn with(settings: &str) -> Self {
        let settings = Mount::new(&[(FILE, settings)]).unwrap();
        let now = Arc::new(AtomicI64::new(BEGIN));
        let clock = Clock::new({
            let now = Arc::clone(&now);
            move || Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap()
        });
        let issuers = Some(Issuers::with_clock(settings.path(FILE).as_path(), clock).unwrap());
        let server =
            Server::start(authenticated(who(), Authenticator { issuers, ..Authenticator::default() })).await;
        Self { server, settings: Mutex::new(settings), now }
    }

    /// Replaces the settings.
    fn set(&self, settings: &str) {
        self.settings.lock().unwrap().swap(&[(FILE, settings)]).unwrap();
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn connect(&self) -> Wire {
        Wire::connect(self.server.address).await.unwrap()
    }

    /// The status and the text for a token.
    async fn ask(&self, token: &str) -> (u16, String) {
        ask(&mut self.connect().await, token).await
    }

    async fn accepts(&self, token: &str) -> bool {
        self.ask(token).await.0 == 200
    }
}

async fn ask(caller: &mut Wire, token: &str) -> (u16, String) {
    caller.send(format!("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n")).await.unwrap();
    caller.answer().await.unwrap().parts()
}

/// Answers who asks. `/stream` does not end.
fn who() -> Router {
    let stream = async || Body::from_stream(pending::<Result<String, Infallible>>());
    Router::new().route("/stream", get(stream)).fallback(async |identity: Identity| {
        format!("{:?} {} {} {:?}", identity.proof(), identity.issuer(), identity.name(), &*identity.groups())
    })
}

fn entry(name: &str, url: &str) -> String {
    format!(
        "[[issuer]]\nname = {name:?}\nissuer = {url:?}\naudience = \"bridge\"\ngroups_claim = \"realm_access.roles\"\n"
    )
}

#[tokio::test]
async fn a_token_proves_name_and_groups() {
    let signers = [Signer::rsa("rsa"), Signer::es256("p256"), Signer::es384("p384"), Signer::ed("ed")];
    let issuer = TestIssuer::start(&signers.each_ref()).await;
    let server = Guarded::by(&issuer).await;
    let accepted = (200, r#"Issuer test alice ["author", "viewer"]"#.to_owned());
    for signer in &signers {
        // Once more, because a verified token is remembered.
        for _ in 0..2 {
            assert_eq!(server.ask(&signer.token(&issuer.claims())).await, accepted);
        }
    }
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        let token = signers[0].signed(&json!({"alg": algorithm, "kid": "rsa"}), &issuer.claims());
        assert_eq!(server.ask(&token).await, accepted, "{algorithm}");
    }
    for typ in ["JWT", "jwt", "application/at+jwt", "AT+JWT"] {
        let header = json!({"alg": "EdDSA", "kid": "ed", "typ": typ});
        assert_eq!(server.ask(&signers[3].signed(&header, &issuer.claims())).await, accepted, "{typ}");
    }
    // The only key for its algorithm needs no ID.
    let token = signers[1].signed(&json!({"alg": "ES256"}), &issuer.claims());
    assert_eq!(server.ask(&token).await, accepted);
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn a_claim_of_the_operators_choice_is_the_name() {
    let signer = Signer::ed("1");
    let issuer = TestIssuer::start(&[&signer]).await;
    let settings = entry("test", &issuer.url()) + "name_claim = \"preferred_username\"\n";
    let server = Guarded::with(&settings).await;
    let mut claims = issuer.claims();
    claims["preferred_username"] = "Zoë".into();
    claims["realm_access"] = Value::Null;
    assert_eq!(server.ask(&signer.token(&claims)).await, (200, "Issuer test Zoë []".to_owned()));
    for other in [json!(1), json!(""), json!("a\nb"), Value::Null] {
        claims["preferred_username"] = other.clone();
        assert_eq!(server.ask(&signer.token(&claims)).await.0, 401, "{other}");
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_token_expires() {
    let signer = Signer::es256("1");
    let issuer = TestIssuer::start(&[&signer]).await;
    let server = Guarded::by(&issuer).await;
    let mut caller = server.connect().await;
    let token = signer.token(&issuer.claims());
    let head = format!("GET /stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    caller.send(head).await.unwrap();
    assert_eq!(caller.head().await.unwrap().status, 200);
    server.pass(7300);
    tokio::time::timeout(SOON, caller.closed()).await.unwrap().unwrap();
}

/// Less than callers wait for a fetch.
const A_MOMENT: Duration = Duration::from_millis(1500);
