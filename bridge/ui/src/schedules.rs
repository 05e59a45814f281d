//! Pages about schedules.

pub(crate) mod backfill;
pub(crate) mod delete;
pub(crate) mod detail;
pub(crate) mod edit;
pub(crate) mod list;
pub(crate) mod pause;
mod place;
pub(crate) mod resume;
pub(crate) mod trigger;

use workflow_api::{Nanos, ScheduleSpec, ScheduleStatus};

use crate::show::{Chip, Tone};
pub(crate) use place::SchedulePlace;

/// Returns what Temporal has of a schedule, in a word.
fn chip(status: Option<&ScheduleStatus>) -> Chip {
    match status {
        None => Chip::new(Tone::Doubtful, "Not known"),
        Some(status) if !status.present => Chip::new(Tone::Doubtful, "Not in Temporal"),
        Some(status) if status.paused => Chip::new(Tone::Held, "Paused"),
        Some(status) if status.next_times.is_empty() => Chip::new(Tone::Over, "Ended"),
        Some(_) => Chip::new(Tone::Active, "Active"),
    }
}

/// Returns a length of time, such as `1h 30m`.
pub(crate) fn in_words(time: Nanos) -> String {
    format!("{:#}", time.to_signed())
}

/// Returns the times of a schedule in a line.
pub(crate) fn times(spec: &ScheduleSpec) -> String {
    let crons = spec.crons.iter().cloned();
    let intervals = spec.intervals.iter().map(|interval| format!("every {}", in_words(interval.every)));
    let calendars = spec.calendars.iter().map(|times| match times.comment.as_str() {
        "" => "by the calendar".to_owned(),
        comment => comment.to_owned(),
    });
    let zone = if spec.time_zone.is_empty() { "UTC" } else { &spec.time_zone };
    let times: Vec<_> = crons.chain(intervals).chain(calendars).collect();
    format!("{} ({zone})", times.join("; "))
}
