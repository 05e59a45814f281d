//! An app context, and what EMCO's rsync does with it.

use std::collections::{BTreeMap, BTreeSet};

use emco::ClusterRef;
use jiff::Timestamp;

/// Clusters by app.
pub(crate) type AppClusters = BTreeMap<String, Vec<ClusterRef>>;

/// What a new app context is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets {
    /// Where each app goes.
    pub(crate) clusters: AppClusters,
    /// The apps that wait until another app is ready. In an update and in a roll-back they wait for ever.
    pub(crate) waiting: BTreeSet<String>,
}

/// An app context.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) targets: Targets,
    /// What rsync does, or did, with this context.
    pub(super) jobs: Vec<Job>,
    /// The contexts that replaced this one, whose deletions wait for another event.
    pub(super) forgotten: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) event: Event,
    /// `None`: never.
    pub(super) end: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Apply,
    Delete,
    Terminate,
}

impl Context {
    pub(super) fn new(targets: Targets) -> Self {
        Self { targets, jobs: Vec::new(), forgotten: Vec::new() }
    }

    pub(super) fn event(&self) -> Option<Event> {
        self.jobs.last().map(|job| job.event)
    }

    /// Returns when rsync can begin with the next event.
    pub(super) fn free_at(&self, now: Timestamp) -> Timestamp {
        self.jobs.last().and_then(|job| job.end).map_or(now, |end| end.max(now))
    }

    pub(super) fn is_busy(&self, now: Timestamp) -> bool {
        self.jobs.last().is_some_and(|job| job.end.is_none_or(|end| end > now))
    }

    /// Returns the progress of rsync with this context, in EMCO's words.
    pub(super) fn progress(&self, now: Timestamp) -> &'static str {
        let Some(job) = self.jobs.iter().find(|job| job.end.is_none_or(|end| end > now)) else {
            return match self.event() {
                None => "Created",
                Some(Event::Apply) => "Instantiated",
                Some(Event::Delete) => "Updated",
                Some(Event::Terminate) => "Terminated",
            };
        };
        match job.event {
            Event::Apply => "Instantiating",
            Event::Delete => "Updating",
            Event::Terminate => "Terminating",
        }
    }
}

/// Returns the apps of the one, on clusters where the other does not have them.
pub(super) fn beside(one: &AppClusters, other: &AppClusters) -> Vec<(String, ClusterRef)> {
    let all = one.iter().flat_map(|(app, on)| on.iter().map(move |cluster| (app, cluster)));
    all.filter(|(app, cluster)| !other.get(*app).is_some_and(|on| on.contains(cluster)))
        .map(|(app, cluster)| (app.clone(), cluster.clone()))
        .collect()
}
