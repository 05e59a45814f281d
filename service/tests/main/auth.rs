//! Who a request's caller is, over real connections: what proves it, what is believed, what the rate limit counts.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, Request};
use harness::Wire;
use http_body_util::Full;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};
use service::auth::{Authenticator, BearerTokens, Identity, NewToken, authenticated};
use service::http::{ClientAuth, Limits, limited};

use crate::http2::Http2;
use crate::https::{Authority, Secret, Trust, authority, options};
use crate::server::{SOON, Server};

const USER: HeaderName = HeaderName::from_static("x-forwarded-user");

/// Answers who asks: `Token alice`.
pub(crate) fn who() -> Router {
    Router::new().fallback(async |identity: Identity| format!("{:?} {}", identity.proof(), identity.name()))
}

/// Believes `proxies`, lets everybody in.
fn trusting(proxies: &str) -> Authenticator {
    Authenticator { proxies: proxies.parse().unwrap(), user_header: Some(USER), ..Authenticator::default() }
}

/// A file with the tokens of these owners.
pub(crate) fn lines(tokens: &[(&str, &str)]) -> String {
    tokens.iter().map(|(name, token)| NewToken::of(name, token).unwrap().line() + "\n").collect()
}

fn tokens(tokens: &[(&str, &str)]) -> Option<BearerTokens> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines(tokens)).unwrap();
    Some(BearerTokens::load(file.path()).unwrap())
}

pub(crate) async fn ask(caller: &mut Wire, method: &str, headers: &str) -> (u16, String) {
    caller.send(format!("{method} / HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).await.unwrap();
    caller.answer().await.unwrap().parts()
}

/// Who a caller on a plain connection with these headers is.
pub(crate) async fn plain(authenticator: Authenticator, headers: &str) -> String {
    let server = Server::start(authenticated(who(), authenticator)).await;
    let (status, who) = ask(&mut Wire::connect(server.address).await.unwrap(), "GET", headers).await;
    assert_eq!(status, 200, "{who}");
    who
}

/// A server over TLS that takes the certificates of an authority, or none.
struct Secured {
    server: Server,
    authority: Authority,
    _secret: Secret,
}

impl Secured {
    async fn start(authenticator: Authenticator, auth: ClientAuth) -> Self {
        let authority = authority();
        let secret = Secret::new(&authority, &authority);
        let options = options(secret.mutual(auth));
        let server =
            Server::with(authenticated(who(), authenticator), options, Duration::from_secs(30)).await;
        Self { server, authority, _secret: secret }
    }

    /// Who the owner of a certificate is, with these headers.
    async fn who(&self, uri: Option<&str>, dns: &[&str], common: &str, headers: &str) -> String {
        let dns: Vec<_> = dns.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(dns).unwrap();
        params.subject_alt_names.extend(uri.map(|uri| SanType::URI(uri.try_into().unwrap())));
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        self.ask(Some((certificate, key)), headers).await
    }

    async fn ask(&self, certificate: Option<(rcgen::Certificate, KeyPair)>, headers: &str) -> String {
        let trust = Trust::of(&self.authority, certificate);
        let mut caller = Wire::over(trust.connect(self.server.address).await.unwrap());
        let (status, who) = ask(&mut caller, "GET", headers).await;
        assert_eq!(status, 200, "{who}");
        // What the connection has proven holds for each of its requests.
        assert_eq!(ask(&mut caller, "GET", headers).await, (status, who.clone()));
        who
    }
}

#[tokio::test]
async fn without_proof_a_caller_is_nobody() {
    assert_eq!(plain(Authenticator::default(), "Authorization: Bearer one\r\n").await, "None ");
    let server = Server::start(who()).await;
    assert_eq!(
        ask(&mut Wire::connect(server.address).await.unwrap(), "GET", "").await,
        (200, "None ".to_owned())
    );
}

#[tokio::test]
async fn a_token_proves_the_name_before_it() {
    let tokens = tokens(&[("alice", "one"), ("bob", "two")]);
    let authenticator = Authenticator { tokens, ..Authenticator::default() };
    assert_eq!(plain(authenticator.clone(), "Authorization: Bearer one\r\n").await, "Token alice");
    assert_eq!(plain(authenticator.clone(), "Authorization: Bearer two\r\n").await, "Token bob");
    let server = Server::start(authenticated(who(), authenticator)).await;
    let headers = "Authorization: Bearer alice\r\n";
    assert_eq!(ask(&mut Wire::connect(server.address).await.unwrap(), "GET", headers).await.0, 401);
}

#[tokio::test]
async fn only_known_tokens_are_let_in() {
    let tokens = tokens(&[("alice", "one"), ("bob", "two")]);
    let server =
        Secured::start(Authenticator { tokens, ..Authenticator::default() }, ClientAuth::Optional).await;
    for headers in ["Bearer one", "bearer two", "BEARER   one"] {
        server.ask(None, &format!("Authorization: {headers}\r\n")).await;
    }
    // A certificate does not help: nobody has asked for one.
    let certificate = rcgen::CertificateParams::new(["caller".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = certificate.signed_by(&key, &server.authority).unwrap();
    let trust = Trust::of(&server.authority, Some((certificate, key)));
    let mut caller = Wire::over(trust.connect(server.server.address).await.unwrap());
    for values in [
        &[][..],
        &["one"],
        &["Basic one"],
        &["Bearer"],
        &["Bearer "],
        &["Bearer on"],
        &["Bearer one2"],
        &["Bearer alice"],
        &["Bearer one", "Bearer one"],
    ] {
        let headers: String = values.iter().map(|value| format!("Authorization: {value}\r\n")).collect();
        caller.send(format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).await.unwrap();
        let refused = caller.answer().await.unwrap();
        assert_eq!(refused.status, 401, "{values:?}");
        let challenge = refused.header("www-authenticate").unwrap();
        // One that sends no token does not learn that it is wrong (RFC 6750 §3.1).
        let is_wrong =
            matches!(values, [value] if value.strip_prefix("Bearer ").is_some_and(|it| !it.is_empty()));
        let error = ", error=\"invalid_token\", error_description=\"the bearer token is not known here\"";
        let error = if is_wrong { error } else { "" };
        assert_eq!(challenge, format!("Bearer realm=\"workflows\"{error}"), "{values:?}");
    }
}

#[tokio::test]
async fn a_certificate_proves_its_subject() {
    let server = Secured::start(Authenticator::default(), ClientAuth::Required).await;
    let spiffe = "spiffe://example.org/alice";
    for (uri, dns, common, name) in [
        (Some(spiffe), &["alice.example.org"][..], "alice", spiffe),
        (
            Some("https://example.org/alice"),
            &["alice.example.org", "b.example.org"],
            "alice",
            "alice.example.org",
        ),
        (Some("https://example.org/alice"), &[], "Zoë Müller", "Zoë Müller"),
        (None, &[], "a\nb", ""),
        // An authority that signs common names need not look for SPIFFE IDs in them.
        (None, &[], spiffe, ""),
        (None, &[], "", ""),
    ] {
        assert_eq!(server.who(uri, dns, common, "").await, format!("Certificate {name}"));
    }
}

#[tokio::test]
async fn the_header_of_a_trusted_network_is_believed_and_no_others() {
    let alice = "X-Forwarded-User: alice\r\n";
    for (proxies, who) in [
        ("127.0.0.0/8", "Proxy alice"),
        ("10.0.0.0/8,127.0.0.1", "Proxy alice"),
        ("10.0.0.0/8", "None "),
        ("", "None "),
    ] {
        assert_eq!(plain(anonymous_too(trusting(proxies)), alice).await, who, "{proxies}");
    }
    // No name, or two of which one may be the proxy's.
    for headers in ["", "X-Forwarded-User:\r\n", "X-Forwarded-User: bob\r\nX-Forwarded-User: alice\r\n"] {
        assert_eq!(plain(anonymous_too(trusting("127.0.0.1")), headers).await, "None ", "{headers}");
    }
    // Where no tokens are accepted, one is for somebody else: a gateway may pass it on.
    let token = "Authorization: Bearer of-the-gateway\r\n";
    assert_eq!(plain(anonymous_too(trusting("127.0.0.1")), token).await, "None ");
    let no_header = Authenticator { user_header: None, ..trusting("127.0.0.1") };
    assert_eq!(plain(anonymous_too(no_header), alice).await, "None ");
}

#[tokio::test]
async fn where_only_a_proxy_names_users_others_are_refused() {
    let server = Server::start(authenticated(who(), trusting("10.0.0.0/8"))).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    for headers in ["", "X-Forwarded-User: alice\r\n", "Authorization: Bearer one\r\n"] {
        let (status, problem) = ask(&mut caller, "GET", headers).await;
        assert!(status == 403 && problem.contains("proxy_required"), "{headers} {problem}");
    }
}

/// Accepts callers on this machine that show nothing.
fn anonymous_too(authenticator: Authenticator) -> Authenticator {
    Authenticator { anonymous: "127.0.0.1".parse().unwrap(), ..authenticator }
}

#[tokio::test]
async fn callers_that_show_nothing_are_accepted_from_named_networks() {
    let guarded = Authenticator { tokens: tokens(&[("alice", "one")]), ..Authenticator::default() };
    for (networks, status) in [("", 401), ("10.0.0.0/8", 401), ("10.0.0.0/8,127.0.0.0/8", 200)] {
        let authenticator = Authenticator { anonymous: networks.parse().unwrap(), ..guarded.clone() };
        let server = Server::start(authenticated(who(), authenticator)).await;
        let mut caller = Wire::connect(server.address).await.unwrap();
        assert_eq!(ask(&mut caller, "GET", "").await.0, status, "{networks}");
        // What a caller shows counts all the same, and a wrong token is no lack of one.
        let one = ask(&mut caller, "GET", "Authorization: Bearer one\r\n").await;
        assert_eq!(one, (200, "Token alice".to_owned()), "{networks}");
        for wrong in ["Bearer wrong", "Basic YTpi"] {
            let headers = format!("Authorization: {wrong}\r\n");
            assert_eq!(ask(&mut caller, "GET", &headers).await.0, 401, "{networks} {wrong}");
        }
    }
}

#[tokio::test]
async fn each_request_on_a_connection_has_a_user_of_its_own() {
    let server = Server::start(authenticated(who(), trusting("127.0.0.1"))).await;
    let connection = Http2::connect(server.address).await;
    for user in ["alice", "bob"] {
        let request = Request::get("http://service.test/").header(USER, user).body(Full::default()).unwrap();
        assert_eq!(connection.ask(request).await.unwrap(), (200, format!("Proxy {user}")));
    }
}

#[tokio::test]
async fn the_header_of_a_trusted_certificate_is_believed_and_no_others() {
    let authenticator = anonymous_too(trusting("gateway.example.org"));
    let server = Secured::start(authenticator, ClientAuth::Optional).await;
    let alice = "X-Forwarded-User: alice\r\n";
    assert_eq!(server.who(None, &["gateway.example.org"], "gateway", alice).await, "Proxy alice");
    assert_eq!(
        server.who(None, &["other.example.org"], "gateway.example.org", alice).await,
        "Certificate other.example.org"
    );
    assert_eq!(server.ask(None, alice).await, "None ");
}

#[tokio::test]
async fn a_proxys_word_counts_before_a_certificate_before_a_token() {
    let authenticator =
        Authenticator { tokens: tokens(&[("carol", "token")]), certificate: true, ..trusting("gateway") };
    let server = Secured::start(authenticator, ClientAuth::Optional).await;
    let token = "Authorization: Bearer token\r\n";
    let all = format!("X-Forwarded-User: alice\r\n{token}");
    assert_eq!(server.who(None, &[], "gateway", &all).await, "Proxy alice");
    assert_eq!(server.who(None, &[], "gateway", token).await, "Certificate gateway");
    assert_eq!(server.who(None, &[], "bob", &all).await, "Certificate bob");
    assert_eq!(server.ask(None, &all).await, "Token carol");
}

#[tokio::test]
async fn a_trusted_proxy_needs_its_token_all_the_same() {
    let authenticator = Authenticator { tokens: tokens(&[("proxy", "token")]), ..trusting("127.0.0.1") };
    let server = Server::start(authenticated(who(), authenticator)).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    let alice = "X-Forwarded-User: alice\r\n";
    assert_eq!(ask(&mut caller, "GET", alice).await.0, 401);
    let both = format!("{alice}Authorization: Bearer token\r\n");
    assert_eq!(ask(&mut caller, "GET", &both).await, (200, "Proxy alice".to_owned()));
}

#[tokio::test]
async fn changes_are_counted_by_proven_name_else_by_address() {
    let limits =
        Limits { requests: 10, waits: 0, is_wait: |_| false, changes: NonZeroU32::new(1), reads: None };
    let serve = async |authenticator| {
        Server::start(authenticated(limited(who(), limits.clone()), authenticator)).await
    };
    // Whatever the time: so many at once are more than one in a second.
    let exhausted = async |caller: &mut Wire, headers: &dyn Fn(usize) -> String| {
        for attempt in 0..100 {
            match ask(caller, "POST", &headers(attempt)).await.0 {
                200 => {}
                status => return status == 429,
            }
        }
        false
    };
    let server = serve(Authenticator {
        tokens: tokens(&[("alice", "one"), ("bob", "two")]),
        ..Authenticator::default()
    })
    .await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    let by = |token: &str| format!("Authorization: Bearer {token}\r\n");
    assert!(exhausted(&mut caller, &|_| by("one")).await);
    assert_eq!(ask(&mut caller, "POST", &by("two")).await, (200, "Token bob".to_owned()));

    // A name that nothing proves makes no other caller.
    let server = serve(anonymous_too(trusting("10.0.0.0/8"))).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    assert!(exhausted(&mut caller, &|attempt| format!("X-Forwarded-User: {attempt}\r\n")).await);
    let server = serve(trusting("127.0.0.1")).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    assert!(!exhausted(&mut caller, &|attempt| format!("X-Forwarded-User: {attempt}\r\n")).await);
}

#[tokio::test]
async fn names_of_tokens_are_read_again_when_the_file_changes() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines(&[("alice", "one")])).unwrap();
    let tokens = Some(BearerTokens::load(file.path()).unwrap());
    let server =
        Server::start(authenticated(who(), Authenticator { tokens, ..Authenticator::default() })).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    let one = "Authorization: Bearer one\r\n";
    assert_eq!(ask(&mut caller, "GET", one).await.1, "Token alice");
    std::fs::write(file.path(), lines(&[("bob", "one")])).unwrap();
    let caller = tokio::sync::Mutex::new(caller);
    harness::eventually(SOON, "the new name", async || {
        ask(&mut *caller.lock().await, "GET", one).await.1 == "Token bob"
    })
    .await;
}

/// Without a writer, to open a pipe waits forever.
#[tokio::test]
async fn a_file_that_becomes_a_pipe_delays_no_request() {
    let directory = tempfile::tempdir().unwrap();
    let [file, pipe, same] = ["tokens", "pipe", "same"].map(|name| directory.path().join(name));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::hard_link(&pipe, &same).unwrap();
    std::fs::write(&file, lines(&[("alice", "one")])).unwrap();
    let tokens = Some(BearerTokens::load(&*file).unwrap());
    let server =
        Server::start(authenticated(who(), Authenticator { tokens, ..Authenticator::default() })).await;
    let mut caller = Wire::connect(server.address).await.unwrap();
    std::fs::rename(&pipe, &file).unwrap();
    let (done, waited) = mpsc::channel::<Infallible>();
    let writer = std::thread::spawn(move || {
        let late = waited.recv_timeout(SOON) == Err(RecvTimeoutError::Timeout);
        // Lets a request go that waits for a writer.
        late.then(|| std::fs::OpenOptions::new().read(true).write(true).open(same));
        late
    });
    let since = tokio::time::Instant::now();
    while since.elapsed() < Duration::from_millis(2500) {
        assert_eq!(ask(&mut caller, "GET", "Authorization: Bearer one\r\n").await.1, "Token alice");
    }
    drop(done);
    assert!(!writer.join().unwrap(), "a request waited for the pipe");
    // A file in its place counts again.
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, lines(&[("bob", "one")])).unwrap();
    let caller = tokio::sync::Mutex::new(caller);
    harness::eventually(SOON, "the new name", async || {
        ask(&mut *caller.lock().await, "GET", "Authorization: Bearer one\r\n").await.1 == "Token bob"
    })
    .await;

    // Last, because this waits forever if the pipe is opened.
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = service::chain(&BearerTokens::load(&*pipe).unwrap_err());
    assert!(error.contains("cannot be read: it is not a file"), "{error}");
}
