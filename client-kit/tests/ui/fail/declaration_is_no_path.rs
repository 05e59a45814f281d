use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client(declaration = "Hello")]
async fn hello(ctx: StartContext) -> WorkflowStart {
    ctx.start("Hello")
}

fn main() {}
