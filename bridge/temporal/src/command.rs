//! Commands to a run: what they have in common is that a run that has ended takes none.

use std::time::Duration;

use bridge_core::ports::{CommandError, EngineError};
use workflow_api::WorkflowState;

use crate::describe;
use crate::rpc::Session;

/// What Temporal made of a command. To Temporal, a closed run is as little there as one that never was; to us it is not.
pub(crate) async fn taken<A>(
    session: &Session<'_>,
    answer: Result<A, EngineError>,
    bound: Duration,
) -> Result<A, CommandError> {
    match answer {
        Err(error @ EngineError::NoSuchWorkflow { .. }) => {
            open(session, bound).await?;
            Err(error.into())
        }
        answer => Ok(answer?),
    }
}

/// Refuses runs that have ended.
pub(crate) async fn open(session: &Session<'_>, bound: Duration) -> Result<(), CommandError> {
    let seen = describe::outline(session, session.execution(), bound).await?;
    if seen.state == WorkflowState::Running {
        return Ok(());
    }
    Err(CommandError::AlreadyClosed {
        workflow_id: session.run().workflow_id.clone(),
        run_id: seen.run_id,
        state: seen.state,
    })
}
