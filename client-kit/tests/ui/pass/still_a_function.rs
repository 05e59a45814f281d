use std::pin::pin;
use std::task::{Context, Poll, Waker};

use client_kit::{StartContext, TemporalSpec, WorkflowStart, workflow_client};

#[workflow_client]
async fn r#move(ctx: StartContext) -> WorkflowStart {
    ctx.start("Move")
}

fn main() {
    let called = pin!(r#move(StartContext::new(TemporalSpec::default())));
    let Poll::Ready(start) = called.poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
    assert_eq!(start.workflow_type().as_str(), "Move");
}
