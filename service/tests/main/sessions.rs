//! Callers with the cookie of a session, over real connections.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use harness::Wire;
use jiff::Timestamp;
use service::auth::{
    Authenticator, BearerTokens, Session, SessionFault, Sessions, TokenDigest, authenticated,
};

use crate::auth::{ask, lines, plain, who};
use crate::server::Server;

const OURS: &str = "https://bridge.example";

/// Sessions of the owners of tokens: the cookie is the token.
#[derive(Debug)]
struct ByToken(BearerTokens);

impl Sessions for ByToken {
    fn find<'a>(&'a self, headers: &'a HeaderMap) -> BoxFuture<'a, Result<Option<Session>, SessionFault>> {
        let found = match headers.get(header::COOKIE).map(HeaderValue::as_bytes) {
            None => Ok(None),
            Some(b"away") => Err(SessionFault::Unavailable),
            Some(token) => {
                let identity = self.0.owner_of(&TokenDigest::of(token)).ok_or(SessionFault::Ended);
                let renewed = (token == b"one").then(|| ready(Some(HeaderValue::from_static("a=b"))).boxed());
                identity.map(|identity| Some(Session { identity, expires: Timestamp::MAX, renewal: renewed }))
            }
        };
        ready(found).boxed()
    }

    fn origin(&self) -> &str {
        OURS
    }
}

/// Accepts tokens and cookies of alice and bob.
fn authenticator() -> Authenticator {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines(&[("alice", "one"), ("bob", "two")])).unwrap();
    let tokens = BearerTokens::load(file.path()).unwrap();
    let sessions = Some(Arc::new(ByToken(tokens.clone())) as Arc<dyn Sessions>);
    Authenticator { tokens: Some(tokens), sessions, ..Authenticator::default() }
}

async fn answer(authenticator: Authenticator, method: &str, headers: &str) -> (u16, String) {
    let server = Server::start(authenticated(who(), authenticator)).await;
    ask(&mut Wire::connect(server.address).await.unwrap(), method, headers).await
}

#[tokio::test]
async fn a_cookie_counts_as_the_token_of_its_login() {
    assert_eq!(plain(authenticator(), "Cookie: two\r\n").await, "Token bob");
    // A program shows by itself who it is.
    assert_eq!(plain(authenticator(), "Cookie: two\r\nAuthorization: Bearer one\r\n").await, "Token alice");
    let headers = "Cookie: two\r\nAuthorization: Bearer three\r\n";
    assert_eq!(answer(authenticator(), "GET", headers).await.0, 401);
    let without = Authenticator { sessions: None, ..authenticator() };
    assert_eq!(answer(without, "GET", "Cookie: two\r\n").await.0, 401);
    let trusting = Authenticator {
        proxies: "127.0.0.1".parse().unwrap(),
        user_header: Some(header::FROM),
        ..authenticator()
    };
    assert_eq!(plain(trusting, "Cookie: two\r\nFrom: carol\r\n").await, "Proxy carol");
}

#[tokio::test]
async fn a_session_that_has_ended_is_not_anonymous() {
    let authenticator = Authenticator { anonymous: "127.0.0.1".parse().unwrap(), ..authenticator() };
    assert_eq!(plain(authenticator.clone(), "").await, "None ");
    let (status, text) = answer(authenticator.clone(), "GET", "Cookie: three\r\n").await;
    assert!(status == 401 && text.contains("the session has ended; log in again"), "{text}");
    let (status, text) = answer(authenticator, "GET", "Cookie: away\r\n").await;
    assert!(status == 503 && text.contains("database_unavailable"), "{text}");
}

#[tokio::test]
async fn a_change_by_cookie_must_come_from_our_own_page() {
    let ours = "Cookie: two\r\nSec-Fetch-Site: same-origin\r\n";
    let others = [
        "Cookie: two\r\n",
        "Cookie: two\r\nSec-Fetch-Site: same-site\r\n",
        "Cookie: two\r\nSec-Fetch-Site: cross-site\r\nOrigin: https://other.example\r\n",
        "Cookie: two\r\nOrigin: null\r\n",
    ];
    for method in ["POST", "PUT", "DELETE", "PATCH", "STRANGE"] {
        assert_eq!(answer(authenticator(), method, ours).await.0, 200, "{method}");
        for headers in others {
            let (status, text) = answer(authenticator(), method, headers).await;
            assert!(status == 403 && text.contains("cross_origin") && text.contains(OURS), "{method} {text}");
        }
    }
    let by_origin = format!("Cookie: two\r\nOrigin: {OURS}\r\n");
    assert_eq!(answer(authenticator(), "POST", &by_origin).await.0, 200);
    for method in ["GET", "OPTIONS"] {
        assert_eq!(answer(authenticator(), method, others[2]).await.0, 200, "{method}");
    }
    // A program needs no page.
    assert_eq!(answer(authenticator(), "POST", "Authorization: Bearer two\r\n").await.0, 200);
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let all = Authenticator { sessions: None, anonymous: "127.0.0.1".parse().unwrap(), ..authenticator() };
    for authenticator in [Authenticator::default(), all, authenticator()] {
        let who = "Authorization: Bearer two\r\n";
        let cross = format!("{who}Sec-Fetch-Site: cross-site\r\n");
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let (status, text) = answer(authenticator.clone(), method, &cross).await;
            assert!(
                status == 403 && text.contains("cross_origin") && text.contains("another site"),
                "{text}"
            );
        }
        assert_eq!(answer(authenticator.clone(), "GET", &cross).await.0, 200);
        for site in ["same-origin", "same-site", "none"] {
            let headers = format!("{who}Sec-Fetch-Site: {site}\r\n");
            assert_eq!(answer(authenticator.clone(), "POST", &headers).await.0, 200, "{site}");
        }
    }
}

#[tokio::test]
async fn a_renewed_session_gets_its_cookie_with_the_response() {
    let server = Server::start(authenticated(who(), authenticator())).await;
    for (cookie, renewed) in [("one", Some("a=b")), ("two", None)] {
        let answer = harness::http().get(format!("http://{}/", server.address)).header("cookie", cookie);
        let answer = answer.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("set-cookie").as_deref(), renewed, "{cookie}");
        assert_eq!(header("cache-control").is_some(), renewed.is_some(), "{cookie}");
    }
}
