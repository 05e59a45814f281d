//! The types of the use cases: intents and their revisions, start records, runs of workflows, events of the
//! audit.

mod event;
mod revision;
mod run;
mod start;

pub use event::{AuditId, Event, EventActor, EventObject, EventOutcome, Source, Stage};
pub use revision::{Change, ChangeKind, KeptIntent, Revision, RevisionNumber};
pub use run::{Target, WorkflowRun};
pub use start::{Outcome, StartId, StartKey, StartRecord};
pub use workflow_api::template::RUN_NUMBER;
pub use workflow_api::{DigKey, IntentKey};
