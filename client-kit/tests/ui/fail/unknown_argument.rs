use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client]
async fn migrate(target: String, ctx: StartContext) -> WorkflowStart {
    ctx.start(target)
}

fn main() {}
