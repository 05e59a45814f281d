//! What was seen of a run or an intent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use workflow_api::{QueryTerm, RawJson, RunId, TaskQueue, WorkflowId, WorkflowState};

/// What was seen of a run or an intent. Times are absolute, so that the facts stay equal while nothing happens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    /// When the intent was last changed or started; `None` if it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<Timestamp>,
    /// When runs of the intent failed or timed out, newest first: at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Timestamp>,
    /// Since when it is not known whether the start has started a workflow; `None` if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_unknown_since: Option<Timestamp>,
    /// The run; `None` if it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunSeen>,
    /// Details of the run; `None` if it was not described.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<RunDetail>,
    /// The task queue of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueSeen>,
    /// Values in the results of queries, by [`value_key`]. `None`: the result has no such value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Option<RawJson>>,
    /// Whether the workflow client no longer accepts the intent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drifted: Option<bool>,
    /// When each schedule of the intent was last seen to have missed something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<BTreeMap<String, Timestamp>>,
    /// What could not be looked at, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub broken: BTreeMap<FactSource, String>,
}

impl Facts {
    /// Adds what earlier facts have and these lack: another rule may have looked at other things.
    #[must_use]
    pub fn after(self, earlier: &Self) -> Self {
        let Self {
            idle_since,
            failed,
            start_unknown_since,
            run,
            detail,
            queue,
            values,
            drifted,
            missed,
            broken,
        } = self;
        let mut all_values = earlier.values.clone();
        all_values.extend(values);
        Self {
            idle_since: idle_since.or(earlier.idle_since),
            failed: if failed.is_empty() { earlier.failed.clone() } else { failed },
            start_unknown_since,
            run,
            detail: detail.or_else(|| earlier.detail.clone()),
            queue: queue.or_else(|| earlier.queue.clone()),
            values: all_values,
            drifted: drifted.or(earlier.drifted),
            missed: missed.or_else(|| earlier.missed.clone()),
            broken,
        }
    }
}

/// Where facts come from, in the order of what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FactSource {
    /// The engine's list of runs.
    Run,
    /// The engine's description of a run.
    Detail,
    /// The engine's description of a task queue.
    Queue,
    /// The engine's schedules.
    Schedules,
    /// The workflow client.
    Client,
    /// The workflow.
    Query,
}

/// A run, as the engine lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunSeen {
    /// The workflow.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Its state; `None` if there is no run.
    pub state: Option<WorkflowState>,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// When it closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
}

impl RunSeen {
    /// Returns whether there is a run that has not closed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state.is_some_and(|state| !state.is_closed())
    }
}

/// Details of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunDetail {
    /// The activities that have not ended.
    pub activities: Vec<ActivitySeen>,
    /// The attempt of the pending workflow task; 0 if there is none.
    pub task_attempt: i64,
    /// The number of events in the history.
    pub history_length: i64,
    /// The task queue of its workers.
    pub task_queue: TaskQueue,
}

/// A pending activity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ActivitySeen {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number of the attempt, from 1.
    pub attempt: i64,
    /// When it was scheduled: the time of the current attempt.
    pub scheduled: Option<Timestamp>,
    /// The message of its last failure; empty if there was none.
    pub last_failure: String,
}

/// A task queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueSeen {
    /// Since when it was seen without workers; `None` if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_since: Option<Timestamp>,
    /// Since when its oldest task waits, in whole seconds; `None` if none waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
}

/// What a monitor remembers of earlier looks at the same run or intent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Memory {
    /// Since when the task queue was seen without workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_since: Option<Timestamp>,
    /// What each schedule had missed, and when that grew last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub missed: BTreeMap<String, (i64, Option<Timestamp>)>,
}

impl Memory {
    /// Returns whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.empty_since.is_none() && self.missed.is_empty()
    }
}

/// Names the value of a query's result.
#[must_use]
pub fn value_key(term: &QueryTerm) -> String {
    let args: Vec<_> = term.args.iter().map(RawJson::as_str).collect();
    format!("{}({}){}", term.name, args.join(","), term.pointer)
}
