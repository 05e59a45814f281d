//! Errors of workflow clients.

use std::error::Error;
use std::fmt;

use axum::http::StatusCode;
use workflow_api::Fault;

const FAILED: &str = "the workflow client failed; its log says why";

/// Why a workflow client starts nothing.
///
/// `?` makes one of any error: the caller then learns no more than that something failed (500), and the log has the
/// error. An error that the caller should understand gets a status and a sentence: [`ClientError::refused`] and its
/// siblings.
pub struct ClientError {
    status: StatusCode,
    detail: String,
    faults: Vec<Fault>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// An error of the author's that says its own HTTP status.
///
/// A workflow client that answers `Result<WorkflowStart, E>` with such an `E` is answered with its status: below 500 with its
/// text, from 500 on with none, as that is for the log. Inside a function that answers [`ClientError`] write
/// `.map_err(Refusal::into_client_error)?`, as a bare `?` makes a 500 of any error.
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
    /// The HTTP status. One that is none of an error counts as 500.
    fn status(&self) -> StatusCode;

    /// What the caller is told: the error's text below 500, else only that something failed.
    fn detail(&self) -> Option<String> {
        self.status().is_client_error().then(|| self.to_string())
    }

    /// The same as a [`ClientError`]; this error goes to the log.
    fn into_client_error(self) -> ClientError {
        ClientError::telling(&self).because(self)
    }
}

impl ClientError {
    /// An error with this status, telling the caller `detail`. A status that is none of an error counts as 500.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let error = status.is_client_error() || status.is_server_error();
        let status = if error { status } else { StatusCode::INTERNAL_SERVER_ERROR };
        Self { status, detail: detail.into(), faults: Vec::new(), source: None }
    }

    /// The intent asks for what cannot be done (422).
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// Parameters of the intent cannot be used (422, code `invalid_params`): `faults` says which, by path below the intent's
    /// `workflowParams` (`$.activityParams.all-activities.count`).
    #[must_use]
    pub fn invalid_params(faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            1 => "a parameter of the workflow cannot be used".to_owned(),
            number => format!("{number} parameters of the workflow cannot be used"),
        };
        // The body has the parameters one step down.
        let of_body = |Fault { path, message }: Fault| match path.strip_prefix("$") {
            Some(rest) => Fault::new(format!("$.workflowParams{rest}"), message),
            None => Fault { path, message },
        };
        Self { faults: faults.into_iter().map(of_body).collect(), ..Self::refused(detail) }
    }

    /// What the caller may learn of the author's error.
    pub(crate) fn telling(error: &impl Refusal) -> Self {
        Self::new(error.status(), error.detail().unwrap_or_else(|| FAILED.to_owned()))
    }

    /// The same, told to the caller in other words.
    pub(crate) fn told_as(self, other: Option<Self>) -> Self {
        match other {
            Some(other) => Self { source: self.source, ..other },
            None => self,
        }
    }

    /// Something that the intent names does not exist (404).
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The start contradicts what is there (409).
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// Something needed for the start is away for now; the caller may try again (503).
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The same, caused by `source`: logged, never told to the caller.
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

    /// What the caller is told.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What is wrong with the parameters, by path in the body of the request.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The cause, with its own causes, on one line.
    pub(crate) fn cause(&self) -> Option<String> {
        self.source.as_deref().map(|source| service::chain(source))
    }
}

/// For `?`: the error stays in the log.
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
    fn foreign_errors_are_logged_and_not_told() {
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
