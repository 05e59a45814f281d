//! Errors as problem details. README.md lists the codes.

use service::problem::ProblemResponse;
use workflow_api::read::Spelling;
use workflow_api::{Fault, Problem, ReadError, WorkflowId, cut};

use crate::StartError;
use crate::invoke::InvokeError;

pub(super) fn unknown_client(name: &str, known: impl Iterator<Item = &'static str>) -> ProblemResponse {
    let (name, known) = (cut(name), known.collect::<Vec<_>>());
    let detail = match known.as_slice() {
        [] => format!("there is no workflow client `{name}`; this server has none"),
        known => {
            format!("there is no workflow client `{name}`; this server has `{}`", known.join("`, `"))
        }
    };
    Problem::new(404, "unknown_client", detail).with("known", known).into()
}

pub(super) fn of_body(error: ReadError) -> ProblemResponse {
    let detail = error.to_string();
    match error {
        ReadError::Empty => Problem::new(400, "empty_body", detail),
        ReadError::Faults(faults) => invalid_spec(faults),
        _ => Problem::new(400, "malformed_json", detail),
    }
    .into()
}

fn invalid_spec(faults: Vec<Fault>) -> Problem {
    let detail = match faults.len() {
        1 => "the body has a fault".to_owned(),
        number => format!("the body has {number} faults"),
    };
    Problem::new(422, "invalid_spec", detail).with_faults(faults)
}

pub(super) fn unknown_fields(paths: Vec<String>) -> ProblemResponse {
    let faults = paths.into_iter().map(|path| Fault::new(path, "is not known")).collect();
    let detail = "the body has unknown fields, which `fieldValidation=Strict` forbids";
    Problem::new(400, "unknown_fields", detail).with_faults(faults).into()
}

/// Returns the problem of a body that did not arrive.
pub(super) fn incomplete(error: axum::Error) -> ProblemResponse {
    Problem::new(400, "body_incomplete", format!("the body did not arrive: {error}")).into()
}

/// Returns the problem of an invocation. Paths of faults are as they were written in the body.
pub(super) fn of_invocation(error: &InvokeError, spelling: &Spelling) -> ProblemResponse {
    let problem = |status, detail| Problem::new(status, error.code(), detail);
    match error {
        InvokeError::Client(refusal) => problem(refusal.status().as_u16(), refusal.detail().to_owned())
            .with_faults(spelling.respell(refusal.faults().to_vec()))
            .into(),
        InvokeError::Panicked => problem(500, error.to_string()).into(),
        InvokeError::ClientLate => problem(504, error.to_string()).into(),
        InvokeError::NoTaskQueue => {
            let fault = "is missing: write the worker's task queue";
            let fault = Fault::new("$.workflowStartOptions.TaskQueue", fault);
            invalid_spec(spelling.respell(vec![fault])).into()
        }
        InvokeError::AlreadyRunning(started) => problem(409, error.to_string())
            .with("workflowID", started.workflow_id.as_str())
            .with("runID", started.run_id.as_str())
            .into(),
        InvokeError::KeyReused(workflow_id) => {
            problem(422, error.to_string()).with("workflowID", workflow_id.as_str()).into()
        }
        InvokeError::Start { workflow_id, source } => of_start(problem, workflow_id, source),
    }
}

fn of_start(
    problem: impl FnOnce(u16, String) -> Problem,
    workflow_id: &WorkflowId,
    error: &StartError,
) -> ProblemResponse {
    let (status, detail) = match error {
        StartError::IdUsed { .. } => (
            409,
            format!(
                "workflow ID `{workflow_id}` has been used, and its reuse policy allows no further run; \
                 use another ID or another policy"
            ),
        ),
        StartError::TimedOut => (
            504,
            format!(
                "Temporal did not confirm the start of workflow `{workflow_id}` in time; it may be running: \
                 repeat the request with the same `Idempotency-Key` to get the same run"
            ),
        ),
        StartError::Temporal(fault) => {
            let advice = if fault.retry_after().is_some() { "; try again shortly" } else { "" };
            (fault.kind().http_status(), format!("cannot start workflow `{workflow_id}`: {fault}{advice}"))
        }
    };
    let problem = problem(status, detail).with("workflowID", workflow_id.as_str());
    match error {
        StartError::IdUsed { run_id: Some(run_id) } => problem.with("runID", run_id.as_str()).into(),
        StartError::Temporal(fault) => match fault.retry_after() {
            Some(after) => ProblemResponse::new(problem).retry_after(after),
            None => problem.into(),
        },
        StartError::IdUsed { run_id: None } | StartError::TimedOut => problem.into(),
    }
}
