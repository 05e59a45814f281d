//! The worker process.

use std::process::ExitCode;

use sample_worker::Access;

/// The exit code of wrong settings, as in worker-kit.
const WRONG_SETTING: u8 = 2;

fn main() -> ExitCode {
    let access = match Access::from_env() {
        Ok(access) => access,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(WRONG_SETTING);
        }
    };
    worker_kit::main(sample_worker::TASK_QUEUE, |worker| {
        if access.is_open() {
            tracing::warn!(
                "EMCO_URLS is not set: intents may name any URL, and this worker calls it, except link-local and \
                 metadata addresses; list the EMCOs"
            );
        }
        access.install();
        sample_worker::register(worker)
    })
}
