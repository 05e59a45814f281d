//! What both kinds of end-to-end tests do: `scenarios/` with processes, `containers/` with the images. What they start, and the demo
//! too, is in `harness/`.

use anyhow::{Result, ensure};
use harness::http;
use reqwest::header::HeaderMap;
use reqwest::{Body, Method, RequestBuilder};
use serde_json::Value;

/// An answer: its status, and its body as JSON (`null` where it is none).
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
    /// The answer, which must have this status.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "answered {}, not {status}: {}", self.status, self.body);
        Ok(self)
    }

    /// A text of the body; empty where there is none.
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The JSON paths of a problem's faults.
    pub fn fault_paths(&self) -> Vec<&str> {
        let faults = self.body["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
        faults.iter().filter_map(|fault| fault["path"].as_str()).collect()
    }
}

/// One request.
pub async fn send(method: Method, url: &str, body: impl Into<Body>) -> Result<Answer> {
    answer(http().request(method, url).body(body)).await
}

/// What a request is answered.
pub async fn answer(request: RequestBuilder) -> Result<Answer> {
    // Its errors name the URL.
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await?;
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    Ok(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) })
}

/// One GET.
pub async fn get(url: &str) -> Result<Answer> {
    send(Method::GET, url, "").await
}

/// One POST of JSON.
pub async fn post(url: &str, body: &Value) -> Result<Answer> {
    send(Method::POST, url, body.to_string()).await
}
