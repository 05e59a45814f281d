//! Reads from a history what a run looked like at each of its moments.

use std::collections::BTreeMap;
use std::time::Duration;

use bridge_core::model::{ActivitySeen, RunDetail, RunSeen};
use bridge_core::ports::{EngineError, PastLook};
use jiff::Timestamp;
use temporalio_common::protos::temporal::api::enums::v1::TimeoutType;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use workflow_api::{RunId, TaskQueue, WorkflowId, WorkflowState};

use crate::convert::timestamp;
use crate::history::{self, Order};
use crate::rpc::Session;
use crate::{describe, failure};

/// Returns the first `limit` moments of a run.
pub(super) async fn past(
    session: &Session<'_>,
    limit: u32,
    bound: Duration,
) -> Result<Vec<PastLook>, EngineError> {
    // All pages are about one run.
    let run_id = match &session.run().run_id {
        none if none.is_empty() => describe::outline(session, session.execution(), bound).await?.run_id,
        known => known.clone(),
    };
    let mut reader = Reader::default();
    let mut token = Vec::new();
    loop {
        let (events, next) =
            history::page(session, &run_id, Order::Forward, token, usize::MAX, bound).await?;
        events.into_iter().for_each(|event| reader.read(event));
        if next.is_empty() {
            break;
        }
        token = next;
    }
    Ok(reader.looks(&session.run().workflow_id, &run_id, usize::try_from(limit).unwrap_or(usize::MAX)))
}

/// What an event changes.
#[derive(Debug)]
enum Change {
    /// The run began.
    Begun { task_queue: TaskQueue },
    /// The run changed its state.
    Is(WorkflowState),
    /// The activity that this event scheduled waits.
    Scheduled { kind: String },
    /// The last attempt of an activity began, of which it is known only afterwards.
    Attempt { scheduled: i64, attempt: i64, last_failure: String },
    /// An activity ended.
    Ended { scheduled: i64 },
    /// A workflow task waits. All but the first attempts are known only afterwards.
    Task { attempt: i64 },
    /// A workflow task failed, and another attempt waits.
    TaskAgain,
    /// No workflow task waits.
    NoTask,
    /// None of these.
    Nothing,
}

impl Change {
    fn of(event: HistoryEvent) -> Self {
        if let Some(state) = failure::state(&event) {
            return Self::Is(state);
        }
        match event.attributes {
            Some(Attributes::WorkflowExecutionStartedEventAttributes(begun)) => {
                Self::Begun { task_queue: begun.task_queue.unwrap_or_default().name.as_str().into() }
            }
            Some(Attributes::WorkflowExecutionPausedEventAttributes(_)) => Self::Is(WorkflowState::Paused),
            Some(Attributes::WorkflowExecutionUnpausedEventAttributes(_)) => Self::Is(WorkflowState::Running),
            Some(Attributes::ActivityTaskScheduledEventAttributes(scheduled)) => {
                Self::Scheduled { kind: scheduled.activity_type.unwrap_or_default().name }
            }
            Some(Attributes::ActivityTaskStartedEventAttributes(started)) => Self::Attempt {
                scheduled: started.scheduled_event_id,
                attempt: started.attempt.into(),
                last_failure: started.last_failure.unwrap_or_default().message,
            },
            Some(Attributes::ActivityTaskCompletedEventAttributes(ended)) => {
                Self::Ended { scheduled: ended.scheduled_event_id }
            }
            Some(Attributes::ActivityTaskFailedEventAttributes(ended)) => {
                Self::Ended { scheduled: ended.scheduled_event_id }
            }
            Some(Attributes::ActivityTaskTimedOutEventAttributes(ended)) => {
                Self::Ended { scheduled: ended.scheduled_event_id }
            }
            Some(Attributes::ActivityTaskCanceledEventAttributes(ended)) => {
                Self::Ended { scheduled: ended.scheduled_event_id }
            }
            Some(Attributes::WorkflowTaskScheduledEventAttributes(task)) => {
                Self::Task { attempt: task.attempt.into() }
            }
            Some(Attributes::WorkflowTaskFailedEventAttributes(_)) => Self::TaskAgain,
            // A worker that has the workflow in its cache did not come. That is no failure.
            Some(Attributes::WorkflowTaskTimedOutEventAttributes(task))
                if task.timeout_type() == TimeoutType::ScheduleToStart =>
            {
                Self::NoTask
            }
            Some(Attributes::WorkflowTaskTimedOutEventAttributes(_)) => Self::TaskAgain,
            Some(Attributes::WorkflowTaskCompletedEventAttributes(_)) => Self::NoTask,
            _ => Self::Nothing,
        }
    }

    /// Returns whether Temporal writes it later than it happened, when an attempt has ended.
    fn is_late(&self) -> bool {
        matches!(self, Self::Attempt { .. } | Self::Task { attempt: 2.. })
    }
}

/// Collects the changes of a history.
#[derive(Debug, Default)]
struct Reader {
    /// Each with its time and the ID of its event.
    changes: Vec<(Timestamp, i64, Change)>,
    last: Option<Timestamp>,
}

impl Reader {
    fn read(&mut self, event: HistoryEvent) {
        let (event_id, time) = (event.event_id, event.event_time.and_then(timestamp));
        let change = Change::of(event);
        let at = if change.is_late() {
            time.or(self.last)
        } else {
            // The clocks of Temporal's servers may differ.
            self.last = time.max(self.last);
            self.last
        };
        self.changes.extend(at.map(|at| (at, event_id, change)));
    }

    /// Returns the first `limit` moments. What happened at the same time is one.
    fn looks(mut self, workflow_id: &WorkflowId, run_id: &RunId, limit: usize) -> Vec<PastLook> {
        self.changes.sort_by_key(|(at, event_id, _)| (*at, *event_id));
        let run = RunSeen { workflow_id: workflow_id.clone(), run_id: run_id.clone(), ..RunSeen::default() };
        let mut state = State { run, ..State::default() };
        let mut looks = Vec::new();
        let mut changes = self.changes.into_iter().peekable();
        while let Some((at, event_id, change)) = changes.next() {
            state.change(at, event_id, change);
            if changes.peek().is_some_and(|(next, ..)| *next == at) {
                continue;
            }
            if looks.len() == limit {
                break;
            }
            looks.push(state.look(at));
        }
        looks
    }
}

/// A run between two events.
#[derive(Debug, Default)]
struct State {
    run: RunSeen,
    /// The pending activities, by the events that scheduled them.
    activities: BTreeMap<i64, ActivitySeen>,
    task_attempt: i64,
    history_length: i64,
    task_queue: TaskQueue,
}

impl State {
    fn change(&mut self, at: Timestamp, event_id: i64, change: Change) {
        if !change.is_late() {
            self.history_length = self.history_length.max(event_id);
        }
        match change {
            Change::Begun { task_queue } => {
                self.task_queue = task_queue;
                self.run.state = Some(WorkflowState::Running);
                self.run.started = Some(at);
            }
            Change::Is(state) => {
                self.run.state = Some(state);
                if state.is_closed() {
                    self.run.closed = Some(at);
                    self.activities.clear();
                    self.task_attempt = 0;
                }
            }
            Change::Scheduled { kind } => {
                let waits =
                    ActivitySeen { kind, attempt: 1, scheduled: Some(at), last_failure: String::new() };
                self.activities.insert(event_id, waits);
            }
            Change::Attempt { scheduled, attempt, last_failure } => {
                if let Some(activity) = self.activities.get_mut(&scheduled) {
                    // When a later attempt was scheduled is in no history, but it has begun by now.
                    if attempt > 1 {
                        activity.scheduled = Some(at);
                    }
                    activity.attempt = attempt;
                    activity.last_failure = last_failure;
                }
            }
            Change::Ended { scheduled } => drop(self.activities.remove(&scheduled)),
            Change::Task { attempt } => self.task_attempt = attempt,
            Change::TaskAgain => self.task_attempt += 1,
            Change::NoTask => self.task_attempt = 0,
            Change::Nothing => {}
        }
    }

    fn look(&self, at: Timestamp) -> PastLook {
        let detail = RunDetail {
            activities: self.activities.values().cloned().collect(),
            task_attempt: self.task_attempt,
            history_length: self.history_length,
            task_queue: self.task_queue.clone(),
        };
        PastLook { at, run: self.run.clone(), detail }
    }
}

#[cfg(test)]
mod tests {
    use temporalio_common::protos::temporal::api::common::v1::ActivityType;
    use temporalio_common::protos::temporal::api::failure::v1::Failure;
    use temporalio_common::protos::temporal::api::history::v1::*;

    use super::*;

    const START: i64 = 1_700_000_000;

    /// Returns the moments of a history: each event with its second.
    fn looks(events: Vec<(i64, Attributes)>, limit: usize) -> Vec<PastLook> {
        let mut reader = Reader::default();
        for (event_id, (second, attributes)) in (1..).zip(events) {
            let event_time = Some(prost_wkt_types::Timestamp { seconds: START + second, nanos: 0 });
            reader.read(HistoryEvent {
                event_id,
                event_time,
                attributes: Some(attributes),
                ..Default::default()
            });
        }
        reader.looks(&"w".into(), &"r".into(), limit)
    }

    fn begun() -> Attributes {
        WorkflowExecutionStartedEventAttributes::default().into()
    }

    fn signal() -> Attributes {
        WorkflowExecutionSignaledEventAttributes::default().into()
    }

    fn task(attempt: i32) -> Attributes {
        WorkflowTaskScheduledEventAttributes { attempt, ..Default::default() }.into()
    }

    fn scheduled(kind: &str) -> Attributes {
        let activity_type = Some(ActivityType { name: kind.to_owned() });
        ActivityTaskScheduledEventAttributes { activity_type, ..Default::default() }.into()
    }

    fn second(at: Timestamp) -> i64 {
        at.as_second() - START
    }

    /// Returns the moments as second, length of the history and attempt of the workflow task.
    fn tasks(events: Vec<(i64, Attributes)>) -> Vec<(i64, i64, i64)> {
        let brief = |look: PastLook| (second(look.at), look.detail.history_length, look.detail.task_attempt);
        looks(events, 100).into_iter().map(brief).collect()
    }

    #[test]
    fn the_last_attempt_of_an_activity_is_seen_from_its_start() {
        let started = ActivityTaskStartedEventAttributes {
            scheduled_event_id: 2,
            attempt: 3,
            last_failure: Some(Failure { message: "no answer".to_owned(), ..Default::default() }),
            ..Default::default()
        };
        let completed = ActivityTaskCompletedEventAttributes { scheduled_event_id: 2, ..Default::default() };
        let looks = looks(
            vec![
                (0, begun()),
                (1, scheduled("Move")),
                (1, scheduled("Copy")),
                (6, signal()),
                // Written when it has ended.
                (5, started.into()),
                (8, completed.into()),
            ],
            100,
        );
        let seen: Vec<_> = looks
            .iter()
            .map(|look| {
                let brief = |seen: &ActivitySeen| {
                    let scheduled = second(seen.scheduled.unwrap());
                    (seen.kind.clone(), seen.attempt, scheduled, seen.last_failure.clone())
                };
                let activities: Vec<_> = look.detail.activities.iter().map(brief).collect();
                (second(look.at), look.detail.history_length, activities)
            })
            .collect();
        let (first, copy) =
            (("Move".to_owned(), 1, 1, String::new()), ("Copy".to_owned(), 1, 1, String::new()));
        let third = ("Move".to_owned(), 3, 5, "no answer".to_owned());
        let expected = [
            (0, 1, vec![]),
            (1, 3, vec![first, copy.clone()]),
            (5, 3, vec![third.clone(), copy.clone()]),
            (6, 4, vec![third, copy.clone()]),
            (8, 6, vec![copy]),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_workflow_task_that_fails_has_another_attempt() {
        let failed = WorkflowTaskFailedEventAttributes::default();
        let done = WorkflowTaskCompletedEventAttributes::default();
        let late = |kind: TimeoutType| WorkflowTaskTimedOutEventAttributes {
            timeout_type: kind.into(),
            ..Default::default()
        };
        let events = vec![
            (0, begun()),
            (1, task(1)),
            (2, failed.into()),
            // Written when it has succeeded.
            (5, task(4)),
            (6, done.into()),
            (7, task(1)),
            (8, late(TimeoutType::ScheduleToStart).into()),
            (9, task(1)),
            (10, late(TimeoutType::StartToClose).into()),
        ];
        let expected = [
            (0, 1, 0),
            (1, 2, 1),
            (2, 3, 2),
            (5, 3, 4),
            (6, 5, 0),
            (7, 6, 1),
            (8, 7, 0),
            (9, 8, 1),
            (10, 9, 2),
        ];
        assert_eq!(tasks(events), expected);
    }

    #[test]
    fn states_change_and_nothing_is_pending_in_a_closed_run() {
        let looks = looks(
            vec![
                (0, begun()),
                (1, task(1)),
                (1, scheduled("Move")),
                (2, WorkflowExecutionPausedEventAttributes::default().into()),
                (3, WorkflowExecutionUnpausedEventAttributes::default().into()),
                (4, WorkflowExecutionTerminatedEventAttributes::default().into()),
            ],
            100,
        );
        let states: Vec<_> = looks.iter().filter_map(|look| look.run.state).collect();
        use WorkflowState::{Paused, Running, Terminated};
        assert_eq!(states, [Running, Running, Paused, Running, Terminated]);
        let PastLook { run, detail, .. } = looks.last().unwrap();
        assert_eq!((run.workflow_id.as_str(), run.run_id.as_str()), ("w", "r"));
        assert_eq!((second(run.started.unwrap()), second(run.closed.unwrap())), (0, 4));
        assert_eq!((detail.activities.len(), detail.task_attempt, detail.history_length), (0, 0, 6));
        assert!(looks[..4].iter().all(|look| look.run.closed.is_none()));
    }

    #[test]
    fn the_first_moments_are_returned_and_time_does_not_go_back() {
        let events = || vec![(0, begun()), (0, task(1)), (4, signal()), (3, signal()), (5, signal())];
        assert_eq!(tasks(events()), [(0, 2, 1), (4, 4, 1), (5, 5, 1)]);
        assert_eq!(looks(events(), 2).len(), 2);
        assert_eq!(looks(events(), 0), []);
    }
}
