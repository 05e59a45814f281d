//! Errors of workflow clients.

use std::error::Error;
use std::fmt;

use axum::http::StatusCode;

/// Why a workflow client starts nothing.
///
/// `?` makes one of any error: the caller then learns no more than that something failed (500), and the log has the
/// error. An error that the caller should understand gets a status and a sentence: [`ClientError::refused`] and its
/// siblings.
pub struct ClientError {
    status: StatusCode,
    detail: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ClientError {
    /// An error with this status, telling the caller `detail`. A status that is none of an error counts as 500.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let error = status.is_client_error() || status.is_server_error();
        let status = if error { status } else { StatusCode::INTERNAL_SERVER_ERROR };
        Self { status, detail: detail.into(), source: None }
    }

    /// The intent asks for what cannot be done (422).
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
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

    /// The cause, with its own causes, on one line.
    pub(crate) fn cause(&self) -> Option<String> {
        self.source.as_deref().map(|source| service::chain(source))
    }
}

/// For `?`: the error stays in the log.
impl<E: Error + Send + Sync + 'static> From<E> for ClientError {
    fn from(error: E) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the workflow client failed; its log says why")
            .because(error)
    }
}

impl fmt::Debug for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientError")
            .field("status", &self.status)
            .field("detail", &self.detail)
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
