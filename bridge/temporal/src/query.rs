//! Queries a workflow's code, and finds out why it does not answer.

use std::time::Duration;

use bridge_core::ports::{EngineError, Query, QueryError, RejectCondition};
use jiff::SignedDuration;
use temporal::{FaultKind, TemporalFault};
use temporalio_common::protos::temporal::api::enums::v1::{QueryRejectCondition, TaskQueueType};
use temporalio_common::protos::temporal::api::query::v1::WorkflowQuery;
use temporalio_common::protos::temporal::api::taskqueue::v1::{PollerInfo, TaskQueue};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeTaskQueueRequest, QueryWorkflowRequest,
};
use workflow_api::RawJson;

use crate::bounds::Bounds;
use crate::rpc::{Session, detail};
use crate::{convert, describe, payload};

/// A running worker polls at least once a minute; the rest allows for clocks that differ.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_secs(90);

/// Queries the workflow.
pub(crate) async fn query(
    session: &Session<'_>,
    query: &Query,
    bounds: Bounds,
) -> Result<RawJson, QueryError> {
    let bound = query.bound.unwrap_or(bounds.query);
    let request = QueryWorkflowRequest {
        namespace: session.namespace(),
        execution: session.execution(),
        query: Some(WorkflowQuery {
            query_type: query.query_type.clone(),
            query_args: payload::from_json(&query.args),
            header: None,
        }),
        query_reject_condition: condition(query.reject).into(),
    };
    let asked = session.try_call(bound, request).await;
    match asked {
        Ok(answer) => match answer.query_rejected {
            Some(rejected) => Err(QueryError::Rejected {
                workflow_id: session.run().workflow_id.clone(),
                message: state_text(rejected.status),
            }),
            None => Ok(payload::to_json(answer.query_result.as_ref())),
        },
        Err(fault) if detail(&fault).as_deref() == Some("QueryFailedFailure") => Err(QueryError::Failed {
            workflow_id: session.run().workflow_id.clone(),
            query_type: query.query_type.clone(),
            message: message_of(&fault),
        }),
        Err(fault) => match fault.kind() {
            FaultKind::FailedPrecondition | FaultKind::DeadlineExceeded => {
                Err(explain(session, fault, bound, bounds.call).await)
            }
            _ => Err(session.error(fault, bound).into()),
        },
    }
}

/// Returns why there is no result. A missing worker shows as a timeout, so the task queue is described as
/// well.
async fn explain(session: &Session<'_>, fault: TemporalFault, bound: Duration, call: Duration) -> QueryError {
    let workflow_id = session.run().workflow_id.clone();
    let late = fault.kind() == FaultKind::DeadlineExceeded;
    let seen = match describe::outline(session, session.execution(), call).await {
        Ok(seen) => seen,
        // Temporal itself does not respond.
        Err(error) if late => return error.into(),
        Err(_) => return QueryError::Rejected { workflow_id, message: message_of(&fault) },
    };
    if (late || !seen.state.is_closed())
        && is_deserted(session, seen.task_queue.as_str(), call).await.unwrap_or(false)
    {
        return QueryError::NoWorker { workflow_id, task_queue: seen.task_queue };
    }
    if late {
        // Temporal lists workers for minutes after they stopped, so it is not known whether one is running.
        QueryError::Late { workflow_id, task_queue: seen.task_queue, bound }
    } else {
        QueryError::Rejected { workflow_id, message: message_of(&fault) }
    }
}

fn condition(reject: Option<RejectCondition>) -> QueryRejectCondition {
    match reject {
        None => QueryRejectCondition::Unspecified,
        Some(RejectCondition::NotOpen) => QueryRejectCondition::NotOpen,
        Some(RejectCondition::NotCompletedCleanly) => QueryRejectCondition::NotCompletedCleanly,
    }
}

fn state_text(status: i32) -> String {
    match convert::state(status) {
        Some(state) => format!("the run is {state}"),
        None => "its state does not allow it".to_owned(),
    }
}

/// Returns whether no worker polls a task queue.
pub(crate) async fn is_deserted(
    session: &Session<'_>,
    task_queue: &str,
    bound: Duration,
) -> Result<bool, EngineError> {
    let request = DescribeTaskQueueRequest {
        namespace: session.namespace(),
        task_queue: Some(TaskQueue { name: task_queue.to_owned(), ..TaskQueue::default() }),
        task_queue_type: TaskQueueType::Workflow.into(),
        ..Default::default()
    };
    let queue = session.call(bound, request).await?;
    Ok(queue.pollers.iter().all(|poller| is_gone(poller, session.now())))
}

/// Returns whether a worker has not polled lately. Temporal lists workers for minutes after they stopped.
fn is_gone(poller: &PollerInfo, now: jiff::Timestamp) -> bool {
    let seen = poller.last_access_time.and_then(convert::timestamp);
    seen.is_some_and(|seen| now.duration_since(seen) > LONGEST_SILENCE)
}

fn message_of(fault: &TemporalFault) -> String {
    fault.status().map_or_else(|| fault.to_string(), |status| status.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_gone_when_it_has_not_asked_for_long() {
        let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
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
