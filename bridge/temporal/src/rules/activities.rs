//! The activity of a monitor: it looks at what its rule watches, and does what the rule orders.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::Rules;
use bridge_core::model::RuleKey;
use bridge_core::ports::StoreError;
use futures::future::BoxFuture;
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use super::order::Order;

/// Well below the heartbeat timeout.
const BEAT: Duration = Duration::from_secs(3);

/// What monitors call.
pub trait Turns: Send + Sync {
    /// Looks at what a rule watches, and does what it orders. Returns when to do so again; `None` if the rule does not
    /// exist. It may be dropped at any moment, and is then called again.
    fn turn<'a>(
        &'a self,
        rule: &'a RuleKey,
    ) -> BoxFuture<'a, Result<Option<Duration>, Box<dyn Error + Send + Sync>>>;

    /// Returns whether there are any rules.
    fn any(&self) -> BoxFuture<'_, Result<bool, StoreError>>;
}

impl Turns for Rules {
    fn turn<'a>(
        &'a self,
        rule: &'a RuleKey,
    ) -> BoxFuture<'a, Result<Option<Duration>, Box<dyn Error + Send + Sync>>> {
        Box::pin(async move { Ok(Self::turn(self, rule).await?) })
    }

    fn any(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(Self::any(self))
    }
}

/// The activity of a monitor.
pub(crate) struct RuleActivities {
    pub(crate) turns: Arc<dyn Turns>,
}

#[activities]
impl RuleActivities {
    /// Lets a rule have its turn. Returns after how many seconds it has the next; `None` if it does not exist.
    #[activity(name = "EmcoBridgeEvaluate")]
    pub(crate) async fn evaluate(
        self: Arc<Self>,
        ctx: ActivityContext,
        order: Order,
    ) -> Result<Option<u64>, ActivityError> {
        let Some(rule) = RuleKey::read(&order.rule) else {
            return Err(failure("NotARule", "this is not the path of a rule", false));
        };
        let mut turn = self.turns.turn(&rule);
        loop {
            ctx.record_heartbeat(()).await?;
            let turned = tokio::select! {
                turned = &mut turn => turned,
                () = ctx.cancelled() => return Err(ActivityError::cancelled()),
                () = tokio::time::sleep(BEAT) => continue,
            };
            return match turned {
                Ok(next) => Ok(next.map(seconds)),
                Err(error) => {
                    let error = workflow_api::chain(&*error);
                    tracing::warn!(%rule, error, "a rule could not have its turn, and has it again soon");
                    Err(failure("NoTurn", &error, true))
                }
            };
        }
    }
}

/// Returns at least one second: Temporal must not be kept busy.
fn seconds(pause: Duration) -> u64 {
    pause.as_secs().saturating_add(u64::from(pause.subsec_nanos() > 0)).max(1)
}

fn failure(kind: &str, message: &str, passes: bool) -> ActivityError {
    let failure =
        ApplicationFailure::builder(message.to_owned()).type_name(kind.to_owned()).non_retryable(!passes);
    ActivityError::application(failure.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_whole_seconds_and_at_least_one() {
        for (millis, expected) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (60_000, 60)] {
            assert_eq!(seconds(Duration::from_millis(millis)), expected, "{millis}");
        }
        assert_eq!(seconds(Duration::MAX), u64::MAX);
    }
}
