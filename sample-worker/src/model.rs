//! The messages between workflows and activities. All of them are in Temporal's histories, so no field may be removed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use emco::ClusterRef as Target;
use emco::{AppIntent, Deployed, DigKey, DigState, Placement, Revision};
use serde::{Deserialize, Serialize};

/// The move of apps to a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// The deployment intent group of the apps.
    pub dig: Dig,
    /// The target cluster.
    pub target: Target,
    /// The changes to write. Older runs do not have this field, and place every app on the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
}

/// A deployment intent group, and its EMCO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dig {
    /// The URL of EMCO's orchestrator, or of an ingress in front of it.
    pub emco_url: String,
    /// The project.
    pub project: String,
    /// The composite app.
    pub composite_app: String,
    /// The composite app's version.
    pub version: String,
    /// The deployment intent group.
    pub name: String,
    /// The URL of EMCO's cluster manager, if it is not at `emco_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clm_url: Option<String>,
    /// The URL of EMCO's manager of logical clouds, if it is not at `emco_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dcm_url: Option<String>,
}

impl Dig {
    /// Returns EMCO's key of the group.
    pub fn key(&self) -> DigKey {
        DigKey::new(&self.project, &self.composite_app, &self.version, &self.name)
    }
}

/// App intents by generic placement intent.
pub type AppIntents = BTreeMap<String, Vec<AppNameIntentPair>>;

/// The names of an app intent and of its app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppNameIntentPair {
    /// The app.
    pub app_name: String,
    /// Its intent.
    pub app_intent_name: String,
}

/// The clusters of each app.
pub(crate) type AppClusters = BTreeMap<String, Vec<Target>>;

/// The state of a deployment intent group before anything was changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "Recorded")]
pub struct Snapshot {
    /// Complete app intents, by generic placement intent.
    pub(crate) app_intents: BTreeMap<String, Vec<AppIntent>>,
    /// Where EMCO has deployed each app.
    pub(crate) clusters: AppClusters,
    /// The revision, if the group was ever instantiated.
    pub(crate) revision: Option<Revision>,
    /// The result of the last operation.
    pub(crate) state: Option<DigState>,
    /// The progress of the last operation.
    pub(crate) deployed: Option<Deployed>,
}

/// A snapshot in a history: older runs have recorded only names.
#[derive(Deserialize)]
#[serde(untagged)]
enum Recorded {
    Whole {
        #[serde(rename = "appIntents")]
        app_intents: BTreeMap<String, Vec<AppIntent>>,
        clusters: AppClusters,
        revision: Option<Revision>,
        state: Option<DigState>,
        deployed: Option<Deployed>,
    },
    Names(AppIntents),
}

impl From<Recorded> for Snapshot {
    fn from(recorded: Recorded) -> Self {
        match recorded {
            Recorded::Whole { app_intents, clusters, revision, state, deployed } => {
                Self { app_intents, clusters, revision, state, deployed }
            }
            Recorded::Names(names) => {
                let named = |pair: AppNameIntentPair| {
                    let mut intent = AppIntent::default();
                    (intent.metadata.name, intent.spec.app) = (pair.app_intent_name, pair.app_name);
                    intent
                };
                let app_intents =
                    names.into_iter().map(|(gpi, pairs)| (gpi, pairs.into_iter().map(named).collect()));
                Self { app_intents: app_intents.collect(), ..Self::default() }
            }
        }
    }
}

impl Snapshot {
    /// Returns the names, as in the result of EMCO's worker.
    pub(crate) fn names(&self) -> AppIntents {
        let pair = |intent: &AppIntent| AppNameIntentPair {
            app_name: intent.spec.app.clone(),
            app_intent_name: intent.metadata.name.clone(),
        };
        self.app_intents.iter().map(|(gpi, of)| (gpi.clone(), of.iter().map(pair).collect())).collect()
    }

    /// Iterates over all app intents, each with the name of its generic placement intent.
    pub(crate) fn intents(&self) -> impl Iterator<Item = (&String, &AppIntent)> {
        self.app_intents.iter().flat_map(|(gpi, intents)| intents.iter().map(move |intent| (gpi, intent)))
    }

    /// Lists the apps that have an intent, sorted.
    pub(crate) fn apps(&self) -> Vec<String> {
        let apps: BTreeSet<_> = self.intents().map(|(_, intent)| intent.spec.app.clone()).collect();
        apps.into_iter().collect()
    }

    /// Returns the intents that `edits` change, complete, as they were.
    pub(crate) fn originals(&self, edits: &[Edit]) -> Originals {
        let mut originals = Originals::new();
        for (gpi, intent) in self.intents() {
            if edits
                .iter()
                .any(|edit| edit.generic_placement_intent == *gpi && edit.app_intent == intent.metadata.name)
            {
                originals.entry(gpi.clone()).or_default().push(intent.clone());
            }
        }
        originals
    }
}

/// App intents to restore, by generic placement intent.
pub(crate) type Originals = BTreeMap<String, Vec<AppIntent>>;

/// A change of one app intent's placement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// The app.
    pub app: String,
    /// The generic placement intent.
    pub generic_placement_intent: String,
    /// The app intent.
    pub app_intent: String,
    /// The current placement.
    pub before: Placement,
    /// The new placement.
    pub after: Placement,
}

/// What to check before anything is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    pub(crate) dig: Dig,
    pub(crate) target: Target,
    pub(crate) snapshot: Snapshot,
    /// Whether every app of the composite app must have an intent and move. Otherwise only the moving app is checked.
    pub(crate) all_apps: bool,
    /// The clusters that apps leave. Empty in older runs, which did not check removals.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) leaving: AppClusters,
}

/// What to wait for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wait {
    pub(crate) dig: Dig,
    /// Each app must be ready on these.
    pub(crate) on: AppClusters,
    /// Each app must have left these.
    pub(crate) off: AppClusters,
    /// Whether EMCO must have completed its last operation.
    pub(crate) settled: bool,
    /// The timeout, from when the activity was scheduled.
    pub(crate) within: Duration,
    /// Set if EMCO may still carry out an earlier update with other intents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) late: Option<Late>,
    /// Set if rsync's removals must be checked: the first revision whose context is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) removals_since: Option<Revision>,
}

/// The failure type of a wait in which an app was not removed.
pub(crate) const NOT_REMOVED: &str = "NotRemoved";

/// Where apps must be placed again before they are removed from where they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WayBack {
    /// Their former clusters.
    pub(crate) on: AppClusters,
    /// The first revision whose context is checked.
    pub(crate) since: Revision,
}

/// Updates that EMCO may still carry out, although their responses were lost and the intents have changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Late {
    /// The DIG's revision after all updates that were sent.
    pub(crate) due: Revision,
    /// How long to watch for them.
    pub(crate) grace: Duration,
}

/// The revision that a DIG had before an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Before {
    /// Before a move. `None` if the DIG was never instantiated.
    Forward(Option<Revision>),
    /// Before the move is undone.
    Back {
        /// The revision.
        back: Option<Revision>,
    },
}

impl Before {
    pub(crate) fn revision(self) -> Option<Revision> {
        match self {
            Self::Forward(revision) | Self::Back { back: revision } => revision,
        }
    }
}

/// The result of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Updated {
    /// The DIG's revision. It includes all updates that were sent.
    Settled(Revision),
    /// The revision does not include all updates that were sent, or includes others.
    Unsettled {
        /// The DIG's revision.
        revision: Revision,
        /// The number of updates sent.
        sent: u64,
    },
}

/// The number of updates sent, in the details of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) sent: u64,
}

/// The move of one app, to be planned with the clusters of each label in EMCO.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Relocation {
    pub(crate) dig: Dig,
    pub(crate) app: String,
    pub(crate) source: Option<Target>,
    pub(crate) target: Target,
    pub(crate) snapshot: Snapshot,
}

/// The plan of a move: the app is first added to the target, then removed from the source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Route {
    /// The app, in EMCO's spelling.
    pub(crate) app: String,
    pub(crate) source: Target,
    pub(crate) add: Vec<Edit>,
    pub(crate) remove: Vec<Edit>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_snapshot_of_an_older_run_has_names_only() {
        let recorded = json!({"gpi": [{"AppName": "collectd", "AppIntentName": "collectd-intent"}]});
        let snapshot: Snapshot = serde_json::from_value(recorded.clone()).unwrap();
        assert_eq!(snapshot.revision, None);
        assert_eq!(serde_json::to_value(snapshot.names()).unwrap(), recorded);
    }

    #[test]
    fn an_update_is_a_revision_unless_some_may_come_late() {
        let late = Updated::Unsettled { revision: Revision(2), sent: 2 };
        for (updated, recorded) in
            [(Updated::Settled(Revision(2)), json!(2)), (late, json!({"revision": 2, "sent": 2}))]
        {
            assert_eq!(serde_json::to_value(updated).unwrap(), recorded);
            assert_eq!(serde_json::from_value::<Updated>(recorded).unwrap(), updated);
        }
    }

    #[test]
    fn a_plain_revision_is_before_a_move() {
        for (before, recorded) in [
            (Before::Forward(Some(Revision(2))), json!(2)),
            (Before::Forward(None), json!(null)),
            (Before::Back { back: Some(Revision(2)) }, json!({"back": 2})),
            (Before::Back { back: None }, json!({"back": null})),
        ] {
            assert_eq!(serde_json::to_value(before).unwrap(), recorded);
            assert_eq!(serde_json::from_value::<Before>(recorded).unwrap(), before);
        }
    }

    #[test]
    fn a_snapshot_keeps_complete_intents() {
        let intent: AppIntent = serde_json::from_value(json!({
            "metadata": {"name": "i", "userData1": "u"},
            "spec": {"app": "a", "intent": {"anyOf": [{"clusterProvider": "p", "cluster": "c", "new": 1}]}},
        }))
        .unwrap();
        let snapshot = Snapshot {
            app_intents: [("gpi".to_owned(), vec![intent])].into(),
            revision: Some(Revision(3)),
            ..Snapshot::default()
        };
        let text = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
    }
}
