//! The wait until the apps are where they should be, and nowhere else.
#![expect(
    clippy::disallowed_methods,
    reason = "the deadline counts from Temporal's times, which are the system's"
)]

use std::time::{Duration, Instant, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use emco::{Client, Deployed, DigKey, DigStatus, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use super::removals::{Contexts, Known, Owed, is_on};
use crate::emco_calls::{failure, lasting, one_line, orchestrator};
use crate::model::{AppClusters, Late, NOT_REMOVED, Target, Wait};

/// The pauses between two checks: short at first, for a fast EMCO.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(LONGEST_PAUSE)
    .without_max_times();
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long rsync has to begin a removal before the worker forces it by a rollback and an update. The time grows with
/// the number of times that it was forced. The first time is at most a quarter of the timeout.
const FIRST_PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

/// How long a removal must show as made after a rollback: it also does for a moment before the apps are applied again.
/// At most an eighth of the timeout.
const MADE_FOR: Duration = Duration::from_secs(1);

/// How much longer rsync may take for a removal that it is working on when the timeout is over.
const LONGER_TO_REMOVE: Duration = Duration::from_secs(30);

/// How many times one wait updates the DIG again.
const MOST_REPEATS: u32 = 10;

/// Checks until everything is as it should be. The timeout counts from when the activity was scheduled, over all
/// attempts.
///
/// If the removal of apps must be seen, a removal that rsync forgot is forced by a rollback and an update, and if
/// somebody else's update brings the apps back, another update follows.
///
/// If EMCO may carry out an update of ours late, with former intents, the wait continues until it did or the grace
/// period is over, and updates the DIG again if the late update moved apps.
pub(super) async fn wait(wait: &Wait, scheduled: Option<SystemTime>) -> Result<AppClusters, ActivityError> {
    let (emco, key) = (orchestrator(&wait.dig)?, wait.dig.key());
    let within = wait.within + wait.late.map(|late| late.grace).unwrap_or_default();
    let deadline = scheduled.unwrap_or_else(SystemTime::now) + within;
    let mut watch = Watch::new(&emco, &key, wait, deadline);
    let mut pauses = PAUSES.build();
    loop {
        let missing = match watch.check().await {
            Ok(Check::Done(clusters)) => return Ok(clusters),
            Ok(Check::Failed(failed)) => return Err(lasting("DeployFailed", failed)),
            Ok(Check::Almost) => None,
            Ok(Check::Missing(missing)) => Some(missing),
            // EMCO may be down while its apps start, and a proxy may respond with a page instead.
            Err(error) if error.is_retryable() || error.kind() == Kind::NotEmco => Some(one_line(error)),
            Err(error) => return Err(failure(error)),
        };
        let now = SystemTime::now();
        if let Some(missing) = missing
            .filter(|_| now >= deadline && (!watch.is_removing() || now >= deadline + LONGER_TO_REMOVE))
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

/// The result of a check.
enum Check {
    /// Everything is as it should be.
    Done(AppClusters),
    /// Everything is as it should be, but must remain so for a while: a removal was just made, or an update may come
    /// late.
    Almost,
    /// Describes what is missing.
    Missing(String),
    /// Describes why EMCO gave up.
    Failed(String),
}

/// The progress of rsync's removals.
enum Removals {
    Made,
    /// It shows as made for a moment while rsync works on a context after a rollback to it.
    JustMade,
    /// Describes the pending ones.
    Owed(String),
}

/// A wait in progress.
struct Watch<'a> {
    emco: &'a Client,
    key: &'a DigKey,
    wait: &'a Wait,
    deadline: SystemTime,
    contexts: Contexts<'a>,
    /// The updates that may come late.
    late: Option<Late>,
    /// Since when everything has been as it should be.
    calm: Option<Instant>,
    /// How many times the DIG was updated again, and its revision afterwards.
    repeats: u32,
    repeated: Option<Revision>,
    /// The pending removals, since when they are the same, and how many times they were forced.
    owed: Vec<Owed>,
    owed_since: Option<Instant>,
    forced: u32,
    /// Since when no removal is pending.
    made_since: Option<Instant>,
    /// EMCO has just been called to change something, and may be fast.
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
            late: wait.late,
            calm: None,
            repeats: 0,
            repeated: None,
            owed: Vec::new(),
            owed_since: None,
            forced: 0,
            made_since: None,
            has_acted: false,
        }
    }

    async fn check(&mut self) -> Result<Check, emco::Error> {
        let status = self.emco.dig_status(self.key, &StatusQuery::ready()).await?;
        let deployed = status.deployed_status.as_ref();
        if let Some(failed @ (Deployed::UpdateFailed | Deployed::InstantiateFailed)) = deployed {
            return Ok(Check::Failed(format!("EMCO could not deploy {}: {failed:?}", self.key)));
        }
        if let Some(missing) = missing(self.wait, &status) {
            self.put_right(&status).await;
            return Ok(Check::Missing(missing));
        }
        match self.removals(&status).await? {
            Removals::Made => {}
            Removals::JustMade => return Ok(Check::Almost),
            Removals::Owed(missing) => return Ok(Check::Missing(missing)),
        }
        let calm = *self.calm.get_or_insert_with(Instant::now);
        // The deadline counts too, because the intent may give an attempt less time than the grace period.
        let none_comes = |late: Late| {
            status.revision() >= Some(late.due) || calm.elapsed() >= late.grace || self.is_late()
        };
        Ok(if self.late.is_none_or(none_comes) { Check::Done(status.clusters()) } else { Check::Almost })
    }

    /// Whether rsync is working on a removal, and may complete it soon.
    fn is_removing(&self) -> bool {
        self.forced > 0 && self.owed.iter().any(|owed| !owed.is_forgotten())
    }

    fn is_late(&self) -> bool {
        SystemTime::now() >= self.deadline
    }

    /// Updates the DIG again if an update or a rollback moved the apps: once for each revision, and a limited number of
    /// times.
    async fn put_right(&mut self, status: &DigStatus) {
        self.calm = None;
        let may_act = self.late.is_some() || self.wait.removals_since.is_some();
        if !may_act || self.is_late() || self.repeats >= MOST_REPEATS {
            return;
        }
        let now = status.clusters();
        let any = |apps: &AppClusters, is_wrong: &dyn Fn(&str, &Target) -> bool| {
            apps.iter().any(|(app, all)| all.iter().any(|cluster| is_wrong(app, cluster)))
        };
        let away = any(&self.wait.on, &|app, cluster| !is_on(&now, app, cluster));
        let back = any(&self.wait.off, &|app, cluster| is_on(&now, app, cluster));
        if is_settled(status) && (away || back) && self.repeated != status.revision() {
            self.repeats += 1;
            self.expect(1);
            // If the response is lost, the next check finds the new revision.
            let updated = self.emco.update_dig(self.key).await;
            self.repeated = updated.ok().or_else(|| status.revision());
        }
    }

    /// Returns the progress of rsync's removals. Forces a removal that rsync does not begin by itself.
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

    /// Lists pending removals of this wait's apps, and those that would remove any app from where it is placed.
    fn owed_of(&self, known: &Known) -> Vec<Owed> {
        let (now, wait) = (known.now(), self.wait);
        known.owed(|app, cluster| {
            wait.on.contains_key(app) || wait.off.contains_key(app) || is_on(&now, app, cluster)
        })
    }

    /// Forces a removal: rolls back to the context with the pending removal, and updates while rsync is working on it.
    async fn force(&mut self) {
        let Some(revision) = self.owed.iter().rev().find_map(Owed::revision) else { return };
        (self.owed_since, self.forced) = (None, self.forced + 1);
        self.expect(2);
        if self.emco.rollback_dig(self.key, revision).await.is_ok() {
            // If the update is lost, the next check finds the apps on their former clusters.
            let _sent = self.emco.update_dig(self.key).await;
        }
    }

    /// Counts revisions that this wait makes, which come before those of late updates.
    fn expect(&mut self, revisions: u64) {
        self.has_acted = true;
        if let Some(late) = &mut self.late {
            late.due = Revision(late.due.0.saturating_add(revisions));
        }
    }

    /// Returns the failure of a wait whose timeout is over.
    ///
    /// Leaves no pending removal, which rsync might make after the app has come back: rolls back to its revision, in
    /// which the app is placed on both sides.
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
        let both = match owed.iter().rev().find_map(Owed::revision) {
            Some(to) if self.emco.rollback_dig(self.key, to).await.is_ok() => {
                "; EMCO now places it there again, so that it is not removed later"
            }
            _ => "",
        };
        let others = if missing == texts(&owed) { String::new() } else { format!("{missing}; ") };
        let tries = match self.forced {
            0 => String::new(),
            times => format!(", after {times} rollbacks and updates"),
        };
        let message = format!("after {within:?}: {others}{}{tries}{both}; {}", texts(&owed), first.advice());
        lasting(NOT_REMOVED, message)
    }
}

/// Describes pending removals.
fn texts(owed: &[Owed]) -> String {
    owed.iter().map(Owed::text).collect::<Vec<_>>().join("; ")
}

fn is_settled(status: &DigStatus) -> bool {
    matches!(status.deployed_status, Some(Deployed::Instantiated | Deployed::Updated))
}

/// Describes what is still missing.
fn missing(wait: &Wait, status: &DigStatus) -> Option<String> {
    let mut missing = Vec::new();
    for (app, on) in &wait.on {
        let unready = on.iter().filter(|cluster| !status.is_ready_on(app, cluster));
        missing.extend(unready.map(|cluster| format!("{app} is not ready on {cluster}")));
    }
    let now = status.clusters();
    for (app, off) in &wait.off {
        let left = off.iter().filter(|cluster| is_on(&now, app, cluster));
        missing.extend(left.map(|cluster| format!("{app} has not left {cluster}")));
    }
    if wait.settled && !is_settled(status) {
        missing.push(format!("EMCO is still working: {:?}", status.deployed_status));
    }
    (!missing.is_empty()).then(|| missing.join("; "))
}
