//! Calls from activities to EMCO, and EMCO's errors as failures for Temporal.

use std::time::{Duration, Instant, SystemTime};

use emco::{BuildError, DigKey, Kind, Retry, Revision, StatusQuery};
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::activities::ActivityError;
use worker_kit::InvalidParams;

use crate::access::Access;
use crate::model::{Dig, Sent};

/// The type of the failure of a call to a URL that this worker may not call.
const NOT_ALLOWED: &str = "EmcoNotAllowed";

/// The longest pause that EMCO may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long a write is retried while EMCO responds with its general error, and the pause between two attempts.
const REFUSED_WITHIN: Duration = Duration::from_secs(20);
const REFUSED_PAUSE: Duration = Duration::from_secs(2);

/// Returns a client of EMCO's orchestrator.
pub(crate) fn orchestrator(dig: &Dig) -> Result<emco::Client, ActivityError> {
    client(&dig.emco_url, Retry::NEVER)
}

/// Returns a client of EMCO's cluster manager: at its own URL, or at the orchestrator's.
pub(crate) fn clm(dig: &Dig) -> Result<emco::Client, ActivityError> {
    client(dig.clm_url.as_deref().unwrap_or(&dig.emco_url), Retry::NEVER)
}

/// Returns a client of EMCO's manager of logical clouds: at its own URL, or at the orchestrator's.
pub(crate) fn dcm(dig: &Dig) -> Result<emco::Client, ActivityError> {
    client(dig.dcm_url.as_deref().unwrap_or(&dig.emco_url), Retry::NEVER)
}

/// Returns a client of the EMCO service at a URL, for many reads in one activity: it retries a read at once, because a
/// retry of the activity would repeat all reads.
pub(crate) fn patient(url: &str) -> Result<emco::Client, ActivityError> {
    client(url, Retry::default())
}

/// Most calls are retried by Temporal only, which follows the intent's retry policy and shows each attempt.
fn client(url: &str, retry: Retry) -> Result<emco::Client, ActivityError> {
    // A file may be missing for a moment while it is replaced, so this is retried.
    let unreadable =
        |error| ApplicationFailure::builder(format!("{error:#}")).type_name("EmcoFiles".to_owned()).build();
    let settings = Access::current().settings(url).map_err(unreadable).map_err(ActivityError::application)?;
    let Some(settings) = settings else {
        let message = format!("{url} is not an EMCO that this worker may call (EMCO_URLS)");
        return Err(lasting(NOT_ALLOWED, message));
    };
    let settings = emco::Settings { retry, ..settings };
    emco::Client::new(url, settings).map_err(|error| {
        let kind = if matches!(error, BuildError::Forbidden(_)) { NOT_ALLOWED } else { InvalidParams::TYPE };
        lasting(kind, format!("{:#}", anyhow::Error::from(error)))
    })
}

/// Whether the service does not have this call at all: then `emcoURL` is the orchestrator's own URL, and CLM and DCM
/// are elsewhere.
pub(crate) fn is_elsewhere(error: &emco::Error) -> bool {
    error.kind() == Kind::NotEmco && error.status().is_some_and(|status| status.as_u16() == 404)
}

/// Returns the current revision of a DIG, or `None` if it was never instantiated.
pub(crate) async fn revision(emco: &emco::Client, key: &DigKey) -> Result<Option<Revision>, emco::Error> {
    let query = StatusQuery { summary: true, ..StatusQuery::default() };
    Ok(emco.dig_status(key, &query).await?.revision())
}

/// Converts EMCO's error to a failure of the type `Emco` and the kind of error, such as `EmcoNotInstantiated`.
pub(crate) fn failure(error: emco::Error) -> ActivityError {
    let passes = error.is_retryable();
    failure_with(error, passes, None)
}

/// Converts EMCO's error to a failure with details for the workflow, retryable if it `passes`.
pub(crate) fn failure_with(error: emco::Error, passes: bool, details: Option<Sent>) -> ActivityError {
    let (kind, after) = (error.kind(), error.retry_after());
    // All causes on one line, because Temporal keeps only the outermost text.
    let failure = ApplicationFailure::builder(one_line(error))
        .type_name(format!("Emco{kind:?}"))
        .non_retryable(!passes)
        .maybe_next_retry_delay(after.map(|after| after.min(LONGEST_PAUSE)));
    ActivityError::application(match details {
        Some(details) => failure.details(details).build(),
        None => failure.build(),
    })
}

/// Limits the retries of a write while EMCO responds with its general error (500), which it also uses for many lasting
/// errors.
pub(crate) struct Patience {
    begun: Instant,
    scheduled: Option<SystemTime>,
}

impl Patience {
    /// Begins now, with an attempt of an activity that was scheduled at this time.
    pub(crate) fn new(scheduled: Option<SystemTime>) -> Self {
        Self { begun: Instant::now(), scheduled }
    }

    /// Whether to retry a call after this error. If so, returns after a pause.
    pub(crate) async fn allows(&self, error: &emco::Error) -> bool {
        let since = self.scheduled.and_then(|scheduled| scheduled.elapsed().ok()).unwrap_or_default();
        // Attempts may be shorter than this limit, and there may be many.
        let is_over = self.begun.elapsed() >= REFUSED_WITHIN || since >= 2 * REFUSED_WITHIN;
        let repeats = error.kind() == Kind::Internal && !is_over;
        if repeats {
            tokio::time::sleep(REFUSED_PAUSE).await;
        }
        repeats
    }
}

/// Returns EMCO's error and its causes on one line.
pub(crate) fn one_line(error: emco::Error) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

/// Returns a failure that is not retried.
pub(crate) fn lasting(
    kind: &str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ActivityError {
    ActivityError::application(worker_kit::non_retryable(kind, error))
}
