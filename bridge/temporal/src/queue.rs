//! The workers that poll a task queue.

use std::time::Duration;

use bridge_core::ports::{EngineError, Pollers, QueuePollers};
use futures::future::try_join;
use jiff::{SignedDuration, Timestamp};
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::{PollerInfo, TaskQueue};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;

use crate::convert;
use crate::rpc::Session;

/// A running worker polls at least once a minute; the rest allows for clocks that differ.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_secs(90);

/// Returns the workers of both kinds of tasks.
pub(crate) async fn all_pollers(
    session: &Session<'_>,
    task_queue: &str,
    bound: Duration,
) -> Result<QueuePollers, EngineError> {
    let of = |kind| pollers(session, task_queue, kind, bound);
    let (workflow, activity) = try_join(of(TaskQueueType::Workflow), of(TaskQueueType::Activity)).await?;
    Ok(QueuePollers { workflow, activity })
}

/// Returns whether no worker polls a task queue for workflow tasks.
pub(crate) async fn is_deserted(
    session: &Session<'_>,
    task_queue: &str,
    bound: Duration,
) -> Result<bool, EngineError> {
    Ok(pollers(session, task_queue, TaskQueueType::Workflow, bound).await?.number == 0)
}

async fn pollers(
    session: &Session<'_>,
    task_queue: &str,
    kind: TaskQueueType,
    bound: Duration,
) -> Result<Pollers, EngineError> {
    let request = DescribeTaskQueueRequest {
        namespace: session.namespace(),
        task_queue: Some(TaskQueue { name: task_queue.to_owned(), ..TaskQueue::default() }),
        task_queue_type: kind.into(),
        ..Default::default()
    };
    let queue = session.call(bound, request).await?;
    Ok(Pollers {
        number: queue.pollers.iter().filter(|poller| !is_gone(poller, session.now())).count(),
        last: queue.pollers.iter().filter_map(last_poll).max(),
    })
}

fn last_poll(poller: &PollerInfo) -> Option<Timestamp> {
    poller.last_access_time.and_then(convert::timestamp)
}

/// Returns whether a worker has not polled lately. Temporal lists workers for minutes after they stopped.
fn is_gone(poller: &PollerInfo, now: Timestamp) -> bool {
    last_poll(poller).is_some_and(|seen| now.duration_since(seen) > LONGEST_SILENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_gone_when_it_has_not_asked_for_long() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let poller = |ago: i64| PollerInfo {
            last_access_time: Some(prost_wkt_types::Timestamp { seconds: now.as_second() - ago, nanos: 0 }),
            ..Default::default()
        };
        assert!(is_gone(&poller(100), now));
        assert!(!is_gone(&poller(60), now));
        // The worker's clock is ahead of ours.
        assert!(!is_gone(&poller(-100), now));
        assert!(!is_gone(&PollerInfo::default(), now));
    }
}
