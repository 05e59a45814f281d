//! How a DIG's apps are doing, and how to ask (EMCO-API §6.6).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ClusterRef, Extra, Revision, null_as_empty};

/// How many resources are in each state.
pub type Counts = BTreeMap<String, u64>;

/// What to ask `/status` for. The default asks as EMCO's own default does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusQuery {
    /// Which view; none is EMCO's older one, of what was sent to the clusters.
    pub status: Option<StatusKind>,
    /// How much of it; none is EMCO's default, all.
    pub output: Option<Output>,
    /// Only these apps, if any are named.
    pub apps: Vec<String>,
    /// Only these clusters, if any are named.
    pub clusters: Vec<ClusterRef>,
    /// The app context that is asked about, which may be a former one; none is the current one.
    pub instance: Option<String>,
}

impl StatusQuery {
    /// Whether the resources are ready on their clusters.
    pub fn ready() -> Self {
        Self { status: Some(StatusKind::Ready), ..Self::default() }
    }

    /// Whether the resources were applied to their clusters.
    pub fn deployed() -> Self {
        Self { status: Some(StatusKind::Deployed), ..Self::default() }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if let Some(status) = self.status {
            pairs.push(("status", status.as_str().to_owned()));
        }
        if let Some(output) = self.output {
            pairs.push(("output", output.as_str().to_owned()));
        }
        pairs.extend(self.apps.iter().map(|app| ("app", app.clone())));
        // EMCO wants `provider+cluster`; writing the URL makes `%2B` of the plus, which would be a space otherwise.
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

impl StatusKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Deployed => "deployed",
        }
    }
}

/// How much of the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Without apps.
    Summary,
    /// Apps, clusters, resources.
    All,
    /// With the resources themselves.
    Detail,
}

impl Output {
    fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::All => "all",
            Self::Detail => "detail",
        }
    }
}

/// The answer of `/status`. Which fields are set depends on the query and on whether the DIG was ever instantiated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DigStatus {
    /// The project.
    pub project: String,
    /// The composite app.
    pub composite_app: String,
    /// Its version.
    pub composite_app_version: String,
    /// The composite profile.
    pub composite_profile: String,
    /// The DIG.
    pub name: String,
    /// What was done to the DIG.
    pub states: States,
    /// Without [`StatusQuery::status`]: how far the last operation got.
    pub status: Option<Deployed>,
    /// How far the last operation got.
    pub deployed_status: Option<Deployed>,
    /// Whether every resource is ready.
    pub ready_status: Option<Readiness>,
    /// Resources by what became of applying them.
    #[serde(deserialize_with = "null_as_empty")]
    pub deployed_counts: Counts,
    /// Resources by readiness.
    #[serde(deserialize_with = "null_as_empty")]
    pub ready_counts: Counts,
    /// The apps.
    #[serde(deserialize_with = "null_as_empty")]
    pub apps: Vec<AppStatus>,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl DigStatus {
    /// The DIG's state: what was done to it last.
    pub fn state(&self) -> Option<&DigState> {
        self.states.actions.last().map(|action| &action.state)
    }

    /// The revision that the last operation made.
    pub fn revision(&self) -> Option<Revision> {
        self.states.actions.iter().rev().map(|action| action.revision).find(|revision| revision.0 > 0)
    }

    /// The app contexts since the DIG was instantiated last, oldest first, each with its revision: one for each instantiation, update and
    /// roll-back. A roll-back makes a former context current once more.
    pub fn contexts(&self) -> Vec<(&str, Revision)> {
        let actions = &self.states.actions;
        let begin = actions.iter().rposition(|action| action.state == DigState::Terminated).unwrap_or(0);
        let since = actions.iter().skip(begin).filter(|action| action.state == DigState::Instantiated);
        since.map(|action| (action.instance.as_str(), action.revision)).collect()
    }

    /// Whether the last operation is through and everything is ready: EMCO's own rule (EMCO-API §6.13).
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

/// What was done to a DIG, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct States {
    /// The app context that collects the status.
    #[serde(rename = "statusctxid")]
    pub status_context_id: String,
    /// What was done.
    #[serde(deserialize_with = "null_as_empty")]
    pub actions: Vec<Action>,
}

/// One thing done to a DIG.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Action {
    /// The state that it led to.
    pub state: DigState,
    /// The app context it made, or worked on.
    #[serde(default)]
    pub instance: String,
    /// When, RFC 3339.
    #[serde(default)]
    pub time: String,
    /// The revision it made, or left; 0 if it has none.
    #[serde(default)]
    pub revision: Revision,
}

/// The states of a DIG (EMCO-API §6.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DigState {
    /// Made, or changed since.
    Created,
    /// May be instantiated.
    Approved,
    /// EMCO knows it; DIGs do not reach it.
    Applied,
    /// Runs.
    Instantiated,
    /// Was taken down.
    Terminated,
    /// Instantiating was broken off.
    InstantiateStopped,
    /// Taking down was broken off.
    TerminateStopped,
    /// An older revision, replaced by an update.
    Updated,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

/// How far EMCO got with an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deployed {
    /// Instantiating.
    Instantiating,
    /// Done instantiating.
    Instantiated,
    /// Instantiating failed.
    InstantiateFailed,
    /// Terminating.
    Terminating,
    /// Done terminating.
    Terminated,
    /// Terminating failed.
    TerminateFailed,
    /// Nothing was done yet.
    Created,
    /// Updating.
    Updating,
    /// Done updating.
    Updated,
    /// Updating failed.
    #[serde(rename = "UpdatedFailed")]
    UpdateFailed,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

/// Whether resources are ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// Ready.
    Ready,
    /// Not yet, or no longer.
    NotReady,
    /// Not seen on the cluster.
    NotPresent,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

/// One app.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AppStatus {
    /// Its name.
    #[serde(alias = "app")]
    pub name: String,
    /// Its clusters.
    #[serde(deserialize_with = "null_as_empty")]
    pub clusters: Vec<ClusterStatus>,
}

/// One app on one cluster.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterStatus {
    /// The provider.
    pub cluster_provider: String,
    /// The cluster.
    pub cluster: String,
    /// Whether EMCO reaches the cluster: `Available`, `Retrying`, `Unknown`.
    pub connectivity: String,
    /// The app's resources there.
    #[serde(deserialize_with = "null_as_empty")]
    pub resources: Vec<ResourceStatus>,
}

/// One Kubernetes resource on one cluster.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceStatus {
    /// Its type.
    #[serde(rename = "GVK")]
    pub gvk: GroupVersionKind,
    /// Its name.
    pub name: String,
    /// Whether it is ready.
    pub ready_status: Option<Readiness>,
    /// What became of applying it.
    pub deployed_status: String,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The answer of `/status?clusters`: where an app context places its apps (EMCO-API §6.6).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClustersByApp {
    /// EMCO always sends it: without it the answer is about something else.
    #[serde(deserialize_with = "null_as_empty")]
    clusters_by_app: Vec<AppStatus>,
}

impl ClustersByApp {
    pub(crate) fn into_clusters(self) -> BTreeMap<String, Vec<ClusterRef>> {
        let of_app = |app: AppStatus| {
            let on = app.clusters.into_iter().map(|of| ClusterRef::new(of.cluster_provider, of.cluster));
            let mut on: Vec<ClusterRef> = on.collect();
            on.sort();
            (app.name, on)
        };
        self.clusters_by_app.into_iter().map(of_app).collect()
    }
}

/// A Kubernetes type, in Go's spelling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupVersionKind {
    /// The API group, empty for the core.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn states_that_we_do_not_know_are_kept() {
        let status: DigStatus = serde_json::from_value(json!({
            "name": "dig1",
            "states": {"statusctxid": "", "actions": null},
            "deployedStatus": "Paused",
            "digId": "",
        }))
        .unwrap();
        assert_eq!(status.deployed_status, Some(Deployed::Other("Paused".to_owned())));
        assert_eq!(status.extra["digId"], "");
        assert_eq!((status.state(), status.revision()), (None, None));
    }

    #[test]
    fn ready_needs_both_the_operation_and_the_resources() {
        let status = |deployed, ready| DigStatus {
            deployed_status: Some(deployed),
            ready_status: Some(ready),
            ..DigStatus::default()
        };
        assert!(status(Deployed::Updated, Readiness::Ready).is_ready());
        assert!(!status(Deployed::Updating, Readiness::Ready).is_ready());
        assert!(!status(Deployed::Updated, Readiness::NotReady).is_ready());
    }

    #[test]
    fn an_app_without_resources_is_not_ready_on_its_cluster() {
        let on = ClusterRef::new("p", "c");
        let app = |resources| AppStatus {
            name: "a".to_owned(),
            clusters: vec![ClusterStatus {
                cluster_provider: "p".to_owned(),
                cluster: "c".to_owned(),
                resources,
                ..ClusterStatus::default()
            }],
        };
        let ready = ResourceStatus { ready_status: Some(Readiness::Ready), ..ResourceStatus::default() };
        let status = |resources| DigStatus { apps: vec![app(resources)], ..DigStatus::default() };
        assert!(!status(Vec::new()).is_ready_on("a", &on));
        assert!(status(vec![ready.clone()]).is_ready_on("a", &on));
        assert!(!status(vec![ready, ResourceStatus::default()]).is_ready_on("a", &on));
    }
}
