//! The worker process.

use std::process::ExitCode;

fn main() -> ExitCode {
    worker_kit::main(sample_worker::TASK_QUEUE, sample_worker::register)
}
