use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client(activity(ctx))]
async fn one(ctx: StartContext) -> WorkflowStart {
    ctx.start("One")
}

#[workflow_client(activity(ctx = ""))]
async fn two(ctx: StartContext) -> WorkflowStart {
    ctx.start("Two")
}

fn main() {}
