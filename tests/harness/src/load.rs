//! Requests that go on while something else happens.

use std::cell::Cell;

/// With fewer, nothing was shown. On a busy machine there are not many more.
const FEWEST: usize = 3;

/// Sends requests, one after another, until `change` has ended. Returns what that returned, and the number of requests
/// that were sent meanwhile. `request` panics if its request fails; none is cut off.
pub async fn under_load<T>(mut request: impl AsyncFnMut(), change: impl Future<Output = T>) -> (T, usize) {
    let over = Cell::new(false);
    let change = async {
        let changed = change.await;
        over.set(true);
        changed
    };
    let load = async {
        let mut sent = 0;
        while !over.get() {
            request().await;
            sent += 1;
        }
        sent
    };
    let (changed, sent) = tokio::join!(change, load);
    assert!(sent >= FEWEST, "only {sent} requests were sent meanwhile");
    (changed, sent)
}
