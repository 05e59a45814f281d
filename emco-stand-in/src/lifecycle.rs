//! The history of a DIG, and where its apps run as a consequence. No clocks and no tasks: the caller passes
//! the time.
//!
//! Each instantiation and each update makes an *app context*: which apps run on which clusters. EMCO's rsync
//! handles the events of one context in their order, and several contexts side by side. An update is two
//! events: the new context applies what the former one lacks, and the former one deletes what the new one
//! lacks. rsync queues the second event while it works on the first one, and stops queueing when the first
//! one ends. So if there is nothing to apply, the deletion stays in the queue of the former context, although
//! the update is a success, until that context has another event or rsync restarts. If there is something to
//! apply, this seldom happens ([`Rsync`]).

mod context;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use emco::ClusterRef;
use jiff::Timestamp;
use serde::Serialize;

pub(crate) use self::context::{AppClusters, Targets};
use self::context::{Context, Event, Job, beside};

/// The time, and how long an app takes to run on a new cluster, or to leave an old one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) now: Timestamp,
    pub(crate) settle: Duration,
}

/// Which deletions rsync forgets until it restarts.
#[derive(Debug, Default)]
pub(crate) struct Rsync {
    /// Whether it forgets those of updates that apply nothing.
    pub(crate) forgets_bare_removals: bool,
    /// How many of the next updates that also apply something lose theirs.
    pub(crate) forgets_next: usize,
}

impl Rsync {
    fn forgets(&mut self, applies: bool) -> bool {
        if !applies {
            return self.forgets_bare_removals;
        }
        let forgets = self.forgets_next > 0;
        self.forgets_next = self.forgets_next.saturating_sub(1);
        forgets
    }
}

/// The states that a DIG of the stand-in reaches (EMCO-API §6.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum State {
    Created,
    Approved,
    Instantiated,
    InstantiateStopped,
    Updated,
    Terminated,
    TerminateStopped,
}

/// An entry of a DIG's history.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Action {
    pub(crate) state: State,
    pub(crate) instance: String,
    pub(crate) time: Timestamp,
    pub(crate) revision: u64,
}

/// A DIG's history, and where its apps are.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    /// Oldest first, never empty.
    actions: Vec<Action>,
    /// The first app context, which collects the status of all that follow.
    pub(crate) status_context: String,
    contexts: BTreeMap<String, Context>,
    /// The changes of objects in clusters, in the order of the requests.
    changes: Vec<Change>,
}

/// A change of one app on one cluster.
#[derive(Debug)]
struct Change {
    at: Timestamp,
    app: String,
    cluster: ClusterRef,
    /// When it is ready, if it was not there before. `None`: it was removed.
    ready_at: Option<Timestamp>,
}

impl Lifecycle {
    pub(crate) fn created(now: Timestamp) -> Self {
        let created = Action { state: State::Created, instance: String::new(), time: now, revision: 0 };
        Self {
            actions: vec![created],
            status_context: String::new(),
            contexts: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.actions.last().map_or(State::Created, |action| action.state)
    }

    pub(crate) fn actions(&self) -> &[Action] {
        &self.actions
    }

    pub(crate) fn approve(&mut self, now: Timestamp) {
        self.did(State::Approved, String::new(), now, 0);
    }

    pub(crate) fn instantiate(&mut self, targets: Targets, context: String, clock: Clock) {
        self.contexts.insert(context.clone(), Context::new(Targets { waiting: BTreeSet::new(), ..targets }));
        self.apply(&context, None, &[], clock);
        self.status_context = context.clone();
        self.did(State::Instantiated, context, clock.now, 1);
    }

    /// Returns the new revision.
    pub(crate) fn update(
        &mut self,
        targets: Targets,
        context: String,
        clock: Clock,
        rsync: &mut Rsync,
    ) -> u64 {
        self.contexts.insert(context.clone(), Context::new(targets));
        self.replace(context, clock, rsync)
    }

    /// Makes the app context of an earlier revision the current one, as a new revision. Returns `false` if
    /// there is no such revision.
    pub(crate) fn rollback(&mut self, revision: u64, clock: Clock, rsync: &mut Rsync) -> bool {
        let of_revision = self.actions.iter().find(|action| action.revision == revision);
        let Some(context) = of_revision.map(|action| action.instance.clone()) else { return false };
        if !self.contexts.contains_key(&context) {
            return false;
        }
        self.replace(context, clock, rsync);
        true
    }

    pub(crate) fn terminate(&mut self, clock: Clock) {
        let context = self.current().to_owned();
        let Some(of) = self.contexts.get_mut(&context) else { return };
        let mut kept = BTreeSet::new();
        // A job that hangs is stopped. Objects of the apps that it did not reach remain.
        if let Some(job) = of.jobs.last_mut().filter(|job| job.end.is_none()) {
            job.end = Some(clock.now);
            kept.clone_from(&of.targets.waiting);
        }
        let start = of.free_at(clock.now);
        of.jobs.push(Job { event: Event::Terminate, end: Some(start + clock.settle) });
        let apps = of.targets.clusters.clone();
        for (app, cluster) in beside(&apps, &AppClusters::new()) {
            if !kept.contains(&app) {
                self.changes.push(Change { at: start + clock.settle, app, cluster, ready_at: None });
            }
        }
        self.did(State::Terminated, context, clock.now, 0);
    }

    /// Stops rsync's work on the current context. What it has done remains.
    pub(crate) fn stop(&mut self, now: Timestamp) {
        let context = self.current().to_owned();
        let Some(job) = self.contexts.get_mut(&context).and_then(|of| of.jobs.last_mut()) else { return };
        job.end = Some(now);
        let stopped =
            if job.event == Event::Terminate { State::TerminateStopped } else { State::InstantiateStopped };
        self.changes.retain(|change| change.at <= now || change.ready_at.is_some());
        self.did(stopped, context, now, 0);
    }

    /// Makes rsync do what it forgot.
    pub(crate) fn restart_rsync(&mut self, clock: Clock) {
        let forgetful = self.contexts.iter().filter(|(_, context)| !context.forgotten.is_empty());
        let forgetful: Vec<String> = forgetful.map(|(id, _)| id.clone()).collect();
        for context in forgetful {
            self.remember(&context, clock);
        }
    }

    /// Returns the app context of the last operation, empty if there was none.
    pub(crate) fn current(&self) -> &str {
        self.actions.last().map_or("", |action| action.instance.as_str())
    }

    /// Returns the progress of the last operation, in EMCO's words, if there was one.
    pub(crate) fn progress(&self, now: Timestamp) -> Option<&'static str> {
        self.progress_of(self.current(), now)
    }

    /// Returns the apps of an app context, with their clusters.
    pub(crate) fn apps_of(&self, context: &str) -> Option<&AppClusters> {
        Some(&self.contexts.get(context)?.targets.clusters)
    }

    /// Returns the progress of rsync with an app context, in EMCO's words, if there is this context.
    pub(crate) fn progress_of(&self, context: &str, now: Timestamp) -> Option<&'static str> {
        Some(self.contexts.get(context)?.progress(now))
    }

    /// Whether the objects of an app are in a cluster and ready.
    pub(crate) fn is_up(&self, app: &str, cluster: &ClusterRef, now: Timestamp) -> bool {
        self.present(now).get(&(app, cluster)).is_some_and(|ready_at| *ready_at <= now)
    }

    /// Returns everything that is ready, wanted there or not.
    pub(crate) fn running(&self, now: Timestamp) -> AppClusters {
        let ready = self.present(now).into_iter().filter(|(_, ready_at)| *ready_at <= now);
        self.listed(ready.map(|(place, _)| place))
    }

    /// Returns everything that has objects in a cluster, ready or not, wanted there or not.
    pub(crate) fn applied(&self, now: Timestamp) -> AppClusters {
        self.listed(self.present(now).into_keys())
    }

    fn listed<'a>(&'a self, places: impl Iterator<Item = (&'a str, &'a ClusterRef)>) -> AppClusters {
        let apps = self.apps_of(self.current()).into_iter().flat_map(BTreeMap::keys);
        let mut listed: AppClusters = apps.map(|app| (app.clone(), Vec::new())).collect();
        for (app, cluster) in places {
            listed.entry(app.to_owned()).or_default().push(cluster.clone());
        }
        listed
    }

    /// Returns what has objects in which cluster, and since when they are ready.
    fn present(&self, now: Timestamp) -> BTreeMap<(&str, &ClusterRef), Timestamp> {
        let mut changes: Vec<&Change> = self.changes.iter().filter(|change| change.at <= now).collect();
        changes.sort_by_key(|change| change.at);
        let mut present = BTreeMap::new();
        for Change { app, cluster, ready_at, .. } in changes {
            let place = (app.as_str(), cluster);
            match ready_at {
                // Applied again, it stays as it is.
                Some(ready_at) => _ = present.entry(place).or_insert(*ready_at),
                None => _ = present.remove(&place),
            }
        }
        present
    }

    /// Makes a context the current one in place of another.
    fn replace(&mut self, context: String, clock: Clock, rsync: &mut Rsync) -> u64 {
        let (former, revision) = self
            .actions
            .last()
            .map_or((String::new(), 0), |action| (action.instance.clone(), action.revision));
        let kept = self.remember(&context, clock);
        if let Some(applies) = self.apply(&context, Some(&former), &kept, clock)
            && let Some(of) = self.contexts.get_mut(&former)
        {
            // A context that is busy handles the event too.
            let takes_it_up = of.is_busy(clock.now);
            of.forgotten.push(context.clone());
            if !rsync.forgets(applies) || takes_it_up {
                self.remember(&former, clock);
            }
        }
        self.did(State::Updated, former, clock.now, revision);
        self.did(State::Instantiated, context, clock.now, revision + 1);
        revision + 1
    }

    /// Makes a context apply what the former one lacks. Returns whether there is something to apply, or
    /// `None` if rsync skips the event because of the state of the context.
    fn apply(
        &mut self,
        context: &str,
        former: Option<&str>,
        kept: &[(String, ClusterRef)],
        clock: Clock,
    ) -> Option<bool> {
        let has = self.clusters_of(former.unwrap_or_default());
        let of = self.contexts.get_mut(context)?;
        if !matches!(of.event(), None | Some(Event::Delete)) {
            return None;
        }
        let mut missing = beside(&of.targets.clusters, &has);
        let hangs = former.is_some() && !of.targets.waiting.is_empty();
        missing.retain(|(app, _)| !(hangs && of.targets.waiting.contains(app)));
        // rsync takes what it just kept, while it deleted the rest, for done, even if it is not there.
        missing.retain(|place| !kept.contains(place));
        let start = of.free_at(clock.now);
        let applies = !missing.is_empty() || hangs;
        let end = if missing.is_empty() { start } else { start + clock.settle };
        of.jobs.push(Job { event: Event::Apply, end: (!hangs).then_some(end) });
        for (app, cluster) in missing {
            self.changes.push(Change { at: start, app, cluster, ready_at: Some(end) });
        }
        Some(applies)
    }

    /// Makes a context delete what those that replaced it lack. Returns what it kept.
    fn remember(&mut self, context: &str, clock: Clock) -> Vec<(String, ClusterRef)> {
        let Some(of) = self.contexts.get_mut(context) else { return Vec::new() };
        let mut left = Vec::new();
        for successor in std::mem::take(&mut of.forgotten) {
            let kept = self.clusters_of(&successor);
            // In any other state the event is skipped.
            let applied = |of: &&mut Context| of.event() == Some(Event::Apply);
            let Some(of) = self.contexts.get_mut(context).filter(applied) else { continue };
            let gone = beside(&of.targets.clusters, &kept);
            left = beside(&of.targets.clusters, &AppClusters::new());
            left.retain(|place| !gone.contains(place));
            let start = of.free_at(clock.now);
            let end = if gone.is_empty() { start } else { start + clock.settle };
            of.jobs.push(Job { event: Event::Delete, end: Some(end) });
            for (app, cluster) in gone {
                self.changes.push(Change { at: end, app, cluster, ready_at: None });
            }
        }
        left
    }

    fn clusters_of(&self, context: &str) -> AppClusters {
        self.apps_of(context).cloned().unwrap_or_default()
    }

    fn did(&mut self, state: State, instance: String, time: Timestamp, revision: u64) {
        self.actions.push(Action { state, instance, time, revision });
    }
}
