use client_kit::{TemporalSpec, WorkflowStart, workflow_client};

#[workflow_client]
async fn migrate() -> WorkflowStart {
    WorkflowStart::of("EmcoMigrateWorkflow", TemporalSpec::default())
}

fn main() {}
