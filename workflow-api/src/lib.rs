#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod alarms;
mod caller;
mod catalogue;
mod chain;
mod declaration;
mod duration;
mod faults;
pub mod glob;
mod identity;
mod intent;
mod key;
mod options;
mod outcome;
pub mod params;
mod problem;
mod raw;
pub mod read;
mod rule;
pub mod rules;
mod schedule;
mod start;
mod status;
mod subject;
pub mod template;
mod verbs;
mod work;
pub mod write;

pub use caller::{AUDIT_ID, CALLER, Caller, CallerError};
pub use catalogue::{Catalogue, CatalogueEntry, ClientStanding, MessageEntry, MessageKind, undeclared};
pub use chain::chain;
pub use declaration::{Argument, CURRENT_STATE, Declaration, Message, PROGRESS};
pub use duration::{DurationError, Nanos};
pub use faults::{MOST_FAULTS, bounded, cut};
pub use identity::{Namespace, RunId, TaskQueue, WorkflowId, WorkflowType};
pub use intent::{
    ClientEndpoint, Metadata, TemporalSpec, WorkflowIntent, WorkflowIntentSpec, WorkflowParams,
};
pub use key::{DigKey, IntentKey, NotAGroup};
pub use options::{ActivityOptions, IdReusePolicy, JsonMap, RetryPolicy, StartOptions};
pub use outcome::{
    Escalation, PendingActivity, QueryAnswer, ResetAnswer, StopReport, UpdateAnswer, UpdateStage,
};
pub use problem::{Fault, Problem};
pub use raw::RawJson;
pub use read::{FromJson, Read, ReadError, child, read};
pub use rule::{
    ActionOutcome, ActionState, AlarmAction, CancelAction, Condition, DecisionState, FailuresTerm,
    NotifyAction, Once, PendingTerm, QueryTerm, QueueTerm, Rehearsal, RuleAction, RuleDecision, RuleScope,
    RuleSpec, RuleSubject, ScheduleTerm, SignalAction, StartAction, Term, TermState, TerminateAction,
    WorkflowRule,
};
pub use schedule::{
    BackfillRequest, BackfillSpec, CalendarTimes, IntervalTimes, Overlap, Schedule, ScheduleNote,
    ScheduleNoteRequest, ScheduleSpec, ScheduleStatus, ScheduledStart,
};
pub use start::{StartOverrides, StartRequest, Started};
pub use status::{NextStart, PendingChild, TaskFailing, WorkflowFailure, WorkflowState, WorkflowStatus};
pub use subject::{Subject, SubjectEntry};
pub use verbs::{
    CancelRequest, CancelSpec, PauseRequest, PauseSpec, QueryRequest, QuerySpec, ResetRequest, ResetSpec,
    RollbackRequest, RollbackSpec, RunReference, SignalRequest, SignalSpec, TerminateRequest, TerminateSpec,
    UpdateRequest, UpdateSpec,
};
pub use write::{to_go_json, to_go_text};
