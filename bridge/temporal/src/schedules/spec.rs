//! Converts schedules to Temporal's, and back.

use bridge_core::model::ScheduleCommand;
use jiff::{Timestamp, ToSpan};
use prost_wkt_types::{Duration as WireDuration, Timestamp as WireTimestamp};
use temporalio_common::protos::temporal::api::common::v1::WorkflowType;
use temporalio_common::protos::temporal::api::enums::v1::ScheduleOverlapPolicy as Policy;
use temporalio_common::protos::temporal::api::schedule::v1::schedule_action::Action;
use temporalio_common::protos::temporal::api::schedule::v1::{
    BackfillRequest, CalendarSpec, IntervalSpec, Schedule, ScheduleAction, ScheduleActionResult,
    SchedulePatch, SchedulePolicies, ScheduleSpec as WireSpec, ScheduleState, TriggerImmediatelyRequest,
};
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeScheduleResponse;
use workflow_api::{
    CalendarTimes, IntervalTimes, Nanos, Overlap, RunId, ScheduleSpec, ScheduleStatus, ScheduledStart,
    WorkflowId,
};

use super::order::{Order, WORKFLOW_TYPE, time_of};
use crate::convert::{state, timestamp};
use crate::payload;

/// Returns a schedule that starts nothing.
pub(super) fn preview(spec: &ScheduleSpec, task_queue: &str) -> Schedule {
    let note = "made by the bridge to read times; it can be deleted";
    Schedule {
        spec: Some(times(spec)),
        action: Some(action("emco-bridge-preview", task_queue, None)),
        policies: Some(policies(spec)),
        state: Some(ScheduleState { notes: note.to_owned(), paused: true, ..Default::default() }),
    }
}

/// Returns a schedule as Temporal is to have it. What Temporal itself changes, such as whether it is paused, is that of
/// `found`, the schedule as Temporal has it.
pub(super) fn schedule(
    id: &str,
    task_queue: &str,
    spec: &ScheduleSpec,
    order: &Order,
    found: Option<&DescribeScheduleResponse>,
    pause: Option<&str>,
) -> Schedule {
    let mut now = found.map(state_of).unwrap_or_default();
    if found.and_then(order_of).is_none_or(|before| before.max_starts != spec.max_starts) {
        now.limited_actions = spec.max_starts > 0;
        now.remaining_actions = spec.max_starts;
    }
    if let Some(note) = pause {
        now.paused = true;
        note.clone_into(&mut now.notes);
    }
    Schedule {
        spec: Some(times(spec)),
        action: Some(action(id, task_queue, Some(order))),
        policies: Some(policies(spec)),
        state: Some(now),
    }
}

/// Temporal adds the time to the workflow ID.
fn action(workflow_id: &str, task_queue: &str, order: Option<&Order>) -> ScheduleAction {
    let input = order.and_then(|order| serde_json::to_value(order).ok());
    let start = NewWorkflowExecutionInfo {
        workflow_id: workflow_id.to_owned(),
        workflow_type: Some(WorkflowType { name: WORKFLOW_TYPE.to_owned() }),
        task_queue: Some(TaskQueue { name: task_queue.to_owned(), ..TaskQueue::default() }),
        input: input.and_then(|input| payload::from_json([&input.into()])),
        ..Default::default()
    };
    ScheduleAction { action: Some(Action::StartWorkflow(start)) }
}

/// Returns what Temporal changes of a schedule.
pub(super) fn state_of(found: &DescribeScheduleResponse) -> ScheduleState {
    found.schedule.as_ref().and_then(|schedule| schedule.state.clone()).unwrap_or_default()
}

/// Returns the input of the workflows of a schedule; `None` if it is not one of ours.
pub(super) fn order_of(found: &DescribeScheduleResponse) -> Option<Order> {
    let action = found.schedule.as_ref()?.action.as_ref()?.action.as_ref()?;
    let Action::StartWorkflow(start) = action;
    serde_json::from_str(payload::to_json(start.input.as_ref()).as_str()).ok()
}

#[expect(deprecated, reason = "the field for exceptions as text; its successor has only numbers")]
fn times(spec: &ScheduleSpec) -> WireSpec {
    WireSpec {
        calendar: spec.calendars.iter().map(calendar).collect(),
        cron_string: spec.crons.clone(),
        interval: spec.intervals.iter().map(interval).collect(),
        exclude_calendar: spec.except.iter().map(calendar).collect(),
        start_time: spec.start_time.map(time),
        end_time: spec.end_time.map(time),
        jitter: duration(spec.jitter),
        timezone_name: spec.time_zone.clone(),
        ..Default::default()
    }
}

fn calendar(times: &CalendarTimes) -> CalendarSpec {
    let CalendarTimes { second, minute, hour, day_of_month, month, year, day_of_week, comment } =
        times.clone();
    CalendarSpec { second, minute, hour, day_of_month, month, year, day_of_week, comment }
}

fn interval(times: &IntervalTimes) -> IntervalSpec {
    IntervalSpec { interval: duration(times.every), phase: duration(times.offset) }
}

fn policies(spec: &ScheduleSpec) -> SchedulePolicies {
    SchedulePolicies {
        overlap_policy: policy(spec.overlap).into(),
        catchup_window: duration(spec.catch_up_window),
        pause_on_failure: spec.pause_on_failure,
        keep_original_workflow_id: false,
    }
}

/// The run that overlaps is that of a workflow of ours. If it is to be terminated, ours is cancelled, and terminates
/// the intent's run. With `AllowAll`, ours ends when it has started the intent. Temporal's own policy of this name
/// would not list the runs, and only runs that are listed are believed.
fn policy(overlap: Overlap) -> Policy {
    match overlap {
        Overlap::Skip => Policy::Skip,
        Overlap::BufferOne => Policy::BufferOne,
        Overlap::BufferAll | Overlap::AllowAll => Policy::BufferAll,
        Overlap::CancelOther | Overlap::TerminateOther => Policy::CancelOther,
    }
}

pub(super) fn patch(command: &ScheduleCommand) -> SchedulePatch {
    match command {
        ScheduleCommand::Pause { note } => {
            SchedulePatch { pause: noted(note, "paused"), ..Default::default() }
        }
        ScheduleCommand::Resume { note } => {
            SchedulePatch { unpause: noted(note, "resumed"), ..Default::default() }
        }
        ScheduleCommand::Trigger { at } => SchedulePatch {
            trigger_immediately: Some(TriggerImmediatelyRequest {
                scheduled_time: Some(time(*at)),
                ..Default::default()
            }),
            ..Default::default()
        },
        ScheduleCommand::Backfill { from, to, overlap } => SchedulePatch {
            backfill_request: vec![BackfillRequest {
                // Versions of Temporal differ in whether the first moment counts. Times are whole seconds.
                start_time: Some(time(*from - 1.nanosecond())),
                end_time: Some(time(*to)),
                overlap_policy: policy(*overlap).into(),
            }],
            ..Default::default()
        },
    }
}

/// An empty note would do nothing.
fn noted(note: &str, otherwise: &str) -> String {
    if note.is_empty() { otherwise.to_owned() } else { note.to_owned() }
}

/// Returns what Temporal has of a schedule.
pub(super) fn seen(found: DescribeScheduleResponse) -> ScheduleStatus {
    let (now, order) = (state_of(&found), order_of(&found));
    let info = found.info.unwrap_or_default();
    ScheduleStatus {
        present: true,
        revision: order.map_or(0, |order| order.revision),
        paused: now.paused,
        note: now.notes,
        next_times: info.future_action_times.into_iter().filter_map(timestamp).collect(),
        recent_starts: info.recent_actions.into_iter().filter_map(started).collect(),
        started: info.action_count,
        missed: info.missed_catchup_window,
        skipped: info.overlap_skipped,
        dropped: info.buffer_dropped,
        waiting: info.buffer_size,
        starts_left: now.limited_actions.then_some(now.remaining_actions),
    }
}

/// Returns whether this run is one of the last starts of a schedule, or one whose end it waits for.
pub(super) fn lists(found: &DescribeScheduleResponse, (workflow_id, run_id): &(WorkflowId, RunId)) -> bool {
    let Some(info) = &found.info else { return false };
    let recent = info.recent_actions.iter().filter_map(|action| action.start_workflow_result.as_ref());
    info.running_workflows
        .iter()
        .chain(recent)
        .any(|run| run.workflow_id == workflow_id.as_str() && run.run_id == run_id.as_str())
}

fn started(result: ScheduleActionResult) -> Option<ScheduledStart> {
    let run = result.start_workflow_result?;
    Some(ScheduledStart {
        time: time_of(&run.workflow_id)?,
        workflow_id: run.workflow_id.into(),
        run_id: run.run_id.into(),
        state: state(result.start_workflow_status),
    })
}

pub(super) fn time(time: Timestamp) -> WireTimestamp {
    WireTimestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

fn duration(nanos: Nanos) -> Option<WireDuration> {
    nanos.to_duration().and_then(|duration| duration.try_into().ok())
}
