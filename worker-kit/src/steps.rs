//! Running a workflow's activities one after another: each by the intent's plan, each shown by `current-state`.

use std::fmt;

use temporalio_common::ActivityDefinition;
use temporalio_common::data_converters::TemporalDeserializable;
use temporalio_common::error::{ActivityExecutionError, ApplicationFailure, IncomingError};
use temporalio_sdk::{WorkflowContext, WorkflowTermination};

use crate::{ActivityPlan, CurrentState};

/// The activities of a workflow of type `W`, as its `run` calls them.
pub struct Steps<W> {
    ctx: WorkflowContext<W>,
    plan: ActivityPlan,
    state: fn(&mut W) -> &mut CurrentState,
}

impl<W> Steps<W> {
    /// Steps by `plan`; `state` says where the workflow keeps its [`CurrentState`].
    pub fn new(ctx: &WorkflowContext<W>, plan: ActivityPlan, state: fn(&mut W) -> &mut CurrentState) -> Self {
        Self { ctx: ctx.clone(), plan, state }
    }

    /// Runs one activity, with the retries of the plan.
    ///
    /// # Errors
    /// When the activity failed for good or the workflow was cancelled. `?` ends the workflow with it; a failure that
    /// retrying cannot mend ends it without a retry of the workflow too.
    pub async fn run<A: ActivityDefinition>(
        &self,
        activity: A,
        input: impl Into<A::Input>,
    ) -> Result<A::Output, WorkflowTermination>
    where
        A::Output: TemporalDeserializable,
    {
        let name = activity.name().to_owned();
        let options = self.plan.options(&activity);
        self.enter(CurrentState::Activity(name.clone()));
        self.ctx.execute_activity(activity, input, options).await.map_err(|error| termination(&name, error))
    }

    /// Everything is done.
    pub fn complete(self) {
        self.enter(CurrentState::Completed);
    }

    fn enter(&self, state: CurrentState) {
        self.ctx.state_mut(|workflow| *(self.state)(workflow) = state);
    }
}

impl<W> fmt::Debug for Steps<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// What an activity's failure means for the workflow.
fn termination(activity: &str, error: ActivityExecutionError) -> WorkflowTermination {
    match error {
        // Left to the SDK, both would be retried: the first by the workflow's retry policy, which does not look behind the
        // activity's failure; the second as a workflow task, for ever.
        ActivityExecutionError::Failed(failure) => match failure.cause() {
            Some(IncomingError::Application(cause)) if cause.is_non_retryable() => {
                let kind = cause.type_name().unwrap_or_default().to_owned();
                let message = format!("{activity} failed: {}", cause.source_error());
                ApplicationFailure::builder(message)
                    .type_name(kind)
                    .non_retryable(true)
                    .cause(Box::new(IncomingError::Activity(failure)))
                    .build()
                    .into()
            }
            _ => ActivityExecutionError::Failed(failure).into(),
        },
        ActivityExecutionError::Serialization(error) => {
            let message = format!("{activity} and its worker do not speak of the same types: {error}");
            ApplicationFailure::builder(message)
                .type_name("PayloadMismatch".to_owned())
                .non_retryable(true)
                .build()
                .into()
        }
        cancelled => cancelled.into(),
    }
}
