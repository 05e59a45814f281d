//! Requests to the server, and its responses.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Request, RequestBuilder, StatusCode, redirect};
use serde_json::Value;
use uuid::Uuid;

use crate::Target;

/// How many characters of a response are shown.
const TEXT: usize = 200;

/// Why a server cannot be tested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetUpError {
    /// The URL is invalid.
    #[error("`{0}` is not a URL; write one such as http://localhost:9090")]
    Url(String),
    /// The certificates are invalid, or the HTTP client cannot be created.
    #[error("cannot create the HTTP client; are the certificates PEM?")]
    Http(#[from] reqwest::Error),
}

/// One test of a server.
pub(crate) struct Session<'a> {
    pub(crate) target: &'a Target,
    http: Client,
    /// Whether the client uses the given workflow ID, if that can be seen.
    pub(crate) takes_ids: OnceLock<bool>,
}

/// A response, or why there is none.
pub(crate) type Seen = Result<Answer, Lost>;

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) took: Duration,
}

/// Why there is no response.
#[derive(Debug, Clone)]
pub(crate) enum Lost {
    /// It did not come in time.
    Late(Duration),
    /// The connection broke, or could not be made.
    Broken(String),
}

impl<'a> Session<'a> {
    pub(crate) fn new(target: &'a Target) -> Result<Self, SetUpError> {
        let sound = reqwest::Url::parse(&target.url)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !sound {
            return Err(SetUpError::Url(target.url.clone()));
        }
        // It fails if the process has already installed a TLS provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            // One connection for each request, so that a broken one affects no other request.
            .pool_max_idle_per_host(0)
            .timeout(target.patience)
            .redirect(redirect::Policy::none())
            .no_proxy();
        let builder = match &target.authorities {
            Some(pem) => builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem)?),
            None => builder,
        };
        Ok(Self { target, http: builder.build()?, takes_ids: OnceLock::new() })
    }

    /// Returns a new workflow ID.
    pub(crate) fn fresh_id() -> String {
        format!("compliance-{}", Uuid::new_v4())
    }

    pub(crate) fn path(&self) -> String {
        format!("/invoke/{}", self.target.client)
    }

    /// Returns a request without a token.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.target.url))
            .header("Content-Type", "application/json")
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare(method, path);
        match &self.target.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Returns `POST /invoke/<client>` with this body.
    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::POST, &self.path()).body(body)
    }

    pub(crate) async fn execute(&self, request: Request) -> Seen {
        execute(&self.http, request).await
    }

    /// Returns the response to a start.
    pub(crate) async fn start(&self, body: &Value) -> Seen {
        send(self.post(body.to_string())).await
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Seen {
    let (client, request) = request.build_split();
    match request {
        Ok(request) => execute(&client, request).await,
        Err(error) => Err(Lost::Broken(chain(&error.without_url()))),
    }
}

async fn execute(http: &Client, request: Request) -> Seen {
    let since = Instant::now();
    let lost = |error: reqwest::Error| {
        if error.is_timeout() {
            Lost::Late(since.elapsed())
        } else {
            Lost::Broken(chain(&error.without_url()))
        }
    };
    let answer = http.execute(request).await.map_err(lost)?;
    let (status, headers, took) = (answer.status(), answer.headers().clone(), since.elapsed());
    let text = answer.text().await.map_err(lost)?;
    Ok(Answer { status, headers, text, took })
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
    }

    /// Returns the workflow ID and the run ID, if the response names them in a header or in its body.
    pub(crate) fn ids(&self) -> (Option<String>, Option<String>) {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let named =
            |header, field: &str| self.header(header).or_else(|| body[field].as_str()).map(str::to_owned);
        (named("Workflow-Id", "workflowID"), named("Run-Id", "runID"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        let text: String = self.text.trim().chars().take(TEXT).collect();
        if text.is_empty() { Ok(()) } else { write!(f, ": {text}") }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(after) => write!(f, "no response within {after:.1?}"),
            Self::Broken(why) => write!(f, "no response: {why}"),
        }
    }
}

/// Describes a response, or why there is none.
pub(crate) fn words(seen: &Seen) -> String {
    match seen {
        Ok(answer) => answer.to_string(),
        Err(lost) => lost.to_string(),
    }
}

pub(crate) fn is_success(seen: &Seen) -> bool {
    seen.as_ref().is_ok_and(|answer| answer.status.is_success())
}

/// Whether the response is a client error.
pub(crate) fn is_refusal(seen: &Seen) -> bool {
    seen.as_ref().is_ok_and(|answer| answer.status.is_client_error())
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
