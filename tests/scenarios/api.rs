//! What an administrator does, as one call each.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{SAMPLE_INTENT, Stack, eventually, http};
use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Long enough for a migration on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// An answer: its status, and its body as JSON (`null` where it is none).
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// The answer, which must have this status.
    pub(crate) fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "answered {}, not {status}: {}", self.status, self.body);
        Ok(self)
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The JSON paths of a problem's faults.
    pub(crate) fn fault_paths(&self) -> Vec<&str> {
        let faults = self.body["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
        faults.iter().filter_map(|fault| fault["path"].as_str()).collect()
    }
}

pub(crate) async fn send(method: Method, url: &str, body: impl Into<reqwest::Body>) -> Result<Answer> {
    let answer = http()
        .request(method.clone(), url)
        .body(body)
        .send()
        .await
        .with_context(|| format!("{method} {url}"))?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await?;
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    Ok(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) })
}

pub(crate) async fn get(url: &str) -> Result<Answer> {
    send(Method::GET, url, "").await
}

pub(crate) async fn post(url: &str, body: &Value) -> Result<Answer> {
    send(Method::POST, url, body.to_string()).await
}

/// Starts the sample intent; the body is empty, as the policy controller's is (EMCO-API §4).
pub(crate) async fn start(stack: &Stack) -> Result<Answer> {
    send(Method::POST, &intent_url(stack, SAMPLE_INTENT, "/start"), "").await
}

/// The URL of an intent of the sample's deployment intent group, with what follows its name.
pub(crate) fn intent_url(stack: &Stack, intent: &str, rest: &str) -> String {
    format!("{}/{intent}{rest}", stack.intents_url())
}

/// Asks for the status of a workflow until `done` says so.
pub(crate) async fn status_until(
    stack: &Stack,
    query: &str,
    what: &str,
    done: impl Fn(&Answer) -> bool,
) -> Answer {
    let url = intent_url(stack, SAMPLE_INTENT, &format!("/status?{query}"));
    eventually(SOON, what, async || {
        let answer = get(&url).await?;
        ensure!(done(&answer), "{} {}", answer.status, answer.body);
        Ok(answer)
    })
    .await
}

/// Sends bytes as they stand and reads to the end of the connection: the status and the body.
pub(crate) async fn raw(address: &str, request: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let answer = String::from_utf8_lossy(&bytes);
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status line")?;
    Ok((status, body.to_owned()))
}
