//! The worker process.

use std::process::ExitCode;

use my_workflow::{Activities, MyWorkflow, TASK_QUEUE};

fn main() -> ExitCode {
    worker_kit::main(TASK_QUEUE, |worker| {
        worker.register_workflow::<MyWorkflow>()?;
        worker.register_activities(Activities);
        Ok(())
    })
}
