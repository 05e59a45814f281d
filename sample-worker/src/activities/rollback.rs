//! Back to a revision in which apps are where they were, before anything is taken back.

use std::time::Duration;

use emco::{Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use super::removals::Contexts;
use crate::emco_calls::{clusters, failure, orchestrator, revision};
use crate::model::{Dig, Reunion};

/// rsync needs a moment to begin, and until then shows the context as it was left.
const BEGINS_WITHIN: Duration = Duration::from_secs(1);

/// Goes back to a revision in which each app is on its former clusters, and beside them on those where it is now if there is such a
/// revision; so nothing is removed as long as it is needed, and what rsync owed from that revision is made. Returns the
/// revision that this makes; none where the apps are placed on their former clusters anyway.
///
/// One whose answer was lost shows in the next attempt.
pub(super) async fn reunite(dig: &Dig, reunion: &Reunion) -> Result<Option<Revision>, ActivityError> {
    let (emco, key) = (orchestrator(dig)?, dig.key());
    let status = emco.dig_status(&key, &StatusQuery::ready()).await.map_err(failure)?;
    let now = clusters(&status);
    let is_placed = reunion.on.iter().all(|(app, former)| {
        let on = now.get(app).map_or(&[][..], Vec::as_slice);
        former.iter().all(|cluster| on.contains(cluster))
    });
    if is_placed {
        return Ok(None);
    }
    let mut contexts = Contexts::new(&emco, &key);
    let to = contexts.revision_with(&status, reunion.since, &reunion.on).await.map_err(failure)?;
    let Some(to) = to else { return Ok(None) };
    emco.rollback_dig(&key, to).await.map_err(failure)?;
    tokio::time::sleep(BEGINS_WITHIN).await;
    revision(&emco, &key).await.map_err(failure)
}
