//! Requests to the server, and its responses.

use std::error::Error;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use crate::http::{Draft, Http};
use crate::{SetUpError, Target};

/// How many characters of a response are shown.
const TEXT: usize = 200;

/// One test of a server.
pub(crate) struct Session<'a> {
    pub(crate) target: &'a Target,
    http: Http,
    bearer: Option<HeaderValue>,
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
        let http = Http::new(&target.url, target.authorities.as_deref())?;
        let bearer = target.token.as_deref().map(bearer).transpose()?;
        Ok(Self { target, http, bearer, takes_ids: OnceLock::new() })
    }

    /// Returns a new workflow ID.
    pub(crate) fn fresh_id() -> String {
        format!("compliance-{}", Uuid::new_v4())
    }

    pub(crate) fn path(&self) -> String {
        format!("/invoke/{}", self.target.client)
    }

    /// Returns a request without a token.
    pub(crate) fn bare(method: Method, path: &str) -> Draft {
        Draft::new(method, path).header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Draft {
        let request = Self::bare(method, path);
        match &self.bearer {
            Some(bearer) => request.header(AUTHORIZATION, bearer.clone()),
            None => request,
        }
    }

    /// Returns `POST /invoke/<client>`, without a body.
    pub(crate) fn post(&self) -> Draft {
        self.request(Method::POST, &self.path())
    }

    pub(crate) async fn send(&self, request: Draft) -> Seen {
        let since = Instant::now();
        let answer = match timeout(self.target.patience, self.http.send(request)).await {
            Ok(answer) => answer.map_err(|error| Lost::Broken(chain(&*error)))?,
            Err(_) => return Err(Lost::Late(since.elapsed())),
        };
        let (head, body) = answer.into_parts();
        let text = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status: head.status, headers: head.headers, text, took: since.elapsed() })
    }

    /// Returns the response to a start.
    pub(crate) async fn start(&self, body: &Value) -> Seen {
        self.send(self.post().body(body.to_string())).await
    }
}

/// Returns the header of a token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, SetUpError> {
    HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| SetUpError::Token)
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

fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| Error::source(*cause));
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
