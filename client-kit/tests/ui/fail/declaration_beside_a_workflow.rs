use client_kit::{Declaration, StartContext, WorkflowStart, workflow_client};

const HELLO: Declaration = Declaration::new("Hello", "HELLO_Q");

#[workflow_client(declaration = HELLO, workflow = "Hello")]
async fn hello(ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<hello>()
}

fn main() {}
