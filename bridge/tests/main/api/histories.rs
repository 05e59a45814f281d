//! Whole histories, which are read while they are sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bridge_core::ports::{EngineError, HistoryPage, HistoryRequest, PageToken};
use harness::SAMPLE_INTENT;
use reqwest::Method;

use super::engine::{ScriptedEngine, event};
use super::{Api, header};

/// Time for a long history on a busy machine.
const LONG: Duration = Duration::from_secs(120);

/// Has a history of this many pages, each with one event of this size. `last` is the last page.
fn long_history(
    pages: i64,
    size: usize,
    last: Result<(), EngineError>,
) -> (ScriptedEngine, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&read);
    let text = format!("<{}", "x".repeat(size));
    let history = move |request: &HistoryRequest| {
        count.fetch_add(1, Ordering::SeqCst);
        let event_id = request.page_token.as_ref().map_or(0, |token| token.event_id) + 1;
        let next = || PageToken { run_id: "run-1".into(), reverse: false, event_id, within: vec![1] };
        if event_id == pages {
            last.clone()?;
        }
        Ok(HistoryPage { events: vec![event(event_id, &text)], next: (event_id < pages).then(next) })
    };
    (ScriptedEngine { history: Box::new(history), ..ScriptedEngine::default() }, read)
}

#[tokio::test]
async fn a_whole_history_is_written_as_if_it_were_one_page() {
    let api = Api::on_engine(long_history(3, 2, Ok(())).0).await;
    api.create_sample(9090).await;
    let status = api.status_of_sample("getWfHistory=true&queryType=q").await;
    assert_eq!((status.status().as_u16(), header(&status, "content-type")), (200, "application/json"));
    assert_eq!(
        status.text().await.unwrap(),
        concat!(
            r#"{"workflowID":"migrate-apps-1","runID":"run-1","workflowExecutionDescription":{},"#,
            r#""workflowHistory":[{"eventId":"1","text":"\u003cxx"},{"eventId":"2","text":"\u003cxx"},"#,
            r#"{"eventId":"3","text":"\u003cxx"}],"workflowState":"Running"}"#,
            "\n"
        )
    );
}

#[tokio::test]
async fn a_whole_history_is_read_no_faster_than_it_is_taken() {
    /// More than all buffers of a connection hold.
    const PAGES: i64 = 64;
    let (engine, read) = long_history(PAGES, 512 << 10, Ok(()));
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    let status = api.request(Method::GET, &format!("/{SAMPLE_INTENT}/status?getWfHistory=true"));
    let status = status.timeout(LONG).send().await.unwrap();
    // The bridge has time for many other requests, and reads no further.
    for _ in 0..100 {
        assert_eq!(api.status_of_sample("").await.status(), 200);
    }
    let before = read.load(Ordering::SeqCst);
    assert!(before < PAGES as usize / 2, "{before} pages were read");
    let status = status.text().await.unwrap();
    assert_eq!(status.matches(r#"{"eventId":"#).count(), PAGES as usize);
    assert_eq!(read.load(Ordering::SeqCst), PAGES as usize);
}

#[tokio::test]
async fn a_history_that_cannot_be_read_to_its_end_has_no_end() {
    let away = EngineError::NoSuchNamespace { engine: "here".to_owned() };
    let api = Api::on_engine(long_history(3, 2, Err(away.clone())).0).await;
    api.create_sample(9090).await;
    let status = api.request(Method::GET, &format!("/{SAMPLE_INTENT}/status?getWfHistory=true"));
    let read = async { status.send().await?.text().await };
    assert!(read.await.is_err());
    // A fault of the first page is reported as ever.
    let api = Api::on_engine(long_history(1, 2, Err(away)).0).await;
    api.create_sample(9090).await;
    assert!(api.status_of_sample("getWfHistory=true").await.status().is_server_error());
}
