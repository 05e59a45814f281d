//! Errors of workflow clients.

use std::error::Error;
use std::fmt;

use axum::http::StatusCode;
use workflow_api::Fault;

const FAILED: &str = "the workflow client failed; see its log for the reason";

/// Why a workflow client starts nothing.
///
/// `?` converts any error into one. The response is then a 500 without details, and the error is logged. For an error
/// that the caller should understand, use [`ClientError::refused`] and the other constructors, which take a status and
/// a message.
pub struct ClientError {
    status: StatusCode,
    detail: String,
    faults: Vec<Fault>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// An error type of the author that sets its own HTTP status.
///
/// If a workflow client returns `Result<WorkflowStart, E>` with such an `E`, the response has its status. Below 500 it
/// also has its text; from 500 on the text is only logged. In a function that returns [`ClientError`] write
/// `.map_err(Refusal::into_client_error)?`, because `?` alone converts any error into a 500.
///
/// ```
/// use client_kit::{Refusal, StartContext, StatusCode, WorkflowStart, workflow_client};
///
/// #[derive(Debug, thiserror::Error)]
/// enum BackupError {
///     #[error("there is no bucket `{0}`")]
///     NoBucket(String),
///     #[error("cannot list the buckets")]
///     Store(#[from] std::io::Error),
/// }
///
/// impl Refusal for BackupError {
///     fn status(&self) -> StatusCode {
///         match self {
///             Self::NoBucket(_) => StatusCode::NOT_FOUND,
///             Self::Store(_) => StatusCode::BAD_GATEWAY,
///         }
///     }
/// }
///
/// #[workflow_client]
/// async fn backup(ctx: StartContext) -> Result<WorkflowStart, BackupError> {
///     let buckets = std::fs::read_to_string("/etc/buckets")?;
///     if buckets.is_empty() {
///         return Err(BackupError::NoBucket("b".to_owned()));
///     }
///     Ok(ctx.start("Backup"))
/// }
/// ```
pub trait Refusal: Error + Send + Sync + Sized + 'static {
    /// The HTTP status. A status that is not an error counts as 500.
    fn status(&self) -> StatusCode;

    /// The text of the response. By default the error's text if the status is below 500, otherwise none.
    fn detail(&self) -> Option<String> {
        self.status().is_client_error().then(|| self.to_string())
    }

    /// Converts it into a [`ClientError`]. This error is logged.
    fn into_client_error(self) -> ClientError {
        ClientError::visible(&self).because(self)
    }
}

impl ClientError {
    /// Creates an error with this status and text of the response. A status that is not an error counts as 500.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let error = status.is_client_error() || status.is_server_error();
        let status = if error { status } else { StatusCode::INTERNAL_SERVER_ERROR };
        Self { status, detail: detail.into(), faults: Vec::new(), source: None }
    }

    /// Creates an error for an intent that asks for something impossible (422).
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// Creates an error for invalid parameters (422, code `invalid_params`). `faults` lists them, by path below the
    /// intent's `workflowParams` (`$.activityParams.all-activities.count`).
    #[must_use]
    pub fn invalid_params(faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            1 => "a parameter of the workflow cannot be used".to_owned(),
            number => format!("{number} parameters of the workflow cannot be used"),
        };
        // In the body, the parameters are one level deeper.
        let faults = faults.into_iter().map(|fault| fault.below("$.workflowParams")).collect();
        Self { faults, ..Self::refused(detail) }
    }

    /// Creates an error for a request that differs from what the client declares. Paths are those of the body.
    pub(crate) fn invalid_spec(faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            1 => "the request has a fault".to_owned(),
            number => format!("the request has {number} faults"),
        };
        Self { faults, ..Self::refused(detail) }
    }

    /// Creates an error with the part of the author's error that the caller may see.
    pub(crate) fn visible(error: &impl Refusal) -> Self {
        Self::new(error.status(), error.detail().unwrap_or_else(|| FAILED.to_owned()))
    }

    /// Replaces the response, and keeps the cause for the log.
    pub(crate) fn shown_as(self, other: Option<Self>) -> Self {
        match other {
            Some(other) => Self { source: self.source, ..other },
            None => self,
        }
    }

    /// Creates an error for something in the intent that does not exist (404).
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Creates an error for a start that conflicts with the present state (409).
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// Creates an error for something that the start needs and that is not available now. The caller may try again
    /// (503).
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Sets the cause, which is logged and never in the response.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The text of the response.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The faults of the parameters, by path in the body of the request.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The cause and its causes, on one line.
    pub(crate) fn cause(&self) -> Option<String> {
        self.source.as_deref().map(|source| service::chain(source))
    }
}

/// For `?`: the error is only logged.
impl<E: Error + Send + Sync + 'static> From<E> for ClientError {
    fn from(error: E) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, FAILED).because(error)
    }
}

impl fmt::Debug for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientError")
            .field("status", &self.status)
            .field("detail", &self.detail)
            .field("faults", &self.faults)
            .field("source", &self.source)
            .finish()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails() -> Result<(), ClientError> {
        Err(std::io::Error::other("password of the database"))?;
        Ok(())
    }

    #[test]
    fn other_errors_are_logged_and_not_in_the_response() {
        let error = fails().unwrap_err();
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!error.detail().contains("password"));
        assert_eq!(error.cause().unwrap(), "password of the database");
    }

    #[test]
    fn no_error_has_the_status_of_a_success() {
        assert_eq!(ClientError::new(StatusCode::NO_CONTENT, "?").status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(ClientError::new(StatusCode::GONE, "?").status(), StatusCode::GONE);
    }
}
