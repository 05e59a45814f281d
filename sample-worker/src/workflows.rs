//! The workflows: which activities run, in which order, with which input.
#![expect(missing_debug_implementations, reason = "of the types that the SDK's macro makes")]

mod capacity;
mod evacuate;
mod migrate;
mod moving;
mod relocate;

pub use capacity::EmcoClusterCapacityWorkflow;
pub use evacuate::EmcoEvacuateClusterWorkflow;
pub use migrate::EmcoMigrateWorkflow;
pub use relocate::EmcoRelocateWorkflow;
