//! How activities call EMCO, and what EMCO's failures mean to Temporal.

use std::time::{Duration, Instant, SystemTime};

use emco::{DigKey, DigStatus, Kind, Output, Retry, Revision, StatusQuery};
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::activities::ActivityError;
use worker_kit::InvalidParams;

use crate::access::Access;
use crate::model::{AppClusters, Dig, Sent, Target};

/// The longest pause that an EMCO may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long EMCO may answer a write with its general error, and the pause between two tries.
const REFUSED_WITHIN: Duration = Duration::from_secs(20);
const REFUSED_PAUSE: Duration = Duration::from_secs(2);

/// EMCO's orchestrator.
pub(crate) fn orchestrator(dig: &Dig) -> Result<emco::Client, ActivityError> {
    client(&dig.emco_url)
}

/// EMCO's cluster manager: at its own URL, or where the orchestrator is.
pub(crate) fn clm(dig: &Dig) -> Result<emco::Client, ActivityError> {
    client(dig.clm_url.as_deref().unwrap_or(&dig.emco_url))
}

/// EMCO's manager of logical clouds: at its own URL, or where the orchestrator is.
pub(crate) fn dcm(dig: &Dig) -> Result<emco::Client, ActivityError> {
    client(dig.dcm_url.as_deref().unwrap_or(&dig.emco_url))
}

/// The EMCO service at a URL, for many reads in a row: one that fails for a moment is repeated at once, for else all of them
/// would be.
pub(crate) fn patient(url: &str) -> Result<emco::Client, ActivityError> {
    client_with(url, Retry::default())
}

fn client(url: &str) -> Result<emco::Client, ActivityError> {
    client_with(url, Retry::NEVER)
}

/// Mostly Temporal repeats what fails, by the intent's rules and for all to see.
fn client_with(url: &str, retry: Retry) -> Result<emco::Client, ActivityError> {
    let Some(settings) = Access::current().settings(url) else {
        return Err(lasting(
            "EmcoNotAllowed",
            format!("{url} is none of the EMCOs that this worker may ask (EMCO_URLS)"),
        ));
    };
    let settings = emco::Settings { retry, ..settings };
    emco::Client::new(url, settings).map_err(|error| lasting(InvalidParams::TYPE, anyhow::Error::from(error)))
}

/// Whether the service that was asked does not have this call at all: `emcoURL` is then the orchestrator's own, and CLM and
/// DCM are elsewhere.
pub(crate) fn is_elsewhere(error: &emco::Error) -> bool {
    error.kind() == Kind::NotEmco && error.status().is_some_and(|status| status.as_u16() == 404)
}

/// The revision that a DIG has now; none if it was never instantiated.
pub(crate) async fn revision(emco: &emco::Client, key: &DigKey) -> Result<Option<Revision>, emco::Error> {
    let query = StatusQuery { output: Some(Output::Summary), ..StatusQuery::default() };
    Ok(emco.dig_status(key, &query).await?.revision())
}

/// Where EMCO has placed each app. Needs [`StatusQuery::ready`].
pub(crate) fn clusters(status: &DigStatus) -> AppClusters {
    let of_app = |app: &emco::AppStatus| {
        let mut on: Vec<Target> =
            app.clusters.iter().map(|of| Target::new(&of.cluster_provider, &of.cluster)).collect();
        on.sort();
        (app.name.clone(), on)
    };
    status.apps.iter().map(of_app).collect()
}

/// EMCO's failure as the activity's: of the type `Emco` and the kind of failure, such as `EmcoNotInstantiated`.
pub(crate) fn failure(error: emco::Error) -> ActivityError {
    failure_with(error, None)
}

/// EMCO's failure with details for the workflow.
pub(crate) fn failure_with(error: emco::Error, details: Option<Sent>) -> ActivityError {
    let passes = error.is_retryable();
    failure_that(error, passes, details)
}

/// EMCO's failure that no retry can mend, with details for the workflow.
pub(crate) fn lasting_with(error: emco::Error, details: Sent) -> ActivityError {
    failure_that(error, false, Some(details))
}

fn failure_that(error: emco::Error, passes: bool, details: Option<Sent>) -> ActivityError {
    let (kind, after) = (error.kind(), error.retry_after());
    // With its causes on one line; Temporal keeps the outermost text only.
    let failure = ApplicationFailure::builder(one_line(error))
        .type_name(format!("Emco{kind:?}"))
        .non_retryable(!passes)
        .maybe_next_retry_delay(after.map(|after| after.min(LONGEST_PAUSE)));
    match details {
        Some(details) => ActivityError::application(failure.details(details).build()),
        None => ActivityError::application(failure.build()),
    }
}

/// How long a write that goes forward is tried while EMCO answers with its general error (500), which it also gives for much that no repeat can
/// mend.
pub(crate) struct Patience {
    begun: Instant,
    scheduled: Option<SystemTime>,
}

impl Patience {
    /// Begins now, with an attempt at an activity that was scheduled then.
    pub(crate) fn new(scheduled: Option<SystemTime>) -> Self {
        Self { begun: Instant::now(), scheduled }
    }

    /// Whether to repeat a call that failed so; returns after a pause then.
    pub(crate) async fn allows(&self, error: &emco::Error) -> bool {
        let since = self.scheduled.and_then(|scheduled| scheduled.elapsed().ok()).unwrap_or_default();
        // Attempts may be shorter than that, and there may be many.
        let is_over = self.begun.elapsed() >= REFUSED_WITHIN || since >= 2 * REFUSED_WITHIN;
        let repeats = error.kind() == Kind::Internal && !is_over;
        if repeats {
            tokio::time::sleep(REFUSED_PAUSE).await;
        }
        repeats
    }
}

/// EMCO's failure and its causes on one line.
pub(crate) fn one_line(error: emco::Error) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

/// A failure that no retry can mend.
pub(crate) fn lasting(
    kind: &str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ActivityError {
    let failure = ApplicationFailure::builder(error).type_name(kind.to_owned()).non_retryable(true);
    ActivityError::application(failure.build())
}
