use client_kit::{StartContext, WorkflowStart, workflow_client};

const NUMBER: u8 = 7;

#[workflow_client(workflow = NUMBER)]
async fn one(ctx: StartContext) -> WorkflowStart {
    ctx.start("One")
}

#[workflow_client(workflow = 7)]
async fn two(ctx: StartContext) -> WorkflowStart {
    ctx.start("Two")
}

fn main() {}
