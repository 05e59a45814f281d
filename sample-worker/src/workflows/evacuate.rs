//! Everything off a cluster that goes down.

use std::rc::Rc;
use std::time::Duration;

use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};
use worker_kit::{ActivityPlan, Progress, Steps};
use workflow_api::WorkflowParams;

use super::waves::{Order, run_waves};
use crate::activities::{MigrateActivities, OF_EVACUATION, SEARCH};
use crate::evacuation::{DigProgress, DigReport, EvacuationReport, Found};
use crate::params::EvacuateRequest;

/// How long the search may take, unless the intent says otherwise.
const SEARCH_TIME: Duration = Duration::from_secs(600);
/// How many deployment intent groups a message names.
const MOST_NAMED: usize = 10;

/// Moves every deployment intent group off a cluster, in waves: first a few, alone, then the others, some at once. Each moves in
/// a workflow of its own, and an [`EvacuationReport`] tells what became of it.
#[workflow]
#[derive(Debug, Default)]
pub struct EmcoEvacuateClusterWorkflow {
    pub(super) progress: Progress,
    pub(super) report: EvacuationReport,
}

#[workflow_methods]
impl EmcoEvacuateClusterWorkflow {
    #[run(name = "EmcoEvacuateClusterWorkflow")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<EvacuationReport> {
        let params = worker_kit::params(&input)?;
        let (plan, request) = worker_kit::both(
            ActivityPlan::new(&params, &OF_EVACUATION),
            EvacuateRequest::from_params(&params),
        )?;
        let plan = plan.at_least(SEARCH, SEARCH_TIME);
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress).of(1);
        let ctx = ctx.clone();
        steps
            .finish(async |steps| {
                let found =
                    steps.run(MigrateActivities::find_digs_on_cluster, request.search.clone()).await?;
                evacuate(&ctx, &params, &request, found).await
            })
            .await
    }

    /// From now on no further deployment intent group is begun. Those that have begun go on. Takes any argument, or none.
    #[signal(name = "pause")]
    pub fn pause(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _argument: RawValue) {
        self.report.paused = true;
    }

    /// From now on they are begun again. Takes any argument, or none.
    #[signal(name = "resume")]
    pub fn resume(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _argument: RawValue) {
        self.report.paused = false;
    }

    /// `started`, then the running activity or the type of the workflows that move the groups, then `completed`. Takes any
    /// argument, or none.
    #[query(name = "current-state")]
    pub fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    /// Where it stands, in more detail: [`Progress`], by how many deployment intent groups have ended. Takes any argument, or
    /// none.
    #[query(name = "progress")]
    pub fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }

    /// The report as it stands. Takes any argument, or none.
    #[query(name = "report")]
    pub fn report(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> EvacuationReport {
        self.report.counted()
    }
}

async fn evacuate(
    ctx: &WorkflowContext<EmcoEvacuateClusterWorkflow>,
    params: &WorkflowParams,
    request: &EvacuateRequest,
    found: Vec<Found>,
) -> Result<EvacuationReport, WorkflowTermination> {
    ctx.state_mut(|workflow| {
        let report = &mut workflow.report;
        report.in_params =
            params.activity_params.get(WorkflowParams::ALL_ACTIVITIES).cloned().unwrap_or_default();
        (report.source, report.target) = (request.search.source.to_string(), request.target.to_string());
        report.digs = found.iter().map(DigReport::new).collect();
    });
    run_waves(ctx, &Rc::new(Order::new(params, request, found))).await;

    let cancelled = ctx.cancellation_token().is_cancelled();
    let report = ctx.state_mut(|workflow| {
        workflow.report.close(cancelled);
        workflow.report.counted()
    });
    let left: Vec<&DigReport> = report.digs.iter().filter(|dig| dig.is_left()).collect();
    if left.is_empty() {
        return Ok(report);
    }
    let stranded = report.digs.iter().any(|dig| !dig.not_undone.is_empty());
    if cancelled && !stranded {
        return Err(WorkflowTermination::cancelled_with_details(report));
    }
    let kind = if stranded { Steps::<()>::NOT_UNDONE } else { "EvacuationIncomplete" };
    let message = report.one_line(&left);
    // Another attempt would not know why this one stopped; whoever starts it again does. What was moved stays moved.
    let failure = ApplicationFailure::builder(message).type_name(kind.to_owned()).non_retryable(true);
    Err(failure.details(report).build().into())
}

impl EvacuationReport {
    /// The report with its counts.
    fn counted(&self) -> Self {
        let mut report = self.clone();
        report.counts.clear();
        for dig in &self.digs {
            *report.counts.entry(dig.state).or_default() += 1;
        }
        report
    }

    /// Nothing will be begun any more.
    fn close(&mut self, cancelled: bool) {
        self.cancelled = cancelled;
        let why = match (cancelled, &self.stopped) {
            (true, _) => "the evacuation was cancelled",
            (false, Some(why)) => why.as_str(),
            (false, None) => "not begun",
        };
        for dig in self.digs.iter_mut().filter(|dig| dig.state == DigProgress::Waiting) {
            (dig.state, dig.why) = (DigProgress::Skipped, Some(why.to_owned()));
        }
    }

    /// What went wrong, in one sentence.
    fn one_line(&self, left: &[&DigReport]) -> String {
        let named: Vec<String> = left
            .iter()
            .take(MOST_NAMED)
            .map(|dig| {
                let why = dig.why.as_deref().unwrap_or_default();
                format!("{} {}: {why}", dig.dig, dig.state.word())
            })
            .collect();
        let more = left.len().saturating_sub(named.len());
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let moved = self.digs.iter().filter(|dig| dig.state == DigProgress::Moved).count();
        let of = moved + left.len();
        format!(
            "{moved} of {of} deployment intent groups were moved off {}; {}{more}",
            self.source,
            named.join("; ")
        )
    }
}

impl DigReport {
    fn new(found: &Found) -> Self {
        Self {
            dig: found.key(),
            apps: found.apps.clone(),
            state: match found {
                Found { fault: Some(_), .. } => DigProgress::Failed,
                Found { skip: Some(_), .. } => DigProgress::Skipped,
                _ => DigProgress::Waiting,
            },
            why: found.fault.clone().or_else(|| found.skip.clone()),
            nothing_there: found.skip.is_some() && found.fault.is_none(),
            ..Self::default()
        }
    }

    /// Whether something of it is on the source that should not be there any more.
    fn is_left(&self) -> bool {
        !self.nothing_there && !matches!(self.state, DigProgress::Moved | DigProgress::Planned)
    }
}

impl DigProgress {
    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waits",
            Self::Running => "runs",
            Self::Moved => "was moved",
            Self::Planned => "can be moved",
            Self::RolledBack => "was rolled back",
            Self::Failed => "failed",
            Self::Skipped => "was not begun",
        }
    }
}
