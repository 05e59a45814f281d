//! One call: what it asks for beside its path and body, and how it is sent.

use std::fmt::{self, Display};
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH,
    RETRY_AFTER,
};
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use workflow_api::Problem;

use crate::answer::Answer;
use crate::bridge::{Bridge, endpoint};
use crate::error::Error;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A call that is not sent yet. Set what it asks for, and await it; or take its [`pages`](Self::pages), or its
/// [`events`](Self::events).
///
/// An option that the operation does not have is refused by the bridge, with the code `invalid_parameter`.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<T> {
    bridge: Bridge,
    method: Method,
    /// Not a URL where a name cannot be a part of a path. The error is returned when the call is sent.
    url: Result<Url, String>,
    headers: HeaderMap,
    body: Option<Result<String, String>>,
    /// The wait that the caller asks the bridge for.
    wait: Duration,
    value: PhantomData<fn() -> T>,
}

/// By hand, because a call does not have a `T`.
impl<T> Clone for Call<T> {
    fn clone(&self) -> Self {
        Self {
            bridge: self.bridge.clone(),
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            wait: self.wait,
            value: PhantomData,
        }
    }
}

/// Without query and body, which can have what is nobody's business.
impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.endpoint().unwrap_or_default()).finish()
    }
}

/// The condition of a change, or of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Only if the document still has this `ETag`, as [`Answer::etag`] returns it. Otherwise 412 `condition_failed`.
    IfMatch(String),
    /// Only if there is no document yet. Otherwise 412 `condition_failed`.
    IfAbsent,
    /// For a read: only if the document no longer has this `ETag`. Otherwise [`Error::NotModified`].
    UnlessMatch(String),
}

impl<T> Call<T> {
    pub(crate) fn new(bridge: &Bridge, method: Method, path: &str, names: Vec<String>) -> Self {
        let url = bridge.at(path, names).map_err(|error| match error {
            Error::Name(name) => name,
            other => other.to_string(),
        });
        let (bridge, headers, wait) = (bridge.clone(), HeaderMap::new(), Duration::ZERO);
        Self { bridge, method, url, headers, body: None, wait, value: PhantomData }
    }

    pub(crate) fn body(mut self, json: Result<Option<String>, serde_json::Error>) -> Self {
        self.body = json.map_err(|error| error.to_string()).transpose();
        self
    }

    /// Adds a parameter of the query, under the name that the API gives to it.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        if let Ok(url) = &mut self.url {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        self
    }

    /// Adds a parameter if there is a value.
    pub fn query_opt(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Limits a page to this number of items, 1 to 1000.
    pub fn limit(self, items: u32) -> Self {
        self.query("limit", items)
    }

    /// Has the call validated and answered as usual, without any change.
    pub fn dry_run(self) -> Self {
        self.query("dryRun", "All")
    }

    /// Has unknown fields of the body refused. Without it, [`Answer::warnings`] has them.
    pub fn strict(self) -> Self {
        self.query("fieldValidation", "Strict")
    }

    /// Does not ask the workflow client whether it accepts the body.
    pub fn unchecked(self) -> Self {
        self.query("clientCheck", "Skip")
    }

    /// Sets the condition.
    pub fn condition(self, condition: &Condition) -> Self {
        match condition {
            Condition::IfMatch(etag) => self.header(IF_MATCH, etag),
            Condition::IfAbsent => self.header(IF_NONE_MATCH, "*"),
            Condition::UnlessMatch(etag) => self.header(IF_NONE_MATCH, etag),
        }
    }

    /// Makes the call one with all others that have this key: it is done once. A key has 1 to 255 visible ASCII
    /// characters.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header(IDEMPOTENCY_KEY, key)
    }

    /// Has the bridge return a body where it returns none by default: what was started, the status after a signal.
    pub fn representation(self) -> Self {
        self.header(PREFER, "return=representation")
    }

    /// Waits for the end of a workflow, for at most this long, as `waitForResult` of a status does. The bridge may
    /// wait for less.
    pub fn wait_for_result(self, most: Duration) -> Self {
        self.query("waitForResult", true).query("timeout", seconds(most)).within(most)
    }

    /// Waits for an outcome, for at most this long, as `wait` of a cancellation or an update does.
    pub fn wait(self, most: Duration) -> Self {
        self.query("wait", seconds(most)).within(most)
    }

    /// Lets the call take this much longer than [`Settings::timeout`](crate::Settings::timeout).
    pub fn within(mut self, longer: Duration) -> Self {
        self.wait = longer;
        self
    }

    /// Has the response read as another type, such as a `serde_json::Value`.
    pub fn read_as<V>(self) -> Call<V> {
        let Self { bridge, method, url, headers, body, wait, value: _ } = self;
        Call { bridge, method, url, headers, body, wait, value: PhantomData }
    }

    /// Sets a header. A value that no header can have is left out.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Returns method and URL for messages.
    pub(crate) fn endpoint(&self) -> Result<String, Error> {
        Ok(endpoint(&self.method, &self.url()?))
    }

    fn url(&self) -> Result<Url, Error> {
        self.url.clone().map_err(Error::Name)
    }

    /// Sends the call, and returns the response if its status means success, before its body is read. Without a
    /// `timeout`, the body can take for ever.
    pub(crate) async fn response(&self, timeout: Option<Duration>) -> Result<Response, Error> {
        let (url, endpoint) = (self.url()?, self.endpoint()?);
        let mut request = self.bridge.http.request(self.method.clone(), url).headers(self.headers.clone());
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        if let Some(header) = self.bridge.credentials.header().await? {
            request = request.header(AUTHORIZATION, header);
        }
        match &self.body {
            Some(Ok(json)) => request = request.header(CONTENT_TYPE, self.content()).body(json.clone()),
            Some(Err(error)) => return Err(Error::Body(serde::de::Error::custom(error))),
            None => {}
        }
        let response = request.send().await.map_err(|source| failed(endpoint.clone(), source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status == StatusCode::NOT_MODIFIED {
            return Err(Error::NotModified);
        }
        Err(refused(endpoint, response).await)
    }

    /// Returns the media type of the body.
    fn content(&self) -> &'static str {
        if self.method == Method::PATCH { "application/merge-patch+json" } else { "application/json" }
    }
}

impl<T: DeserializeOwned> Call<T> {
    /// Sends the call.
    ///
    /// # Errors
    /// [`Error`] when the bridge refuses it, or no response comes.
    pub async fn send(self) -> Result<Answer<T>, Error> {
        let call = match self.headers.contains_key(ACCEPT) {
            true => self,
            false => self.header(ACCEPT, "application/json"),
        };
        let response = call.response(Some(call.bridge.timeout + call.wait)).await?;
        let endpoint = call.endpoint()?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.map_err(|source| failed(endpoint.clone(), source))?;
        let value = read(&text, &headers).map_err(|error| Error::Unexpected {
            endpoint,
            status,
            reason: error.to_string(),
        })?;
        Ok(Answer::new(value, status, text, headers))
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for Call<T> {
    type Output = Result<Answer<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<I: DeserializeOwned> Call<Vec<I>> {
    /// Returns the pages of the list, from this one on.
    pub fn pages(self) -> Pages<I> {
        Pages { next: Some(self) }
    }
}

/// The pages of a list.
#[derive(Debug)]
pub struct Pages<I> {
    next: Option<Call<Vec<I>>>,
}

impl<I: DeserializeOwned> Pages<I> {
    /// Gets the next page. `None` after the last one.
    ///
    /// # Errors
    /// As [`Call::send`]. A call after an error gets nothing.
    pub async fn next(&mut self) -> Result<Option<Answer<Vec<I>>>, Error> {
        let Some(call) = self.next.take() else { return Ok(None) };
        let page = call.clone().send().await?;
        if let (Some(next), Ok(url)) = (page.next(), &call.url) {
            // Only the query is used: a token must not go where a header leads to.
            let target = url.join(next).ok();
            let mut url = url.clone();
            url.set_query(target.as_ref().and_then(Url::query));
            self.next = Some(Call { url: Ok(url), ..call });
        }
        Ok(Some(page))
    }

    /// Gets all that is left.
    ///
    /// # Errors
    /// As [`Call::send`].
    pub async fn all(mut self) -> Result<Vec<I>, Error> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await? {
            items.extend(page.value);
        }
        Ok(items)
    }
}

/// Reads a body. An empty one is like `null`, and one that is not JSON is a text.
fn read<T: DeserializeOwned>(text: &str, headers: &HeaderMap) -> Result<T, serde_json::Error> {
    let content = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if text.is_empty() {
        serde_json::from_str("null")
    } else if content.starts_with("text/") {
        serde_json::from_value(Value::String(text.to_owned()))
    } else {
        serde_json::from_str(text)
    }
}

/// Returns the error of a response whose status is not a success.
async fn refused(endpoint: String, response: Response) -> Error {
    let status = response.status();
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let retry_after = seconds.map(Duration::from_secs);
    let text = match response.text().await {
        Ok(text) => text,
        Err(source) => return failed(endpoint, source),
    };
    match serde_json::from_str::<Problem>(&text) {
        Ok(problem) => Error::Refused { problem: Box::new(problem), text, retry_after },
        Err(_not_a_problem) => {
            Error::Unexpected { endpoint, status, reason: "without a problem document".to_owned() }
        }
    }
}

/// Returns the error of an exchange that failed.
pub(crate) fn failed(endpoint: String, source: reqwest::Error) -> Error {
    // The endpoint is the URL without its query.
    let source = source.without_url();
    if source.is_connect() || source.is_builder() {
        Error::Unreachable { endpoint, source }
    } else {
        Error::Interrupted { endpoint, source }
    }
}

/// Writes a duration as the API reads it.
fn seconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}
