//! `/ui/runs`: the starts of all intents, newest first, each with the state of its run.

use askama::Template;
use axum::response::Response;
use bridge_core::RunSearch;
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::WorkflowState;

use super::RunRow;
use crate::choice::Choice;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::link::{self, RUNS};
use crate::page::page;
use crate::show::Chip;
use crate::visit::Visit;

const LIMIT: u32 = 50;

/// The states to choose from.
pub(crate) const STATES: [WorkflowState; 8] = [
    WorkflowState::Running,
    WorkflowState::Paused,
    WorkflowState::Completed,
    WorkflowState::Failed,
    WorkflowState::TimedOut,
    WorkflowState::Canceled,
    WorkflowState::Terminated,
    WorkflowState::ContinuedAsNew,
];

#[derive(Template)]
#[template(path = "runs/list.html")]
struct RunsPage {
    frame: Frame,
    project: String,
    states: Vec<Choice>,
    is_filtered: bool,
    rows: Vec<RunRow>,
    first: Option<String>,
    next: Option<String>,
}

/// Returns the state that a query chooses, and all that can be chosen.
pub(crate) fn states(query: &Fields) -> (Option<WorkflowState>, Vec<Choice>) {
    let text = query.text("state");
    let choice = |state: WorkflowState| Choice::new(&state.to_string(), Chip::of_state(state).word, text);
    (STATES.into_iter().find(|state| state.to_string() == text), STATES.map(choice).into())
}

pub(crate) async fn show(visit: Visit) -> Result<Response, ApiError> {
    let (state, states) = states(&visit.query);
    let project = visit.query.some("project").map(str::to_owned);
    let before = visit.query.text("continue").parse().ok();
    let search = RunSearch { project: project.clone(), open: false, state, before, limit: LIMIT };
    let found = visit.ui.app.runs.search(&visit.request, &search).await?;
    let state = state.map(|state| state.to_string()).unwrap_or_default();
    let project = project.unwrap_or_default();
    let at = |place: &str| {
        link::with_query(RUNS, &[("project", &project), ("state", &state), ("continue", place)])
    };
    let view = RunsPage {
        frame: visit.frame.clone(),
        is_filtered: !project.is_empty() || !state.is_empty(),
        states,
        rows: found.runs.iter().map(RunRow::from).collect(),
        first: before.map(|_| at("")),
        next: found.next.map(|next| at(&next.to_string())),
        project: project.clone(),
    };
    Ok(page(StatusCode::OK, &view))
}
