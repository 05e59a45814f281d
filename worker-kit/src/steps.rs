//! Running a workflow's activities one after another: each by the intent's plan, each shown by the workflow's queries, and
//! undone where the workflow does not reach its end.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use temporalio_common::ActivityDefinition;
use temporalio_common::data_converters::TemporalDeserializable;
use temporalio_sdk::{
    ActivityCancellationType, WorkflowCancellationToken, WorkflowContext, WorkflowTermination,
};

use crate::failure::{self, told};
use crate::undo::{Undo, Undone};
use crate::{ActivityPlan, Progress, ProgressState};

/// The activities of a workflow of type `W`, as its `run` calls them.
///
/// What [`finish`](Self::finish) is given is the work; whatever ends it early, what was done is undone:
///
/// ```
/// # use temporalio_macros::{activities, workflow, workflow_methods};
/// # use temporalio_sdk::activities::{ActivityContext, ActivityError};
/// # use temporalio_sdk::{WorkflowContext, WorkflowResult};
/// # use worker_kit::{ActivityPlan, Progress, Steps};
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
/// # let plan = ActivityPlan::new(&Default::default(), &["book_hotel", "cancel_hotel", "book_train"])?;
/// let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress).of(2);
/// steps.finish(async |steps| {
///     // Before the step: one that failed may have been done all the same.
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
    /// Steps by `plan`; `progress` says where the workflow keeps its [`Progress`].
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
        steps.note(|progress| *progress = Progress { attempt, of, ..Progress::default() });
        steps
    }

    /// How many steps there will be, where it is not each activity of the plan once.
    #[must_use]
    pub fn of(mut self, steps: usize) -> Self {
        self.of = steps;
        self.note(|progress| progress.of = steps);
        self
    }

    /// Runs one activity, with the retries of the plan.
    ///
    /// While there is something to undo, a cancelled activity is waited for, whatever the intent says: otherwise it could
    /// still be at work while its work is undone. It learns of the cancellation by its heartbeats.
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
        let mut options = self.plan.options(&activity);
        if self.undoing {
            // One that the workflow's cancellation does not reach.
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

    /// From here on, should the workflow fail or be cancelled, `activity` undoes what it did.
    ///
    /// Say so before the step: one that failed, timed out or was cancelled may have been done all the same, wholly or in
    /// part. The activity must therefore bear that there is nothing to undo.
    pub fn undo_with<A: ActivityDefinition + 'static>(&self, activity: A, input: impl Into<A::Input>)
    where
        A::Input: 'static,
        A::Output: TemporalDeserializable,
    {
        let (name, input) = (activity.name().to_owned(), input.into());
        self.undo(name, async move |steps: &Self| steps.run(activity, input).await.map(drop));
    }

    /// From here on, what was done stays done, also should the workflow fail or be cancelled: nothing of what was named before is undone.
    pub fn keep(&self) {
        self.undos.borrow_mut().clear();
    }

    /// As [`undo_with`](Self::undo_with), for what takes more than one activity: `work` runs them, in its order. `name` is
    /// what failures call it.
    pub fn undo(
        &self,
        name: impl Into<String>,
        work: impl AsyncFnOnce(&Self) -> Result<(), WorkflowTermination> + 'static,
    ) {
        // To undo an undo would be to do it again; nobody asks for that.
        if !self.undoing {
            self.undos.borrow_mut().push(Undo::new(name.into(), work));
        }
    }

    /// Does the `work` of the workflow. If it fails or is cancelled, runs every undo, the last one first; also when one
    /// fails, the others are tried. Cancelling the workflow again does not stop them, terminating it does. So do the
    /// workflow's own timeouts: Temporal does not tell the workflow that they are over.
    ///
    /// # Errors
    /// What the work answers. Where there was something to undo: a failure of the same type, with the original one as its
    /// cause, that names what was undone and what could not be, in its message and its details (`undone`, `notUndone`). A
    /// cancelled workflow ends cancelled with these details; if something could not be undone it fails instead, with the
    /// type [`NOT_UNDONE`](Self::NOT_UNDONE). Where something could not be undone the workflow is not retried.
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
            self.note(|progress| progress.last_error = Some(told(&reason)));
        }
        let undone = self.undo_all().await;
        self.enter(if cancelled && undone.is_clean() {
            ProgressState::Cancelled
        } else {
            ProgressState::Failed
        });
        Err(undone.termination(reason, cancelled))
    }

    /// The type of the failure of a cancelled workflow that could not undo what it did.
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

    /// Changes the progress, as of now.
    fn note(&self, change: impl FnOnce(&mut Progress)) {
        let now = self.ctx.workflow_time().and_then(|now| now.try_into().ok());
        self.ctx.state_mut(|workflow| {
            let progress = (self.progress)(workflow);
            change(progress);
            progress.since = now;
        });
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
