//! Logins of browsers at an issuer that lies, refuses and goes away. A real one is in the tests of the bridge.

use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use service::auth::{Identity, Issuers, LoggedIn, Login, LoginAttempt, LoginFault, LoginResponse};
use service::clock::Clock;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use url::form_urlencoded::parse;

use super::BEGIN;
use super::signer::{Signer, encoded};
use crate::server::Server;

const BACK: &str = "https://bridge.example/login/callback";
/// A secret with characters that must be encoded.
const SECRET: &str = "s:e c%";

/// An issuer whose answers a test sets.
struct Place {
    url: Mutex<String>,
    signer: Signer,
    discoveries: AtomicUsize,
    /// Whether its responses name it, as its document has it.
    is_named: bool,
    /// What the token endpoint answers.
    answer: Mutex<(StatusCode, Value)>,
    /// The last request of the token endpoint: the header `Authorization`, and the form.
    asked: Mutex<(String, HashMap<String, String>)>,
}

/// A login at such an issuer.
struct Case {
    place: Arc<Place>,
    issuers: Issuers,
    attempt: LoginAttempt,
    challenge: String,
    nonce: String,
    now: Arc<AtomicI64>,
    _files: [NamedTempFile; 2],
    _server: Server,
}

async fn discovery(State(place): State<Arc<Place>>) -> Json<Value> {
    place.discoveries.fetch_add(1, Ordering::SeqCst);
    let url = place.url.lock().unwrap().clone();
    Json(json!({
        "issuer": url, "jwks_uri": format!("{url}/keys"), "token_endpoint": format!("{url}/token"),
        "authorization_endpoint": format!("{url}/authorize?tenant=1"),
        "end_session_endpoint": format!("{url}/end"),
        "authorization_response_iss_parameter_supported": place.is_named,
    }))
}

async fn token(
    State(place): State<Arc<Place>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    let header = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let form = parse(body.as_bytes()).into_owned().collect();
    *place.asked.lock().unwrap() = (header.unwrap_or_default(), form);
    let (status, answer) = place.answer.lock().unwrap().clone();
    (status, Json(answer))
}

impl Case {
    async fn new() -> Self {
        Self::with(true, "login = { client_id = \"a b\", client_secret_file = \"SECRET\" }").await
    }

    async fn with(is_named: bool, login: &str) -> Self {
        let place = Arc::new(Place {
            url: Mutex::default(),
            signer: Signer::es256("one"),
            discoveries: AtomicUsize::new(0),
            is_named,
            answer: Mutex::new((StatusCode::OK, Value::Null)),
            asked: Mutex::default(),
        });
        let keys = json!({"keys": [place.signer.jwk()]});
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(async || Json(keys)))
            .route("/token", post(token))
            .with_state(Arc::clone(&place));
        let server = Server::start(router).await;
        let url = format!("http://{}", server.address);
        place.url.lock().unwrap().clone_from(&url);
        let (mut file, mut secret) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
        writeln!(secret, "{SECRET}").unwrap();
        let login = login.replace("SECRET", secret.path().to_str().unwrap());
        write!(
            file,
            "[[issuer]]\nname = \"corp\"\nissuer = \"{url}\"\naudience = \"bridge\"\ngroups_claim = \"groups\"\n{login}"
        )
        .unwrap();
        let now = Arc::new(AtomicI64::new(BEGIN));
        let clock = Arc::clone(&now);
        let clock = Clock::new(move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap());
        let issuers = Issuers::with_clock(file.path(), clock).unwrap();
        let attempt = LoginAttempt::new().unwrap();
        let login = issuers.login().unwrap();
        let asked = login.begin(&attempt, BACK).await.unwrap();
        let asked: HashMap<String, String> = asked.query_pairs().into_owned().collect();
        let (challenge, nonce) = (asked["code_challenge"].clone(), asked["nonce"].clone());
        Self { place, issuers, attempt, challenge, nonce, now, _files: [file, secret], _server: server }
    }

    fn login(&self) -> Login {
        self.issuers.login().unwrap()
    }

    fn url(&self) -> String {
        self.place.url.lock().unwrap().clone()
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.url(), "aud": "a b", "sub": "alice", "exp": BEGIN + 60, "nonce": self.nonce,
            "groups": ["operators"],
        })
    }

    fn answers(&self, status: u16, answer: Value) {
        *self.place.answer.lock().unwrap() = (StatusCode::from_u16(status).unwrap(), answer);
    }

    /// The next ID token has these claims.
    fn gives(&self, claims: &Value) {
        self.answers(200, json!({"id_token": self.place.signer.token(claims), "refresh_token": "r1"}));
    }

    async fn complete(&self, issuer: Option<&str>) -> Result<LoggedIn, LoginFault> {
        self.login().complete(&self.attempt, LoginResponse { code: "c&1", issuer }, BACK).await
    }

    /// Completes the login with the next answer, and returns the fault.
    async fn fault(&self) -> String {
        self.complete(Some(&self.url())).await.unwrap_err().to_string()
    }
}

fn shown(identity: &Identity) -> String {
    format!("{:?} {} {} {:?}", identity.proof(), identity.issuer(), identity.name(), identity.groups())
}

#[tokio::test]
async fn a_person_logs_in_as_if_a_token_had_been_sent() {
    let case = Case::new().await;
    case.gives(&case.claims());
    let person = case.complete(Some(&case.url())).await.unwrap();
    assert_eq!(shown(&person.identity(&case.login())), r#"Issuer corp alice ["operators"]"#);
    assert!(person.can_be_renewed() && !format!("{person:?} {:?}", case.attempt).contains("r1"));
    let (header, form) = case.place.asked.lock().unwrap().clone();
    // `a b:s:e c%`, each encoded as in a form.
    assert_eq!(
        header,
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("a+b:s%3Ae+c%25"))
    );
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!((form["code"].as_str(), form["redirect_uri"].as_str()), ("c&1", BACK));
    assert_eq!(encoded(Sha256::digest(&form["code_verifier"])), case.challenge);
    assert!(!form.contains_key("client_id"));
}

#[tokio::test]
async fn the_browser_is_led_to_the_issuer_with_all_that_a_login_needs() {
    let case = Case::new().await;
    let url = case.login().begin(&case.attempt, BACK).await.unwrap();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let expected = [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "a b"),
        ("redirect_uri", BACK),
        ("scope", "openid profile"),
        ("state", &case.attempt.state),
        ("nonce", &case.nonce),
        ("code_challenge", &case.challenge),
        ("code_challenge_method", "S256"),
    ];
    assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for secret in [&case.attempt.state, &case.nonce, &case.challenge] {
        assert_eq!(URL_SAFE_NO_PAD.decode(secret).unwrap().len(), 32);
    }
    let end = case.login().end("https://bridge.example/session").await.unwrap();
    let back = "post_logout_redirect_uri=https%3A%2F%2Fbridge.example%2Fsession";
    assert_eq!(end.as_str(), format!("{}/end?client_id=a+b&{back}", case.url()));
}

#[tokio::test]
async fn a_public_client_names_itself() {
    let case = Case::with(false, "login = { client_id = \"a b\", scope = \"openid\" }").await;
    case.gives(&case.claims());
    case.complete(None).await.unwrap();
    let (header, form) = case.place.asked.lock().unwrap().clone();
    assert_eq!((header.as_str(), form["client_id"].as_str()), ("", "a b"));
}

#[tokio::test]
async fn id_tokens_of_others_are_refused() {
    let case = Case::new().await;
    let with = |changes: Value| {
        let mut claims = case.claims();
        for (claim, value) in changes.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        claims
    };
    for changes in [json!({}), json!({"aud": ["x", "a b"], "azp": "a b"}), json!({"exp": BEGIN - 29})] {
        case.gives(&with(changes.clone()));
        assert!(case.complete(Some(&case.url())).await.is_ok(), "{changes}");
    }
    for (changes, words) in [
        (json!({"nonce": "other"}), "not for this login"),
        (json!({"nonce": null}), "not for this login"),
        (json!({"aud": "bridge"}), "audience"),
        (json!({"aud": ["x", "a b"]}), "audience"),
        (json!({"aud": "a b", "azp": "x"}), "audience"),
        (json!({"iss": "https://other.example"}), "issuer"),
        (json!({"iss": [case.url()]}), "issuer"),
        (json!({"exp": BEGIN - 31}), "expired"),
        (json!({"nbf": BEGIN + 31}), "not valid yet"),
        (json!({"sub": 7}), "claim"),
        (json!({"sub": "a\nb"}), "claim"),
    ] {
        case.gives(&with(changes.clone()));
        let fault = case.fault().await;
        assert!(fault.starts_with("the ID token cannot be accepted: ") && fault.contains(words), "{fault}");
    }
    let mut claims = case.claims();
    claims.as_object_mut().unwrap().remove("nonce");
    case.gives(&claims);
    assert!(case.fault().await.contains("not for this login"));
    for (token, words) in [
        (Signer::es256("one").token(&case.claims()), "signature"),
        (Signer::es256("two").token(&case.claims()), "key"),
        (
            case.place
                .signer
                .signed(&json!({"alg": "ES256", "kid": "one", "typ": "logout+jwt"}), &case.claims()),
            "type",
        ),
        (case.place.signer.signed(&json!({"alg": "none", "kid": "one"}), &case.claims()), "known"),
        (case.place.signer.signed(&json!({"alg": "HS256", "kid": "one"}), &case.claims()), "key"),
    ] {
        case.answers(200, json!({"id_token": token}));
        let fault = case.fault().await;
        assert!(fault.contains(words), "{fault}");
    }
    case.answers(200, json!({"access_token": "x"}));
    assert!(case.fault().await.contains("there is none"));
}

#[tokio::test]
async fn a_response_of_another_issuer_is_not_sent_on() {
    for (is_named, issuer, is_refused) in [
        (true, Some(""), false),
        (true, None, true),
        (true, Some("https://other.example"), true),
        (false, None, false),
        (false, Some(""), false),
        (false, Some("https://other.example"), true),
    ] {
        let case = Case::with(is_named, "login = { client_id = \"a b\" }").await;
        case.gives(&case.claims());
        let url = case.url();
        let issuer = issuer.map(|issuer| if issuer.is_empty() { url.as_str() } else { issuer });
        let completed = case.complete(issuer).await;
        assert_eq!(matches!(completed, Err(LoginFault::OtherIssuer)), is_refused, "{is_named} {issuer:?}");
        // A code that is not ours must not be used up.
        assert_eq!(case.place.asked.lock().unwrap().1.is_empty(), is_refused);
    }
}

#[tokio::test]
async fn a_refusal_is_no_outage() {
    let case = Case::new().await;
    for (status, answer, words, is_final) in [
        (400, json!({"error": "invalid_grant"}), "refused the login: invalid_grant", true),
        (401, json!({"error": "invalid_client"}), "refused the login: invalid_client", false),
        (400, json!({"error": "a\nb"}), "cannot be reached", false),
        (400, json!([]), "cannot be reached", false),
        (500, json!({"error": "invalid_grant"}), "cannot be reached", false),
        (302, json!({}), "cannot be reached", false),
        (200, json!("text"), "cannot be reached", false),
        (200, json!({"id_token": "text"}), "cannot be accepted", true),
    ] {
        case.answers(status, answer.clone());
        let fault = case.complete(Some(&case.url())).await.unwrap_err();
        assert!(fault.to_string().contains(words) && fault.is_final() == is_final, "{answer}: {fault}");
    }
}

#[tokio::test]
async fn a_login_is_renewed_for_the_same_person_only() {
    let case = Case::new().await;
    case.gives(&case.claims());
    let person = case.complete(Some(&case.url())).await.unwrap();
    let renewed = async |answer: Value| {
        case.answers(200, answer);
        case.login().renew(&person).await
    };
    let token = |claim: &str, value: Value| {
        let mut claims = case.claims();
        claims[claim] = value;
        json!({"id_token": case.place.signer.token(&claims), "refresh_token": "r2"})
    };
    // It has other groups now, and another refresh token.
    let next = renewed(token("groups", json!(["viewers"]))).await.unwrap();
    assert_eq!(case.place.asked.lock().unwrap().1["refresh_token"], "r1");
    assert_eq!(shown(&next.identity(&case.login())), r#"Issuer corp alice ["viewers"]"#);
    case.answers(200, json!({}));
    let last = case.login().renew(&next).await.unwrap();
    assert_eq!(case.place.asked.lock().unwrap().1["refresh_token"], "r2");
    assert_eq!(shown(&last.identity(&case.login())), r#"Issuer corp alice ["viewers"]"#);
    assert!(last.can_be_renewed());

    assert!(renewed(token("nonce", json!("other"))).await.unwrap_err().is_final());
    assert!(renewed(token("sub", json!("bob"))).await.unwrap_err().is_final());
    assert!(renewed(token("exp", json!(BEGIN - 31))).await.unwrap_err().is_final());
    case.answers(400, json!({"error": "invalid_grant"}));
    assert!(case.login().renew(&person).await.unwrap_err().is_final());
}

#[tokio::test]
async fn strangers_cannot_make_us_call_the_issuer_often() {
    let case = Case::new().await;
    let discoveries = || case.place.discoveries.load(Ordering::SeqCst);
    for _ in 0..50 {
        case.login().begin(&LoginAttempt::new().unwrap(), BACK).await.unwrap();
    }
    assert_eq!(discoveries(), 1);
    // It is now another issuer: its document cannot be used.
    let url = case.url();
    "https://other.example".clone_into(&mut case.place.url.lock().unwrap());
    case.now.fetch_add(60, Ordering::SeqCst);
    for _ in 0..50 {
        let refused = case.login().begin(&LoginAttempt::new().unwrap(), BACK).await;
        assert!(matches!(refused, Err(LoginFault::Unavailable(_))));
    }
    assert_eq!(discoveries(), 2);
    *case.place.url.lock().unwrap() = url;
    case.now.fetch_add(2, Ordering::SeqCst);
    assert!(case.login().begin(&LoginAttempt::new().unwrap(), BACK).await.is_ok());
}

#[tokio::test]
async fn a_missing_secret_shows_at_once() {
    let file = NamedTempFile::new().unwrap();
    let entry = "[[issuer]]\nname = \"corp\"\nissuer = \"https://login.example\"\naudience = \"bridge\"\n";
    let login = "login = { client_id = \"a\", client_secret_file = \"/nowhere/secret\" }";
    std::fs::write(file.path(), format!("{entry}{login}")).unwrap();
    let error = Issuers::load(file.path()).unwrap_err().to_string();
    assert_eq!(error, "the file /nowhere/secret cannot be read");
    std::fs::write(file.path(), entry).unwrap();
    assert!(Issuers::load(file.path()).unwrap().login().is_none());
}
