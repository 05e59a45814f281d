//! Shared by both kinds of end-to-end tests: `scenarios/` runs processes, `containers/` runs images. `harness/` starts
//! them.

use anyhow::{Result, ensure};
use harness::http;
use reqwest::header::HeaderMap;
use reqwest::{Body, Method, RequestBuilder};
use serde_json::Value;

/// A response: its status, headers, and its body as JSON (`null` if it is not JSON).
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The headers.
    pub headers: HeaderMap,
}

impl Answer {
    /// Returns the response if it has this status, else an error.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "the status is {}, not {status}: {}", self.status, self.body);
        Ok(self)
    }

    /// Returns a text in the body, or an empty one.
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    /// Returns a header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the JSON paths of a problem's faults.
    pub fn fault_paths(&self) -> Vec<&str> {
        let faults = self.body["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
        faults.iter().filter_map(|fault| fault["path"].as_str()).collect()
    }
}

/// Sends a request.
pub async fn send(method: Method, url: &str, body: impl Into<Body>) -> Result<Answer> {
    answer(http().request(method, url).body(body)).await
}

/// Sends a request and reads the response.
pub async fn answer(request: RequestBuilder) -> Result<Answer> {
    // The errors of reqwest contain the URL.
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await?;
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    Ok(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) })
}

/// Sends a GET.
pub async fn get(url: &str) -> Result<Answer> {
    send(Method::GET, url, "").await
}

/// Sends a POST with a JSON body.
pub async fn post(url: &str, body: &Value) -> Result<Answer> {
    send(Method::POST, url, body.to_string()).await
}
