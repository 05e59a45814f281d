//! EMCO's two sample workflow clients (EMCO-API §2.4), and one for its later relocate workflow (§2.6): one process.

use std::process::ExitCode;

use client_kit::{Params, StartContext, TaskQueue, WorkflowStart, clients, workflow_client};

/// Which apps go where. What is optional has the worker's defaults.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the worker uses them; here they are only checked")]
struct Migration {
    #[serde(rename = "emcoURL")]
    emco_url: String,
    project: String,
    composite_app: String,
    composite_app_version: String,
    deployment_intent_group: String,
    target_cluster_provider: String,
    target_cluster_name: String,
    emco_clm_endpoint: Option<String>,
    emco_dcm_endpoint: Option<String>,
    preflight: Option<bool>,
    wait_ready: Option<bool>,
    ready_timeout: Option<String>,
    compensate: Option<bool>,
    dry_run: Option<bool>,
}

/// Which app goes where, without downtime. The second names are those of EMCO's own relocate workflow.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the worker uses them; here they are only checked")]
struct Relocation {
    #[serde(rename = "emcoURL", alias = "emcoOrchEndpoint")]
    emco_url: String,
    project: String,
    composite_app: String,
    composite_app_version: String,
    deployment_intent_group: String,
    #[serde(alias = "targetAppName")]
    app: String,
    source_cluster_provider: Option<String>,
    source_cluster_name: Option<String>,
    target_cluster_provider: String,
    target_cluster_name: String,
    emco_clm_endpoint: Option<String>,
    emco_dcm_endpoint: Option<String>,
    emco_orch_status_endpoint: Option<String>,
    preflight: Option<bool>,
    wait_ready: Option<bool>,
    ready_timeout: Option<String>,
    compensate: Option<bool>,
    dry_run: Option<bool>,
}

/// Moves the apps of a deployment intent group to one cluster.
#[workflow_client(
    name = "migrate_workflowclient",
    workflow = "EmcoMigrateWorkflow",
    task_queue = "MIGRATION_TASK_Q"
)]
async fn migrate(_: Params<Migration>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<migrate>()
}

/// Moves one app of a deployment intent group to another cluster, without downtime.
#[workflow_client(
    name = "relocate_workflowclient",
    workflow = "EmcoRelocateWorkflow",
    task_queue = "MIGRATION_TASK_Q"
)]
async fn relocate(_: Params<Relocation>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<relocate>()
}

/// Starts any workflow whose worker serves a queue of the workflow type's name.
#[workflow_client(name = "workflowclient")]
async fn generic(queue: TaskQueue, ctx: StartContext) -> WorkflowStart {
    ctx.start(queue.as_str())
}

fn main() -> ExitCode {
    client_kit::main(clients![migrate, relocate, generic])
}

#[cfg(test)]
mod tests {
    use client_kit::Spec;

    use super::*;

    #[tokio::test]
    async fn the_generic_client_takes_the_queue_for_the_type() {
        let start = generic("Any".into(), StartContext::new(Spec::default())).await;
        assert_eq!(start.workflow_type().as_str(), "Any");
    }

    #[tokio::test]
    async fn a_migration_names_every_parameter_that_it_misses() {
        let refused = clients![migrate][0].call(StartContext::new(Spec::default())).await.unwrap_err();
        assert_eq!(refused.faults().len(), 7);
    }
}
