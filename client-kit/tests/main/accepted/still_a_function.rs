//! An annotated function is called like any other, also one with a raw name.

use client_kit::{StartContext, TemporalSpec, WorkflowStart, workflow_client};

#[workflow_client]
async fn r#move(ctx: StartContext) -> WorkflowStart {
    ctx.start("Move")
}

#[tokio::test]
async fn a_call_gives_the_start() {
    let start = r#move(StartContext::new(TemporalSpec::default())).await;
    assert_eq!(start.workflow_type().as_str(), "Move");
    assert_eq!(client_kit::clients![r#move].map(|client| client.name()), ["move"]);
}
