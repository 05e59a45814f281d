//! Runs a workflow's activities one after another: each by the intent's plan, visible in the workflow's queries, and
//! undone if the workflow does not complete.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use temporalio_common::ActivityDefinition;
use temporalio_common::data_converters::TemporalDeserializable;
use temporalio_sdk::{
    ActivityCancellationType, ActivityOptions, WorkflowCancellationToken, WorkflowContext,
    WorkflowTermination,
};

use crate::failure::{self, describe};
use crate::undo::{Undo, Undone};
use crate::{ActivityPlan, Progress, ProgressState};

/// Runs the activities of a workflow of type `W`.
///
/// [`finish`](Self::finish) takes the work of the workflow. If the work fails or is cancelled, what was done is undone:
///
/// ```
/// # use temporalio_macros::{activities, workflow, workflow_methods};
/// # use temporalio_sdk::activities::{ActivityContext, ActivityError};
/// # use temporalio_sdk::{WorkflowContext, WorkflowResult};
/// # use worker_kit::{ActivityPlan, NamedActivity, Progress, Steps};
/// # pub struct Trip;
/// # #[activities]
/// # impl Trip {
/// #     #[activity] pub async fn book_hotel(_: ActivityContext, _: String) -> Result<(), ActivityError> { Ok(()) }
/// #     #[activity] pub async fn cancel_hotel(_: ActivityContext, _: String) -> Result<(), ActivityError> { Ok(()) }
/// #     #[activity] pub async fn book_train(_: ActivityContext, _: String) -> Result<(), ActivityError> { Ok(()) }
/// # }
/// # #[workflow]
/// # #[derive(Default)]
/// # pub struct Travel { progress: Progress }
/// # #[workflow_methods]
/// # impl Travel {
/// # #[run]
/// # pub async fn run(ctx: &mut WorkflowContext<Self>, town: String) -> WorkflowResult<()> {
/// # let activities: &[&dyn NamedActivity] = &[&Trip::book_hotel, &Trip::cancel_hotel, &Trip::book_train];
/// # let plan = ActivityPlan::new(&Default::default(), activities)?;
/// let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress).of(2);
/// steps.finish(async |steps| {
///     // Before the step: a step that failed may have taken effect.
///     steps.undo_with(Trip::cancel_hotel, town.clone());
///     steps.run(Trip::book_hotel, town.clone()).await?;
///     steps.run(Trip::book_train, town).await
/// })
/// .await
/// # }
/// # }
/// ```
pub struct Steps<W> {
    ctx: WorkflowContext<W>,
    plan: Rc<ActivityPlan>,
    progress: fn(&mut W) -> &mut Progress,
    of: usize,
    undos: Rc<RefCell<Vec<Undo<Self>>>>,
    undoing: bool,
}

impl<W: 'static> Steps<W> {
    /// Creates steps that follow `plan`. `progress` returns the workflow's [`Progress`].
    pub fn new(ctx: &WorkflowContext<W>, plan: ActivityPlan, progress: fn(&mut W) -> &mut Progress) -> Self {
        let of = plan.activities();
        let steps = Self {
            ctx: ctx.clone(),
            plan: Rc::new(plan),
            progress,
            of,
            undos: Rc::default(),
            undoing: false,
        };
        let attempt = Some(ctx.info().attempt()).filter(|attempt| *attempt > 1);
        steps.note(|progress| {
            // A signal can come before this.
            let refused_signal = progress.refused_signal.take();
            *progress = Progress { attempt, of, refused_signal, ..Progress::default() };
        });
        steps
    }

    /// Sets the number of steps. By default it is the number of activities in the plan.
    #[must_use]
    pub fn of(mut self, steps: usize) -> Self {
        self.of = steps;
        self.note(|progress| progress.of = steps);
        self
    }

    /// Runs one activity, with the retries of the plan.
    ///
    /// If there is something to undo, the workflow waits for a cancelled activity to end, whatever the intent sets.
    /// Otherwise the activity could still be running while its work is undone. The activity learns of the cancellation
    /// by its heartbeats.
    ///
    /// # Errors
    /// When the activity failed and is not retried, or the workflow was cancelled. `?` ends the workflow with
    /// this error. If the failure is non-retryable, the workflow is not retried either.
    pub async fn run<A: ActivityDefinition>(
        &self,
        activity: A,
        input: impl Into<A::Input>,
    ) -> Result<A::Output, WorkflowTermination>
    where
        A::Output: TemporalDeserializable,
    {
        self.with(|_| ()).run(activity, input).await
    }

    /// Returns one step with other options: `steps.with(|options| options.heartbeat_timeout = None).run(…)`. `change`
    /// changes the options of the plan, which are those of the intent.
    pub fn with<C: FnOnce(&mut ActivityOptions)>(&self, change: C) -> StepWith<'_, W, C> {
        StepWith { steps: self, change }
    }

    async fn run_with<A: ActivityDefinition>(
        &self,
        activity: A,
        input: A::Input,
        change: impl FnOnce(&mut ActivityOptions),
    ) -> Result<A::Output, WorkflowTermination>
    where
        A::Output: TemporalDeserializable,
    {
        let name = activity.name().to_owned();
        let mut options = self.plan.options(&activity);
        change(&mut options);
        if self.undoing {
            // A token that the workflow's cancellation does not reach.
            options.cancellation_token = Some(WorkflowCancellationToken::new());
        } else if !self.undos.borrow().is_empty() {
            options.cancellation_type = ActivityCancellationType::WaitCancellationCompleted;
        }
        self.note(|progress| {
            progress.step = Some(name.clone());
            if !self.undoing {
                progress.state = ProgressState::Running;
                progress.index += 1;
                progress.of = self.of.max(progress.index);
            }
        });
        let done = self.ctx.execute_activity(activity, input, options).await;
        done.map_err(|error| failure::of_activity(&name, error))
    }

    /// Registers `activity` as an undo: it runs if the workflow fails or is cancelled after this call.
    ///
    /// Call this before the step. A step that failed, timed out or was cancelled may have taken effect, wholly or in
    /// part. The activity must therefore also succeed if there is nothing to undo.
    pub fn undo_with<A: ActivityDefinition + 'static>(&self, activity: A, input: impl Into<A::Input>)
    where
        A::Input: 'static,
        A::Output: TemporalDeserializable,
    {
        let (name, input) = (activity.name().to_owned(), input.into());
        self.undo(name, async move |steps: &Self| steps.run(activity, input).await.map(drop));
    }

    /// Removes all undos that were registered before, so that what was done is kept if the workflow fails or is
    /// cancelled later.
    pub fn keep(&self) {
        self.undos.borrow_mut().clear();
    }

    /// Registers an undo that takes more than one activity, as [`undo_with`](Self::undo_with) does for one. `work` runs
    /// the activities. `name` names the undo in failures.
    pub fn undo(
        &self,
        name: impl Into<String>,
        work: impl AsyncFnOnce(&Self) -> Result<(), WorkflowTermination> + 'static,
    ) {
        // An undo is not undone.
        if !self.undoing {
            self.undos.borrow_mut().push(Undo::new(name.into(), work));
        }
    }

    /// Does the `work` of the workflow. If it fails or is cancelled, runs every undo, the last one first. If an undo
    /// fails, the others still run. Cancelling the workflow again does not stop them. Terminating it does, and so do
    /// the workflow's own timeouts, of which Temporal does not inform the workflow.
    ///
    /// # Errors
    /// The error of the work. If there was something to undo: a failure of the same type, with the original
    /// failure as its cause, whose message and details (`undone`, `notUndone`) name what was undone and what
    /// was not. A cancelled workflow ends cancelled, with these details. If an undo failed it ends as failed
    /// instead, with the type
    /// [`NOT_UNDONE`](Self::NOT_UNDONE). If an undo failed the workflow is not retried.
    pub async fn finish<T>(
        self,
        work: impl AsyncFnOnce(&Self) -> Result<T, WorkflowTermination>,
    ) -> Result<T, WorkflowTermination> {
        let reason = match work(&self).await {
            Ok(value) => {
                self.enter(ProgressState::Completed);
                return Ok(value);
            }
            Err(goes_on @ (WorkflowTermination::Evicted | WorkflowTermination::ContinueAsNew(_))) => {
                return Err(goes_on);
            }
            Err(reason) => reason,
        };
        let cancelled = failure::is_cancellation(&reason, &self.ctx);
        if !cancelled {
            self.note(|progress| progress.last_error = Some(describe(&reason)));
        }
        let undone = self.undo_all().await;
        self.enter(if cancelled && undone.is_clean() {
            ProgressState::Cancelled
        } else {
            ProgressState::Failed
        });
        Err(undone.termination(reason, cancelled))
    }

    /// The type of the failure of a cancelled workflow whose undo failed.
    pub const NOT_UNDONE: &'static str = Undone::NOT_UNDONE;

    async fn undo_all(&self) -> Undone {
        let undos = self.undos.take();
        let (mut undone, of) = (Undone::default(), undos.len());
        let steps = Self { undoing: true, undos: Rc::default(), ..self.clone() };
        for (index, undo) in undos.into_iter().rev().enumerate() {
            let name = undo.name().to_owned();
            steps.note(|progress| {
                progress.state = ProgressState::Undoing;
                (progress.index, progress.of) = (index + 1, of);
            });
            undone.note(name, undo.run(steps.clone()).await);
        }
        undone
    }

    fn enter(&self, state: ProgressState) {
        self.note(|progress| progress.state = state);
    }

    /// Changes the progress, and sets its time to now.
    fn note(&self, change: impl FnOnce(&mut Progress)) {
        let now = self.ctx.workflow_time().and_then(|now| now.try_into().ok());
        self.ctx.state_mut(|workflow| {
            let progress = (self.progress)(workflow);
            change(progress);
            progress.since = now;
        });
    }
}

/// One step with options of its own, which [`Steps::with`] returns.
#[must_use = "nothing runs without `run`"]
pub struct StepWith<'a, W, C> {
    steps: &'a Steps<W>,
    change: C,
}

impl<W: 'static, C: FnOnce(&mut ActivityOptions)> StepWith<'_, W, C> {
    /// Runs one activity, as [`Steps::run`] does.
    ///
    /// # Errors
    /// As [`Steps::run`]. Options that Temporal refuses make the workflow task fail, again and again.
    pub async fn run<A: ActivityDefinition>(
        self,
        activity: A,
        input: impl Into<A::Input>,
    ) -> Result<A::Output, WorkflowTermination>
    where
        A::Output: TemporalDeserializable,
    {
        self.steps.run_with(activity, input.into(), self.change).await
    }
}

impl<W, C> fmt::Debug for StepWith<'_, W, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepWith").field("steps", self.steps).finish_non_exhaustive()
    }
}

impl<W> Clone for Steps<W> {
    fn clone(&self) -> Self {
        let Self { ctx, plan, progress, of, undos, undoing } = self;
        Self {
            ctx: ctx.clone(),
            plan: Rc::clone(plan),
            progress: *progress,
            of: *of,
            undos: Rc::clone(undos),
            undoing: *undoing,
        }
    }
}

impl<W> fmt::Debug for Steps<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").field("plan", &self.plan).finish_non_exhaustive()
    }
}
