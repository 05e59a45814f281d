//! What the database and the engine's list show of the subjects of a rule.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use workflow_api::{Condition, RunId, WorkflowId, WorkflowState};

use super::subjects::{Subjects, Watched};
use super::{RuleError, Rules};
use crate::chain;
use crate::model::{Facts, RunSeen, StartRecord, WorkflowRun};
use crate::ports::{EngineError, Outline, Watch};

/// How many workflows are asked for at once, and how many questions are open at once.
const ASKED: usize = 500;
const WIDTH: usize = 8;
/// The most failures of an intent that are counted.
const MOST_FAILURES: u32 = 100;
/// A run can begin a little before its start is on record: clocks differ.
const SKEW: SignedDuration = SignedDuration::from_mins(1);
/// How late the engine's list may be. A run that is not in it later is not there at all.
const LATE: SignedDuration = SignedDuration::from_mins(5);
/// The state of a run that the engine has deleted before its end was seen: no state.
const GONE: WorkflowState = WorkflowState::Other(0);

impl Rules {
    /// Returns what is known of each subject at little cost, in their order. Notes which runs have ended.
    pub(super) async fn first_facts(
        &self,
        watch: &dyn Watch,
        when: &Condition,
        subjects: &Subjects,
        now: Timestamp,
    ) -> Result<Vec<Facts>, RuleError> {
        let runs = self.runs(watch, &subjects.watched, now).await?;
        let within = longest_window(when);
        let facts = stream::iter(subjects.watched.iter().zip(runs)).map(async |(subject, run)| {
            let mut facts = Facts { run, start_unknown_since: subject.unknown_since(), ..Facts::default() };
            if when.has(&|part| !part.not_started_for.is_zero()) {
                facts.idle_since = self.idle_since(subjects, &subject.intent).await?;
            }
            if let Some(within) = within {
                let since = now.saturating_sub(within).unwrap_or(Timestamp::MIN);
                facts.failed = self.parts.store.failures(&subject.intent, since, MOST_FAILURES).await?;
            }
            Ok::<_, RuleError>(facts)
        });
        facts.buffered(WIDTH).boxed().try_collect().await
    }

    /// Returns the run of each subject, in their order.
    async fn runs(
        &self,
        watch: &dyn Watch,
        watched: &[Watched],
        now: Timestamp,
    ) -> Result<Vec<Option<RunSeen>>, RuleError> {
        let starts: Vec<_> = watched.iter().filter_map(|subject| subject.start.as_ref()).collect();
        let mut listed: HashMap<WorkflowId, Vec<RunSeen>> = HashMap::new();
        let batches = stream::iter(starts.chunks(ASKED)).map(async |starts| {
            let workflows: Vec<_> = starts.iter().map(|start| start.workflow_id.clone()).collect();
            let oldest = starts.iter().map(|start| start.requested_at).min().unwrap_or(now);
            watch.list(&workflows, oldest.saturating_sub(SKEW).unwrap_or(Timestamp::MIN)).await
        });
        let mut batches = batches.buffered(1).boxed();
        while let Some(batch) = batches.next().await {
            for run in batch? {
                listed.entry(run.workflow_id.clone()).or_default().push(run);
            }
        }
        let seen = stream::iter(watched).map(async |subject| {
            let Some(start) = &subject.start else { return Ok(None) };
            let runs = listed.get(&start.workflow_id).map_or(&[][..], Vec::as_slice);
            let run = self.run_of(start, runs, now).await?;
            if let Some(state) = run.state.filter(|state| state.is_closed() || *state == GONE) {
                self.parts.store.run_ended(start.id, state, run.closed.unwrap_or(now), now).await?;
            }
            Ok::<_, RuleError>(Some(RunSeen { state: run.state.filter(|state| *state != GONE), ..run }))
        });
        seen.buffered(WIDTH).boxed().try_collect().await
    }

    /// Returns the run of a start among those of its workflow in the engine's list. Asks the engine only if the list
    /// leaves a doubt.
    async fn run_of(
        &self,
        start: &StartRecord,
        runs: &[RunSeen],
        now: Timestamp,
    ) -> Result<RunSeen, EngineError> {
        let newest = runs.iter().max_by_key(|run| run.started);
        let known = start.outcome.run_id();
        match (newest, known) {
            (Some(newest), Some(run_id)) if newest.run_id == *run_id => Ok(newest.clone()),
            // The list has only runs that began after the start was requested.
            (Some(newest), None) => Ok(newest.clone()),
            (None, None) => Ok(RunSeen { workflow_id: start.workflow_id.clone(), ..RunSeen::default() }),
            (None, Some(run_id)) if now.duration_since(start.requested_at) < LATE => Ok(RunSeen {
                workflow_id: start.workflow_id.clone(),
                run_id: run_id.clone(),
                ..RunSeen::default()
            }),
            (_, Some(run_id)) => {
                let run = self.home_run(&start.workflow_id, run_id);
                let last = chain::last_run(&self.parts, &run).await?;
                let gone = RunSeen { state: Some(GONE), run_id: run_id.clone(), ..RunSeen::default() };
                let seen = last.map_or(gone, |last| seen(&last));
                Ok(RunSeen { workflow_id: start.workflow_id.clone(), ..seen })
            }
        }
    }

    pub(super) fn home_run(&self, workflow_id: &WorkflowId, run_id: &RunId) -> WorkflowRun {
        let target = self.parts.targets.home();
        WorkflowRun { target, workflow_id: workflow_id.clone(), run_id: run_id.clone() }
    }

    /// Looks at a run itself, since the engine's list may be late, and a run that has ended may have been continued.
    pub(super) async fn confirm(&self, run: &mut RunSeen) -> Result<(), EngineError> {
        let asked = self.home_run(&run.workflow_id, &run.run_id);
        let last = chain::last_run(&self.parts, &asked).await?;
        let workflow_id = std::mem::take(&mut run.workflow_id);
        *run = last.map_or_else(RunSeen::default, |last| seen(&last));
        run.workflow_id = workflow_id;
        Ok(())
    }
}

fn seen(last: &Outline) -> RunSeen {
    RunSeen {
        workflow_id: WorkflowId::default(),
        run_id: last.run_id.clone(),
        state: Some(last.state),
        started: last.started,
        closed: last.closed,
    }
}

/// Returns the longest time in which failures count; `None` if none count.
pub(super) fn longest_window(when: &Condition) -> Option<SignedDuration> {
    let own = when.failures.as_ref().map(|term| term.within.to_signed());
    when.parts().map(longest_window).chain([own]).max().flatten()
}
