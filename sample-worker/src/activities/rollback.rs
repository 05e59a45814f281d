//! The rollback to a revision in which the apps are on their former clusters, before they are removed from the target.

use std::time::Duration;

use emco::{Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use super::removals::{Contexts, Owed, is_on};
use crate::emco_calls::{failure, lasting, orchestrator, revision};
use crate::model::{Dig, NOT_REMOVED, Target, WayBack};

/// rsync needs a moment to begin. Until then it shows the context's former state.
const BEGINS_WITHIN: Duration = Duration::from_secs(1);

/// Rolls back to a revision in which each app is on its former clusters, and, if there is such a revision, also where
/// it is now. So nothing is removed while it is needed, and rsync makes the pending removals of that revision. Returns
/// the revision of this or of an earlier rollback, or `None` if the apps are placed on their former clusters without
/// one.
///
/// # Errors
/// Returns [`NOT_REMOVED`] if rsync has not yet removed an app from a former cluster, and this rollback would not cause
/// the removal: the app must not be placed there.
pub(super) async fn roll_back(dig: &Dig, way: &WayBack) -> Result<Option<Revision>, ActivityError> {
    let (emco, key) = (orchestrator(dig)?, dig.key());
    let status = emco.dig_status(&key, &StatusQuery::ready()).await.map_err(failure)?;
    let known = Contexts::new(&emco, &key).known(&status, way.since).await.map_err(failure)?;
    let now = known.now();
    let is_placed = way.on.iter().all(|(app, former)| former.iter().all(|cluster| is_on(&now, app, cluster)));
    let to = if is_placed { None } else { known.way_back(&way.on) };
    let stays_owed = |owed: &Owed| to.is_none_or(|to| !owed.is_of(to));
    let owed = known.owed(|app: &str, cluster: &Target| is_on(&way.on, app, cluster));
    if let Some(owed) = owed.iter().find(|owed| stays_owed(owed)) {
        let message = format!("not undone: {}; {}", owed.text(), owed.advice());
        return Err(lasting(NOT_REMOVED, message));
    }
    let Some(to) = to else { return Ok(known.rolled_back_to().filter(|_| is_placed)) };
    emco.rollback_dig(&key, to).await.map_err(failure)?;
    tokio::time::sleep(BEGINS_WITHIN).await;
    revision(&emco, &key).await.map_err(failure)
}
