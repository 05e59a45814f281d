//! What is done to JSON with every request, alone.

use anyhow::{Result, anyhow};
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use workflow_api::{WorkflowIntent, read};

use crate::payload;

/// EMCO's sample intent as it is posted.
pub fn intent_body() -> Vec<u8> {
    payload::intent("bench", "migrate-apps-1", 9090).to_string().into_bytes()
}

/// Reads an intent and finds what is wrong with it: nothing.
///
/// # Errors
/// What is wrong with it.
pub fn decode(body: &[u8]) -> Result<WorkflowIntent> {
    let intent = read::<WorkflowIntent>(body)?.value;
    match intent.faults().first() {
        Some(fault) => Err(anyhow!("{fault}")),
        None => Ok(intent),
    }
}

/// The body of an invocation, in Go's bytes.
pub fn encode(intent: &WorkflowIntent) -> Vec<u8> {
    intent.spec.temporal.to_go_json()
}

/// A history of so many events: a start, and then signals.
pub fn events(count: usize) -> Vec<HistoryEvent> {
    (1..=count).map(crate::stub::event).collect()
}
