//! The types of the use cases: intents and their revisions, schedules, rules, start records, runs of workflows,
//! events of the audit, alarms.

mod alarm;
mod document;
mod event;
mod revision;
mod rule;
mod run;
mod running;
mod schedule;
mod start;

pub use alarm::{
    Ack, Alarm, AlarmFull, AlarmId, AlarmObject, BRIDGE_DN, By, Cleared, Comment, NAME_MAX, Notification,
    Notified, ProbableCause, Raised, Step, TEXT_MAX, cut_text, is_in,
};
pub use document::{DocumentKey, DocumentKind, DocumentRevision, KeptDocument};
pub use event::{AuditId, Event, EventActor, EventObject, EventOutcome, Source, Stage};
pub use revision::{Change, ChangeKind, ChangePage, KeptIntent, Revision, RevisionNumber};
pub use rule::{
    ALL_PROJECTS, ActivitySeen, Course, DecisionStep, FactSource, Facts, Judgement, KeptRule, Memory,
    Observation, QueueSeen, RuleKey, RunDetail, RunSeen, SubjectId, judge, value_key,
};
pub use run::{Target, WorkflowRun};
pub use running::{Running, Setting, SettingValue};
pub use schedule::{KeptSchedule, ScheduleCommand, ScheduleKey};
pub use start::{Outcome, StartId, StartKey, StartRecord};
pub use workflow_api::template::RUN_NUMBER;
pub use workflow_api::{DigKey, IntentKey};
