//! Writes who did what, to the audit and to the log.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::action::{Action, Resource};
use super::denials::{Denials, Subject, Verdict};
use crate::model::{AuditId, Event, EventActor, EventObject, EventOutcome, Stage};
use crate::ports::{Audit, StoreError};
use crate::request::{Proof, Request};
use crate::tasks::Tasks;

/// What the audit has beside changes, denials and payloads.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// Whether it has all other reads as well.
    pub reads: bool,
    /// The number of denials per minute and caller that have an event each. Further ones are counted in one
    /// event.
    pub denials: u32,
    /// The work that the end of the process waits for.
    pub tasks: Tasks,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self { reads: false, denials: 10, tasks: Tasks::default() }
    }
}

/// Writes events. Clones share the counts of denials.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    audit: Arc<dyn Audit>,
    options: AuditOptions,
    denials: Arc<Denials>,
}

impl Recorder {
    pub(super) fn new(audit: Arc<dyn Audit>, options: AuditOptions) -> Self {
        Self { denials: Arc::new(Denials::new(options.denials)), audit, options }
    }

    /// Returns whether an action that only reads has an event.
    pub(super) fn records(&self, action: Action) -> bool {
        self.options.reads || reveals(action)
    }

    pub(super) async fn record(&self, event: &Event) -> Result<(), StoreError> {
        self.audit.record(event).await
    }

    /// Writes an event about something that has happened. If that fails, the log has the event.
    pub(super) async fn record_after(&self, event: &Event) {
        if let Err(error) = self.audit.record(event).await {
            let (error, event) = (workflow_api::chain(&error), event.document());
            tracing::error!(error, event, "an event cannot be written to the audit");
        }
    }

    /// Writes an event in a task of its own.
    pub(super) fn record_later(&self, event: Event) -> JoinHandle<()> {
        let recorder = self.clone();
        self.options.tasks.spawn(async move { recorder.record_after(&event).await })
    }

    /// Writes the event of a denied call, or counts it.
    pub(super) async fn denied(&self, event: Event) {
        match self.denials.add(&event) {
            Verdict::Record => self.record_after(&event).await,
            Verdict::Counted => {}
            Verdict::CountedFirst(subject, end) => {
                let recorder = self.clone();
                self.options.tasks.spawn(async move {
                    tokio::select! {
                        () = tokio::time::sleep_until(end) => {}
                        () = recorder.options.tasks.draining() => {}
                    }
                    recorder.write_count(&subject, event).await;
                });
            }
        }
    }

    async fn write_count(&self, subject: &Subject, first: Event) {
        let count = self.denials.take(subject);
        if count > 0 {
            let event = Event {
                id: AuditId::new(),
                verb: "any".to_owned(),
                object: EventObject::default(),
                reason: Some("more denials within a minute, of which the first are recorded".to_owned()),
                count,
                request_id: String::new(),
                trace_parent: String::new(),
                ..first
            };
            self.record_after(&event).await;
        }
    }
}

/// Returns whether the answer to an action has payloads of a workflow, or what others did.
fn reveals(action: Action) -> bool {
    matches!(
        action,
        Action::History | Action::Query | Action::Follow | Action::ReadAudit | Action::VerifyAudit
    )
}

/// Returns the event of a call that has not ended.
pub(super) fn event(request: &Request, action: Action, resource: Resource<'_>) -> Event {
    event_about(
        request,
        action.word(),
        match resource {
            Resource::Project(name) => EventObject { project: name.to_owned(), ..EventObject::default() },
            Resource::Group(dig) => EventObject::group(dig),
            Resource::Intent(key) => EventObject::intent(key),
            Resource::Bridge => EventObject::default(),
        },
    )
}

/// Returns the event of what a caller has not done yet.
pub(super) fn event_about(request: &Request, verb: &str, object: EventObject) -> Event {
    let actor = &request.actor;
    let kind = match actor.proof() {
        Proof::None => "anonymous",
        proof => proof.word(),
    };
    Event {
        id: AuditId::new(),
        stage: Stage::Complete,
        at: request.now,
        took_ms: None,
        actor: EventActor {
            name: actor.name().to_owned(),
            kind: kind.to_owned(),
            issuer: actor.issuer().to_owned(),
            groups: actor.groups().to_vec(),
            author: actor.author().to_owned(),
        },
        source: request.source.clone(),
        verb: verb.to_owned(),
        object,
        outcome: EventOutcome::Pending,
        reason: None,
        count: 1,
        request_id: request.correlation.request_id.clone(),
        trace_parent: request.correlation.trace_parent.clone(),
        idempotency_key_hash: None,
    }
}

/// Writes a decision to the log: changes and denials at info level or above, reads at debug level.
pub(super) fn log(request: &Request, action: Action, resource: Resource<'_>, denied: Option<&str>) {
    let (actor, proof, action_word) = (&request.actor, request.actor.proof().word(), action.word());
    match denied {
        Some(reason) => {
            tracing::warn!(%actor, proof, action = action_word, %resource, reason, "denied");
        }
        None if action.changes() => {
            tracing::info!(%actor, proof, action = action_word, %resource, "allowed");
        }
        None => tracing::debug!(%actor, proof, action = action_word, %resource, "allowed"),
    }
}
