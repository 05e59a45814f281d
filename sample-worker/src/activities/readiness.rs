//! The wait until apps are where they should be.

use std::time::{Duration, Instant, SystemTime};

use emco::{Deployed, DigStatus, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use crate::emco_calls::{clusters, failure, lasting, orchestrator, told};
use crate::model::{AppClusters, Late, Target, Wait};

/// The pauses between two looks: short at first, for an EMCO that is quick.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Looks until all is as it should be. The time counts from when the activity was scheduled, over all attempts: a worker that
/// died took its time with it.
///
/// Where an update of ours may come late, with intents that are no longer the wanted ones, it goes on looking until that one
/// has come or its grace is over, and has EMCO act on the intents again should it have moved apps.
pub(super) async fn wait(wait: &Wait, scheduled: Option<SystemTime>) -> Result<AppClusters, ActivityError> {
    let (emco, key) = (orchestrator(&wait.dig)?, wait.dig.key());
    let mut late = wait.late.map(Lookout::new);
    let within = wait.within + wait.late.map(|late| late.grace).unwrap_or_default();
    let deadline = scheduled.unwrap_or_else(SystemTime::now) + within;
    let mut pause = FIRST_PAUSE;
    loop {
        let missing = match emco.dig_status(&key, &StatusQuery::ready()).await {
            Ok(status) => match (missing(wait, &status)?, &mut late) {
                (None, None) => return Ok(clusters(&status)),
                (None, Some(late)) => {
                    // By the deadline too: the intent may give an attempt less time than the grace.
                    if late.is_over(&status) || SystemTime::now() >= deadline {
                        return Ok(clusters(&status));
                    }
                    None
                }
                (Some(missing), None) => Some(missing),
                (Some(missing), Some(late)) => {
                    if late.must_repeat(wait, &status) {
                        // Lost or not: it has the right intents.
                        let _sent = emco.update_dig(&key).await;
                    }
                    Some(missing)
                }
            },
            // EMCO may be away while its apps come up, and a page may stand in for it.
            Err(error) if error.is_retryable() || error.kind() == Kind::NotEmco => Some(told(error)),
            Err(error) => return Err(failure(error)),
        };
        let now = SystemTime::now();
        if let Some(missing) = missing.filter(|_| now >= deadline) {
            let message = format!("{key} was not as it should be after {within:?}: {missing}");
            return Err(lasting("NotReady", message));
        }
        let left = deadline.duration_since(now).unwrap_or(LONGEST_PAUSE);
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The look out for updates that come late.
struct Lookout {
    late: Late,
    /// Since when all is as it should be.
    calm: Option<Instant>,
    /// The revision that was wrong, and after which EMCO was told to update again.
    repeated: Option<Revision>,
}

impl Lookout {
    fn new(late: Late) -> Self {
        Self { late, calm: None, repeated: None }
    }

    /// Whether none comes any more, all being as it should be.
    fn is_over(&mut self, status: &DigStatus) -> bool {
        let calm = *self.calm.get_or_insert_with(Instant::now);
        status.revision() >= Some(self.late.due) || calm.elapsed() >= self.late.grace
    }

    /// Whether one came that moved apps.
    fn must_repeat(&mut self, wait: &Wait, status: &DigStatus) -> bool {
        self.calm = None;
        let now = clusters(status);
        let on = |app: &String, cluster: &Target| now.get(app).is_some_and(|on| on.contains(cluster));
        let away = wait.on.iter().any(|(app, all)| all.iter().any(|cluster| !on(app, cluster)));
        let back = wait.off.iter().any(|(app, all)| all.iter().any(|cluster| on(app, cluster)));
        let revision = status.revision();
        let wrong = is_settled(status) && (away || back) && self.repeated != revision;
        if wrong {
            self.repeated = revision;
            self.late.due = Revision(self.late.due.0.saturating_add(1));
        }
        wrong
    }
}

fn is_settled(status: &DigStatus) -> bool {
    matches!(status.deployed_status, Some(Deployed::Instantiated | Deployed::Updated))
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
    if wait.settled && !is_settled(status) {
        missing.push(format!("EMCO is at work: {deployed:?}"));
    }
    Ok((!missing.is_empty()).then(|| missing.join("; ")))
}
