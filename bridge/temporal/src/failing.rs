//! Why the workflow task of a run fails, or why the run before failed.

use std::time::Duration;

use bridge_core::ports::Outline;

use crate::failure;
use crate::history::{self, Order};
use crate::rpc::Session;

/// Temporal writes the first failure of a workflow task into the history, and only that one.
const FEW: usize = 10;

/// Adds why the workflow task fails, if it does, and why the run before failed, if this one has not begun.
pub(crate) async fn with_cause(session: &Session<'_>, mut outline: Outline, bound: Duration) -> Outline {
    if let Some(task) = &mut outline.task_failing {
        let last = history::page(session, &outline.run_id, Order::Backward, Vec::new(), FEW, bound).await;
        // Without the cause, the outline still has the number of attempts.
        task.cause = last.ok().and_then(|(events, _)| failure::of_task(events));
    }
    if let Some(next) = &mut outline.next_start {
        let first = history::page(session, &outline.run_id, Order::Forward, Vec::new(), 1, bound).await;
        next.failure = first.ok().and_then(|(events, _)| failure::before(events));
    }
    outline
}
