//! `…/run`: a run, and what can be done with it.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use bridge_core::access::{Action, Resource};
use bridge_core::ports::Outline;
use bridge_core::{LiveRun, StatusReport, StatusRequest};
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::{
    NextStart, PendingActivity, PendingChild, RunId, TaskFailing, WorkflowFailure, WorkflowState,
};

use super::RunRow;
use super::place::RunPlace;
use crate::frame::Frame;
use crate::json::pretty;
use crate::may::May;
use crate::notice::Notice;
use crate::page::page;
use crate::show::{Chip, Moment};
use crate::visit::Visit;

/// How long the result of a run that has ended may take.
const RESULT: Duration = Duration::from_secs(5);

/// What can be done with a run that is open, and with any run.
const WHILE_OPEN: [Action; 6] =
    [Action::Signal, Action::Update, Action::Pause, Action::Unpause, Action::Cancel, Action::Terminate];
const ANY_TIME: [Action; 3] = [Action::Query, Action::Reset, Action::History];

#[derive(Template)]
#[template(path = "runs/detail.html")]
struct RunPage {
    frame: Frame,
    place: RunPlace,
    done: Option<&'static str>,
    may: May,
    start: Option<RunRow>,
    revision: Option<i64>,
    seen: Option<Seen>,
    /// Why Temporal shows nothing of the run.
    notice: Option<Notice>,
    temporal_ui: Option<String>,
}

/// What Temporal has of the run.
struct Seen {
    chip: Chip,
    is_open: bool,
    is_paused: bool,
    workflow_type: String,
    task_queue: String,
    started: Option<Moment>,
    closed: Option<Moment>,
    result: Option<String>,
    failure: Vec<WorkflowFailure>,
    activities: Vec<Activity>,
    children: Vec<(PendingChild, String)>,
    /// The attempt of a workflow task that fails again and again.
    failing: Option<(i32, Vec<WorkflowFailure>)>,
    next_start: Option<(Moment, Vec<WorkflowFailure>)>,
}

/// An activity that has not ended.
struct Activity {
    activity: PendingActivity,
    failure: Vec<WorkflowFailure>,
    heartbeat: Option<String>,
}

pub(crate) async fn show(visit: Visit, mut place: RunPlace) -> Result<Response, ApiError> {
    let start = start_of(&visit, &place).await;
    let status = status_of(&visit, &mut place).await;
    let (seen, notice) = match (status, &start) {
        (Ok(seen), _) => (Some(seen), None),
        // What the bridge has of the start is shown, whatever Temporal has.
        (Err(error), Some(_)) => (None, Some(Notice::from(error))),
        (Err(error), None) => return Err(error),
    };
    let start = start.as_ref();
    Ok(page(StatusCode::OK, &RunPage::new(&visit, place, start, (seen, notice))))
}

impl RunPage {
    fn new(
        visit: &Visit,
        place: RunPlace,
        start: Option<&LiveRun>,
        (seen, notice): (Option<Seen>, Option<Notice>),
    ) -> Self {
        let is_open = seen.as_ref().is_some_and(|seen| seen.is_open);
        let actions = if is_open { [&WHILE_OPEN[..], &ANY_TIME].concat() } else { ANY_TIME.into() };
        Self {
            frame: visit.frame.clone(),
            done: done(visit.query.text("done")),
            may: May::ask(visit, Resource::Intent(&place.intent), &actions),
            revision: start.map(|start| start.start.revision),
            start: start.map(RunRow::from),
            temporal_ui: temporal_ui(visit, &place),
            place,
            seen,
            notice,
        }
    }
}

/// Returns what the bridge has of the start that led to the run.
async fn start_of(visit: &Visit, place: &RunPlace) -> Option<LiveRun> {
    let name = visit.query.some("start").unwrap_or(place.run_id.as_str());
    if name.is_empty() {
        return None;
    }
    visit.ui.app.runs.get(&visit.request, &place.intent, name).await.ok()
}

/// Returns what Temporal has of the run: of one that has ended also its result, if the person may see that.
async fn status_of(visit: &Visit, place: &mut RunPlace) -> Result<Seen, ApiError> {
    let workflows = &visit.ui.app.workflows;
    let report = workflows.status(&visit.request, &place.addressee(), &StatusRequest::default()).await?;
    (place.workflow_id, place.run_id) = (report.status.workflow_id.clone(), report.status.run_id.clone());
    let mut seen = Seen::new(&report, place);
    let may = May::ask(visit, Resource::Intent(&place.intent), &[Action::History]);
    if !seen.is_open && may.may(Action::History) {
        let wanted = StatusRequest { wait: true, timeout: Some(RESULT), ..StatusRequest::default() };
        let end = workflows.status(&visit.request, &place.addressee(), &wanted).await?.status;
        seen.result = end.workflow_result.as_ref().map(pretty);
        seen.failure = chain(end.workflow_failure.as_ref());
    }
    Ok(seen)
}

impl Seen {
    fn new(report: &StatusReport, place: &RunPlace) -> Self {
        let status = &report.status;
        let state = status.workflow_state.unwrap_or(WorkflowState::Other(0));
        let outline = report.outline.as_ref();
        let pending = outline.filter(|_| !state.is_closed()).map(|outline| &outline.pending_activities);
        let text = |of: fn(&Outline) -> String| outline.map(of).unwrap_or_default();
        let failing = |task: &TaskFailing| (task.attempt, chain(task.cause.as_ref()));
        let begins = |next: &NextStart| (Moment(next.at), chain(next.failure.as_ref()));
        let children = status.pending_children.iter();
        Self {
            chip: Chip::of_state(state),
            is_open: !state.is_closed(),
            is_paused: state == WorkflowState::Paused,
            workflow_type: text(|outline| outline.workflow_type.to_string()),
            task_queue: text(|outline| outline.task_queue.to_string()),
            started: outline.and_then(|outline| outline.started).map(Moment),
            closed: outline.and_then(|outline| outline.closed).map(Moment),
            result: None,
            failure: Vec::new(),
            activities: pending.into_iter().flatten().map(Activity::from).collect(),
            children: children.map(|child| (child.clone(), of_child(place, child))).collect(),
            failing: status.workflow_task_failing.as_ref().map(failing),
            next_start: status.next_start.as_ref().map(begins),
        }
    }
}

impl From<&PendingActivity> for Activity {
    fn from(activity: &PendingActivity) -> Self {
        Self {
            failure: chain(activity.last_failure.as_ref()),
            heartbeat: activity.heartbeat_age.map(|age| format!("{age:.0} s ago")),
            activity: activity.clone(),
        }
    }
}

/// Returns a failure and its causes, from the outside to the inside, without stack traces.
fn chain(failure: Option<&WorkflowFailure>) -> Vec<WorkflowFailure> {
    let mut links = Vec::new();
    let mut next = failure;
    while let Some(failure) = next {
        links.push(WorkflowFailure { cause: None, stack_trace: String::new(), ..failure.clone() });
        next = failure.cause.as_deref();
    }
    links
}

fn of_child(place: &RunPlace, child: &PendingChild) -> String {
    let PendingChild { workflow_id, run_id, .. } = child.clone();
    RunPlace { workflow_id, run_id, ..place.clone() }.below("")
}

/// Returns what was done on the page before.
fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "started" => "The workflow was started.",
        "running" => "The workflow was running before, so nothing new was started.",
        "cancelled" => "The workflow was asked to end. It ends when its code has cleaned up.",
        "terminated" => "The workflow was terminated.",
        "paused" => "The workflow was paused.",
        "unpaused" => "The workflow continues.",
        "signalled" => "The signal was sent. Temporal does not report whether the workflow handles it.",
        "reset" => "The workflow was reset. This is the new run.",
        _ => return None,
    })
}

/// Returns the page of the run in Temporal's own UI.
fn temporal_ui(visit: &Visit, place: &RunPlace) -> Option<String> {
    let ui = visit.ui.temporal_ui.as_ref()?;
    let run_id = Some(&place.run_id).filter(|id| !RunId::is_empty(id))?;
    Some(bridge_http::temporal_ui_link(ui, &visit.ui.namespace, &place.workflow_id, run_id))
}
