//! What a workflow does now, in one line at a terminal, while a command waits for its end.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use workflow_api::{CURRENT_STATE, WorkflowStatus};

use crate::output::note;
use crate::run_name::{Run, word};
use crate::session::Session;

/// How often the workflow is looked at.
const LOOK: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(120);

/// Where lines for people go: above the one of the progress, if there is one.
pub(crate) struct Lines(Option<ProgressBar>);

impl Lines {
    pub(crate) fn print(&self, text: &str) {
        match &self.0 {
            Some(bar) => bar.println(text),
            None => note(text),
        }
    }
}

/// Shows what a workflow does until `work` is done.
pub(crate) async fn beside<T>(ctl: &Session, run: &Run, work: impl AsyncFnOnce(&Lines) -> T) -> T {
    if !io::stderr().is_terminal() {
        return work(&Lines(None)).await;
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    let lines = Lines(Some(bar.clone()));
    let done = tokio::select! {
        done = work(&lines) => done,
        never = watch(ctl, run, &bar) => match never {},
    };
    bar.finish_and_clear();
    done
}

/// Looks at the workflow for ever. What cannot be found out stays as it was: the work beside it reports errors.
async fn watch(ctl: &Session, run: &Run, bar: &ProgressBar) -> std::convert::Infallible {
    let (mut seen, mut state, mut asks) = (Value::Null, None, true);
    loop {
        let call = run.set(ctl.bridge.intent_status(&run.intent)).query("runDescribeWfExec", true);
        if let Ok(answer) = call.await {
            let description = serde_json::from_str(answer.value.workflow_execution_description.as_str());
            let description: Value = description.unwrap_or_default();
            // Each query is an event of the audit, so it is repeated only if something has happened.
            if asks && seen != description {
                (state, asks) = current(ctl, run).await;
            }
            bar.set_message(step(&answer.value, &description, state.as_deref()));
            seen = description;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Returns the result of the query for the current state, and whether to ask again: not if the workflow has no such
/// query, or the caller not the right.
async fn current(ctl: &Session, run: &Run) -> (Option<String>, bool) {
    let call = run.set(ctl.bridge.intent_status(&run.intent)).query("queryType", CURRENT_STATE);
    match call.await {
        Ok(answer) => {
            let status = answer.value;
            let result =
                status.workflow_query_result.and_then(|json| serde_json::from_str(json.as_str()).ok());
            (result, status.errors.values().all(|problem| problem.status >= 500))
        }
        Err(error) => (None, error.status().is_none_or(|status| status >= 500)),
    }
}

/// Returns what a workflow does, in one line.
fn step(status: &WorkflowStatus, description: &Value, current: Option<&str>) -> String {
    let pending: Vec<_> =
        description["pendingActivities"].as_array().into_iter().flatten().map(activity).collect();
    let named = |current: &&str| !pending.iter().any(|activity| activity.starts_with(*current));
    let state = format!("{}: {}", status.workflow_id, word(status.workflow_state));
    let parts = [state].into_iter().chain(current.filter(named).map(str::to_owned)).chain(pending.clone());
    parts.collect::<Vec<_>>().join(", ")
}

/// Returns a pending activity: its type; from the second attempt on, the attempt and the last failure.
fn activity(activity: &Value) -> String {
    let name = activity["activityType"]["name"].as_str().unwrap_or_default();
    let attempt = activity["attempt"].as_i64().unwrap_or_default();
    match activity["lastFailure"]["message"].as_str() {
        Some(failure) if attempt > 1 => format!("{name} (attempt {attempt}: {})", failure.replace('\n', " ")),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workflow_api::WorkflowState;

    use super::*;

    #[test]
    fn a_step_is_one_line() {
        let status = WorkflowStatus {
            workflow_id: "migrate".into(),
            workflow_state: Some(WorkflowState::Running),
            ..WorkflowStatus::default()
        };
        let first = json!({"pendingActivities": [{"activityType": {"name": "UpdateApps"}, "attempt": 1}]});
        assert_eq!(step(&status, &first, Some("UpdateApps")), "migrate: Running, UpdateApps");
        let failing = json!({"pendingActivities": [{
            "activityType": {"name": "UpdateApps"}, "attempt": 3, "lastFailure": {"message": "EMCO is away\nnow"},
        }]});
        assert_eq!(
            step(&status, &failing, Some("moving")),
            "migrate: Running, moving, UpdateApps (attempt 3: EMCO is away now)"
        );
        assert_eq!(step(&status, &Value::Null, None), "migrate: Running");
    }
}
