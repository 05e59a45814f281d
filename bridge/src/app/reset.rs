//! Running a workflow that belongs to an intent again, from a point of its history.

use workflow_api::{Fault, ResetAnswer, ResetRequest, ResetSpec};

use super::request::{Addressee, read_request};
use super::{App, Caller, FieldValidation, Lenient, RequestError};
use crate::temporal::{self, Reset, ResetPoint};

/// Why a run was not reset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResetError {
    /// It cannot be told what is wanted.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Temporal did not do it.
    #[error(transparent)]
    Reset(#[from] temporal::ResetError),
}

impl App {
    /// Ends a run, if it has not ended, and starts one that goes on from the point that `body` names. Each
    /// call is a reset of its own.
    ///
    /// # Errors
    /// When intent, workflow or run do not exist, there is no such point, or Temporal cannot be asked.
    pub async fn reset(
        &self,
        to: &Addressee,
        body: &[u8],
        fields: FieldValidation,
        caller: &Caller,
    ) -> Result<Lenient<ResetAnswer>, ResetError> {
        let body = read_request::<ResetRequest>(body, fields)?;
        let spec = body.value.spec;
        let point = point(&spec).map_err(|fault| RequestError::Incomplete(vec![fault]))?;
        let run = self.run_of(to, spec.run).await?;
        let reset = Reset { to: point, reason: spec.reason, identity: caller.identity() };
        let run_id = self.engine.reset(&run, &reset).await?;
        Ok(Lenient { value: ResetAnswer { workflow_id: run.workflow_id, run_id }, unknown: body.unknown })
    }
}

fn point(spec: &ResetSpec) -> Result<ResetPoint, Fault> {
    match (spec.to.as_str(), spec.event_id) {
        ("FirstWorkflowTask", 0) => Ok(ResetPoint::FirstWorkflowTask),
        ("LastWorkflowTask", 0) => Ok(ResetPoint::LastWorkflowTask),
        ("", 1..) => Ok(ResetPoint::Event(spec.event_id)),
        ("", 0) => {
            Err(Fault::new("$.spec.to", "write FirstWorkflowTask or LastWorkflowTask, or give an eventID"))
        }
        ("", _) => Err(Fault::new("$.spec.eventID", "is no event: events are numbered from 1")),
        ("FirstWorkflowTask" | "LastWorkflowTask", _) => {
            Err(Fault::new("$.spec.eventID", "cannot be given together with `to`"))
        }
        (other, _) => {
            Err(Fault::new("$.spec.to", format!("is `{other}`: write FirstWorkflowTask or LastWorkflowTask")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_point_is_named() {
        let named =
            |to: &str, event_id| point(&ResetSpec { to: to.to_owned(), event_id, ..ResetSpec::default() });
        assert_eq!(named("FirstWorkflowTask", 0), Ok(ResetPoint::FirstWorkflowTask));
        assert_eq!(named("LastWorkflowTask", 0), Ok(ResetPoint::LastWorkflowTask));
        assert_eq!(named("", 4), Ok(ResetPoint::Event(4)));
        for (to, event_id, path) in [
            ("", 0, "$.spec.to"),
            ("Beginning", 0, "$.spec.to"),
            ("", -1, "$.spec.eventID"),
            ("LastWorkflowTask", 4, "$.spec.eventID"),
        ] {
            assert_eq!(named(to, event_id).unwrap_err().path, path, "{to} {event_id}");
        }
    }
}
