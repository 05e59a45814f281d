//! The wait until apps are where they should be, and nowhere else.
#![expect(
    clippy::disallowed_methods,
    reason = "the deadline counts from Temporal's times, which are the system's"
)]

use std::time::{Duration, Instant, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use emco::{Client, Deployed, DigKey, DigStatus, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use super::removals::{Contexts, Known, Owed, is_on};
use crate::emco_calls::{clusters, failure, lasting, one_line, orchestrator};
use crate::model::{AppClusters, Late, NOT_REMOVED, Target, Wait};

/// The pauses between two looks: short at first, for an EMCO that is quick.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(LONGEST_PAUSE)
    .without_max_times();
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long rsync has to begin with a removal before a roll-back and an update follow. It grows with their number; at first it is a quarter of
/// the time that there is, if that is less.
const FIRST_PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

/// How long a removal must show as made after a roll-back: it shows so for a moment before the apps are applied again. An eighth of the time
/// that there is, if that is less.
const MADE_FOR: Duration = Duration::from_secs(1);

/// How much longer rsync may take for a removal that it is at work on when time is over.
const AT_IT: Duration = Duration::from_secs(30);

/// How often EMCO is made to update again in one wait.
const MOST_REPEATS: u32 = 10;

/// Looks until all is as it should be. The time counts from when the activity was scheduled, over all attempts: a worker that
/// died took its time with it.
///
/// Where apps must have been seen to leave, a removal that rsync forgot is forced by a roll-back and an update, and where an update of others
/// brings the apps back, another update follows.
///
/// Where an update of ours may come late, with intents that are no longer the wanted ones, it goes on looking until that one
/// has come or its grace is over, and has EMCO act on the intents again should it have moved apps.
pub(super) async fn wait(wait: &Wait, scheduled: Option<SystemTime>) -> Result<AppClusters, ActivityError> {
    let (emco, key) = (orchestrator(&wait.dig)?, wait.dig.key());
    let within = wait.within + wait.late.map(|late| late.grace).unwrap_or_default();
    let deadline = scheduled.unwrap_or_else(SystemTime::now) + within;
    let mut watch = Watch::new(&emco, &key, wait, deadline);
    let mut pauses = PAUSES.build();
    loop {
        let missing = match watch.look().await {
            Ok(Look::Done(clusters)) => return Ok(clusters),
            Ok(Look::Failed(failed)) => return Err(lasting("DeployFailed", failed)),
            Ok(Look::Almost) => None,
            Ok(Look::Missing(missing)) => Some(missing),
            // EMCO may be away while its apps come up, and a page may stand in for it.
            Err(error) if error.is_retryable() || error.kind() == Kind::NotEmco => Some(one_line(error)),
            Err(error) => return Err(failure(error)),
        };
        let now = SystemTime::now();
        if let Some(missing) =
            missing.filter(|_| now >= deadline && (!watch.is_at_it() || now >= deadline + AT_IT))
        {
            return Err(watch.too_late(missing, within).await);
        }
        if std::mem::take(&mut watch.has_acted) {
            pauses = PAUSES.build();
        }
        let left = deadline.duration_since(now).unwrap_or(LONGEST_PAUSE);
        tokio::time::sleep(pauses.next().unwrap_or(LONGEST_PAUSE).min(left)).await;
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
    deadline: SystemTime,
    contexts: Contexts<'a>,
    late: Option<Lookout>,
    /// How often EMCO was made to update again, and the revision that was seen last then.
    repeats: u32,
    repeated: Option<Revision>,
    /// What rsync was last seen to owe, since when, and how often a roll-back and an update followed.
    owed: Vec<Owed>,
    owed_since: Option<Instant>,
    forced: u32,
    /// Since when it is seen to owe nothing.
    made_since: Option<Instant>,
    /// EMCO was asked for something, and may be quick about it.
    has_acted: bool,
}

impl<'a> Watch<'a> {
    fn new(emco: &'a Client, key: &'a DigKey, wait: &'a Wait, deadline: SystemTime) -> Self {
        Self {
            emco,
            key,
            wait,
            deadline,
            contexts: Contexts::new(emco, key),
            late: wait.late.map(Lookout::new),
            repeats: 0,
            repeated: None,
            owed: Vec::new(),
            owed_since: None,
            forced: 0,
            made_since: None,
            has_acted: false,
        }
    }

    async fn look(&mut self) -> Result<Look, emco::Error> {
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
        let is_late = self.is_late();
        let is_over = |late: &mut Lookout| late.is_over(&status) || is_late;
        Ok(match self.late.as_mut().is_none_or(is_over) {
            true => Look::Done(clusters(&status)),
            false => Look::Almost,
        })
    }

    /// Whether rsync is at work on a removal, and may have done with it soon.
    fn is_at_it(&self) -> bool {
        self.forced > 0 && self.owed.iter().any(|owed| !owed.is_forgotten())
    }

    fn is_late(&self) -> bool {
        SystemTime::now() >= self.deadline
    }

    /// Has EMCO update again where an update or a roll-back moved the apps: once for each revision, and a bounded number of times.
    async fn put_right(&mut self, status: &DigStatus) {
        if let Some(late) = &mut self.late {
            late.calm = None;
        }
        let may_act = self.late.is_some() || self.wait.removals_since.is_some();
        if !may_act || self.is_late() || self.repeats >= MOST_REPEATS {
            return;
        }
        let now = clusters(status);
        let any = |apps: &AppClusters, is_wrong: &dyn Fn(&str, &Target) -> bool| {
            apps.iter().any(|(app, all)| all.iter().any(|cluster| is_wrong(app, cluster)))
        };
        let away = any(&self.wait.on, &|app, cluster| !is_on(&now, app, cluster));
        let back = any(&self.wait.off, &|app, cluster| is_on(&now, app, cluster));
        if is_settled(status) && (away || back) && self.repeated != status.revision() {
            self.repeats += 1;
            self.expect(1);
            // Should it be lost, the next look finds another revision, or none.
            let updated = self.emco.update_dig(self.key).await;
            self.repeated = updated.ok().or_else(|| status.revision());
        }
    }

    /// What rsync has yet to remove; a roll-back and an update follow where it does not begin by itself.
    async fn removals(&mut self, status: &DigStatus) -> Result<Removals, emco::Error> {
        let Some(since) = self.wait.removals_since else { return Ok(Removals::Made) };
        let known = self.contexts.known(status, since).await?;
        let owed = self.owed_of(&known);
        if owed != self.owed {
            self.owed_since = None;
        }
        self.owed = owed;
        if self.owed.is_empty() {
            let made = *self.made_since.get_or_insert_with(Instant::now);
            let is_made = !known.has_rolled_back() || made.elapsed() >= MADE_FOR.min(self.wait.within / 8);
            return Ok(if is_made { Removals::Made } else { Removals::JustMade });
        }
        self.made_since = None;
        let since = *self.owed_since.get_or_insert_with(Instant::now);
        let first = FIRST_PATIENCE.min(self.wait.within / 4);
        let patience = (first * self.forced.max(1)).min(LONGEST_PATIENCE);
        if since.elapsed() >= patience && is_settled(status) && !self.is_late() {
            self.force().await;
        }
        Ok(Removals::Owed(texts(&self.owed)))
    }

    /// What concerns the apps of this wait, and what would take any app away from where it is placed.
    fn owed_of(&self, known: &Known) -> Vec<Owed> {
        let (now, wait) = (known.now(), self.wait);
        known.owed(|app, cluster| {
            wait.on.contains_key(app) || wait.off.contains_key(app) || is_on(&now, app, cluster)
        })
    }

    /// A roll-back to the context that owes a removal, and an update while rsync is at work on it.
    async fn force(&mut self) {
        let Some(revision) = self.owed.iter().rev().find_map(Owed::revision) else { return };
        (self.owed_since, self.forced) = (None, self.forced + 1);
        self.expect(2);
        if self.emco.rollback_dig(self.key, revision).await.is_ok() {
            // Should it be lost, the next look finds the apps back.
            let _sent = self.emco.update_dig(self.key).await;
        }
    }

    /// So many revisions of our own may come before those that are late.
    fn expect(&mut self, revisions: u64) {
        self.has_acted = true;
        if let Some(late) = &mut self.late {
            late.late.due = Revision(late.late.due.0.saturating_add(revisions));
        }
    }

    /// The failure of a wait that took too long.
    ///
    /// No removal is left to be made later, when the app may be back: EMCO goes back to the revision that owes it, so that the app is placed
    /// on both sides.
    async fn too_late(&mut self, missing: String, within: Duration) -> ActivityError {
        let not_ready = || {
            lasting("NotReady", format!("{} was not as it should be after {within:?}: {missing}", self.key))
        };
        let Some(since) = self.wait.removals_since else { return not_ready() };
        let Ok(status) = self.emco.dig_status(self.key, &StatusQuery::ready()).await else {
            return not_ready();
        };
        let Ok(known) = self.contexts.known(&status, since).await else { return not_ready() };
        let owed = self.owed_of(&known);
        let Some(first) = owed.first() else { return not_ready() };
        let to = owed.iter().rev().find_map(Owed::revision);
        let both = match to {
            Some(to) => self.emco.rollback_dig(self.key, to).await.is_ok(),
            None => false,
        };
        let others = if missing == texts(&owed) { String::new() } else { format!("{missing}; ") };
        let tries = match self.forced {
            0 => String::new(),
            times => format!(", after {times} roll-backs and updates"),
        };
        let both =
            if both { "; EMCO now places it there again, so that it is not removed later" } else { "" };
        let message = format!("after {within:?}: {others}{}{tries}{both}; {}", texts(&owed), first.advice());
        lasting(NOT_REMOVED, message)
    }
}

/// What is owed, in words.
fn texts(owed: &[Owed]) -> String {
    owed.iter().map(Owed::text).collect::<Vec<_>>().join("; ")
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
        let left = off.iter().filter(|cluster| is_on(&now, app, cluster));
        missing.extend(left.map(|cluster| format!("{app} has not left {cluster}")));
    }
    if wait.settled && !is_settled(status) {
        missing.push(format!("EMCO is at work: {:?}", status.deployed_status));
    }
    (!missing.is_empty()).then(|| missing.join("; "))
}
