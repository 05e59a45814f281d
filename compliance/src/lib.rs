#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod clauses;
mod report;
mod session;
mod target;

pub use report::{Clause, Finding, Outcome, Report};
pub use session::SetUpError;
pub use target::{Backstage, Target};

/// Asks `target` for each clause, one after the other. Workflows are started on the way, each under an ID of its own.
///
/// # Errors
/// When nothing can be asked: the URL, the token or the certificates are none.
pub async fn check(target: &Target) -> Result<Report, SetUpError> {
    let session = session::Session::new(target)?;
    Ok(Report {
        url: target.url.clone(),
        client: target.client.clone(),
        findings: clauses::all(&session).await,
    })
}
