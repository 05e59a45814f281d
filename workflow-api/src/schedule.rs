//! A schedule: at which times the workflow of an intent is started by itself.

mod status;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::faults::Faults;
use crate::read::{FromJson, Level, Node, Reader, object, request};
use crate::rules::{NAME_MAX, is_name};
use crate::{Fault, Metadata, Nanos, StartOverrides, cut, template};
pub use status::{ScheduleStatus, ScheduledStart};

/// The largest number of entries in each list of times.
const MOST_TIMES: usize = 100;
/// The largest number of bytes of a text in a list of times.
const TEXT_MAX: usize = 1000;
/// The shortest interval, and the shortest time in which a missed start is made up: those of Temporal.
const SECOND: Nanos = Nanos::new(1_000_000_000);
const LEAST_WINDOW: Nanos = Nanos::new(10_000_000_000);

object! {
    /// A schedule of an intent.
    pub struct Schedule {
        /// Its name and description.
        "metadata" => metadata: Metadata,
        /// When it starts the workflow, and how.
        "spec" => spec: ScheduleSpec,
    }
}

object! {
    /// When a schedule starts the workflow of its intent, and how. Its times are those of all lists together.
    pub struct ScheduleSpec {
        /// Times of the calendar. At most 100.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        "calendars" => calendars: Vec<CalendarTimes>,
        /// Times as cron writes them, in 5 to 7 fields: `30 2 * * 1-5`. A day must fit both the day of the month and
        /// the day of the week. At most 100.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        "crons" => crons: Vec<String>,
        /// Times at the same distance. At most 100.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        "intervals" => intervals: Vec<IntervalTimes>,
        /// Times of the calendar at which nothing is started. At most 100.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        "except" => except: Vec<CalendarTimes>,
        /// The time zone of calendars and crons, by its name in the IANA database. Empty: UTC. A time that a day does
        /// not have is skipped; one that a day has twice is two times.
        #[serde(skip_serializing_if = "String::is_empty")]
        "timeZone" => time_zone: String,
        /// The longest delay of a start, which is a different one each time. Zero: none.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "jitter" => jitter: Nanos,
        /// The first moment at which a start is possible. Absent: at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
        "startTime" => start_time: Option<Timestamp>,
        /// The last moment at which a start is possible. Absent: there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
        "endTime" => end_time: Option<Timestamp>,
        /// What to do at a time when the run that the schedule started last has not ended.
        "overlap" => overlap: Overlap,
        /// How late a start may be that was missed because Temporal was away; at least 10 s. Zero: one year.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "catchUpWindow" => catch_up_window: Nanos,
        /// Whether the schedule pauses when a run that it started fails or exceeds its timeout, or cannot be started.
        "pauseOnFailure" => pause_on_failure: bool,
        /// After how many starts the schedule ends. Zero: never. Counted anew when this number is changed.
        #[cfg_attr(feature = "openapi", schema(minimum = 0))]
        "maxStarts" => max_starts: i64,
        /// Whether the schedule follows the run to its end. Otherwise `overlap` and `pauseOnFailure` are about
        /// the start alone. Default: true, but for the overlap `AllowAll`, with which it follows none.
        #[serde(skip_serializing_if = "Option::is_none")]
        "follow" => follow: Option<bool>,
        /// The revision of the intent that is started. Zero: the latest.
        #[cfg_attr(feature = "openapi", schema(minimum = 0))]
        "revision" => revision: i64,
        /// What each start does differently from the intent.
        "start" => start: StartOverrides,
    }
}

object! {
    /// Times of the calendar. Each field is a number, a range (`1-5`), a step (`*/15`), or a list of these (`1,3,5-9`);
    /// months and days of the week also have their English names.
    #[derive(Eq)]
    pub struct CalendarTimes {
        /// Seconds. Empty: 0.
        #[serde(skip_serializing_if = "String::is_empty")]
        "second" => second: String,
        /// Minutes. Empty: 0.
        #[serde(skip_serializing_if = "String::is_empty")]
        "minute" => minute: String,
        /// Hours. Empty: 0.
        #[serde(skip_serializing_if = "String::is_empty")]
        "hour" => hour: String,
        /// Days of the month. Empty: each.
        #[serde(skip_serializing_if = "String::is_empty")]
        "dayOfMonth" => day_of_month: String,
        /// Months. Empty: each.
        #[serde(skip_serializing_if = "String::is_empty")]
        "month" => month: String,
        /// Years. Empty: each.
        #[serde(skip_serializing_if = "String::is_empty")]
        "year" => year: String,
        /// Days of the week; 0 is Sunday. Empty: each.
        #[serde(skip_serializing_if = "String::is_empty")]
        "dayOfWeek" => day_of_week: String,
        /// A comment, for people.
        #[serde(skip_serializing_if = "String::is_empty")]
        "comment" => comment: String,
    }
}

impl CalendarTimes {
    fn texts(&self) -> [&String; 8] {
        let Self { second, minute, hour, day_of_month, month, year, day_of_week, comment } = self;
        [second, minute, hour, day_of_month, month, year, day_of_week, comment]
    }
}

object! {
    /// Times at the same distance, counted from the beginning of 1970 in UTC.
    #[derive(Eq)]
    pub struct IntervalTimes {
        /// The distance, at least 1 s.
        "every" => every: Nanos,
        /// By how much each time is later than a multiple of the distance; less than the distance.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "offset" => offset: Nanos,
    }
}

macro_rules! overlaps {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What a schedule does at a time when the run that it started last has not ended.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Overlap { $($(#[$doc])* $name,)+ }

        impl Overlap {
            /// All of them.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// Returns its name.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }
        }
    };
}

overlaps! {
    /// Starts nothing.
    #[default]
    Skip,
    /// Starts once when the run has ended, however many times have passed.
    BufferOne,
    /// Starts for each time that has passed, one after the other.
    BufferAll,
    /// Cancels the run, and starts when it has ended.
    CancelOther,
    /// Terminates the run, and starts.
    TerminateOther,
    /// Starts beside the run.
    AllowAll,
}

impl std::str::FromStr for Overlap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::word).join(", ");
        let found = Self::ALL.into_iter().find(|overlap| overlap.word() == text);
        found.ok_or_else(|| format!("`{}` is not known: write one of {}", cut(text), known()))
    }
}

impl FromJson for Overlap {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => {}
            Level::String(text) => match text.parse() {
                Ok(overlap) => *self = overlap,
                Err(error) => reader.fault(String::as_str(&error)),
            },
            other => reader.mismatch("a text", &other),
        }
    }
}

request! {
    /// A request to pause a schedule, or to let it continue.
    ScheduleNoteRequest(ScheduleNote)
}

object! {
    /// The reason.
    #[derive(Eq)]
    pub struct ScheduleNote {
        /// The note that the schedule shows until it is paused or resumed again.
        "note" => note: String,
    }
}

request! {
    /// A request to start what a schedule would have started in the past.
    BackfillRequest(BackfillSpec)
}

object! {
    /// The time, and what to do if runs overlap.
    #[derive(Eq)]
    pub struct BackfillSpec {
        /// The beginning. A time of the schedule at this very moment counts.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
        "from" => from: Option<Timestamp>,
        /// The end. A time of the schedule at this very moment counts.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
        "to" => to: Option<Timestamp>,
        /// What to do about overlaps. Absent: start for each time, one after the other.
        "overlap" => overlap: Option<Overlap>,
    }
}

impl Schedule {
    /// Returns the faults for which this schedule cannot be kept. Empty if it is valid. Temporal may find more: it
    /// reads crons, fields of calendars, and time zones.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        let name = &self.metadata.name;
        if !is_name(name) {
            faults.push(|| {
                let text = format!(
                    "`{}` is not a name: write 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`",
                    cut(name)
                );
                Fault::new("$.metadata.name", text)
            });
        }
        self.spec.collect(&mut faults);
        faults.into_list()
    }
}

impl ScheduleSpec {
    /// Returns the faults of the times and options alone. Empty if they are valid.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        self.collect(&mut faults);
        faults.into_list()
    }

    /// Returns whether the schedule follows each run to its end.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.follow.unwrap_or(self.overlap != Overlap::AllowAll)
    }

    fn collect(&self, faults: &mut Faults) {
        let mut add = |path: &str, text: &str| faults.push(|| Fault::new(path, text));
        if self.calendars.is_empty() && self.crons.is_empty() && self.intervals.is_empty() {
            add("$.spec", "has no times: write `calendars`, `crons` or `intervals`");
        }
        let lengths = [
            ("$.spec.calendars", self.calendars.len()),
            ("$.spec.crons", self.crons.len()),
            ("$.spec.intervals", self.intervals.len()),
            ("$.spec.except", self.except.len()),
        ];
        for (path, length) in lengths {
            if length > MOST_TIMES {
                add(path, &format!("has {length} entries: at most {MOST_TIMES} are possible"));
            }
        }
        for (at, cron) in self.crons.iter().enumerate() {
            if cron.trim().is_empty() || cron.len() > TEXT_MAX {
                add(
                    &format!("$.spec.crons[{at}]"),
                    "is not a cron: write 5 to 7 fields, such as `30 2 * * 1-5`",
                );
            }
        }
        for (list, calendars) in [("calendars", &self.calendars), ("except", &self.except)] {
            for (at, calendar) in calendars.iter().enumerate() {
                if calendar.texts().iter().any(|text| text.len() > TEXT_MAX) {
                    add(
                        &format!("$.spec.{list}[{at}]"),
                        &format!("has a text of more than {TEXT_MAX} bytes"),
                    );
                }
            }
        }
        for (at, IntervalTimes { every, offset }) in self.intervals.iter().enumerate() {
            if *every < SECOND {
                add(&format!("$.spec.intervals[{at}].every"), "must be at least 1s");
            }
            if offset.get() < 0 || offset >= every {
                add(&format!("$.spec.intervals[{at}].offset"), "must be less than `every`, and not negative");
            }
        }
        if self.jitter.get() < 0 {
            add("$.spec.jitter", "must not be negative");
        }
        if !self.catch_up_window.is_zero() && self.catch_up_window < LEAST_WINDOW {
            add("$.spec.catchUpWindow", "must be at least 10s; zero stands for one year");
        }
        if let (Some(start), Some(end)) = (self.start_time, self.end_time)
            && end <= start
        {
            add("$.spec.endTime", "must be later than `startTime`");
        }
        for (path, number) in [("$.spec.maxStarts", self.max_starts), ("$.spec.revision", self.revision)] {
            if number < 0 {
                add(path, "must not be negative");
            }
        }
        if self.overlap == Overlap::AllowAll && self.follow == Some(true) {
            add(
                "$.spec.follow",
                "cannot be true with the overlap AllowAll: runs beside each other are not followed",
            );
        }
        for fault in template::faults("$.spec.start.workflowID", self.start.workflow_id.as_str()) {
            faults.push(|| fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(json: &str) -> Vec<String> {
        let read = crate::read::<Schedule>(json.as_bytes()).unwrap();
        assert!(read.unknown.is_empty(), "{:?}", read.unknown);
        read.value.faults().into_iter().map(|fault| fault.path).collect()
    }

    #[test]
    fn a_schedule_reads_as_it_is_written() {
        let json = r#"{"metadata":{"name":"nightly"},"spec":{
            "calendars":[{"hour":"2","minute":"30","dayOfWeek":"Mon-Fri","comment":"at night"}],
            "crons":["@hourly"],"intervals":[{"every":"90m","offset":"5m"}],"except":[{"month":"12","dayOfMonth":"25"}],
            "timeZone":"Europe/Berlin","jitter":"30s","startTime":"2026-12-01T00:00:00Z","endTime":"2027-12-01T00:00:00+01:00",
            "overlap":"BufferOne","catchUpWindow":"1h","pauseOnFailure":true,"maxStarts":10,"follow":false,"revision":3,
            "start":{"workflowID":"nightly-{{run}}","activityParams":{"all":{"a":"1"}}}}}"#;
        assert_eq!(paths(json), Vec::<String>::new());
        let read: Schedule = serde_json::from_str(json).unwrap();
        let again: Schedule = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        assert_eq!(read.spec.start_time, Some("2026-12-01T00:00:00Z".parse().unwrap()));
        assert_eq!(read.spec.intervals[0].every, "90m".parse().unwrap());
        assert!(!read.spec.follows());
    }

    #[test]
    fn each_fault_has_its_path() {
        for (spec, path) in [
            (r#"{}"#, "$.spec"),
            (r#"{"crons":[" "]}"#, "$.spec.crons[0]"),
            (r#"{"intervals":[{"every":"999ms"}]}"#, "$.spec.intervals[0].every"),
            (r#"{"intervals":[{"every":"1h","offset":"1h"}]}"#, "$.spec.intervals[0].offset"),
            (r#"{"crons":["@daily"],"jitter":"-1s"}"#, "$.spec.jitter"),
            (r#"{"crons":["@daily"],"catchUpWindow":"9s"}"#, "$.spec.catchUpWindow"),
            (
                r#"{"crons":["@daily"],"startTime":"2026-12-01T00:00:00Z","endTime":"2026-12-01T00:00:00Z"}"#,
                "$.spec.endTime",
            ),
            (r#"{"crons":["@daily"],"maxStarts":-1}"#, "$.spec.maxStarts"),
            (r#"{"crons":["@daily"],"revision":-1}"#, "$.spec.revision"),
            (r#"{"crons":["@daily"],"overlap":"AllowAll","follow":true}"#, "$.spec.follow"),
            (r#"{"crons":["@daily"],"start":{"workflowID":"{{x}}"}}"#, "$.spec.start.workflowID"),
        ] {
            assert_eq!(paths(&format!(r#"{{"metadata":{{"name":"a"}},"spec":{spec}}}"#)), [path], "{spec}");
        }
        assert_eq!(paths(r#"{"metadata":{"name":"a/b"},"spec":{"crons":["@daily"]}}"#), ["$.metadata.name"]);
        let many = vec![r#""@daily""#; 101].join(",");
        assert_eq!(
            paths(&format!(r#"{{"metadata":{{"name":"a"}},"spec":{{"crons":[{many}]}}}}"#)),
            ["$.spec.crons"]
        );
    }

    #[test]
    fn an_unknown_overlap_is_a_fault() {
        let error = crate::read::<ScheduleSpec>(br#"{"overlap":"skip"}"#).unwrap_err().into_faults();
        assert_eq!(error[0].path, "$.overlap");
        assert!(error[0].message.contains("BufferOne"), "{}", error[0].message);
    }
}
