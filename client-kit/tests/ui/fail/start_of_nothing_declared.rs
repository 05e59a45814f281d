use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client]
async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<migrate>()
}

fn main() {}
