use client_kit::{StartContext, TemporalSpec, WorkflowStart, workflow_client};

#[workflow_client]
async fn migrate(spec: TemporalSpec, ctx: StartContext, retries: u32) -> WorkflowStart {
    let _ = (spec, retries);
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
