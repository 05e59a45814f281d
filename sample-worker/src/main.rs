//! The worker process.

use std::process::ExitCode;

use sample_worker::Access;

/// The exit code of wrong settings, as in worker-kit.
const WRONG_SETTING: u8 = 2;

fn main() -> ExitCode {
    match Access::from_env() {
        Ok(access) => access.install(),
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(WRONG_SETTING);
        }
    }
    worker_kit::main(sample_worker::TASK_QUEUE, sample_worker::register)
}
