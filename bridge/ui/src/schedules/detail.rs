//! `…/schedules/{schedule}`: a schedule, its times, and what it has started.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use bridge_core::access::{Action, Resource};
use bridge_core::model::KeptSchedule;
use bridge_http::ApiError;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use workflow_api::{Schedule, ScheduleSpec, ScheduleStatus};

use super::{SchedulePlace, chip, in_words, times};
use crate::frame::Frame;
use crate::may::May;
use crate::notice::Notice;
use crate::page::page;
use crate::show::{Chip, Moment, words};
use crate::visit::Visit;

/// How far it is looked ahead, and how many times are shown.
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
const SHOWN: usize = 10;

const ACTIONS: [Action; 6] = [
    Action::TriggerSchedule,
    Action::PauseSchedule,
    Action::ResumeSchedule,
    Action::BackfillSchedule,
    Action::PutSchedule,
    Action::DeleteSchedule,
];

#[derive(Template)]
#[template(path = "schedules/detail.html")]
struct SchedulePage {
    frame: Frame,
    place: SchedulePlace,
    done: Option<&'static str>,
    may: May,
    chip: Chip,
    is_paused: bool,
    schedule: Arc<Schedule>,
    revision: String,
    options: Vec<(&'static str, String)>,
    document: String,
    seen: Option<Seen>,
    /// Why Temporal shows nothing of it.
    notice: Option<Notice>,
}

/// What Temporal has of the schedule.
struct Seen {
    next: Vec<Moment>,
    starts: Vec<(Moment, Option<Chip>)>,
    numbers: [(&'static str, i64); 5],
    status: ScheduleStatus,
}

pub(crate) async fn show(visit: Visit, place: SchedulePlace) -> Result<Response, ApiError> {
    let (schedules, request) = (&visit.ui.app.schedules, &visit.request);
    let kept = schedules.get(request, &place.0).await?;
    let year = (request.now, request.now.saturating_add(YEAR).unwrap_or(Timestamp::MAX));
    let (status, next) =
        futures::join!(schedules.status(request, &place.0), schedules.times(request, &place.0, None, year));
    let seen = match (status, next) {
        (Ok(status), Ok(next)) => Ok(Seen::new(status, next)),
        (Err(error), _) | (_, Err(error)) => Err(Notice::from(error)),
    };
    Ok(page(StatusCode::OK, &SchedulePage::new(&visit, place, kept, seen)))
}

impl SchedulePage {
    fn new(visit: &Visit, place: SchedulePlace, kept: KeptSchedule, seen: Result<Seen, Notice>) -> Self {
        let (seen, notice) = match seen {
            Ok(seen) => (Some(seen), None),
            Err(notice) => (None, Some(notice)),
        };
        let status = seen.as_ref().map(|seen| &seen.status);
        Self {
            frame: visit.frame.clone(),
            done: done(visit.query.text("done")),
            may: May::ask(visit, Resource::Intent(&place.0.intent), &ACTIONS),
            chip: chip(status),
            is_paused: status.is_some_and(|status| status.paused),
            revision: kept.revision.to_string(),
            options: options(&kept.schedule.spec),
            document: serde_json::to_string_pretty(&*kept.schedule).unwrap_or_default(),
            schedule: kept.schedule,
            place,
            seen,
            notice,
        }
    }
}

impl Seen {
    fn new(status: ScheduleStatus, next: Vec<Timestamp>) -> Self {
        let starts = status.recent_starts.iter().rev();
        Self {
            next: next.into_iter().take(SHOWN).map(Moment).collect(),
            starts: starts.map(|start| (Moment(start.time), start.state.map(Chip::of_state))).collect(),
            numbers: [
                ("Started", status.started),
                ("Missed, because Temporal was away", status.missed),
                ("Skipped, because a run had not ended", status.skipped),
                ("Dropped, because too many were waiting", status.dropped),
                ("Waiting for the end of a run", status.waiting),
            ],
            status,
        }
    }
}

/// Returns the options that are set, with their names for people.
fn options(spec: &ScheduleSpec) -> Vec<(&'static str, String)> {
    let some = |is_set: bool, text: String| if is_set { text } else { String::new() };
    let all = [
        ("Times", times(spec)),
        ("Overlap", words(spec.overlap.word())),
        ("Longest delay", some(!spec.jitter.is_zero(), in_words(spec.jitter))),
        ("Catch-up window", some(!spec.catch_up_window.is_zero(), in_words(spec.catch_up_window))),
        ("After a failure", some(spec.pause_on_failure, "it pauses".to_owned())),
        ("Ends after", some(spec.max_starts > 0, format!("{} starts", spec.max_starts))),
        ("Revision of the intent", some(spec.revision > 0, spec.revision.to_string())),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Returns what was done before.
fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "saved" => "The schedule was saved.",
        "late" => "The schedule was saved, but has not reached Temporal yet: the bridge goes on trying.",
        "paused" => "The schedule was paused.",
        "resumed" => "The schedule continues.",
        "triggered" => "Temporal starts the intent now.",
        "backfilled" => "Temporal starts the intent for each of these times.",
        _ => return None,
    })
}
