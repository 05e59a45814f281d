//! The gate that every use case passes before it does anything.

mod action;
mod audit;
mod denials;
mod gate;
mod permit;
mod refused;

use std::sync::Arc;

use jiff::Timestamp;

pub use action::{Action, Resource};
pub use audit::AuditOptions;
use audit::{Recorder, event, log};
pub use gate::{Gate, Open};
pub use permit::Permit;
pub(crate) use permit::Trail;
pub use refused::{Denied, Refused};

use crate::model::{Event, EventObject, EventOutcome, StartRecord};
use crate::ports::Audit;
use crate::request::Request;

/// The gate and the audit together, as use cases call them.
#[derive(Debug, Clone)]
pub struct Access {
    gate: Arc<dyn Gate>,
    recorder: Recorder,
}

impl Access {
    /// Combines a gate and an audit.
    #[must_use]
    pub fn new(gate: Arc<dyn Gate>, audit: Arc<dyn Audit>, options: AuditOptions) -> Self {
        Self { gate, recorder: Recorder::new(audit, options) }
    }

    /// Asks the gate whether a request is allowed. Records a denial, and a read that the audit has. A change
    /// is recorded with the permit.
    ///
    /// # Errors
    /// Returns an error if the gate denies it, or if a read cannot be recorded.
    pub async fn authorize(
        &self,
        request: &Request,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<Permit, Refused> {
        let decided = self.gate.decide(request, action, &resource);
        log(request, action, resource, decided.as_ref().err().map(String::as_str));
        let event = event(request, action, resource);
        if let Err(reason) = decided {
            let denied = Event { outcome: EventOutcome::Denied, reason: Some(reason.clone()), ..event };
            self.recorder.denied(denied).await;
            let (actor, resource) = (request.actor.to_string(), resource.to_string());
            return Err(Denied { actor, action, resource, reason }.into());
        }
        let permit = Permit::new(event, self.recorder.clone());
        if !action.changes() && self.recorder.records(action) {
            permit.reveal().await?;
        }
        Ok(permit)
    }

    /// Returns the trail of a start that the bridge completes by itself. Its first event is that of the call.
    pub(crate) fn recovery(&self, start: &StartRecord, now: Timestamp) -> Trail {
        let object = EventObject::intent(&start.intent);
        let event = Event {
            id: start.id.to_string().into(),
            ..Event::of_the_bridge(Action::Start.word(), object, now)
        };
        Permit::new(event, self.recorder.clone()).start(start)
    }
}
