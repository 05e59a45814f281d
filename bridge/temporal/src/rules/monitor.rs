//! The workflow that gives a rule its turns, one after the other, until the rule does not exist.
//!
//! It gets no signals: each turn reads the rule anew. The commands of a turn are always the same two, an activity and a
//! timer, so histories of an earlier bridge replay.
#![expect(missing_debug_implementations, missing_docs, reason = "of the types that the SDK's macro makes")]

use std::time::Duration;

use bridge_core::model::RuleKey;
use bridge_core::ports::EngineError;
use temporalio_common::RetryPolicy;
use temporalio_common::data_converters::RawValue;
use temporalio_common::error::{ActivityExecutionError, ApplicationFailure};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads, WorkflowType};
use temporalio_common::protos::temporal::api::enums::v1::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy};
use temporalio_common::protos::temporal::api::sdk::v1::UserMetadata;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, ContinueAsNewOptions, TimerResult, WorkflowContext, WorkflowResult, WorkflowTermination,
};

use super::activities::RuleActivities;
use super::order::{Order, turns};
use crate::payload;
use crate::rpc::Session;

const WORKFLOW_TYPE: &str = "EmcoBridgeMonitor";
/// Timeout of one turn.
const ONE_TURN: Duration = Duration::from_secs(600);
/// After this time, Temporal notices that a bridge was killed.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(10);
/// Pauses between the tries of a turn. There is no last one.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Gives a rule its turns.
#[workflow]
#[derive(Debug, Default)]
pub struct Monitor;

#[workflow_methods]
impl Monitor {
    /// Runs the workflow. Its input is an `Order`.
    #[run(name = "EmcoBridgeMonitor")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<()> {
        // After any other kind of error, Temporal would retry the task forever.
        let order = read(&input.payloads).map_err(ApplicationFailure::non_retryable)?;
        for turn in 1_u32.. {
            let pause = match ctx.execute_activity(RuleActivities::evaluate, order.clone(), one_turn()).await
            {
                Ok(Some(seconds)) => Duration::from_secs(seconds),
                Ok(None) => break,
                Err(ActivityExecutionError::Cancelled(_)) => return Err(WorkflowTermination::cancelled()),
                Err(error) => return Err(error.into()),
            };
            if ctx.timer(pause).await == TimerResult::Cancelled {
                return Err(WorkflowTermination::cancelled());
            }
            if turn >= order.turns || ctx.continue_as_new_suggested() {
                ctx.continue_as_new(input.clone(), ContinueAsNewOptions::default())?;
            }
        }
        Ok(())
    }
}

fn one_turn() -> ActivityOptions {
    let again =
        RetryPolicy::builder().initial_interval(SHORTEST_PAUSE).maximum_interval(LONGEST_PAUSE).build();
    ActivityOptions::with_start_to_close_timeout(ONE_TURN)
        .heartbeat_timeout(HEARTBEAT_TIMEOUT)
        .retry_policy(again)
        .build()
}

fn read(payloads: &[Payload]) -> serde_json::Result<Order> {
    let payloads = Payloads { payloads: payloads.to_vec() };
    serde_json::from_str(payload::to_json(Some(&payloads)).as_str())
}

/// Returns the call that starts the monitor of a rule, unless it runs. The session is about that workflow.
pub(super) fn start(
    session: &Session<'_>,
    rule: &RuleKey,
    task_queue: &str,
) -> Result<StartWorkflowExecutionRequest, EngineError> {
    // Not `Display`, which may cut the name.
    let order = Order { rule: format!("{}/{}", rule.parent(), rule.name), turns: turns() };
    let input = serde_json::to_value(&order).map_err(|error| session.unexpected(error))?;
    let summary = format!("Gives rule {rule} its turns");
    let summary =
        payload::from_json([&summary.into()]).and_then(|summary| summary.payloads.into_iter().next());
    Ok(StartWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_id: session.run().workflow_id.as_str().to_owned(),
        workflow_type: Some(WorkflowType { name: WORKFLOW_TYPE.to_owned() }),
        task_queue: Some(TaskQueue { name: task_queue.to_owned(), ..TaskQueue::default() }),
        input: payload::from_json([&input.into()]),
        identity: temporal::identity(),
        request_id: uuid::Uuid::new_v4().to_string(),
        workflow_id_reuse_policy: WorkflowIdReusePolicy::AllowDuplicate.into(),
        workflow_id_conflict_policy: WorkflowIdConflictPolicy::UseExisting.into(),
        user_metadata: Some(UserMetadata { summary, details: None }),
        ..Default::default()
    })
}
