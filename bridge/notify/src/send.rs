//! One call of a target.

use std::time::Duration;

use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use service::outbound::guard;

use crate::message::Message;
use crate::targets::Target;

/// Timeout of a call.
pub(crate) const BOUND: Duration = Duration::from_secs(10);
/// The longest time that a target can ask to be left alone.
const LONGEST: Duration = Duration::from_secs(300);

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The target has it.
    Delivered,
    /// The target may take it later.
    Later {
        /// Why it does not now.
        error: String,
        /// How long it asks to be left alone.
        pause: Option<Duration>,
    },
    /// The target refuses it, and would refuse it again.
    Refused(String),
}

impl Sent {
    /// Returns its word in metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Later { .. } => "put_off",
            Self::Refused(_) => "refused",
        }
    }
}

/// Posts a message. Text of the target is not repeated, because it is that of a stranger.
pub(crate) async fn send(target: &Target, message: Message) -> Sent {
    if let Err(error) = guard::check(&target.url) {
        return Sent::Later { error: error.to_string(), pause: None };
    }
    let Message { headers, content_type, body } = message;
    let mut request = target.http().post(target.url.clone()).headers(headers);
    request = request.header(CONTENT_TYPE, content_type).body(body).timeout(BOUND);
    if let Some(token) = target.token() {
        request = request.header(AUTHORIZATION, token.bearer());
    }
    match request.send().await {
        Ok(answer) => judge(answer.status(), answer.headers().get(RETRY_AFTER).and_then(seconds)),
        // The path or the query of the URL may be a secret.
        Err(error) => Sent::Later { error: workflow_api::chain(&error.without_url()), pause: None },
    }
}

fn judge(status: StatusCode, pause: Option<Duration>) -> Sent {
    let error = format!("the target answered {status}");
    match status.as_u16() {
        200..300 => Sent::Delivered,
        408 | 425 | 429 | 500.. => Sent::Later { error, pause },
        _ => Sent::Refused(error),
    }
}

fn seconds(value: &http::HeaderValue) -> Option<Duration> {
    let seconds: u64 = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST))
}

/// Returns how long to wait after this number of tries: a second first, then twice as long each time, at most five
/// minutes.
pub(crate) fn pause(attempt: i64) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    Duration::from_secs(1 << doublings).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let later = |status: u16| match judge(StatusCode::from_u16(status).unwrap(), None) {
            Sent::Delivered => 'd',
            Sent::Later { .. } => 'l',
            Sent::Refused(_) => 'r',
        };
        let found: String =
            [200, 204, 301, 400, 401, 404, 408, 410, 425, 429, 500, 503].map(later).iter().collect();
        assert_eq!(found, "ddrrrrlrllll");
    }

    #[test]
    fn pauses_get_longer() {
        assert_eq!(
            [1, 2, 3, 9, 10, i64::MAX].map(|attempt| pause(attempt).as_secs()),
            [1, 2, 4, 256, 300, 300]
        );
    }
}
