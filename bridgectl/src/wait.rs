//! Waiting for the end of a workflow, and following it. The workflow itself does not notice either.

use std::time::Duration;

use anyhow::Result;
use bridge_client::{Answer, Events, IntentKey, StatusCode};
use serde_json::Value;
use tokio::time::Instant;
use workflow_api::{WorkflowFailure, WorkflowState, WorkflowStatus};

use crate::exit::{self, ended};
use crate::progress::{self, Lines};
use crate::run_name::{Run, word};
use crate::session::{Session, path_of};

/// The longest single wait: the bridge allows no more than `BRIDGE_MAX_WAIT`, and a proxy often 60 s.
const ONE_WAIT: Duration = Duration::from_secs(30);
/// The shortest one, for a look at the end of the time.
const SHORTEST: Duration = Duration::from_millis(100);
/// The pause after an error that can pass.
const PAUSE: Duration = Duration::from_secs(2);

/// Waits for the end of the workflow, and returns its status. Shows changes of its state meanwhile.
pub(crate) async fn until_closed(
    ctl: &Session,
    run: &Run,
    most: Option<Duration>,
) -> Result<Answer<WorkflowStatus>> {
    interruptible(run, progress::beside(ctl, run, async |lines| waited(ctl, run, most, lines).await)).await
}

async fn waited(
    ctl: &Session,
    run: &Run,
    most: Option<Duration>,
    lines: &Lines,
) -> Result<Answer<WorkflowStatus>> {
    let deadline = most.map(|most| Instant::now() + most);
    let mut shown = None;
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let wait = left.unwrap_or(ONE_WAIT).clamp(SHORTEST, ONE_WAIT);
        let answer = run.set(ctl.bridge.intent_status(&run.intent)).wait_for_result(wait).await;
        match answer {
            Ok(answer) if answer.status == StatusCode::OK => return Ok(answer),
            Ok(answer) => {
                let state = answer.value.workflow_state;
                if state != shown {
                    lines.print(&format!("{}: {}", answer.value.workflow_id, word(state)));
                    shown = state;
                }
            }
            Err(error) => {
                let error: anyhow::Error = error.into();
                if exit::number(&error) != 8 {
                    return Err(error);
                }
                lines.print(&format!("{error:#}; trying again"));
                tokio::time::sleep(PAUSE).await;
            }
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let text = format!("the workflow has not ended ({}); go on with: {}", word(shown), run.go_on());
            return Err(ended(7, text));
        }
    }
}

/// Follows the workflow to its end: gives each event to `show`. Returns the last status.
pub(crate) async fn follow(
    run: &Run,
    events: Events,
    show: impl FnMut(&str, &str) -> Result<()>,
) -> Result<WorkflowStatus> {
    interruptible(run, followed(events, show)).await
}

async fn followed(
    mut events: Events,
    mut show: impl FnMut(&str, &str) -> Result<()>,
) -> Result<WorkflowStatus> {
    let mut last = WorkflowStatus::default();
    while let Some(event) = events.next().await? {
        show(&event.kind, &event.data)?;
        match event.kind.as_str() {
            "state" | "closed" => last = event.value()?,
            "problem" => {
                let problem: workflow_api::Problem = event.value()?;
                let code = if problem.status >= 500 { 8 } else { 1 };
                return Err(ended(code, format!("{problem} ({})", problem.code)));
            }
            _ => {}
        }
    }
    Ok(last)
}

/// Returns an event of a stream as a line for people.
pub(crate) fn event_line(kind: &str, data: &str) -> String {
    let value: Value = serde_json::from_str(data).unwrap_or_default();
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    match kind {
        "history" => history_line(&value),
        _ => format!(
            "{}: {}",
            text("workflowID"),
            value["workflowState"].as_str().unwrap_or("state not known")
        ),
    }
}

/// Returns an event of a history as a line for people.
pub(crate) fn history_line(event: &Value) -> String {
    let [id, time, kind, name] = history_cells(event);
    format!("{time}  {id:>5}  {kind}{}", if name.is_empty() { name } else { format!("  {name}") })
}

/// Returns the number, the time, the type, and the name that an event of a history is about.
pub(crate) fn history_cells(event: &Value) -> [String; 4] {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&event["eventType"]);
    let attributes = event.as_object().into_iter().flatten();
    let attributes = attributes.filter(|(name, _)| name.ends_with("EventAttributes")).map(|(_, value)| value);
    let names = [
        "/activityType/name",
        "/workflowType/name",
        "/signalName",
        "/updateId",
        "/timerId",
        "/failure/message",
    ];
    let found =
        attributes.flat_map(|value| names.iter().filter_map(move |name| value.pointer(name)?.as_str()));
    let name = found.map(str::to_owned).next().unwrap_or_default();
    [
        text(&event["eventId"]),
        text(&event["eventTime"]),
        kind.trim_start_matches("EVENT_TYPE_").to_owned(),
        name,
    ]
}

/// Ends at Ctrl-C, with how to go on.
async fn interruptible<T>(run: &Run, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => {
            Err(ended(130, format!("stopped waiting; the workflow goes on. See: {}", run.go_on())))
        }
    }
}

/// Returns an error if the workflow has ended otherwise than by completing.
pub(crate) fn completed(status: &WorkflowStatus) -> Result<()> {
    match status.workflow_state {
        Some(WorkflowState::Completed) => Ok(()),
        state => {
            let why = status.workflow_failure.as_ref().map(|failure| format!(": {}", failure.message));
            Err(ended(6, format!("the workflow is {}{}", word(state), why.unwrap_or_default())))
        }
    }
}

/// Returns the status as labels and texts.
pub(crate) fn fields(intent: &IntentKey, status: &WorkflowStatus) -> Vec<(&'static str, String)> {
    let json = |value: &Option<workflow_api::RawJson>| value.as_ref().map(|json| json.as_str().to_owned());
    let task = status.workflow_task_failing.as_ref().map(|task| {
        let cause = task.cause.as_ref().map(chain).unwrap_or_default();
        format!("attempt {}: {cause}", task.attempt)
    });
    let errors: Vec<_> =
        status.errors.iter().map(|(method, problem)| format!("{method}: {problem}")).collect();
    let children: Vec<_> =
        status.pending_children.iter().map(|child| child.workflow_id.to_string()).collect();
    vec![
        ("Intent", path_of(intent)),
        ("Workflow", status.workflow_id.to_string()),
        ("Run", status.run_id.to_string()),
        ("State", word(status.workflow_state)),
        ("Begins at", status.next_start.as_ref().map(|next| next.at.to_string()).unwrap_or_default()),
        ("Result", json(&status.workflow_result).unwrap_or_default()),
        ("Failure", status.workflow_failure.as_ref().map(chain).unwrap_or_default()),
        ("Query", json(&status.workflow_query_result).unwrap_or_default()),
        ("Worker fails", task.unwrap_or_default()),
        ("Waits for", children.join("\n")),
        ("Not known", errors.join("\n")),
    ]
}

/// Returns a failure with its causes.
fn chain(failure: &WorkflowFailure) -> String {
    let mut text = failure.message.clone();
    if !failure.kind.is_empty() {
        text.push_str(&format!(" ({})", failure.kind));
    }
    if let Some(activity) = &failure.activity {
        text.push_str(&format!(", activity {activity}"));
    }
    match &failure.cause {
        Some(cause) => format!("{text}\nbecause {}", chain(cause)),
        None => text,
    }
}
