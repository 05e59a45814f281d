use client_kit::{Spec, StartContext, StartOptions, TaskQueue, WorkflowStart, workflow_client};

#[workflow_client]
async fn migrate(_: Spec, _: StartOptions, _count: u32, _: TaskQueue, ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
