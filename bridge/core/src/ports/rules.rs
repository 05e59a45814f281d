//! What rules need of the database and of the engine.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use workflow_api::{TaskQueue, WorkflowId, WorkflowState};

use super::{EngineError, StoreError};
use crate::model::{
    IntentKey, Observation, RuleKey, RunDetail, RunSeen, StartId, StartRecord, SubjectId, WorkflowRun,
};

/// Stores what rules watch, have seen and have decided.
#[async_trait]
pub trait RuleStore {
    /// Returns at most `limit` intents that exist, of a project or of all, whose paths come after that of `after`,
    /// ordered by the bytes of their names, each with the time of its last change.
    async fn intents_in(
        &self,
        project: Option<&str>,
        after: Option<&IntentKey>,
        limit: u32,
    ) -> Result<Vec<(IntentKey, Timestamp)>, StoreError>;

    /// Returns at most `limit` starts to watch, of a project or of all, with IDs greater than `after`, ordered by ID:
    /// those that have, or may have, led to a workflow of their own, and whose end is not known or was noted after
    /// `noted_after`, or which are the last such start of their intent. Starts that found their workflow running are
    /// none.
    async fn watched(
        &self,
        project: Option<&str>,
        noted_after: Timestamp,
        after: Option<StartId>,
        limit: u32,
    ) -> Result<Vec<StartRecord>, StoreError>;

    /// Notes that the workflow of a start has ended at `at`. The first end stands. `now` is when this is noted.
    async fn run_ended(
        &self,
        start: StartId,
        state: WorkflowState,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns when workflows of an intent failed or timed out since `since`, newest first: at most `limit`.
    async fn failures(
        &self,
        intent: &IntentKey,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Timestamp>, StoreError>;

    /// Returns at most `limit` courses of a rule about subjects that come after `after` (empty for the first), ordered
    /// by subject.
    async fn courses(
        &self,
        rule: &RuleKey,
        after: &SubjectId,
        limit: u32,
    ) -> Result<Vec<KeptCourse>, StoreError>;

    /// Writes a course, or deletes it if `json` is `None`. `before` is the version that was read; `None` for a new one.
    /// Returns whether it was written: not if it has changed since it was read.
    async fn save_course(
        &self,
        rule: &RuleKey,
        subject: &SubjectId,
        before: Option<i64>,
        json: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Keeps what was seen. Of each subject, the newest 500 observations stay.
    async fn observe(&self, seen: &[Observation]) -> Result<(), StoreError>;

    /// Returns what was seen about subjects of a project or of all, since `since`, ordered by subject and time: at most
    /// `limit` observations after the place `after`.
    async fn observations(
        &self,
        project: Option<&str>,
        since: Timestamp,
        after: Option<(&SubjectId, Timestamp)>,
        limit: u32,
    ) -> Result<Vec<Observation>, StoreError>;

    /// Deletes observations, and courses that have not changed, from before `before`. A course that is pending, fired
    /// or clearing stays.
    async fn forget_rule_history(&self, before: Timestamp) -> Result<(), StoreError>;
}

/// A course as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCourse {
    /// What it is about.
    pub subject: SubjectId,
    /// Each change increases it.
    pub version: i64,
    /// The course as JSON.
    pub json: String,
}

/// What the configured engine shows of many runs at a small cost.
#[async_trait]
pub trait Watch: fmt::Debug + Send + Sync {
    /// Returns the runs of these workflows, at most 500, that were started after `since`. The engine's list may be some
    /// seconds late.
    async fn list(&self, workflows: &[WorkflowId], since: Timestamp) -> Result<Vec<RunSeen>, EngineError>;

    /// Returns a run with its details, as it is now; `None` if the engine does not have it.
    async fn look(&self, run: &WorkflowRun) -> Result<Option<(RunSeen, RunDetail)>, EngineError>;

    /// Returns whether a task queue has workers, and since when its oldest task waits.
    async fn queue(&self, queue: &TaskQueue) -> Result<QueueLook, EngineError>;

    /// Returns what a history shows of a run at each of its events, oldest first: at most `limit` times.
    async fn past(&self, run: &WorkflowRun, limit: u32) -> Result<Vec<PastLook>, EngineError>;

    /// Makes the engine call [`Rules::turn`](crate::Rules::turn) for a rule at its interval, until the rule is deleted,
    /// unless the engine does so already.
    async fn monitor(&self, rule: &RuleKey) -> Result<(), EngineError>;
}

/// A task queue, as the engine shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueLook {
    /// Whether a worker has polled it lately.
    pub has_pollers: bool,
    /// Since when its oldest task waits; `None` if none waits.
    pub waits_since: Option<Timestamp>,
}

/// A moment of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastLook {
    /// When it was.
    pub at: Timestamp,
    /// The run, as it was.
    pub run: RunSeen,
    /// Its details, as they were. Attempts before the last one of an activity are not in a history.
    pub detail: RunDetail,
}
