//! What an administrator does, as one call each.

use std::time::Duration;

use anyhow::{Result, ensure};
pub(crate) use e2e::{Answer, get, post, send};
use harness::{SAMPLE_INTENT, Stack, Wire, eventually};
use reqwest::Method;

/// Long enough for a migration on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

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

/// Sends bytes as they are, and returns the status and the body of the answer.
pub(crate) async fn raw(address: &str, request: &str) -> Result<(u16, String)> {
    let mut wire = Wire::connect(address).await?;
    wire.send(request).await?;
    let answer = wire.answer().await?;
    Ok((answer.status, answer.body))
}
