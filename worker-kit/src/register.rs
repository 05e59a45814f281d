//! Registers workflows that have a declaration.

use std::collections::BTreeSet;

use temporalio_common::WorkflowDefinition;
use temporalio_sdk::workflows::WorkflowImplementation;
use temporalio_sdk::{WorkerOptions, WorkflowRegistrationError};
use workflow_api::{Declaration, Message};

/// Why a workflow was not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The SDK refused it.
    #[error(transparent)]
    Sdk(#[from] WorkflowRegistrationError),
    /// The workflow, or the worker's activities, differ from the declaration.
    #[error("workflow `{workflow}` differs from its declaration: {}", differences.join("; "))]
    Differs {
        /// The declared workflow type.
        workflow: &'static str,
        /// What differs.
        differences: Vec<String>,
    },
}

/// Registers the workflow `W`, if it is as declared: its type, its signals, updates and queries by name. Register the
/// activities first, because those that are declared must be there. A worker may have more of them, for other
/// workflows.
///
/// # Errors
/// [`RegisterError`], with all differences.
pub fn register<W: WorkflowImplementation>(
    worker: &mut WorkerOptions,
    declaration: &Declaration,
) -> Result<(), RegisterError>
where
    <W::Run as WorkflowDefinition>::Input: Send,
{
    let found = W::definition();
    let mut differences = Vec::new();
    if found.workflow_type != declaration.workflow {
        differences.push(format!("its type is `{}`", found.workflow_type));
    }
    let updates = found.updates.into_iter().map(|update| update.name).collect();
    compare("signal", found.signals, declaration.signals, &mut differences);
    compare("update", updates, declaration.updates, &mut differences);
    compare("query", found.queries, declaration.queries, &mut differences);
    let registered = format!("{:?}", worker.activities());
    let missing = declaration.activities.iter().filter(|name| !is_listed(name, &registered));
    differences.extend(missing.map(|name| {
        format!("activity `{name}` is not registered (register the activities before the workflow)")
    }));
    if !differences.is_empty() {
        return Err(RegisterError::Differs { workflow: declaration.workflow, differences });
    }
    worker.register_workflow::<W>()?;
    Ok(())
}

/// Whether the registered activities contain this one. The SDK shows their names only in the text for debugging.
fn is_listed(name: &str, registered: &str) -> bool {
    registered.contains(&format!("{name:?}"))
}

fn compare(kind: &str, found: Vec<String>, declared: &[Message], differences: &mut Vec<String>) {
    let found: BTreeSet<_> = found.iter().map(String::as_str).collect();
    let declared: BTreeSet<_> = declared.iter().map(Message::name).collect();
    let missing = declared.difference(&found).map(|name| format!("it has no {kind} `{name}`"));
    let more = found.difference(&declared).map(|name| format!("its {kind} `{name}` is not declared"));
    differences.extend(missing.chain(more));
}
