//! The wait until apps are where they should be.

use std::time::{Duration, SystemTime};

use emco::{Deployed, DigStatus, Kind, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use crate::emco_calls::{clusters, failure, lasting, orchestrator, told};
use crate::model::{AppClusters, Wait};

/// The pauses between two looks: short at first, for an EMCO that is quick.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Looks until all is as it should be. The time counts from when the activity was scheduled, over all attempts: a worker that
/// died took its time with it.
pub(super) async fn wait(wait: &Wait, scheduled: Option<SystemTime>) -> Result<AppClusters, ActivityError> {
    let (emco, key) = (orchestrator(&wait.dig)?, wait.dig.key());
    let deadline = scheduled.unwrap_or_else(SystemTime::now) + wait.within;
    let mut pause = FIRST_PAUSE;
    loop {
        let missing = match emco.dig_status(&key, &StatusQuery::ready()).await {
            Ok(status) => match missing(wait, &status)? {
                None => return Ok(clusters(&status)),
                Some(missing) => missing,
            },
            // EMCO may be away while its apps come up, and a page may stand in for it.
            Err(error) if error.is_retryable() || error.kind() == Kind::NotEmco => told(error),
            Err(error) => return Err(failure(error)),
        };
        let now = SystemTime::now();
        if now >= deadline {
            let message = format!("{key} was not as it should be after {:?}: {missing}", wait.within);
            return Err(lasting("NotReady", message));
        }
        let left = deadline.duration_since(now).unwrap_or_default();
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What is still missing, in words.
fn missing(wait: &Wait, status: &DigStatus) -> Result<Option<String>, ActivityError> {
    let deployed = status.deployed_status.as_ref();
    if let Some(failed @ (Deployed::UpdateFailed | Deployed::InstantiateFailed)) = deployed {
        return Err(lasting("DeployFailed", format!("EMCO could not deploy {}: {failed:?}", wait.dig.key())));
    }
    let mut missing = Vec::new();
    for (app, on) in &wait.on {
        let unready = on.iter().filter(|cluster| !status.is_ready_on(app, &cluster.as_ref()));
        missing.extend(unready.map(|cluster| format!("{app} is not ready on {cluster}")));
    }
    let now = clusters(status);
    for (app, off) in &wait.off {
        let on = now.get(app).map_or(&[][..], Vec::as_slice);
        let left = off.iter().filter(|cluster| on.contains(cluster));
        missing.extend(left.map(|cluster| format!("{app} has not left {cluster}")));
    }
    if wait.settled && !matches!(deployed, Some(Deployed::Instantiated | Deployed::Updated)) {
        missing.push(format!("EMCO is at work: {deployed:?}"));
    }
    Ok((!missing.is_empty()).then(|| missing.join("; ")))
}
