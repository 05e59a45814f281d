//! Exit codes, and how errors are shown.

use std::io;
use std::process::ExitCode;

use bridge_client::{Error, Problem};

use crate::output::paint;

/// The codes, for the help.
pub(crate) const CODES: &str = "Exit codes:
  0  done; for `diff`: no difference
  1  error, or refused by the bridge; for `diff`: there are differences
  2  wrong command line; for `diff`: error
  3  there is no such intent, workflow, schedule, rule, alarm
  4  a conflict: it exists, it is running, or somebody else has changed it
  5  not logged in, or not permitted
  6  the workflow that was waited for has failed, or was cancelled or terminated
  7  the workflow that was waited for was still running when the time was over
  8  the bridge, Temporal or the database is not available: try again
130  interrupted";

/// Where a command ends otherwise than by success or an error: its exit code, and the text for people.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Ended {
    pub(crate) code: u8,
    pub(crate) text: String,
}

/// Returns the error with this exit code.
pub(crate) fn ended(code: u8, text: impl Into<String>) -> anyhow::Error {
    Ended { code, text: text.into() }.into()
}

/// Shows the error, and returns the exit code.
pub(crate) fn code_of(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    // The reader of the output has seen enough.
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    if error.downcast_ref::<io::Error>().is_some_and(broken) {
        return ExitCode::SUCCESS;
    }
    let code = number(&error);
    let text = shown(&error);
    if !text.is_empty() {
        eprintln!("{} {text}", paint(&io::stderr(), "error:", "1;31"));
    }
    ExitCode::from(code)
}

pub(crate) fn number(error: &anyhow::Error) -> u8 {
    if let Some(ended) = error.downcast_ref::<Ended>() {
        return ended.code;
    }
    if let Some(error) = error.downcast_ref::<emco::Error>() {
        return of_emco(error);
    }
    match error.downcast_ref::<Error>() {
        Some(Error::Credentials(_)) => 5,
        Some(Error::Unreachable { .. } | Error::Interrupted { .. } | Error::Silent { .. }) => 8,
        Some(Error::Unexpected { status, .. }) if status.is_server_error() => 8,
        Some(other) => match other.status() {
            Some(401 | 403) => 5,
            Some(404) => 3,
            Some(409 | 412) => 4,
            Some(429 | 503 | 504) => 8,
            _ => 1,
        },
        None => 1,
    }
}

/// Returns the code of an error of EMCO, whatever its status is.
fn of_emco(error: &emco::Error) -> u8 {
    use emco::Kind;

    match error.kind() {
        Kind::NotFound => 3,
        Kind::Denied => 5,
        _ if error.is_retryable() => 8,
        _ => 1,
    }
}

/// Returns the error with its causes; of a problem of the bridge, with its code and faults.
pub(crate) fn reason(error: &anyhow::Error) -> String {
    let Some(problem) = problem(error) else { return format!("{error:#}") };
    let faults = problem.faults.iter().map(|fault| format!("\n  {fault}"));
    format!("{} ({}){}", problem.detail, problem.code, faults.collect::<String>())
}

/// Returns the same, and where to read what to do.
pub(crate) fn shown(error: &anyhow::Error) -> String {
    let text = reason(error);
    match problem(error) {
        Some(problem) => format!("{text}\n`bridgectl explain {}` shows what to do", problem.code),
        None => text,
    }
}

fn problem(error: &anyhow::Error) -> Option<&Problem> {
    error.downcast_ref::<Error>().and_then(Error::problem)
}
