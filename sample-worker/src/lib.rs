#![doc = include_str!("../README.md")]

mod access;
mod activities;
mod capacity;
mod emco_calls;
mod evacuation;
mod model;
mod params;
mod placement;
mod result;
mod workflows;

use sample_params::{CAPACITY, EVACUATE, MIGRATE, RELOCATE};
use temporalio_sdk::WorkerOptions;
use worker_kit::RegisterError;

pub use access::Access;
pub use activities::MigrateActivities;
pub use capacity::Capacity;
pub use evacuation::{DigProgress, DigReport, EvacuationReport};
pub use model::{AppIntents, AppNameIntentPair, Before, Dig, Migration, Target, Updated};
pub use result::{MigrationResult, PlannedMove};
pub use workflows::{
    EmcoClusterCapacityWorkflow, EmcoEvacuateClusterWorkflow, EmcoMigrateWorkflow, EmcoRelocateWorkflow,
};

/// The task queue of EMCO's migrate worker (EMCO-API §2.5).
pub const TASK_QUEUE: &str = sample_params::QUEUE;

/// Registers the workflows and activities with a worker.
///
/// # Errors
/// Returns an error if the worker already has a workflow of the same type, or a workflow differs from its declaration.
pub fn register(worker: &mut WorkerOptions) -> Result<(), RegisterError> {
    worker.register_activities(MigrateActivities);
    worker_kit::register::<EmcoMigrateWorkflow>(worker, &MIGRATE)?;
    worker_kit::register::<EmcoRelocateWorkflow>(worker, &RELOCATE)?;
    worker_kit::register::<EmcoEvacuateClusterWorkflow>(worker, &EVACUATE)?;
    worker_kit::register::<EmcoClusterCapacityWorkflow>(worker, &CAPACITY)
}
