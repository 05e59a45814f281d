use client_kit::{TemporalSpec, WorkflowStart, workflow_client};

#[workflow_client]
async fn migrate(spec: &TemporalSpec) -> WorkflowStart {
    WorkflowStart::of("EmcoMigrateWorkflow", spec.clone())
}

fn main() {}
