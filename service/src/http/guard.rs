//! Who may ask: callers with a bearer token (RFC 6750), or with a certificate.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use workflow_api::Problem;

use super::wrap::{Inner, wrapped};
use crate::files::{FileError, Reloaded, SettingFile};
use crate::problem::ProblemResponse;

/// The bearer tokens of a file: one a line, blank lines and lines that begin with `#` apart. A changed file counts at most a
/// second later; one without tokens is taken for a mistake, and the tokens from before stay.
#[derive(Debug, Clone)]
pub struct BearerTokens(Arc<Reloaded<Vec<Token>>>);

/// The digest of a token: of one length, so that a comparison takes the same time whatever is compared.
struct Token([u8; 32]);

impl BearerTokens {
    /// The tokens of this file.
    ///
    /// # Errors
    /// When it cannot be read, holds none, or a line is no token.
    pub fn load(file: impl Into<SettingFile>) -> Result<Self, FileError> {
        let file = file.into();
        let tokens = Reloaded::load(vec![file.clone()], move |contents| tokens(&file, &contents.concat()))?;
        Ok(Self(Arc::new(tokens)))
    }

    fn know(&self, token: &[u8]) -> bool {
        let Token(asked) = Token::of(token);
        let tokens = self.0.current();
        let found = tokens.iter().fold(Choice::from(0), |found, Token(known)| found | known.ct_eq(&asked));
        found.into()
    }
}

impl Token {
    fn of(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }
}

fn tokens(file: &SettingFile, content: &[u8]) -> Result<Vec<Token>, FileError> {
    let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).enumerate();
    let tokens: Result<Vec<_>, _> = lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"))
        .map(|(index, line)| {
            if line.iter().all(u8::is_ascii_graphic) {
                Ok(Token::of(line))
            } else {
                // Not the line itself: it may be a token all but one character.
                Err(file.fault(format!(
                    "holds what is no token (visible ASCII, no spaces) in line {}",
                    index + 1
                )))
            }
        })
        .collect();
    tokens.and_then(|tokens| {
        if tokens.is_empty() { Err(file.fault("holds no token; write one a line")) } else { Ok(tokens) }
    })
}

/// What a caller must show. Nothing, by default.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// One of these tokens.
    pub tokens: Option<BearerTokens>,
    /// A certificate that the listener's TLS has verified; a caller who shows that needs no token.
    pub certificate: bool,
}

/// The caller's certificate was verified: an extension of the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Certified;

/// `router` for callers that `guard` lets in; others get 401, or 403 where only a certificate would do.
pub fn guarded(router: Router, guard: Guard) -> Router {
    match guard {
        Guard { tokens: None, certificate: false } => router,
        guard => {
            let guard = Arc::new(guard);
            wrapped(router, move |request, inner| admit(Arc::clone(&guard), request, inner))
        }
    }
}

async fn admit(guard: Arc<Guard>, request: Request, inner: Inner) -> Response {
    match guard.refuse(&request) {
        None => inner.run(request).await,
        Some(refusal) => refusal,
    }
}

impl Guard {
    fn refuse(&self, request: &Request) -> Option<Response> {
        if self.certificate && request.extensions().get::<Certified>().is_some() {
            return None;
        }
        let Some(tokens) = &self.tokens else {
            let text = "show a client certificate: this needs one";
            return Some(refusal(Problem::new(403, "certificate_required", text)));
        };
        let (challenge, text) = match bearer(request.headers()) {
            Some(token) if tokens.know(token) => return None,
            Some(_) => ("Bearer error=\"invalid_token\"", "the bearer token is not known here"),
            None => ("Bearer", "send a bearer token in one `Authorization` header"),
        };
        let mut response = refusal(Problem::new(401, "unauthorized", text));
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        Some(response)
    }
}

fn refusal(problem: Problem) -> Response {
    ProblemResponse::new(problem).into_response()
}

/// The token of the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else { return None };
    let (scheme, token) = header.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    fn file(content: &str) -> (tempfile::NamedTempFile, SettingFile) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let setting = SettingFile::of("BEARER_TOKENS", file.path());
        (file, setting)
    }

    async fn ask(guard: &Guard, authorization: &[&str], certified: bool) -> Response {
        let mut request = Request::get("/").body(Body::empty()).unwrap();
        for value in authorization {
            request.headers_mut().append(AUTHORIZATION, value.parse().unwrap());
        }
        if certified {
            request.extensions_mut().insert(Certified);
        }
        let router = Router::new().route("/", get(|| async {}));
        guarded(router, guard.clone()).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn only_known_tokens_are_let_in() {
        let (_keep, file) = file("# the bridge\none\n\n  two  \n");
        let guard = Guard { tokens: Some(BearerTokens::load(file).unwrap()), certificate: false };
        for authorization in ["Bearer one", "bearer two", "BEARER   one"] {
            assert_eq!(ask(&guard, &[authorization], false).await.status(), 200, "{authorization}");
        }
        for authorization in [
            &[][..],
            &["one"],
            &["Basic one"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer on"],
            &["Bearer one2"],
            &["Bearer # the bridge"],
            &["Bearer one", "Bearer one"],
        ] {
            let refused = ask(&guard, authorization, true).await;
            assert_eq!(refused.status(), 401, "{authorization:?}");
            let challenge = refused.headers()[WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        }
    }

    #[tokio::test]
    async fn a_certificate_may_do_instead() {
        let (_keep, file) = file("one");
        let tokens = Some(BearerTokens::load(file).unwrap());
        let either = Guard { tokens, certificate: true };
        assert_eq!(ask(&either, &[], true).await.status(), 200);
        assert_eq!(ask(&either, &["Bearer one"], false).await.status(), 200);
        assert_eq!(ask(&either, &[], false).await.status(), 401);
        let certificate = Guard { tokens: None, certificate: true };
        assert_eq!(ask(&certificate, &[], true).await.status(), 200);
        assert_eq!(ask(&certificate, &["Bearer one"], false).await.status(), 403);
        assert_eq!(ask(&Guard::default(), &[], false).await.status(), 200);
    }

    #[test]
    fn a_file_without_sound_tokens_is_refused() {
        for (content, words) in
            [("", "holds no token"), ("# one\n\n", "holds no token"), ("one\ntwo three", "in line 2")]
        {
            let (_keep, file) = file(content);
            let error = BearerTokens::load(file).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("(BEARER_TOKENS)"), "{error}");
            assert!(!error.contains("three"), "{error}");
        }
    }
}
