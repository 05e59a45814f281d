//! A start as the row of a table.

use bridge_core::model::{DigKey, Outcome};
use bridge_core::{LiveRun, LiveState, Retrying};

use super::place::RunPlace;
use crate::link;
use crate::show::{Chip, Moment};

/// A start as the row of a table.
#[derive(Debug, Clone)]
pub(crate) struct RunRow {
    pub(crate) chip: Chip,
    pub(crate) link: String,
    pub(crate) workflow_id: String,
    pub(crate) intent: String,
    pub(crate) intent_link: String,
    pub(crate) group: DigKey,
    pub(crate) number: i64,
    pub(crate) started: Moment,
    pub(crate) by: String,
    pub(crate) ended: Option<Moment>,
    /// More about the state, in a sentence; empty if there is no more.
    pub(crate) note: String,
}

impl From<&LiveRun> for RunRow {
    fn from(run: &LiveRun) -> Self {
        let (start, ended) = (
            &run.start,
            match run.state {
                LiveState::Known { closed, .. } => closed.map(Moment),
                _ => None,
            },
        );
        Self {
            chip: Chip::of_run(run),
            link: link_of(run),
            workflow_id: start.workflow_id.to_string(),
            intent: start.intent.name.clone(),
            intent_link: link::intent(&start.intent),
            group: start.intent.dig.clone(),
            number: start.number,
            started: Moment(start.requested_at),
            by: start.started_by.clone(),
            ended,
            note: note(run),
        }
    }
}

/// Returns the page of a start and of its current run.
fn link_of(LiveRun { start, state }: &LiveRun) -> String {
    let run_id = match state {
        LiveState::Known { run_id, .. } => Some(run_id),
        _ => start.outcome.run_id(),
    };
    let place = RunPlace {
        intent: start.intent.clone(),
        workflow_id: start.workflow_id.clone(),
        run_id: run_id.cloned().unwrap_or_default(),
    };
    place.page("", &[("start", &start.id.to_string())])
}

fn note(run: &LiveRun) -> String {
    match (&run.start.outcome, &run.state) {
        (Outcome::NotStarted { reason, .. } | Outcome::Unknown { reason, .. }, _) => reason.clone(),
        (_, LiveState::Known { retrying: Some(Retrying { activity, attempt }), .. }) => match activity {
            Some(activity) => format!("{activity}, attempt {attempt}"),
            None => format!("The worker cannot run the workflow's code, attempt {attempt}"),
        },
        (Outcome::Started { already_running: true, .. }, _) => "It was running before".to_owned(),
        _ => String::new(),
    }
}
