//! What a workflow undoes when it does not complete, and how its failure reports it.

use std::pin::Pin;

use serde_json::json;
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::WorkflowTermination;

use crate::failure::{self, describe};

type Work<S> = Box<dyn FnOnce(S) -> Pin<Box<dyn Future<Output = Result<(), WorkflowTermination>>>>>;

/// One undo, which uses steps of the type `S`.
pub(crate) struct Undo<S> {
    name: String,
    work: Work<S>,
}

impl<S: 'static> Undo<S> {
    pub(crate) fn new(
        name: String,
        work: impl AsyncFnOnce(&S) -> Result<(), WorkflowTermination> + 'static,
    ) -> Self {
        Self { name, work: Box::new(|steps| Box::pin(async move { work(&steps).await })) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn run(self, steps: S) -> Result<(), WorkflowTermination> {
        (self.work)(steps).await
    }
}

/// The undos that succeeded, and those that failed.
#[derive(Debug, Default)]
pub(crate) struct Undone {
    undone: Vec<String>,
    /// With the reason.
    not_undone: Vec<(String, WorkflowTermination)>,
}

impl Undone {
    pub(crate) const NOT_UNDONE: &str = "NotUndone";

    pub(crate) fn note(&mut self, name: String, result: Result<(), WorkflowTermination>) {
        match result {
            Ok(()) => self.undone.push(name),
            Err(reason) => self.not_undone.push((name, reason)),
        }
    }

    /// Whether no undo failed.
    pub(crate) fn is_clean(&self) -> bool {
        self.not_undone.is_empty()
    }

    /// Returns the end of a workflow that did not complete for this reason.
    pub(crate) fn termination(mut self, reason: WorkflowTermination, cancelled: bool) -> WorkflowTermination {
        if self.undone.is_empty() && self.not_undone.is_empty() {
            return reason;
        }
        let (details, clean) = (self.details(), self.is_clean());
        if cancelled && clean {
            return WorkflowTermination::cancelled_with_details(details);
        }
        let message = format!("{}; {}", describe(&reason), self.text());
        let (kind, cause) = if cancelled {
            (Some(Self::NOT_UNDONE.to_owned()), self.not_undone.swap_remove(0).1)
        } else {
            (failure::kind(&reason).map(str::to_owned), reason)
        };
        ApplicationFailure::builder(message)
            .maybe_type_name(kind)
            // A retry would take what is left for the original state.
            .non_retryable(!clean || failure::is_for_good(&cause))
            .details(details)
            .maybe_cause(failure::into_cause(cause))
            .build()
            .into()
    }

    fn details(&self) -> serde_json::Value {
        let not_undone = self.not_undone.iter();
        let not_undone: Vec<_> =
            not_undone.map(|(name, reason)| json!({ "name": name, "error": describe(reason) })).collect();
        json!({ "undone": self.undone, "notUndone": not_undone })
    }

    fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.undone.is_empty() {
            parts.push(format!("undone: {}", self.undone.join(", ")));
        }
        if !self.not_undone.is_empty() {
            let names = self.not_undone.iter().map(|(name, reason)| format!("{name} ({})", describe(reason)));
            parts.push(format!("could not be undone: {}", names.collect::<Vec<_>>().join(", ")));
        }
        parts.join("; ")
    }
}
