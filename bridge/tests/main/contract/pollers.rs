//! Task queues: the workers that poll them.

use anyhow::Result;
use bridge_core::ports::QueuePollers;
use harness::eventually;
use jiff::{SignedDuration, Timestamp};

use crate::temporal::{Fixture, SOON, unique};

#[tokio::test]
async fn a_task_queue_has_its_workers_for_both_kinds_of_tasks() -> Result<()> {
    let fixture = Fixture::new().await?;
    let home = fixture.closed_gate().await?.target;
    let served = eventually(SOON, "a worker polls", async || {
        let found = fixture.engine.pollers(&home, &fixture.task_queue.into()).await;
        found.ok().filter(|found| found.workflow.number > 0 && found.activity.number > 0)
    })
    .await;
    for last in [served.workflow.last, served.activity.last] {
        let ago = Timestamp::now().duration_since(last.unwrap()).abs();
        assert!(ago < SignedDuration::from_mins(2), "{served:?}");
    }
    let nobody = fixture.engine.pollers(&home, &unique("nobody").as_str().into()).await?;
    assert_eq!(nobody, QueuePollers::default());
    Ok(())
}
