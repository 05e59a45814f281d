#![doc = include_str!("../README.md")]

mod access;
mod activities;
mod emco_calls;
mod evacuation;
mod model;
mod params;
mod placement;
mod result;
mod workflows;

use temporalio_sdk::{WorkerOptions, WorkflowRegistrationError};

pub use access::Access;
pub use activities::MigrateActivities;
pub use evacuation::{DigProgress, DigReport, EvacuationReport};
pub use model::{AppIntents, AppNameIntentPair, Before, Dig, Migration, Target, Updated};
pub use result::{MigrationResult, PlannedMove};
pub use workflows::{EmcoEvacuateClusterWorkflow, EmcoMigrateWorkflow, EmcoRelocateWorkflow};

/// The task queue of EMCO's migrate worker (EMCO-API §2.5).
pub const TASK_QUEUE: &str = sample_params::QUEUE;

/// Registers the workflows and activities with a worker.
///
/// # Errors
/// Returns an error if the worker already has a workflow of the same type.
pub fn register(worker: &mut WorkerOptions) -> Result<(), WorkflowRegistrationError> {
    worker
        .register_workflow::<EmcoMigrateWorkflow>()?
        .register_workflow::<EmcoRelocateWorkflow>()?
        .register_workflow::<EmcoEvacuateClusterWorkflow>()?
        .register_activities(MigrateActivities);
    Ok(())
}
