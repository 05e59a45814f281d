//! Back to a revision in which apps are where they were, before anything is taken back.

use std::time::Duration;

use emco::{Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use super::removals::{Contexts, Owed, is_on};
use crate::emco_calls::{failure, lasting, orchestrator, revision};
use crate::model::{Dig, NOT_REMOVED, Target, WayBack};

/// rsync needs a moment to begin, and until then shows the context as it was left.
const BEGINS_WITHIN: Duration = Duration::from_secs(1);

/// Rolls back to a revision in which each app is on its former clusters, and beside them where it is now if there is such a revision: so nothing
/// is removed as long as it is needed, and rsync makes what it owed of that revision. Returns the revision that was reached by a
/// roll-back, this one or one before; none where the apps are placed on their former clusters anyway.
///
/// # Errors
/// [`NOT_REMOVED`] where rsync has yet to remove an app from a former cluster and this roll-back would not make it do so: the app must not go
/// there.
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
        let message = format!("not taken back: {}; {}", owed.text(), owed.advice());
        return Err(lasting(NOT_REMOVED, message));
    }
    let Some(to) = to else { return Ok(known.rolled_back_to().filter(|_| is_placed)) };
    emco.rollback_dig(&key, to).await.map_err(failure)?;
    tokio::time::sleep(BEGINS_WITHIN).await;
    revision(&emco, &key).await.map_err(failure)
}
