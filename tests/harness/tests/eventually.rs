//! Polling up to a deadline.

use std::time::{Duration, Instant};

use harness::eventually;

const SHORT: Duration = Duration::from_millis(100);

async fn panic_text(waiting: impl Future<Output = ()> + Send + 'static) -> String {
    let panicked = tokio::spawn(waiting).await.expect_err("it should have panicked").into_panic();
    *panicked.downcast::<String>().expect("a panic with a text")
}

#[tokio::test]
async fn polls_until_there_is_a_value() {
    let mut asked = 0;
    let value = eventually(Duration::from_secs(5), "three", async || {
        asked += 1;
        (asked == 3).then_some(asked)
    })
    .await;
    assert_eq!(value, 3);
}

#[tokio::test]
async fn probes_return_options_results_or_booleans() {
    let limit = Duration::from_secs(5);
    assert_eq!(eventually(limit, "option", async || Some(1)).await, 1);
    assert_eq!(eventually(limit, "result", async || Ok::<_, String>(2)).await, 2);
    eventually(limit, "boolean", async || true).await;
}

#[tokio::test]
async fn a_missed_deadline_reports_place_purpose_and_last_state() {
    let text = panic_text(async {
        eventually(SHORT, "the bridge answers", async || Err::<(), _>("refused")).await;
    })
    .await;
    assert!(text.contains("tests/harness/tests/eventually.rs:"), "{text}");
    assert!(text.contains("the bridge answers: not within 100ms; last state: refused"), "{text}");
}

#[tokio::test]
async fn a_probe_that_hangs_is_cut_off() {
    let started = Instant::now();
    let text = panic_text(async {
        eventually(SHORT, "an answer", async || std::future::pending::<Option<()>>().await).await;
    })
    .await;
    assert!(text.contains("the first probe did not end"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
}
