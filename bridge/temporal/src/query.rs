//! Queries a workflow's code, and finds out why it does not answer.

use std::time::Duration;

use bridge_core::ports::{Query, QueryError, RejectCondition};
use temporal::{FaultKind, TemporalFault};
use temporalio_common::protos::temporal::api::enums::v1::QueryRejectCondition;
use temporalio_common::protos::temporal::api::query::v1::WorkflowQuery;
use temporalio_common::protos::temporal::api::workflowservice::v1::QueryWorkflowRequest;
use workflow_api::RawJson;

use crate::bounds::Bounds;
use crate::rpc::{Session, detail};
use crate::{convert, describe, payload, queue};

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
        && queue::is_deserted(session, seen.task_queue.as_str(), call).await.unwrap_or(false)
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

fn message_of(fault: &TemporalFault) -> String {
    fault.status().map_or_else(|| fault.to_string(), |status| status.message().to_owned())
}
