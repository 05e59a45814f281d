//! The end of a process: draining, the deadline, the work that it waits for.

use std::time::Duration;

use service::shutdown::Shutdown;
use tokio::task::JoinError;

#[tokio::test(start_paused = true)]
async fn draining_turns_into_a_stop_at_the_deadline() {
    let shutdown = Shutdown::new(Duration::from_secs(30));
    let before = tokio::time::Instant::now();
    shutdown.drain();
    shutdown.draining().await;
    shutdown.stopped().await;
    assert_eq!(before.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_nothing() {
    let shutdown = Shutdown::new(Duration::from_secs(30));
    let before = tokio::time::Instant::now();
    shutdown.stop();
    shutdown.draining().await;
    shutdown.stopped().await;
    assert!(before.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_work() {
    let shutdown = Shutdown::new(Duration::from_secs(30));
    let work = shutdown.spawn(tokio::time::sleep(Duration::from_secs(5)));
    let before = tokio::time::Instant::now();
    shutdown.drain();
    shutdown.finished().await;
    assert_eq!(before.elapsed().as_secs(), 5);
    assert!(work.is_finished());
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_past_the_deadline() {
    let shutdown = Shutdown::new(Duration::from_secs(30));
    shutdown.spawn(std::future::pending::<()>());
    let before = tokio::time::Instant::now();
    shutdown.drain();
    shutdown.finished().await;
    assert_eq!(before.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn work_whose_caller_goes_away_is_done_all_the_same_and_counted() {
    let shutdown = Shutdown::new(Duration::from_secs(30));
    let (go, going) = tokio::sync::oneshot::channel::<()>();
    let (done, is_done) = tokio::sync::oneshot::channel();
    drop(shutdown.spawn(async move {
        going.await.unwrap();
        done.send(()).unwrap();
    }));
    assert!(futures::poll!(Box::pin(shutdown.finished())).is_pending());
    go.send(()).unwrap();
    is_done.await.unwrap();
    shutdown.finished().await;
}

#[tokio::test]
async fn work_that_panics_breaks_off_and_is_not_waited_for() {
    let shutdown = Shutdown::new(Duration::from_secs(30));
    assert!(
        shutdown.spawn(async { panic!("as intended") }).await.is_err_and(|error: JoinError| error.is_panic())
    );
    shutdown.finished().await;
}
