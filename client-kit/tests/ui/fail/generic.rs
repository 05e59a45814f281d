use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client]
async fn migrate<T: Default>(ctx: StartContext) -> WorkflowStart {
    let _ = T::default();
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
