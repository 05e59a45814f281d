#![doc = include_str!("../README.md")]

mod activities;
mod migration;
mod workflow;

use temporalio_sdk::{WorkerOptions, WorkflowRegistrationError};

pub use activities::MigrateActivities;
pub use migration::{AppIntents, AppNameIntentPair, Dig, Migration, MigrationResult, Target};
pub use workflow::EmcoMigrateWorkflow;

/// The task queue of EMCO's migrate worker (EMCO-API §2.5).
pub const TASK_QUEUE: &str = "MIGRATION_TASK_Q";

/// Adds the migration to a worker.
///
/// # Errors
/// When the worker already has a workflow of the same type.
pub fn register(worker: &mut WorkerOptions) -> Result<(), WorkflowRegistrationError> {
    worker.register_workflow::<EmcoMigrateWorkflow>()?.register_activities(MigrateActivities);
    Ok(())
}
