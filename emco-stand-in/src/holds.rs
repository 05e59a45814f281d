//! Apps that a test or a person keeps from being ready on a cluster.

use emco::ClusterRef;
use jiff::Timestamp;

/// What keeps apps of a cluster from being ready.
#[derive(Debug)]
pub(crate) struct Hold {
    cluster: ClusterRef,
    /// One app, or all.
    app: Option<String>,
    /// `None`: until it is released.
    until: Option<Timestamp>,
}

/// All holds.
#[derive(Debug, Default)]
pub(crate) struct Holds(Vec<Hold>);

impl Holds {
    pub(crate) fn add(&mut self, cluster: ClusterRef, app: Option<String>, until: Option<Timestamp>) {
        self.0.push(Hold { cluster, app, until });
    }

    pub(crate) fn release(&mut self, cluster: &ClusterRef) {
        self.0.retain(|hold| hold.cluster != *cluster);
    }

    /// Whether `app` is kept from being ready on `cluster`.
    pub(crate) fn hold(&self, app: &str, cluster: &ClusterRef, now: Timestamp) -> bool {
        self.0.iter().any(|hold| {
            hold.cluster == *cluster
                && hold.app.as_deref().is_none_or(|held| held == app)
                && hold.until.is_none_or(|until| until > now)
        })
    }
}
