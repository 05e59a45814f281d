#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod clauses;
mod error;
mod http;
mod report;
mod session;
mod target;

pub use error::SetUpError;
pub use report::{Clause, Finding, Outcome, Report};
pub use target::{Backstage, Target};

/// Tests `target` by each clause, one after the other. This starts workflows, each under a new ID.
///
/// # Errors
/// When the URL, the token or the certificates are invalid.
pub async fn check(target: &Target) -> Result<Report, SetUpError> {
    let session = session::Session::new(target)?;
    Ok(Report {
        url: target.url.clone(),
        client: target.client.clone(),
        findings: clauses::all(&session).await,
    })
}
