//! Large answers of Temporal, which do not hold up other callers.

use std::sync::Arc;

use anyhow::Result;
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{Engine, EngineError, HistoryRequest};
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt, try_join_all};
use harness::all_turns;
use serde_json::json;

use super::Fixture;

/// Describes a run, reads its history, and follows it to its first event.
fn reads(engine: &Arc<dyn Engine>, run: &WorkflowRun) -> [BoxFuture<'static, Result<(), EngineError>>; 3] {
    let parts = || (Arc::clone(engine), run.clone());
    let ((describing, described), (reading, read)) = (parts(), parts());
    let mut events = engine.events(run, 0);
    [
        async move { describing.describe(&described).await.map(drop) }.boxed(),
        async move { reading.history(&read, &HistoryRequest::default()).await.map(drop) }.boxed(),
        async move { events.next().await.transpose().map(drop) }.boxed(),
    ]
}

#[tokio::test]
async fn large_descriptions_and_histories_wait_while_others_are_read() -> Result<()> {
    let fixture = Fixture::new().await?;
    let text = json!("x".repeat(64 << 10));
    let memo = format!("a={text}");
    let large = fixture.start_with("Gate", &text, &["--memo", &memo]).await?;
    let small = fixture.deserted().await?;

    let turns = all_turns().await;
    let slow = reads(&fixture.engine, &large).map(tokio::spawn);
    for _ in 0..20 {
        try_join_all(reads(&fixture.engine, &small)).await?;
    }
    assert!(slow.iter().all(|read| !read.is_finished()));
    drop(turns);
    for read in slow {
        read.await??;
    }
    Ok(())
}
