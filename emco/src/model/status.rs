//! The status of a DIG and its apps, and the query for it (EMCO-API §6.6).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ClusterRef, Revision, null_as_empty};

/// Numbers of resources by state.
pub type Counts = BTreeMap<String, u64>;

/// The query of `/status`. The default is EMCO's own default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusQuery {
    /// The view. `None` is EMCO's older view: what was sent to the clusters.
    pub status: Option<StatusKind>,
    /// Leave out the apps.
    pub summary: bool,
    /// Only these apps, if any are named.
    pub apps: Vec<String>,
    /// Only these clusters, if any are named.
    pub clusters: Vec<ClusterRef>,
    /// A current or former app context. `None` is the current one.
    pub instance: Option<String>,
}

impl StatusQuery {
    /// Asks whether the resources are ready on their clusters.
    pub fn ready() -> Self {
        Self { status: Some(StatusKind::Ready), ..Self::default() }
    }

    /// Asks whether the resources were applied to their clusters.
    pub fn deployed() -> Self {
        Self { status: Some(StatusKind::Deployed), ..Self::default() }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let status = self.status.map(|status| match status {
            StatusKind::Ready => "ready",
            StatusKind::Deployed => "deployed",
        });
        let output = self.summary.then_some("summary");
        let fixed = [status.map(|text| ("status", text)), output.map(|text| ("output", text))];
        let mut pairs: Vec<_> =
            fixed.into_iter().flatten().map(|(name, text)| (name, text.to_owned())).collect();
        pairs.extend(self.apps.iter().map(|app| ("app", app.clone())));
        // EMCO wants `provider+cluster`. The URL then contains `%2B`; a bare plus would mean a space.
        let clusters = self.clusters.iter().map(|of| ("cluster", format!("{}+{}", of.provider, of.cluster)));
        pairs.extend(clusters);
        pairs.extend(self.instance.iter().map(|instance| ("instance", instance.clone())));
        pairs
    }
}

/// A view of the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusKind {
    /// Whether the resources are ready.
    Ready,
    /// Whether the resources were applied.
    Deployed,
}

/// The response of `/status`. Which fields are set depends on the query, and on whether the DIG was ever instantiated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DigStatus {
    /// The DIG.
    pub name: String,
    /// The operations on the DIG.
    pub states: States,
    /// The progress of the last operation, without [`StatusQuery::status`].
    pub status: Option<Deployed>,
    /// The progress of the last operation.
    pub deployed_status: Option<Deployed>,
    /// Whether every resource is ready.
    pub ready_status: Option<Readiness>,
    /// Numbers of resources by the result of applying them.
    #[serde(deserialize_with = "null_as_empty")]
    pub deployed_counts: Counts,
    /// Numbers of resources by readiness.
    #[serde(deserialize_with = "null_as_empty")]
    pub ready_counts: Counts,
    /// The apps.
    #[serde(deserialize_with = "null_as_empty")]
    pub apps: Vec<AppStatus>,
}

impl DigStatus {
    /// Returns the DIG's state: the result of the last operation.
    pub fn state(&self) -> Option<&DigState> {
        self.states.actions.last().map(|action| &action.state)
    }

    /// Returns the revision that the last operation made.
    pub fn revision(&self) -> Option<Revision> {
        self.states.actions.iter().rev().map(|action| action.revision).find(|revision| revision.0 > 0)
    }

    /// Lists the app contexts since the DIG was last instantiated, oldest first, each with its revision: one for each
    /// instantiation, update and rollback. A rollback makes a former context current again.
    pub fn contexts(&self) -> Vec<(&str, Revision)> {
        let actions = &self.states.actions;
        let begin = actions.iter().rposition(|action| action.state == DigState::Terminated).unwrap_or(0);
        let since = actions.iter().skip(begin).filter(|action| action.state == DigState::Instantiated);
        since.map(|action| (action.instance.as_str(), action.revision)).collect()
    }

    /// Returns where EMCO has placed each app: clusters by app, both sorted. Needs [`StatusQuery::ready`].
    pub fn clusters(&self) -> BTreeMap<String, Vec<ClusterRef>> {
        clusters_of(&self.apps)
    }

    /// Whether the last operation is complete and everything is ready, by EMCO's own rule (EMCO-API §6.13).
    /// Needs [`StatusQuery::ready`].
    pub fn is_ready(&self) -> bool {
        self.ready_status == Some(Readiness::Ready)
            && matches!(self.deployed_status, Some(Deployed::Instantiated | Deployed::Updated))
    }

    /// Whether `app` runs on `cluster` with every resource ready. Needs [`StatusQuery::ready`].
    pub fn is_ready_on(&self, app: &str, cluster: &ClusterRef) -> bool {
        self.apps.iter().filter(|of| of.name == app).flat_map(|of| &of.clusters).any(|of| {
            of.cluster_provider == cluster.provider
                && of.cluster == cluster.cluster
                && !of.resources.is_empty()
                && of.resources.iter().all(|resource| resource.ready_status == Some(Readiness::Ready))
        })
    }
}

/// The operations on a DIG, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct States {
    /// The app context that collects the status.
    #[serde(rename = "statusctxid")]
    pub status_context_id: String,
    /// The operations.
    #[serde(deserialize_with = "null_as_empty")]
    pub actions: Vec<Action>,
}

/// One operation on a DIG.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Action {
    /// The resulting state.
    pub state: DigState,
    /// The app context that it made or changed.
    #[serde(default)]
    pub instance: String,
    /// The time, in the format of RFC 3339.
    #[serde(default)]
    pub time: String,
    /// The revision that it made or kept; 0 if it has none.
    #[serde(default)]
    pub revision: Revision,
}

/// The states of a DIG (EMCO-API §6.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DigState {
    /// Created, or changed since.
    Created,
    /// May be instantiated.
    Approved,
    /// Defined by EMCO, but not used for DIGs.
    Applied,
    /// Runs.
    Instantiated,
    /// Was terminated.
    Terminated,
    /// The instantiation was stopped.
    InstantiateStopped,
    /// The termination was stopped.
    TerminateStopped,
    /// An older revision, replaced by an update.
    Updated,
    /// An unknown state.
    #[serde(untagged)]
    Other(String),
}

/// The progress of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deployed {
    /// The instantiation is in progress.
    Instantiating,
    /// The instantiation is complete.
    Instantiated,
    /// The instantiation failed.
    InstantiateFailed,
    /// The termination is in progress.
    Terminating,
    /// The termination is complete.
    Terminated,
    /// The termination failed.
    TerminateFailed,
    /// There was no operation yet.
    Created,
    /// The update is in progress.
    Updating,
    /// The update is complete.
    Updated,
    /// The update failed.
    #[serde(rename = "UpdatedFailed")]
    UpdateFailed,
    /// An unknown state.
    #[serde(untagged)]
    Other(String),
}

/// Whether resources are ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// Ready.
    Ready,
    /// Not ready yet, or no longer.
    NotReady,
    /// Not found on the cluster.
    NotPresent,
    /// An unknown state.
    #[serde(untagged)]
    Other(String),
}

/// The status of one app.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AppStatus {
    /// The app's name.
    #[serde(alias = "app")]
    pub name: String,
    /// The app's clusters.
    #[serde(deserialize_with = "null_as_empty")]
    pub clusters: Vec<ClusterStatus>,
}

/// The status of one app on one cluster.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterStatus {
    /// The provider.
    pub cluster_provider: String,
    /// The cluster.
    pub cluster: String,
    /// Whether EMCO reaches the cluster: `Available`, `Retrying`, `Unknown`.
    pub connectivity: String,
    /// The app's resources on the cluster.
    #[serde(deserialize_with = "null_as_empty")]
    pub resources: Vec<ResourceStatus>,
}

/// The status of one Kubernetes resource on one cluster.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceStatus {
    /// The resource's name.
    pub name: String,
    /// Whether it is ready.
    pub ready_status: Option<Readiness>,
    /// The result of applying it.
    pub deployed_status: String,
}

/// The response of `/status?clusters`: where an app context places its apps (EMCO-API §6.6).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClustersByApp {
    /// EMCO always sends this field. A response without it is not a list of clusters.
    #[serde(deserialize_with = "null_as_empty")]
    clusters_by_app: Vec<AppStatus>,
}

impl ClustersByApp {
    pub(crate) fn into_clusters(self) -> BTreeMap<String, Vec<ClusterRef>> {
        clusters_of(&self.clusters_by_app)
    }
}

fn clusters_of(apps: &[AppStatus]) -> BTreeMap<String, Vec<ClusterRef>> {
    let of_app = |app: &AppStatus| {
        let on = app.clusters.iter().map(|of| ClusterRef::new(&of.cluster_provider, &of.cluster));
        let mut on: Vec<ClusterRef> = on.collect();
        on.sort();
        (app.name.clone(), on)
    };
    apps.iter().map(of_app).collect()
}
