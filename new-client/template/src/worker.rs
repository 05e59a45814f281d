//! The worker process.

use std::process::ExitCode;

use my_workflow::{Activities, MyWorkflow, WORKFLOW};

fn main() -> ExitCode {
    worker_kit::main(WORKFLOW.task_queue, |worker| {
        worker.register_activities(Activities);
        worker_kit::register::<MyWorkflow>(worker, &WORKFLOW)
    })
}
