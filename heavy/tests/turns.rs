//! Turns of heavy work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread::available_parallelism;

use futures::future::join_all;
use futures::poll;
use heavy::heavy;

const LARGE: usize = 1 << 20;

#[tokio::test]
async fn work_beyond_all_but_one_processor_waits_and_goes_with_its_caller() {
    let turns = (available_parallelism().unwrap().get() - 1).max(1);
    let (held, mut works): (Vec<_>, Vec<_>) = (0..turns)
        .map(|_| {
            let (held, free) = channel::<()>();
            (held, Box::pin(heavy(LARGE, move || free.recv().is_err())))
        })
        .unzip();
    for work in &mut works {
        assert!(poll!(work).is_pending());
    }
    let begun = Arc::new(AtomicBool::new(false));
    let begins = Arc::clone(&begun);
    let mut next = Box::pin(heavy(LARGE, move || begins.store(true, Ordering::SeqCst)));
    assert!(poll!(&mut next).is_pending());
    // Little input does not wait.
    assert_eq!(heavy(1, || 1).await, 1);
    // The work goes at once, with its input, and not when its turn comes.
    drop(next);
    assert_eq!(Arc::strong_count(&begun), 1);
    drop(held);
    assert_eq!(join_all(works).await, vec![true; turns]);
    assert_eq!(heavy(LARGE, || 1).await, 1);
    assert!(!begun.load(Ordering::SeqCst));
}

#[tokio::test]
#[should_panic(expected = "in the work")]
async fn a_panic_is_the_callers() {
    heavy(LARGE, || panic!("in the work")).await;
}
