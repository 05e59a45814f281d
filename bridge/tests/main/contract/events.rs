//! Events as they happen: for slow readers, and while Temporal is away.

use std::sync::Arc;

use anyhow::{Context, Result};
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{EngineError, RunEvent, StopOrder};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use harness::Proxy;
use serde_json::json;

use crate::temporal::Fixture;

type Events = BoxStream<'static, Result<Arc<RunEvent>, EngineError>>;

/// Reads up to and including the event with this ID.
async fn read_to(events: &mut Events, event_id: i64) -> Result<Vec<i64>> {
    let mut read = Vec::new();
    while read.last() != Some(&event_id) {
        read.push(events.try_next().await?.context("the run goes on")?.event_id);
    }
    Ok(read)
}

#[tokio::test]
async fn a_slow_reader_misses_nothing_and_hears_nothing_twice() -> Result<()> {
    /// More than the tail of shared events keeps.
    const SIGNALS: usize = 600;
    let fixture = Fixture::new().await?;
    let run = fixture.deserted().await?;
    let (mut slow, mut quick) = (fixture.engine.events(&run, 0), fixture.engine.events(&run, 0));
    // The start and the first task; then one signal, which both streams get from the shared poll.
    read_to(&mut slow, 2).await?;
    read_to(&mut quick, 2).await?;
    fixture.signals(&run, 1).await?;
    let (first, second) = tokio::join!(read_to(&mut slow, 3), read_to(&mut quick, 3));
    assert_eq!((first?, second?), (vec![3], vec![3]));

    let last = 3 + SIGNALS as i64;
    let (sent, read) = tokio::join!(fixture.signals(&run, SIGNALS), read_to(&mut quick, last));
    sent?;
    assert_eq!(read?, (4..=last).collect::<Vec<_>>());
    assert_eq!(read_to(&mut slow, last).await?, (4..=last).collect::<Vec<_>>());

    fixture.engine.terminate(&run, &StopOrder::default(), None).await?;
    for mut events in [slow, quick] {
        let end = events.try_next().await?.context("the run has ended")?;
        assert!(end.close.as_ref().is_some_and(|close| close.next.is_none()), "{end:?}");
        assert!(events.next().await.is_none());
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_survives_a_broken_connection_but_not_a_long_outage() -> Result<()> {
    let fixture = Fixture::new().await?;
    let mut proxy = Proxy::start(fixture.server.address()).await?;
    let run = fixture.closed_gate().await?;
    let target = crate::temporal::target(&proxy.address());
    let mut events = fixture.engine.events(&WorkflowRun { target, ..run.clone() }, 0);
    read_to(&mut events, 4).await?;
    proxy.cut();
    let again = json!("again");
    let (opened, read) = tokio::join!(fixture.open_gate(&run, &again), read_to(&mut events, 5));
    opened?;
    assert_eq!(read?, [5]);
    // The next run waits for a signal that does not come.
    proxy.refuse().await;
    let error = loop {
        match events.next().await.context("the workflow goes on")? {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, EngineError::Unavailable { .. }), "{error:?}");
    assert!(events.next().await.is_none(), "an error ends the stream");
    Ok(())
}
