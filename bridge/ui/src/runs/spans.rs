//! What happened in a run, each thing once: the events of a page of its history that belong together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use workflow_api::RawJson;

use crate::show::{Chip, Tone};

/// What something in a history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Workflow,
    Activity,
    Timer,
    Child,
    Signal,
    Update,
    Nexus,
    Marker,
    Task,
}

/// The kinds, with their words; the value of a filter is the word in small letters.
pub(super) const KINDS: [(Kind, &str); 9] = [
    (Kind::Workflow, "Workflow"),
    (Kind::Activity, "Activity"),
    (Kind::Timer, "Timer"),
    (Kind::Child, "Child workflow"),
    (Kind::Signal, "Signal"),
    (Kind::Update, "Update"),
    (Kind::Nexus, "Nexus operation"),
    (Kind::Marker, "Marker"),
    (Kind::Task, "Workflow task"),
];

/// The beginnings of the names of event types, the longer ones first.
const TYPES: [(&str, Kind); 12] = [
    ("WORKFLOW_EXECUTION_SIGNALED", Kind::Signal),
    ("WORKFLOW_EXECUTION_UPDATE_", Kind::Update),
    ("WORKFLOW_EXECUTION_", Kind::Workflow),
    ("WORKFLOW_TASK_", Kind::Task),
    ("ACTIVITY_TASK_", Kind::Activity),
    ("TIMER_", Kind::Timer),
    ("START_CHILD_WORKFLOW_EXECUTION_", Kind::Child),
    ("CHILD_WORKFLOW_EXECUTION_", Kind::Child),
    ("NEXUS_OPERATION_", Kind::Nexus),
    ("MARKER_", Kind::Marker),
    ("SIGNAL_EXTERNAL_", Kind::Signal),
    ("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED", Kind::Signal),
];

/// Something that happened in a run, from its first event on the page to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// The number of the event that it began with.
    pub(super) id: i64,
    pub(super) kind: Kind,
    /// What it is about, such as the type of an activity; empty if it names nothing, or its beginning is not on the
    /// page.
    pub(super) name: String,
    pub(super) begun: Option<Timestamp>,
    /// When a worker took it up.
    pub(super) taken: Option<Timestamp>,
    pub(super) last: Timestamp,
    pub(super) is_over: bool,
    pub(super) attempt: i32,
    pub(super) chip: Chip,
    pub(super) failure: String,
}

impl Span {
    pub(super) fn has_failed(&self) -> bool {
        self.chip.tone == Tone::Bad
    }

    pub(super) fn word(&self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, word)| word)
    }
}

/// An event, with those attributes that a time line shows. Payloads are not read.
struct Event {
    id: i64,
    at: Timestamp,
    kind: String,
    attributes: Attributes,
}

impl Event {
    fn read(json: &RawJson) -> Option<Self> {
        let fields: BTreeMap<&str, &RawValue> = serde_json::from_str(json.as_str()).ok()?;
        let text = |name| serde_json::from_str::<String>(fields.get(name)?.get()).ok();
        let attributes = fields.iter().find(|(name, _)| name.ends_with("EventAttributes"));
        let kind = text("eventType")?;
        Some(Self {
            id: text("eventId")?.parse().ok()?,
            at: text("eventTime")?.parse().ok()?,
            kind: kind.strip_prefix("EVENT_TYPE_").unwrap_or(&kind).to_owned(),
            attributes: attributes
                .and_then(|(_, json)| serde_json::from_str(json.get()).ok())
                .unwrap_or_default(),
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Attributes {
    scheduled_event_id: String,
    initiated_event_id: String,
    accepted_event_id: String,
    started_event_id: String,
    activity_type: Named,
    workflow_type: Named,
    workflow_id: String,
    timer_id: String,
    signal_name: String,
    marker_name: String,
    operation: String,
    accepted_request: UpdateRequest,
    attempt: i32,
    failure: Failure,
    cause: String,
    outcome: UpdateOutcome,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UpdateRequest {
    input: Named,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UpdateOutcome {
    failure: Option<Failure>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure {
    message: String,
    cause: Option<Box<Failure>>,
}

impl Failure {
    /// Returns the message that is nearest to what went wrong.
    fn root(&self) -> &str {
        let mut failure = self;
        while let Some(cause) = &failure.cause {
            failure = cause;
        }
        &failure.message
    }
}

impl Attributes {
    /// Returns the number of the event that this one continues.
    fn first_event(&self, kind: Kind) -> Option<i64> {
        let ids = match kind {
            Kind::Activity | Kind::Nexus | Kind::Task => &self.scheduled_event_id,
            Kind::Child | Kind::Signal => &self.initiated_event_id,
            Kind::Timer => &self.started_event_id,
            Kind::Update => &self.accepted_event_id,
            Kind::Workflow | Kind::Marker => return None,
        };
        ids.parse().ok().filter(|id| *id > 0)
    }

    fn name(&self, kind: Kind) -> &str {
        match kind {
            Kind::Activity => &self.activity_type.name,
            Kind::Child if self.workflow_id.is_empty() => &self.workflow_type.name,
            Kind::Child => &self.workflow_id,
            Kind::Workflow => &self.workflow_type.name,
            Kind::Timer => &self.timer_id,
            Kind::Signal => &self.signal_name,
            Kind::Update => &self.accepted_request.input.name,
            Kind::Nexus => &self.operation,
            Kind::Marker => &self.marker_name,
            Kind::Task => &self.cause,
        }
    }

    fn failure(&self) -> &str {
        let failure = self.outcome.failure.as_ref().unwrap_or(&self.failure);
        failure.root()
    }
}

/// Returns what happened, newest first. Workflow tasks are left out, except those that failed.
pub(super) fn spans(history: &[RawJson]) -> Vec<Span> {
    let mut events: Vec<_> = history.iter().filter_map(Event::read).collect();
    events.sort_by_key(|event| event.id);
    let mut spans = BTreeMap::<i64, Span>::new();
    for event in &events {
        add(&mut spans, event);
    }
    spans.into_values().rev().filter(|span| span.kind != Kind::Task || span.has_failed()).collect()
}

fn add(spans: &mut BTreeMap<i64, Span>, event: &Event) {
    let Event { id, at, kind: event_type, attributes } = event;
    let Some((_, kind)) = TYPES.into_iter().find(|(beginning, _)| event_type.starts_with(beginning)) else {
        return;
    };
    let (first, at) = (attributes.first_event(kind), *at);
    let span = spans.entry(first.unwrap_or(*id)).or_insert_with(|| Span {
        id: first.unwrap_or(*id),
        kind,
        name: String::new(),
        begun: first.is_none().then_some(at),
        taken: None,
        last: at,
        is_over: false,
        attempt: 0,
        chip: Chip::new(Tone::Active, "Goes on"),
        failure: String::new(),
    });
    span.last = at;
    if span.name.is_empty() {
        attributes.name(kind).clone_into(&mut span.name);
    }
    if event_type.ends_with("_STARTED") && first.is_some() {
        span.taken = Some(at);
        span.attempt = attributes.attempt;
    }
    if let Some(chip) = chip(kind, event_type, attributes) {
        span.chip = chip;
        span.is_over = true;
        attributes.failure().clone_into(&mut span.failure);
    }
}

/// Returns how something ended; `None` for an event after which it goes on.
fn chip(kind: Kind, event_type: &str, attributes: &Attributes) -> Option<Chip> {
    let failed = Chip::new(Tone::Bad, "Failed");
    let endings = [
        ("_FAILED", failed),
        ("_TIMED_OUT", Chip::new(Tone::Bad, "Timed out")),
        ("_TERMINATED", Chip::new(Tone::Over, "Terminated")),
        ("_CANCELED", Chip::new(Tone::Over, "Cancelled")),
        ("_REJECTED", Chip::new(Tone::Bad, "Rejected")),
        ("_FIRED", Chip::new(Tone::Good, "Fired")),
        ("_CONTINUED_AS_NEW", Chip::new(Tone::Over, "Continued as new")),
    ];
    if event_type.ends_with("_COMPLETED") {
        let completed = Chip::new(Tone::Good, "Completed");
        return Some(if attributes.outcome.failure.is_some() { failed } else { completed });
    }
    let ending = endings.into_iter().find(|(end, _)| event_type.ends_with(end)).map(|(_, chip)| chip);
    let at_once = match (kind, event_type) {
        (Kind::Signal, "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED") => None,
        (Kind::Signal, "WORKFLOW_EXECUTION_SIGNALED") => Some("Received"),
        (Kind::Signal, _) => Some("Sent"),
        (Kind::Marker, _) => Some("Recorded"),
        (Kind::Workflow, "WORKFLOW_EXECUTION_STARTED") => Some("Started"),
        (Kind::Workflow, "WORKFLOW_EXECUTION_CANCEL_REQUESTED") => Some("Cancel requested"),
        (Kind::Workflow, "WORKFLOW_EXECUTION_PAUSED") => Some("Paused"),
        (Kind::Workflow, "WORKFLOW_EXECUTION_UNPAUSED") => Some("Unpaused"),
        (Kind::Workflow, _) => Some("Changed"),
        _ => None,
    };
    ending.or_else(|| at_once.map(|word| Chip::new(Tone::Over, word)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(id: i64, kind: &str, attributes: Value) -> RawJson {
        let time = format!("2026-11-30T10:00:{id:02}Z");
        let json = json!({
            "eventId": id.to_string(), "eventTime": time, "eventType": format!("EVENT_TYPE_{kind}"),
            "taskId": "1048576", "someEventAttributes": attributes,
        });
        serde_json::from_str(&json.to_string()).unwrap()
    }

    #[test]
    fn events_that_belong_together_are_one() {
        let failure = json!({"message": "Activity task failed", "cause": {"message": "no room"}});
        let history = [
            event(1, "WORKFLOW_EXECUTION_STARTED", json!({"workflowType": {"name": "Move"}, "attempt": 1})),
            event(2, "WORKFLOW_TASK_SCHEDULED", json!({})),
            event(
                5,
                "ACTIVITY_TASK_SCHEDULED",
                json!({"activityType": {"name": "look"}, "input": {"payloads": []}}),
            ),
            event(6, "TIMER_STARTED", json!({"timerId": "1"})),
            event(7, "ACTIVITY_TASK_STARTED", json!({"scheduledEventId": "5", "attempt": 3})),
            event(
                8,
                "ACTIVITY_TASK_FAILED",
                json!({"scheduledEventId": "5", "startedEventId": "7", "failure": failure}),
            ),
            event(9, "TIMER_FIRED", json!({"timerId": "1", "startedEventId": "6"})),
            event(10, "WORKFLOW_EXECUTION_SIGNALED", json!({"signalName": "pause"})),
            event(
                11,
                "WORKFLOW_TASK_FAILED",
                json!({"scheduledEventId": "2", "cause": "NON_DETERMINISTIC_ERROR"}),
            ),
            event(
                12,
                "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
                json!({"workflowId": "child", "workflowType": {"name": "C"}}),
            ),
            event(13, "A_NEWER_KIND", json!({})),
        ];
        let spans = spans(&history);
        let seen: Vec<_> =
            spans.iter().map(|span| (span.id, span.word(), span.name.as_str(), span.chip.word)).collect();
        let expected = [
            (12, "Child workflow", "child", "Goes on"),
            (10, "Signal", "pause", "Received"),
            (6, "Timer", "1", "Fired"),
            (5, "Activity", "look", "Failed"),
            (2, "Workflow task", "NON_DETERMINISTIC_ERROR", "Failed"),
            (1, "Workflow", "Move", "Started"),
        ];
        assert_eq!(seen, expected);
        let activity = &spans[3];
        assert_eq!(
            (activity.attempt, activity.failure.as_str(), activity.has_failed()),
            (3, "no room", true)
        );
        let second = |time: Option<Timestamp>| time.unwrap().to_string();
        assert_eq!(second(activity.begun), "2026-11-30T10:00:05Z");
        assert_eq!(
            (second(activity.taken), activity.last.to_string()),
            ("2026-11-30T10:00:07Z".to_owned(), "2026-11-30T10:00:08Z".to_owned())
        );
    }

    #[test]
    fn something_whose_beginning_is_on_another_page_has_none() {
        let history = [event(8, "ACTIVITY_TASK_COMPLETED", json!({"scheduledEventId": "5"}))];
        let [span] = spans(&history).try_into().unwrap();
        assert_eq!((span.id, span.begun, span.is_over), (5, None, true));
    }
}
