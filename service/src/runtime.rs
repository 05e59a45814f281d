//! The runtime of our programs.

use std::io;

use tokio::runtime::Builder;

/// Runs `main` to its end on Tokio's multi-thread runtime. Work that is still in progress when `main` ends is dropped,
/// and nothing waits for threads that still compute.
///
/// # Errors
/// When the system gives no threads.
pub fn run<F: Future>(main: F) -> io::Result<F::Output> {
    // While there is no other thread.
    crate::metrics::calibrate_clock();
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let output = runtime.block_on(main);
    runtime.shutdown_background();
    Ok(output)
}
