//! The update, which makes EMCO act on app intents.

use std::time::SystemTime;

use emco::{Clause, Deployed, DigKey, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use crate::emco_calls::{Patience, failure_with, orchestrator, revision};
use crate::model::{AppClusters, Before, Dig, Sent, Updated};

/// Updates the DIG. EMCO may carry out an update although its response was lost, and each update makes a revision. So a
/// later attempt first checks whether there is a revision newer than `before`, which was read when all intents were
/// written. If EMCO is still working on the lost update, a second one follows it, and finds nothing to change.
///
/// EMCO may also carry out a lost update much later, with the intents of its time. That does no harm while the intents
/// are unchanged. The result contains the number of updates sent, so that the workflow can watch for them after it
/// changes intents.
pub(super) async fn update(
    dig: &Dig,
    before: Before,
    attempt: u32,
    scheduled: Option<SystemTime>,
) -> Result<Updated, ActivityError> {
    let (emco, goes_forward) = (orchestrator(dig)?, matches!(before, Before::Forward(_)));
    let before = before.revision();
    // How far the former attempts got is unknown, so each counts as one update.
    let mut sent = u64::from(attempt.saturating_sub(1));
    let (key, patience) = (dig.key(), Patience::new(scheduled));
    let mut updated = try_update(&emco, &key, before, attempt == 1, &mut sent).await;
    while let Err(error) = &updated {
        if !goes_forward || !patience.allows(error).await {
            break;
        }
        updated = try_update(&emco, &key, before, false, &mut sent).await;
    }
    match updated {
        Ok(revision) if revision.0.saturating_sub(before.unwrap_or_default().0) == sent => {
            Ok(Updated::Settled(revision))
        }
        Ok(revision) => Ok(Updated::Unsettled { revision, sent }),
        Err(error) => {
            let passes = error.is_retryable() && !(goes_forward && error.kind() == Kind::Internal);
            Err(failure_with(error, passes, Some(Sent { sent })))
        }
    }
}

async fn try_update(
    emco: &emco::Client,
    key: &DigKey,
    before: Option<Revision>,
    is_first: bool,
    sent: &mut u64,
) -> Result<Revision, emco::Error> {
    if !is_first {
        let now = revision(emco, key).await?;
        if let Some(now) = now.filter(|now| Some(*now) > before) {
            return Ok(now);
        }
    }
    if let Some(revision) = deployed_as_intended(emco, key).await? {
        return Ok(revision);
    }
    let updated = emco.update_dig(key).await;
    // EMCO does not later carry out an update that it refused or did not receive.
    let never = |error: &emco::Error| {
        error.kind() == Kind::Unreachable || !(error.is_retryable() || error.kind() == Kind::NotEmco)
    };
    *sent += u64::from(!updated.as_ref().is_err_and(never));
    updated
}

/// Returns the DIG's revision if its apps are deployed exactly where their intents place them. Returns `None` if an
/// intent has a label or a choice: only EMCO knows which clusters these mean.
async fn deployed_as_intended(emco: &emco::Client, key: &DigKey) -> Result<Option<Revision>, emco::Error> {
    let mut wanted = AppClusters::new();
    for gpi in emco.list_generic_placement_intents(key).await? {
        for intent in emco.list_app_intents(key, &gpi.metadata.name).await? {
            let placement = &intent.spec.intent;
            let cluster = |of: &Clause| of.as_cluster().filter(|_| of.any_of.is_empty());
            let named: Option<Vec<_>> = placement.all_of.iter().map(cluster).collect();
            match named.filter(|_| placement.any_of.is_empty()) {
                Some(named) => wanted.entry(intent.spec.app).or_default().extend(named),
                None => return Ok(None),
            }
        }
    }
    wanted.values_mut().for_each(|on| on.sort());
    let status = emco.dig_status(key, &StatusQuery::ready()).await?;
    let is_good = matches!(
        status.deployed_status,
        Some(Deployed::Instantiating | Deployed::Instantiated | Deployed::Updating | Deployed::Updated)
    );
    Ok(status.revision().filter(|_| is_good && !wanted.is_empty() && status.clusters() == wanted))
}
