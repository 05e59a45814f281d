//! `/ui/`: what is wrong now, what runs, and what comes next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use askama::Template;
use axum::response::Response;
use bridge_core::model::{AlarmObject, Outcome};
use bridge_core::ports::{AlarmFilter, KeptAlarm};
use bridge_core::{AlarmScope, FoundSchedule, LiveRun, LiveState, RunSearch};
use http::StatusCode;
use workflow_api::WorkflowState;
use workflow_api::alarms::AlarmAckState;

use crate::alarms::title;
use crate::frame::Frame;
use crate::link;
use crate::notice::Notice;
use crate::page::page;
use crate::runs::RunRow;
use crate::schedules::SchedulePlace;
use crate::show::{Chip, Moment};
use crate::visit::Visit;

/// How many alarms, and how many schedules, are shown.
const SHOWN: usize = 10;
/// How many alarms are counted.
const ALARMS: u32 = 100;
/// How many of the newest starts are looked at, and how many that may still run.
const NEWEST: u32 = 50;
const OPEN: u32 = 100;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    project: Option<String>,
    projects: BTreeMap<String, ProjectRow>,
    alarms: Vec<AlarmRow>,
    more_alarms: bool,
    wrong: Vec<RunRow>,
    running: Vec<RunRow>,
    next: Vec<NextRow>,
    is_new: bool,
    notices: Vec<Notice>,
}

/// What a project has.
#[derive(Debug, Default)]
struct ProjectRow {
    link: String,
    alarms: usize,
    wrong: usize,
    running: usize,
    next: Option<Moment>,
}

/// An alarm that is active.
struct AlarmRow {
    chip: Chip,
    page: String,
    text: String,
    object: String,
    link: Option<String>,
    repair: &'static str,
    raised: Moment,
    is_acknowledged: bool,
}

/// A schedule that starts something.
struct NextRow {
    name: String,
    intent: String,
    link: String,
    at: Moment,
}

/// What was found, before it is sorted.
#[derive(Default)]
struct Found {
    alarms: Vec<KeptAlarm>,
    more_alarms: bool,
    runs: Vec<LiveRun>,
    schedules: Vec<FoundSchedule>,
    notices: Vec<Notice>,
}

pub(crate) async fn show(visit: Visit) -> Response {
    let project = visit.query.some("project").map(str::to_owned);
    let found = Found::read(&visit, project.as_deref()).await;
    page(StatusCode::OK, &OverviewPage::new(visit.frame, project, found))
}

impl OverviewPage {
    fn new(frame: Frame, project: Option<String>, found: Found) -> Self {
        let (wrong, running) = sorted(&found.runs);
        Self {
            frame,
            is_new: found.runs.is_empty() && found.notices.is_empty() && project.is_none(),
            project,
            projects: projects(&found, &wrong, &running),
            alarms: found.alarms.iter().take(SHOWN).map(AlarmRow::from).collect(),
            more_alarms: found.more_alarms || found.alarms.len() > SHOWN,
            wrong: wrong.into_iter().map(RunRow::from).collect(),
            running: running.into_iter().map(RunRow::from).collect(),
            next: found.schedules.iter().filter_map(NextRow::of).take(SHOWN).collect(),
            notices: found.notices,
        }
    }
}

/// Returns what each project has.
fn projects(found: &Found, wrong: &[&LiveRun], running: &[&LiveRun]) -> BTreeMap<String, ProjectRow> {
    let mut projects = BTreeMap::<String, ProjectRow>::new();
    let mut note = |project: &str, change: &dyn Fn(&mut ProjectRow)| {
        let link = || link::with_query(link::HOME, &[("project", project)]);
        let new = || ProjectRow { link: link(), ..ProjectRow::default() };
        change(projects.entry(project.to_owned()).or_insert_with(new));
    };
    wrong.iter().for_each(|run| note(&run.start.intent.dig.project, &|row| row.wrong += 1));
    running.iter().for_each(|run| note(&run.start.intent.dig.project, &|row| row.running += 1));
    for dig in found.alarms.iter().filter_map(|kept| kept.alarm.object.dig()) {
        note(&dig.project, &|row| row.alarms += 1);
    }
    // They are ordered by time, so the first one stands.
    for schedule in &found.schedules {
        let next = schedule.next().map(Moment);
        note(&schedule.key.intent.dig.project, &|row| row.next = row.next.or(next));
    }
    projects
}

impl Found {
    /// Reads all parts side by side. One that the person may not see is left out; one that fails is named.
    async fn read(visit: &Visit, project: Option<&str>) -> Self {
        let (app, request) = (&visit.ui.app, &visit.request);
        let search = |open, limit| {
            let project = project.map(str::to_owned);
            RunSearch { project, open, limit, ..RunSearch::default() }
        };
        let base = project.map(|project| AlarmObject::project(project).dn());
        let filter = AlarmFilter { state: Some(AlarmAckState::Active), base, ..AlarmFilter::default() };
        let (open, newest) = (search(true, OPEN), search(false, NEWEST));
        let (alarms, open, newest, schedules) = futures::join!(
            app.alarms.list(request, &AlarmScope::Anywhere, &filter, Some(ALARMS)),
            app.runs.search(request, &open),
            app.runs.search(request, &newest),
            app.schedules.search(request, project),
        );
        let mut found = Self::default();
        let alarms = found.take(alarms).unwrap_or_default();
        (found.alarms, found.more_alarms) = (alarms.alarms, alarms.next.is_some());
        let pages = [found.take(open), found.take(newest)];
        found.runs = pages.into_iter().flatten().flat_map(|page| page.runs).collect();
        found.runs.sort_by_key(|run| Reverse(run.start.id));
        found.runs.dedup_by_key(|run| run.start.id);
        found.schedules = found.take(schedules).unwrap_or_default();
        found
    }

    fn take<T>(&mut self, part: Result<T, impl Into<Notice>>) -> Option<T> {
        match part.map_err(Into::into) {
            Ok(part) => Some(part),
            Err(notice) => {
                let is_known = self.notices.iter().any(|known| known.text == notice.text);
                if notice.status != StatusCode::FORBIDDEN && !is_known {
                    self.notices.push(notice);
                }
                None
            }
        }
    }
}

/// Returns what is wrong and what runs. Of the starts of an intent that have ended, only the last counts: what failed
/// before it was done again.
fn sorted(runs: &[LiveRun]) -> (Vec<&LiveRun>, Vec<&LiveRun>) {
    let (mut wrong, mut running) = (Vec::new(), Vec::new());
    let (mut workflows, mut intents) = (HashSet::new(), HashSet::new());
    for run in runs {
        let is_last = intents.insert(&run.start.intent);
        let is_known = !workflows.insert((&run.start.intent, &run.start.workflow_id));
        match (&run.start.outcome, &run.state) {
            (Outcome::NotStarted { .. } | Outcome::Unknown { .. }, _) if is_last => wrong.push(run),
            (_, LiveState::Known { state, .. }) if state.is_closed() => {
                let has_failed = matches!(state, WorkflowState::Failed | WorkflowState::TimedOut);
                wrong.extend((has_failed && is_last).then_some(run));
            }
            (_, LiveState::Known { .. }) if is_known => {}
            (_, LiveState::Known { retrying: Some(_), .. }) => wrong.push(run),
            (Outcome::Starting, _) | (_, LiveState::Known { .. }) => running.push(run),
            _ => {}
        }
    }
    (wrong, running)
}

impl From<&KeptAlarm> for AlarmRow {
    fn from(kept: &KeptAlarm) -> Self {
        let alarm = &kept.alarm;
        let intent = alarm.object.intent_key();
        Self {
            chip: Chip::of_severity(alarm.severity),
            page: link::alarm(&alarm.id, ""),
            text: title(alarm),
            object: intent.as_ref().map_or_else(|| alarm.object.dn(), |key| key.name.clone()),
            link: intent.as_ref().map(link::intent),
            repair: alarm.cause.repair(),
            raised: Moment(alarm.raised_at),
            is_acknowledged: alarm.is_acknowledged(),
        }
    }
}

impl NextRow {
    fn of(schedule: &FoundSchedule) -> Option<Self> {
        let key = &schedule.key;
        let at = Moment(schedule.next()?);
        let link = SchedulePlace(key.clone()).link("");
        Some(Self { name: key.name.clone(), intent: key.intent.name.clone(), link, at })
    }
}
