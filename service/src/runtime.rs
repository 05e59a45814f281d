//! The runtime of our programs.

use std::io;

use tokio::runtime::Builder;

/// Runs `main` to its end on Tokio's multi-thread runtime. What is still under way when `main` ends is dropped.
///
/// # Errors
/// When the system gives no threads.
pub fn run<F: Future>(main: F) -> io::Result<F::Output> {
    // While there is no other thread.
    crate::metrics::measure_clock();
    Ok(Builder::new_multi_thread().enable_all().build()?.block_on(main))
}
