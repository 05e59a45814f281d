//! Activities run alone, without a server.

use std::time::Duration;

use serde_json::Value;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use worker_kit::testing::{Ended, TestActivity};

use crate::scene::Activities;

struct Counter {
    from: u32,
}

#[activities]
impl Counter {
    #[activity(name = "Count")]
    async fn count(
        self: std::sync::Arc<Self>,
        ctx: ActivityContext,
        a: String,
        b: u32,
    ) -> Result<String, ActivityError> {
        if a == "waits" {
            ctx.record_heartbeat(b).await?;
            ctx.cancelled().await;
        }
        Ok(format!("{a} {}", self.from + b + ctx.info().attempt))
    }
}

#[tokio::test]
async fn an_activity_completes() {
    let done = TestActivity::of(Activities).run(Activities::work, "works".to_owned()).await;
    assert_eq!(done.unwrap(), "works");
}

#[tokio::test]
async fn an_activity_of_a_value_sees_its_attempt() {
    let test = TestActivity::of(Counter { from: 10 }).attempt(3);
    let counted = test.run(Counter::count, ("n".to_owned(), 2)).await;
    assert_eq!(counted.unwrap(), "n 15");
}

#[tokio::test]
async fn the_details_of_heartbeats_are_recorded() {
    let test = TestActivity::of(Counter { from: 10 }).heartbeat_timeout(Duration::from_secs(5)).cancelled();
    let heartbeats = test.heartbeats();
    // It completes although it is cancelled.
    let counted = test.run(Counter::count, ("waits".to_owned(), 2)).await;
    assert_eq!(counted.unwrap(), "waits 13");
    assert_eq!(*heartbeats.lock().unwrap(), [Value::from(2)]);
}

#[tokio::test]
async fn an_activity_fails() {
    for (conduct, non_retryable) in [("fails for good", true), ("fails", false)] {
        let failed = TestActivity::of(Activities).run(Activities::work, conduct.to_owned()).await;
        let Err(Ended::Failed(failure)) = failed else { panic!("{failed:?}") };
        assert_eq!((failure.kind.as_str(), failure.message.as_str()), ("Broken", "broken"));
        assert_eq!(failure.non_retryable, non_retryable);
    }
}

#[tokio::test]
async fn an_activity_is_cancelled() {
    let test = TestActivity::of(Activities).heartbeat_timeout(Duration::from_secs(5)).cancelled();
    let ended = test.run(Activities::work, "lasts".to_owned()).await;
    assert_eq!(ended, Err(Ended::Cancelled(Value::Null)));
}
