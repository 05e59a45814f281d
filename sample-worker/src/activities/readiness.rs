//! The wait until apps are where they should be, and nowhere else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use emco::{Client, Deployed, DigKey, DigStatus, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use super::removals::{Contexts, Owed};
use crate::emco_calls::{clusters, failure, lasting, orchestrator, told};
use crate::model::{AppClusters, Late, Target, Wait};

/// The pauses between two looks: short at first, for an EMCO that is quick.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long rsync has to begin with a removal before it is made to; from the third time on longer each time. At first a quarter of the time that there is, if that is
/// less.
const FIRST_PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

/// How long a removal must show as made where a context was gone back to: it shows so for a moment before the apps come back. An eighth of
/// the time that there is, if that is less.
const MADE_FOR: Duration = Duration::from_secs(1);

/// Looks until all is as it should be. The time counts from when the activity was scheduled, over all attempts: a worker that
/// died took its time with it.
///
/// Where apps must have been seen to leave, a removal that rsync forgot is brought about, and an update of others that brings them
/// back is followed by one that does not.
///
/// Where an update of ours may come late, with intents that are no longer the wanted ones, it goes on looking until that one
/// has come or its grace is over, and has EMCO act on the intents again should it have moved apps.
pub(super) async fn wait(wait: &Wait, scheduled: Option<SystemTime>) -> Result<AppClusters, ActivityError> {
    let (emco, key) = (orchestrator(&wait.dig)?, wait.dig.key());
    let within = wait.within + wait.late.map(|late| late.grace).unwrap_or_default();
    let deadline = scheduled.unwrap_or_else(SystemTime::now) + within;
    let mut watch = Watch::new(&emco, &key, wait);
    let mut pause = FIRST_PAUSE;
    loop {
        let missing = match watch.look(deadline).await {
            Ok(Look::Done(clusters)) => return Ok(clusters),
            Ok(Look::Failed(failed)) => return Err(lasting("DeployFailed", failed)),
            Ok(Look::Almost) => None,
            Ok(Look::Missing(missing)) => Some(missing),
            // EMCO may be away while its apps come up, and a page may stand in for it.
            Err(error) if error.is_retryable() || error.kind() == Kind::NotEmco => Some(told(error)),
            Err(error) => return Err(failure(error)),
        };
        let now = SystemTime::now();
        if let Some(missing) = missing.filter(|_| now >= deadline) {
            return Err(watch.too_late(missing, within).await);
        }
        if std::mem::take(&mut watch.has_acted) {
            pause = FIRST_PAUSE;
        }
        let left = deadline.duration_since(now).unwrap_or(LONGEST_PAUSE);
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What a look shows.
enum Look {
    /// All is as it should be.
    Done(AppClusters),
    /// All is as it should be, and must be so for a while: a removal has just been made, or an update may come late.
    Almost,
    /// What is missing, in words.
    Missing(String),
    /// EMCO gave up, in words.
    Failed(String),
}

/// How far rsync got with what it was to remove.
enum Removals {
    Made,
    /// It shows as made for a moment while it is at work on a context that was gone back to.
    JustMade,
    /// In words.
    Owed(String),
}

/// A wait under way.
struct Watch<'a> {
    emco: &'a Client,
    key: &'a DigKey,
    wait: &'a Wait,
    contexts: Contexts<'a>,
    late: Option<Lookout>,
    /// The revision that was wrong, and after which EMCO was told to update again.
    repeated: Option<Revision>,
    /// What rsync was last seen to owe, since when, and how often it was made to begin.
    owed: Vec<Owed>,
    owed_since: Option<Instant>,
    made_to: u32,
    /// Since when it is seen to owe nothing.
    made_since: Option<Instant>,
    /// EMCO was told something, and may be quick about it.
    has_acted: bool,
}

impl<'a> Watch<'a> {
    fn new(emco: &'a Client, key: &'a DigKey, wait: &'a Wait) -> Self {
        Self {
            emco,
            key,
            wait,
            contexts: Contexts::new(emco, key),
            late: wait.late.map(Lookout::new),
            repeated: None,
            owed: Vec::new(),
            owed_since: None,
            made_to: 0,
            made_since: None,
            has_acted: false,
        }
    }

    async fn look(&mut self, deadline: SystemTime) -> Result<Look, emco::Error> {
        let status = self.emco.dig_status(self.key, &StatusQuery::ready()).await?;
        let deployed = status.deployed_status.as_ref();
        if let Some(failed @ (Deployed::UpdateFailed | Deployed::InstantiateFailed)) = deployed {
            return Ok(Look::Failed(format!("EMCO could not deploy {}: {failed:?}", self.key)));
        }
        if let Some(missing) = missing(self.wait, &status) {
            self.put_right(&status).await;
            return Ok(Look::Missing(missing));
        }
        match self.removals(&status).await? {
            Removals::Made => {}
            Removals::JustMade => return Ok(Look::Almost),
            Removals::Owed(missing) => return Ok(Look::Missing(missing)),
        }
        // By the deadline too: the intent may give an attempt less time than the grace.
        let is_over = |late: &mut Lookout| late.is_over(&status) || SystemTime::now() >= deadline;
        Ok(match self.late.as_mut().is_none_or(is_over) {
            true => Look::Done(clusters(&status)),
            false => Look::Almost,
        })
    }

    /// Has EMCO update again, once for each revision, where one came that moved the apps.
    async fn put_right(&mut self, status: &DigStatus) {
        if let Some(late) = &mut self.late {
            late.calm = None;
        }
        if self.late.is_none() && self.wait.removals_since.is_none() {
            return;
        }
        let now = clusters(status);
        let on = |app: &String, cluster: &Target| now.get(app).is_some_and(|on| on.contains(cluster));
        let away = self.wait.on.iter().any(|(app, all)| all.iter().any(|cluster| !on(app, cluster)));
        let back = self.wait.off.iter().any(|(app, all)| all.iter().any(|cluster| on(app, cluster)));
        let revision = status.revision();
        if is_settled(status) && (away || back) && self.repeated != revision {
            self.repeated = revision;
            self.expect(1);
            // Lost or not: it has the right intents.
            let _sent = self.emco.update_dig(self.key).await;
        }
    }

    /// What rsync has yet to remove; it is made to begin where it does not by itself.
    async fn removals(&mut self, status: &DigStatus) -> Result<Removals, emco::Error> {
        let Some(since) = self.wait.removals_since else { return Ok(Removals::Made) };
        let off = &self.wait.off;
        let interest = |app: &str, cluster: &Target| off.get(app).is_some_and(|off| off.contains(cluster));
        let owed = self.contexts.owed(status, since, interest).await?;
        if owed != self.owed {
            self.owed_since = None;
        }
        self.owed = owed;
        if self.owed.is_empty() {
            let made = *self.made_since.get_or_insert_with(Instant::now);
            let contexts: Vec<&str> = status.contexts().into_iter().map(|(context, _)| context).collect();
            let was_gone_back_to = contexts.iter().collect::<BTreeSet<_>>().len() < contexts.len();
            let is_made = !was_gone_back_to || made.elapsed() >= MADE_FOR.min(self.wait.within / 8);
            return Ok(if is_made { Removals::Made } else { Removals::JustMade });
        }
        self.made_since = None;
        let since = *self.owed_since.get_or_insert_with(Instant::now);
        let first = FIRST_PATIENCE.min(self.wait.within / 4);
        let patience = (first * self.made_to.max(1)).min(LONGEST_PATIENCE);
        if since.elapsed() >= patience && is_settled(status) {
            self.make_to_begin().await;
        }
        Ok(Removals::Owed(self.owed.iter().map(Owed::told).collect::<Vec<_>>().join("; ")))
    }

    /// A roll-back to the context that owes a removal, and an update while rsync is at work on it.
    async fn make_to_begin(&mut self) {
        let Some(revision) = self.owed.iter().rev().find_map(Owed::revision) else { return };
        (self.owed_since, self.made_to) = (None, self.made_to + 1);
        if self.emco.rollback_dig(self.key, revision).await.is_ok() {
            self.expect(2);
            // Should it be lost, the next look finds the apps back.
            let _sent = self.emco.update_dig(self.key).await;
        }
    }

    /// So many revisions of our own are to come before those that may be late.
    fn expect(&mut self, revisions: u64) {
        self.has_acted = true;
        if let Some(late) = &mut self.late {
            late.late.due = Revision(late.late.due.0.saturating_add(revisions));
        }
    }

    /// The failure of a wait that took too long. No removal is left to be made later, when the app may be back: where EMCO cannot be
    /// brought to make it, the apps are placed on both sides again.
    async fn too_late(&self, missing: String, within: Duration) -> ActivityError {
        if self.owed.is_empty() {
            let message = format!("{} was not as it should be after {within:?}: {missing}", self.key);
            return lasting("NotReady", message);
        }
        let mut message = format!("after {within:?}, {missing}");
        if self.made_to > 0 {
            message.push_str(&format!("; it was made to begin {} times", self.made_to));
        }
        let to = self.owed.iter().rev().find_map(Owed::revision);
        message.push_str(match to {
            Some(to) if self.emco.rollback_dig(self.key, to).await.is_ok() => {
                ". EMCO was told to place it there again, so that the removal cannot come later. Restart EMCO's rsync, then start again"
            }
            _ if self.owed.iter().all(|owed| !owed.is_forgotten()) => {
                ". EMCO is at it: look whether the cluster can be reached"
            }
            _ => {
                ". Restart EMCO's rsync, which then makes the removal; until then, place the app nowhere that it is to be removed from"
            }
        });
        lasting("NotRemoved", message)
    }
}

/// The look out for updates that come late.
struct Lookout {
    late: Late,
    /// Since when all is as it should be.
    calm: Option<Instant>,
}

impl Lookout {
    fn new(late: Late) -> Self {
        Self { late, calm: None }
    }

    /// Whether none comes any more, all being as it should be.
    fn is_over(&mut self, status: &DigStatus) -> bool {
        let calm = *self.calm.get_or_insert_with(Instant::now);
        status.revision() >= Some(self.late.due) || calm.elapsed() >= self.late.grace
    }
}

fn is_settled(status: &DigStatus) -> bool {
    matches!(status.deployed_status, Some(Deployed::Instantiated | Deployed::Updated))
}

/// What is still missing, in words.
fn missing(wait: &Wait, status: &DigStatus) -> Option<String> {
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
        missing.push(format!("EMCO is at work: {:?}", status.deployed_status));
    }
    (!missing.is_empty()).then(|| missing.join("; "))
}
