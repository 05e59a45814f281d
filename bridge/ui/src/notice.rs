//! A refused use case, as a page shows it: beside the form, or as a page of its own.

use bridge_core::{
    AlarmError, IntentError, IntentsError, RuleError, RunError, ScheduleError, StartError, WorkflowError,
};
use bridge_http::ApiError;
use http::StatusCode;
use service::problem::ProblemResponse;
use workflow_api::{Fault, Problem};

/// Why something was not done.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// The status of the page.
    pub(crate) status: StatusCode,
    /// The kind of problem, as a heading.
    pub(crate) title: String,
    /// What failed, and what to do.
    pub(crate) text: String,
    /// The faults of what was entered.
    pub(crate) faults: Vec<Fault>,
    /// The kind of problem, for `docs/api.md`.
    pub(crate) code: String,
}

impl Notice {
    /// Returns the notice of a fault in a form.
    pub(crate) fn of_field(text: &str) -> Self {
        Self::from(&Problem::new(422, "invalid_form", text))
    }

    /// Returns the notice of faults in several fields.
    pub(crate) fn of_faults(faults: Vec<Fault>) -> Self {
        Self { faults, ..Self::of_field("some fields cannot be read") }
    }
}

impl From<&Problem> for Notice {
    fn from(problem: &Problem) -> Self {
        Self {
            status: StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            title: problem.title.clone(),
            text: problem.detail.clone(),
            faults: problem.faults.clone(),
            code: problem.code.clone(),
        }
    }
}

impl From<ApiError> for Notice {
    fn from(error: ApiError) -> Self {
        // Bounded, as a response of its own would be.
        Self::from(ProblemResponse::new(error.problem().clone()).problem())
    }
}

/// The errors of use cases, by way of the problem that the API would respond with.
macro_rules! of_use_cases {
    ($($error:ty),+) => {$(
        impl From<$error> for Notice {
            fn from(error: $error) -> Self {
                ApiError::from(error).into()
            }
        }
    )+};
}

of_use_cases!(
    AlarmError,
    IntentError,
    IntentsError,
    RuleError,
    RunError,
    ScheduleError,
    StartError,
    WorkflowError
);
