//! The update: what makes EMCO act on intents.

use emco::{Deployed, DigKey, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use crate::emco_calls::{clusters, failure, orchestrator, revision};
use crate::model::{AppClusters, Dig, Target};

/// An update whose answer was lost may have happened all the same, and each one makes a revision. A later attempt therefore
/// looks first: a revision newer than `before`, which was read when all intents were written, holds our change. Should EMCO
/// still be at work on the lost one, a second update follows it; that one finds nothing left to change.
pub(super) async fn update(
    dig: &Dig,
    before: Option<Revision>,
    attempt: u32,
) -> Result<Revision, ActivityError> {
    let (emco, key) = (orchestrator(dig)?, dig.key());
    if attempt > 1 {
        let now = revision(&emco, &key).await?;
        if let Some(now) = now.filter(|now| Some(*now) > before) {
            return Ok(now);
        }
    }
    if let Some(revision) = deployed_as_intended(&emco, &key).await? {
        return Ok(revision);
    }
    emco.update_dig(&key).await.map_err(failure)
}

/// The revision of a DIG whose apps are deployed exactly where their intents want them, as far as the intents alone tell:
/// what a label or a choice comes to is EMCO's to say.
async fn deployed_as_intended(emco: &emco::Client, key: &DigKey) -> Result<Option<Revision>, ActivityError> {
    let mut wanted = AppClusters::new();
    for gpi in emco.list_generic_placement_intents(key).await.map_err(failure)? {
        for intent in emco.list_app_intents(key, &gpi.metadata.name).await.map_err(failure)? {
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
    let status = emco.dig_status(key, &StatusQuery::ready()).await.map_err(failure)?;
    let went_well = matches!(
        status.deployed_status,
        Some(Deployed::Instantiating | Deployed::Instantiated | Deployed::Updating | Deployed::Updated)
    );
    Ok(status.revision().filter(|_| went_well && !wanted.is_empty() && clusters(&status) == wanted))
}
