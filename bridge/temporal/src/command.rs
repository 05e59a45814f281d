//! Commands to a run. A run that has ended accepts none.

use std::time::Duration;

use bridge_core::ports::{CommandError, EngineError};

use crate::describe;
use crate::rpc::Session;

/// Returns the result of a command. Temporal reports a closed run in the same way as one that does not exist;
/// the bridge reports them differently.
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

/// Returns an error if the run has ended.
pub(crate) async fn open(session: &Session<'_>, bound: Duration) -> Result<(), CommandError> {
    let seen = describe::outline(session, session.execution(), bound).await?;
    if !seen.state.is_closed() {
        return Ok(());
    }
    Err(CommandError::AlreadyClosed {
        workflow_id: session.run().workflow_id.clone(),
        run_id: seen.run_id,
        state: seen.state,
    })
}
