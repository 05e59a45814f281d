//! What workflows and activities tell each other. All of it is in Temporal's history: fields come, none goes.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use emco::{AppIntent, ClusterRef, Deployed, DigKey, DigState, Placement, Revision};
use serde::{Deserialize, Serialize};

/// Which apps go where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// The apps: those of this deployment intent group.
    pub dig: Dig,
    /// Their new cluster.
    pub target: Target,
    /// What is to be written. Runs that began before there was this field place every app on the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
}

/// A deployment intent group, and the EMCO that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dig {
    /// EMCO's orchestrator, or an ingress before it.
    pub emco_url: String,
    /// The project.
    pub project: String,
    /// The composite app.
    pub composite_app: String,
    /// The composite app's version.
    pub version: String,
    /// The deployment intent group.
    pub name: String,
    /// EMCO's cluster manager, where it is not at `emco_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clm_url: Option<String>,
    /// EMCO's manager of logical clouds, where it is not at `emco_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dcm_url: Option<String>,
}

impl Dig {
    /// The key under which EMCO knows it.
    pub fn key(&self) -> DigKey {
        DigKey::new(&self.project, &self.composite_app, &self.version, &self.name)
    }
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// The cluster provider.
    pub provider: String,
    /// The cluster.
    pub cluster: String,
}

impl Target {
    pub(crate) fn new(provider: impl Into<String>, cluster: impl Into<String>) -> Self {
        Self { provider: provider.into(), cluster: cluster.into() }
    }

    pub(crate) fn as_ref(&self) -> ClusterRef {
        ClusterRef::new(&self.provider, &self.cluster)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.cluster)
    }
}

/// App intents by generic placement intent.
pub type AppIntents = BTreeMap<String, Vec<AppNameIntentPair>>;

/// An app intent, and the app it places.
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

/// A deployment intent group as it was before anything was changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "Recorded")]
pub struct Snapshot {
    /// Whole app intents, by generic placement intent.
    pub(crate) app_intents: BTreeMap<String, Vec<AppIntent>>,
    /// Where EMCO has deployed each app.
    pub(crate) clusters: AppClusters,
    /// The revision, if it was ever instantiated.
    pub(crate) revision: Option<Revision>,
    /// What was done to it last.
    pub(crate) state: Option<DigState>,
    /// How far EMCO got with that.
    pub(crate) deployed: Option<Deployed>,
}

/// A snapshot as histories have it: runs that began earlier know of names alone.
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
    /// The names in it, as EMCO's worker tells them.
    pub(crate) fn names(&self) -> AppIntents {
        let pair = |intent: &AppIntent| AppNameIntentPair {
            app_name: intent.spec.app.clone(),
            app_intent_name: intent.metadata.name.clone(),
        };
        self.app_intents.iter().map(|(gpi, of)| (gpi.clone(), of.iter().map(pair).collect())).collect()
    }

    /// Every app intent, with its generic placement intent.
    pub(crate) fn intents(&self) -> impl Iterator<Item = (&String, &AppIntent)> {
        self.app_intents.iter().flat_map(|(gpi, intents)| intents.iter().map(move |intent| (gpi, intent)))
    }

    /// The apps that have an intent, each once, in order.
    pub(crate) fn apps(&self) -> Vec<String> {
        let mut apps: Vec<String> = self.intents().map(|(_, intent)| intent.spec.app.clone()).collect();
        apps.sort();
        apps.dedup();
        apps
    }

    /// The intents that `edits` change, whole, as they were.
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

/// App intents to put back, by generic placement intent.
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
    /// What it says now.
    pub before: Placement,
    /// What it will say.
    pub after: Placement,
}

impl Edit {
    pub(crate) fn changes(&self) -> bool {
        self.before != self.after
    }
}

/// What is checked before anything is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    pub(crate) dig: Dig,
    pub(crate) target: Target,
    pub(crate) snapshot: Snapshot,
    /// Whether every app of the composite app must have an intent; else only the one that moves is looked at.
    pub(crate) all_apps: bool,
    /// The clusters that apps leave. Runs that began before removals were looked at have none.
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
    /// Whether EMCO must have nothing left to do.
    pub(crate) settled: bool,
    /// From when the activity was scheduled.
    pub(crate) within: Duration,
    /// Set where an update of ours with other intents may still come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) late: Option<Late>,
    /// Set where EMCO's rsync must have been seen to remove what left: the revision from which on contexts are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) removals_since: Option<Revision>,
}

/// The type of the failure of a wait in which an app was not seen to leave.
pub(crate) const NOT_REMOVED: &str = "NotRemoved";

/// Where apps must be placed again before they are taken from where they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WayBack {
    /// Their former clusters.
    pub(crate) on: AppClusters,
    /// The revision from which on contexts are looked at.
    pub(crate) since: Revision,
}

/// An update that EMCO may still make, although its answer was lost and the intents are other ones by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Late {
    /// The revision that the DIG has when every update that was sent has been made.
    pub(crate) due: Revision,
    /// How long they are looked out for.
    pub(crate) grace: Duration,
}

/// The revision that a DIG had before an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Before {
    /// Where apps move; none if it was never instantiated.
    Forward(Option<Revision>),
    /// Where they are taken back.
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

/// What came of having EMCO act on intents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Updated {
    /// The revision that the DIG has. Every update that was sent is in it.
    Settled(Revision),
    /// Some that were sent are not in it, or others are.
    Unsettled {
        /// The revision that the DIG has.
        revision: Revision,
        /// How many were sent.
        sent: u64,
    },
}

/// How many updates were sent, in the details of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) sent: u64,
}

/// One app that moves, and from where; to be worked out by asking EMCO which clusters carry a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Relocation {
    pub(crate) dig: Dig,
    pub(crate) app: String,
    pub(crate) source: Option<Target>,
    pub(crate) target: Target,
    pub(crate) snapshot: Snapshot,
}

/// How an app moves: first it is added to the target, then taken from the source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Route {
    /// As EMCO spells it.
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
    fn a_snapshot_of_an_earlier_run_has_names_alone() {
        let recorded = json!({"gpi": [{"AppName": "collectd", "AppIntentName": "collectd-intent"}]});
        let snapshot: Snapshot = serde_json::from_value(recorded.clone()).unwrap();
        assert_eq!(snapshot.revision, None);
        assert_eq!(serde_json::to_value(snapshot.names()).unwrap(), recorded);
    }

    #[test]
    fn an_update_is_a_revision_as_it_was_before_unless_some_may_come_late() {
        let late = Updated::Unsettled { revision: Revision(2), sent: 2 };
        for (updated, recorded) in
            [(Updated::Settled(Revision(2)), json!(2)), (late, json!({"revision": 2, "sent": 2}))]
        {
            assert_eq!(serde_json::to_value(updated).unwrap(), recorded);
            assert_eq!(serde_json::from_value::<Updated>(recorded).unwrap(), updated);
        }
    }

    #[test]
    fn a_revision_alone_is_one_to_go_forward_from() {
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
    fn a_snapshot_keeps_whole_intents() {
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
