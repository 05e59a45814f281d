//! The update: what makes EMCO act on intents.

use std::time::SystemTime;

use emco::{Deployed, DigKey, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use crate::emco_calls::{Patience, clusters, failure_with, lasting_with, orchestrator, revision};
use crate::model::{AppClusters, Before, Dig, Sent, Target, Updated};

/// An update whose answer was lost may have happened all the same, and each one makes a revision. A later attempt therefore
/// looks first: a revision newer than `before`, which was read when all intents were written, holds our change. Should EMCO
/// still be at work on the lost one, a second update follows it; that one finds nothing left to change.
///
/// EMCO may also make the lost one much later, with the intents of back then. That harms nobody while the intents are still
/// the same; the workflow is told how many were sent, so that it can look out for them once they are not.
pub(super) async fn update(
    dig: &Dig,
    before: Before,
    attempt: u32,
    scheduled: Option<SystemTime>,
) -> Result<Updated, ActivityError> {
    let (emco, goes_forward) = (orchestrator(dig)?, matches!(before, Before::Forward(_)));
    let before = before.revision();
    // Nobody knows how far the former attempts came.
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
        Err(error) if goes_forward && error.kind() == Kind::Internal => {
            Err(lasting_with(error, Sent { sent }))
        }
        Err(error) => Err(failure_with(error, Some(Sent { sent }))),
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
    // What EMCO refuses, and what never reached it, does not come later.
    let never = |error: &emco::Error| {
        error.kind() == Kind::Unreachable || !(error.is_retryable() || error.kind() == Kind::NotEmco)
    };
    *sent += u64::from(!updated.as_ref().is_err_and(never));
    updated
}

/// The revision of a DIG whose apps are deployed exactly where their intents want them, as far as the intents alone tell:
/// what a label or a choice comes to is EMCO's to say.
async fn deployed_as_intended(emco: &emco::Client, key: &DigKey) -> Result<Option<Revision>, emco::Error> {
    let mut wanted = AppClusters::new();
    for gpi in emco.list_generic_placement_intents(key).await? {
        for intent in emco.list_app_intents(key, &gpi.metadata.name).await? {
            let placement = &intent.spec.intent;
            let named: Option<Vec<Target>> = placement
                .all_of
                .iter()
                .map(|clause| {
                    let cluster = clause.as_cluster().filter(|_| clause.any_of.is_empty())?;
                    Some(Target::new(cluster.provider, cluster.cluster))
                })
                .collect();
            match named.filter(|_| placement.any_of.is_empty()) {
                Some(named) => wanted.entry(intent.spec.app).or_default().extend(named),
                None => return Ok(None),
            }
        }
    }
    wanted.values_mut().for_each(|on| on.sort());
    let status = emco.dig_status(key, &StatusQuery::ready()).await?;
    let went_well = matches!(
        status.deployed_status,
        Some(Deployed::Instantiating | Deployed::Instantiated | Deployed::Updating | Deployed::Updated)
    );
    Ok(status.revision().filter(|_| went_well && !wanted.is_empty() && clusters(&status) == wanted))
}
