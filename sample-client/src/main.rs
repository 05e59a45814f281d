//! EMCO's two sample workflow clients (EMCO-API §2.4), one for its later relocate workflow (§2.6), and two of ours,
//! in one process.
//!
//! All except the generic one use the queue of the sample worker, and refuse an intent with another one.

use std::process::ExitCode;

use client_kit::{Params, StartContext, TaskQueue, WorkflowStart, clients, workflow_client};
use sample_params::{
    CAPACITY, CapacityParams, EVACUATE, EvacuateParams, MIGRATE, MigrateParams, RELOCATE, RelocateParams,
    task_queue,
};

/// Moves the apps of a deployment intent group to one cluster.
#[workflow_client(name = "migrate_workflowclient", declaration = MIGRATE, task_queue = task_queue())]
async fn migrate(_: Params<MigrateParams>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<migrate>()
}

/// Moves one app of a deployment intent group to another cluster, without downtime.
#[workflow_client(name = "relocate_workflowclient", declaration = RELOCATE, task_queue = task_queue())]
async fn relocate(_: Params<RelocateParams>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<relocate>()
}

/// Moves all apps away from a cluster, in waves.
#[workflow_client(name = "evacuate_workflowclient", declaration = EVACUATE, task_queue = task_queue())]
async fn evacuate(_: Params<EvacuateParams>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<evacuate>()
}

/// Counts what is on a cluster, for a query.
#[workflow_client(name = "capacity_workflowclient", declaration = CAPACITY, task_queue = task_queue())]
async fn capacity(_: Params<CapacityParams>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<capacity>()
}

/// Starts any workflow whose type has the name of its task queue.
#[workflow_client(name = "workflowclient")]
async fn generic(queue: TaskQueue, ctx: StartContext) -> WorkflowStart {
    ctx.start(queue.as_str())
}

fn main() -> ExitCode {
    client_kit::main(clients![migrate, relocate, evacuate, capacity, generic])
}

#[cfg(test)]
mod tests {
    use client_kit::Spec;

    use super::*;

    #[tokio::test]
    async fn the_generic_client_uses_the_queue_as_the_type() {
        let start = generic("Any".into(), StartContext::new(Spec::default())).await;
        assert_eq!(start.workflow_type().as_str(), "Any");
    }

    #[tokio::test]
    async fn a_watch_over_a_cluster_needs_a_limit() {
        let refused = clients![capacity][0].call(StartContext::new(Spec::default())).await.unwrap_err();
        assert_eq!(refused.faults().len(), 4);
        assert!(
            refused.faults().iter().any(|fault| fault.path.ends_with(".limit")),
            "{:?}",
            refused.faults()
        );
    }

    #[tokio::test]
    async fn a_migration_names_every_missing_parameter() {
        let refused = clients![migrate][0].call(StartContext::new(Spec::default())).await.unwrap_err();
        assert_eq!(refused.faults().len(), 7);
    }
}
