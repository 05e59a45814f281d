//! `/ui/intents/{project}/{app}/{version}/{group}/{intent}`: an intent, its latest runs, its schedules and
//! its changes.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use bridge_core::access::{Action, Resource};
use bridge_core::model::{IntentKey, KeptIntent, KeptSchedule, ScheduleKey};
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::{Nanos, WorkflowIntent};

use super::place::IntentPlace;
use super::revisions::{ChangeRow, rows};
use crate::diff::document;
use crate::frame::Frame;
use crate::may::May;
use crate::notice::Notice;
use crate::page::page;
use crate::runs::RunRow;
use crate::schedules::{SchedulePlace, in_words, times};
use crate::visit::{OfIntent, Visit};

/// How many runs and changes are shown here. The others have their own pages.
const LATEST: u32 = 10;

const ACTIONS: [Action; 6] = [
    Action::Start,
    Action::PutIntent,
    Action::CheckIntent,
    Action::RollBackIntent,
    Action::DeleteIntent,
    Action::PutSchedule,
];

#[derive(Template)]
#[template(path = "intents/detail.html")]
struct IntentPage {
    frame: Frame,
    place: IntentPlace,
    done: Option<&'static str>,
    may: May,
    intent: Arc<WorkflowIntent>,
    revision: i64,
    params: Vec<(String, String, String)>,
    options: Vec<(&'static str, String)>,
    document: String,
    runs: Part<RunRow>,
    schedules: Part<ScheduleRow>,
    changes: Part<ChangeRow>,
}

type Parts = (Part<RunRow>, Part<ScheduleRow>, Part<ChangeRow>);

/// A part of the page, which can fail by itself.
struct Part<T> {
    rows: Vec<T>,
    notice: Option<Notice>,
}

impl<T> Part<T> {
    fn of(result: Result<Vec<T>, impl Into<Notice>>) -> Self {
        match result {
            Ok(rows) => Self { rows, notice: None },
            Err(error) => Self { rows: Vec::new(), notice: Some(error.into()) },
        }
    }
}

/// A schedule as the row of a table.
struct ScheduleRow {
    link: String,
    name: String,
    description: String,
    times: String,
}

pub(crate) async fn show(visit: Visit, OfIntent(key): OfIntent) -> Result<Response, ApiError> {
    let (app, request) = (&visit.ui.app, &visit.request);
    let kept = app.intents.get(request, &key).await?;
    let (runs, schedules, changes) = futures::join!(
        app.runs.list(request, &key, None, LATEST),
        app.schedules.list(request, &key),
        app.intents.changes(request, &key, None, LATEST),
    );
    let runs = Part::of(runs.map(|runs| runs.iter().map(RunRow::from).collect()));
    let schedules =
        Part::of(schedules.map(|kept| kept.iter().map(|kept| ScheduleRow::new(&key, kept)).collect()));
    let changes = Part::of(changes.map(|page| rows(&page.changes, true)));
    Ok(page(StatusCode::OK, &IntentPage::new(&visit, key, kept, (runs, schedules, changes))))
}

impl IntentPage {
    fn new(visit: &Visit, key: IntentKey, kept: KeptIntent, parts: Parts) -> Self {
        let KeptIntent { revision, intent } = kept;
        let (runs, schedules, changes) = parts;
        Self {
            frame: visit.frame.clone(),
            done: done(visit.query.text("done")),
            may: May::ask(visit, Resource::Intent(&key), &ACTIONS),
            params: params(&intent),
            options: options(&intent),
            document: document(Some(&intent)),
            revision: revision.get(),
            runs,
            schedules,
            changes,
            place: IntentPlace(key),
            intent,
        }
    }
}

/// Returns the parameters: activity, name, value.
pub(super) fn params(intent: &WorkflowIntent) -> Vec<(String, String, String)> {
    let params = &intent.spec.temporal.workflow_params.activity_params;
    let each = params.iter().flat_map(|(activity, values)| {
        values.iter().map(move |(name, value)| (activity.clone(), name.clone(), value.clone()))
    });
    each.collect()
}

/// Returns the options that are set, with their names for people.
fn options(intent: &WorkflowIntent) -> Vec<(&'static str, String)> {
    let spec = &intent.spec;
    let options = &spec.temporal.workflow_start_options;
    let (host, port) =
        (&spec.workflow_client.client_endpoint_name, spec.workflow_client.client_endpoint_port);
    let time = |time: Nanos| if time.is_zero() { String::new() } else { in_words(time) };
    let id =
        if options.id.is_empty() { "a new one for each start".to_owned() } else { options.id.to_string() };
    let all = [
        ("Workflow client", format!("{} at {host}:{port}", spec.temporal.workflow_client_name)),
        ("Workflow ID", id),
        ("Task queue", options.task_queue.to_string()),
        ("Execution timeout", time(options.workflow_execution_timeout)),
        ("Run timeout", time(options.workflow_run_timeout)),
        ("Cron schedule", options.cron_schedule.clone()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Returns what was done before.
fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "rolledback" => "The intent was rolled back.",
        "saved" => "The intent was saved.",
        _ => return None,
    })
}

impl ScheduleRow {
    fn new(intent: &IntentKey, kept: &KeptSchedule) -> Self {
        let schedule = &kept.schedule;
        let name = schedule.metadata.name.clone();
        let place = SchedulePlace(ScheduleKey { intent: intent.clone(), name: name.clone() });
        Self {
            link: place.link(""),
            name,
            description: schedule.metadata.description.clone(),
            times: times(&schedule.spec),
        }
    }
}
