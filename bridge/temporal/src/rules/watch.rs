//! Looks at many runs, at one run, and at a task queue.

use std::collections::BTreeMap;
use std::time::Duration;

use bridge_core::model::{ActivitySeen, RunDetail, RunSeen};
use bridge_core::ports::{EngineError, QueueLook};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use temporal::{FaultKind, Method, TemporalFault};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue as WireQueue;
use temporalio_common::protos::temporal::api::workflow::v1::{PendingActivityInfo, WorkflowExecutionInfo};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeTaskQueueRequest, DescribeTaskQueueResponse, DescribeWorkflowExecutionRequest,
    ListWorkflowExecutionsRequest,
};
use tokio::time::{Instant, sleep};
use workflow_api::{TaskQueue, WorkflowId};

use crate::bounds::Bounds;
use crate::convert::{state, timestamp};
use crate::rpc::Session;

/// Temporal's own limit.
const PAGE: i32 = 1000;
/// How many workflows are described at the same time.
const AT_ONCE: usize = 4;
/// Temporal lists ten times a second for all callers of a namespace.
const PAUSE: Duration = Duration::from_millis(200);

/// Returns the runs of these workflows that were started since `since`, ordered by workflow and time.
pub(super) async fn list(
    session: &Session<'_>,
    workflows: &[WorkflowId],
    since: Timestamp,
    bounds: Bounds,
) -> Result<Vec<RunSeen>, EngineError> {
    let workflows = workflows.iter().filter(|workflow| !workflow.is_empty());
    let (plain, others): (Vec<_>, Vec<_>) = workflows.partition(|workflow| is_plain(workflow));
    let mut runs = BTreeMap::new();
    let mut next_page_token = Vec::new();
    while !plain.is_empty() {
        let request = ListWorkflowExecutionsRequest {
            namespace: session.namespace(),
            page_size: PAGE,
            next_page_token,
            query: query(&plain, since),
        };
        let answer = patiently(session, bounds.list, request).await;
        let answer = answer.map_err(|fault| session.error(fault, bounds.list))?;
        // A run that closes meanwhile moves to a later page, which knows more about it.
        runs.extend(answer.executions.into_iter().map(seen).map(|run| (run.run_id.clone(), run)));
        next_page_token = answer.next_page_token;
        if next_page_token.is_empty() {
            break;
        }
    }
    // Of these, only the newest run is known.
    let execution = |id: &WorkflowId| WorkflowExecution { workflow_id: id.to_string(), ..Default::default() };
    let others: Vec<_> = others.into_iter().map(execution).collect();
    let looks = stream::iter(others).map(|other| look(session, Some(other), bounds.call));
    let looks: Vec<_> = looks.buffer_unordered(AT_ONCE).try_collect().await?;
    let newest = looks.into_iter().flatten().map(|(run, _)| run).filter(|run| run.started >= Some(since));
    runs.extend(newest.map(|run| (run.run_id.clone(), run)));
    let mut runs: Vec<_> = runs.into_values().collect();
    runs.sort_by(|one, other| {
        (one.workflow_id.as_str(), one.started).cmp(&(other.workflow_id.as_str(), other.started))
    });
    Ok(runs)
}

/// Returns whether a workflow ID can stand in a query. Temporal writes the query anew for its database, with
/// backslashes that PostgreSQL does not understand, and takes each `?` for a parameter.
fn is_plain(workflow: &WorkflowId) -> bool {
    !workflow
        .as_str()
        .contains(|letter: char| matches!(letter, '?' | '\'' | '"' | '\\') || letter.is_control())
}

/// Returns the query for the runs of plain workflow IDs.
fn query(workflows: &[&WorkflowId], since: Timestamp) -> String {
    // Databases keep fewer digits of a time than Temporal, and a run must not be lost for them.
    let second = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Floor);
    let since = since.round(second).unwrap_or(since);
    let workflows: Vec<_> = workflows.iter().map(|workflow| format!("'{workflow}'")).collect();
    format!("WorkflowId IN ({}) AND StartTime >= '{since}'", workflows.join(","))
}

/// Returns a run as it is now; `None` if Temporal does not have it.
pub(super) async fn look(
    session: &Session<'_>,
    execution: Option<WorkflowExecution>,
    bound: Duration,
) -> Result<Option<(RunSeen, RunDetail)>, EngineError> {
    let request = DescribeWorkflowExecutionRequest { namespace: session.namespace(), execution };
    let answer = match patiently(session, bound, request).await {
        Ok(answer) => answer,
        Err(fault) if fault.kind() == FaultKind::NotFound => return Ok(None),
        Err(fault) => return Err(session.error(fault, bound)),
    };
    let mut pending = answer.pending_activities;
    // Temporal returns them in any order. Their IDs are usually numbers.
    pending.sort_by(|one, other| {
        let key = |info: &PendingActivityInfo| (info.activity_id.len(), info.activity_id.clone());
        key(one).cmp(&key(other))
    });
    let info = answer.workflow_execution_info.unwrap_or_default();
    let mut detail = RunDetail {
        activities: pending.into_iter().map(activity).collect(),
        task_attempt: answer.pending_workflow_task.map_or(0, |task| task.attempt.into()),
        history_length: info.history_length,
        task_queue: info.task_queue.as_str().into(),
    };
    let run = seen(info);
    if run.state.is_none() {
        return Err(session.unexpected("the description of a run has no status"));
    }
    if !run.is_open() {
        // Of a run that was terminated, Temporal still has what was pending.
        detail = RunDetail { activities: Vec::new(), task_attempt: 0, ..detail };
    }
    Ok(Some((run, detail)))
}

fn seen(info: WorkflowExecutionInfo) -> RunSeen {
    let execution = info.execution.unwrap_or_default();
    RunSeen {
        workflow_id: execution.workflow_id.into(),
        run_id: execution.run_id.into(),
        state: state(info.status),
        started: info.start_time.and_then(timestamp),
        closed: info.close_time.and_then(timestamp),
    }
}

fn activity(info: PendingActivityInfo) -> ActivitySeen {
    // An attempt that runs has only the second of these times.
    let scheduled = info.scheduled_time.or(info.last_started_time);
    ActivitySeen {
        kind: info.activity_type.unwrap_or_default().name,
        attempt: info.attempt.into(),
        scheduled: scheduled.and_then(timestamp),
        last_failure: info.last_failure.unwrap_or_default().message,
    }
}

/// Returns what the queue of workflow tasks looks like now.
pub(super) async fn queue(
    session: &Session<'_>,
    queue: &TaskQueue,
    bound: Duration,
) -> Result<QueueLook, EngineError> {
    let request = DescribeTaskQueueRequest {
        namespace: session.namespace(),
        task_queue: Some(WireQueue { name: queue.to_string(), ..WireQueue::default() }),
        task_queue_type: TaskQueueType::Workflow.into(),
        report_stats: true,
        ..Default::default()
    };
    let answer = patiently(session, bound, request).await.map_err(|fault| session.error(fault, bound))?;
    Ok(queue_look(answer, session.now()))
}

fn queue_look(answer: DescribeTaskQueueResponse, now: Timestamp) -> QueueLook {
    let waits_since = answer.stats.filter(|stats| stats.approximate_backlog_count > 0).and_then(|stats| {
        let age = stats.approximate_backlog_age.unwrap_or_default();
        let since = now.checked_sub(SignedDuration::new(age.seconds, age.nanos)).ok()?;
        Timestamp::from_second(since.as_second()).ok()
    });
    QueueLook { has_pollers: !answer.pollers.is_empty(), waits_since }
}

/// Calls Temporal, and again while it is busy: at most for the time of one call.
async fn patiently<Q: Method>(
    session: &Session<'_>,
    bound: Duration,
    request: Q,
) -> Result<Q::Answer, TemporalFault> {
    let since = Instant::now();
    loop {
        let left = bound.saturating_sub(since.elapsed());
        match session.try_call(left, request.clone()).await {
            Err(fault) if fault.kind() == FaultKind::Busy && since.elapsed() + PAUSE < bound => {
                sleep(PAUSE).await
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use prost_wkt_types::Duration as WireDuration;
    use temporalio_common::protos::temporal::api::taskqueue::v1::{PollerInfo, TaskQueueStats};

    use super::*;

    #[test]
    fn the_query_names_workflows_and_a_whole_second_not_after_the_time() {
        let (one, other) = (WorkflowId::from("a/b:1"), WorkflowId::from("größe %_"));
        let since = "2026-11-28T09:00:00.999999999Z".parse().unwrap();
        assert_eq!(
            query(&[&one, &other], since),
            "WorkflowId IN ('a/b:1','größe %_') AND StartTime >= '2026-11-28T09:00:00Z'"
        );
    }

    #[test]
    fn what_a_database_reads_otherwise_is_in_no_query() {
        for plain in ["a", "a b", "a-1_2.3/4:5%", "größe", "(a);--"] {
            assert!(is_plain(&plain.into()), "{plain}");
        }
        for other in ["a?", "it's", "say \"a\"", "a\\", "a\nb", "a\0", "a\u{7f}"] {
            assert!(!is_plain(&other.into()), "{other:?}");
        }
    }

    #[test]
    fn a_task_waits_since_a_whole_second() {
        let now: Timestamp = "2026-11-28T09:00:10.25Z".parse().unwrap();
        let stats = |count, age| {
            Some(TaskQueueStats {
                approximate_backlog_count: count,
                approximate_backlog_age: age,
                ..Default::default()
            })
        };
        let age = Some(WireDuration { seconds: 4, nanos: 500_000_000 });
        for (stats, since) in [
            (None, None),
            (stats(0, age), None),
            (stats(1, age), Some("2026-11-28T09:00:05Z")),
            (stats(7, None), Some("2026-11-28T09:00:10Z")),
        ] {
            let look = queue_look(DescribeTaskQueueResponse { stats, ..Default::default() }, now);
            let since = since.map(|since| since.parse().unwrap());
            assert_eq!(look, QueueLook { has_pollers: false, waits_since: since });
        }
        let answer = DescribeTaskQueueResponse { pollers: vec![PollerInfo::default()], ..Default::default() };
        assert_eq!(queue_look(answer, now), QueueLook { has_pollers: true, waits_since: None });
    }

    #[test]
    fn an_activity_has_the_time_of_its_current_attempt() {
        let time = |seconds| Some(prost_wkt_types::Timestamp { seconds, nanos: 0 });
        for (scheduled_time, last_started_time, expected) in
            [(time(5), time(3), 5), (None, time(3), 3), (time(5), None, 5)]
        {
            let info =
                PendingActivityInfo { attempt: 2, scheduled_time, last_started_time, ..Default::default() };
            let seen = activity(info);
            assert_eq!((seen.attempt, seen.scheduled.unwrap().as_second()), (2, expected));
        }
    }
}
