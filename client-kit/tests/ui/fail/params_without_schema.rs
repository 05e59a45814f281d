use client_kit::{Params, StartContext, WorkflowStart, workflow_client};

struct Migration;

#[workflow_client]
async fn migrate(_: Params<Migration>, ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
