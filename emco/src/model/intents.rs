//! Placement: which app goes to which clusters (EMCO-API §6.4, §6.7).

use serde::{Deserialize, Serialize};

use super::{ClusterRef, Extra, Metadata, null_as_empty};

/// A named set of app intents of a DIG.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GenericPlacementIntent {
    /// Its name and what people say about it.
    pub metadata: Metadata,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Where one app of the composite app goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AppIntent {
    /// Its name and what people say about it.
    pub metadata: Metadata,
    /// The app and its placement.
    pub spec: AppIntentSpec,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The app and its placement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AppIntentSpec {
    /// The app.
    pub app: String,
    /// Its placement.
    #[serde(default)]
    pub intent: Placement,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// On every cluster that `all_of` matches, and on one cluster that `any_of` matches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// Every cluster that any of these matches.
    #[serde(default, deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<Clause>,
    /// One cluster of all that these match.
    #[serde(default, deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Selector>,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Placement {
    /// The placement as EMCO takes it: each label once, without the clusters that it stands for.
    ///
    /// When an app intent is written, EMCO expands a label into a clause for each cluster that carries it then, with both names
    /// (`{"clusterProvider":"p","cluster":"c","clusterLabel":"edge"}`). It answers with these clauses and refuses them in a `PUT`. The label
    /// stands where the first of its clauses stood.
    #[must_use]
    pub fn contracted(&self) -> Self {
        let mut all_of: Vec<Clause> = Vec::new();
        for clause in &self.all_of {
            let Clause { cluster_provider, cluster, cluster_label, any_of, extra } = clause.clone();
            let is_expanded = !cluster.is_empty() && !cluster_label.is_empty();
            let cluster = if is_expanded { String::new() } else { cluster };
            let clause =
                Clause { cluster_provider, cluster, cluster_label, any_of: contracted(&any_of), extra };
            let is_same = |of: &Clause| of.names() == clause.names();
            if !(is_expanded && all_of.iter().any(is_same)) {
                all_of.push(clause);
            }
        }
        Self { all_of, any_of: contracted(&self.any_of), extra: self.extra.clone() }
    }
}

/// A group of alternatives as EMCO takes it.
fn contracted(group: &[Selector]) -> Vec<Selector> {
    let mut kept: Vec<Selector> = Vec::new();
    for selector in group {
        let is_expanded = !selector.cluster.is_empty() && !selector.cluster_label.is_empty();
        let cluster = if is_expanded { String::new() } else { selector.cluster.clone() };
        let selector = Selector { cluster, ..selector.clone() };
        let is_same = |of: &Selector| of.names() == selector.names();
        if !(is_expanded && kept.iter().any(is_same)) {
            kept.push(selector);
        }
    }
    kept
}

/// An element of `allOf`: a selector, or a group of selectors of which one cluster is taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clause {
    /// The provider of the cluster or label.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster_provider: String,
    /// One cluster.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// Every cluster with this label.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster_label: String,
    /// One cluster of all that these match.
    #[serde(default, deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Selector>,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Clause {
    /// Exactly this cluster.
    pub fn cluster(provider: impl Into<String>, cluster: impl Into<String>) -> Self {
        Self { cluster_provider: provider.into(), cluster: cluster.into(), ..Self::default() }
    }

    /// Every cluster of `provider` that carries `label`.
    pub fn label(provider: impl Into<String>, label: impl Into<String>) -> Self {
        Self { cluster_provider: provider.into(), cluster_label: label.into(), ..Self::default() }
    }

    /// The names of provider, cluster and label, of which some may be empty.
    pub fn names(&self) -> [&str; 3] {
        [&self.cluster_provider, &self.cluster, &self.cluster_label]
    }

    /// The cluster, if the clause names exactly one.
    pub fn as_cluster(&self) -> Option<ClusterRef> {
        (!self.cluster.is_empty()).then(|| ClusterRef::new(&self.cluster_provider, &self.cluster))
    }
}

/// An element of `anyOf`: a cluster, or the clusters with a label.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// The provider of the cluster or label.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster_provider: String,
    /// One cluster.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// Every cluster with this label.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster_label: String,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Selector {
    /// The names of provider, cluster and label, of which some may be empty.
    pub fn names(&self) -> [&str; 3] {
        [&self.cluster_provider, &self.cluster, &self.cluster_label]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn emcos_own_example_passes_through_unchanged() {
        // EMCO-API §6.4
        let text = r#"[{"metadata":{"name":"collectd-placement-intent","description":"d"},"spec":{"app":"collectd","intent":{"allOf":[{"clusterProvider":"provider1","clusterLabel":"edge-cluster"}]}}}]"#;
        let intents: Vec<AppIntent> = serde_json::from_str(text).unwrap();
        assert_eq!(intents[0].spec.intent.all_of, [Clause::label("provider1", "edge-cluster")]);
        assert_eq!(serde_json::to_string(&intents).unwrap(), text);
    }

    #[test]
    fn null_lists_are_empty() {
        let intent: AppIntent = serde_json::from_value(
            json!({"metadata": {"name": "n"}, "spec": {"app": "a", "intent": {"allOf": null, "anyOf": null}}}),
        )
        .unwrap();
        assert_eq!(intent.spec.intent, Placement::default());
    }

    #[test]
    fn an_expanded_label_is_written_once() {
        let read = json!({"selector": "label", "allOf": [
            {"clusterProvider": "p", "cluster": "c1", "clusterLabel": "edge"},
            {"clusterProvider": "p", "cluster": "x"},
            {"clusterProvider": "p", "cluster": "c2", "clusterLabel": "edge"},
            {"clusterProvider": "q", "cluster": "c1", "clusterLabel": "edge"},
        ], "anyOf": [
            {"clusterProvider": "p", "cluster": "c3", "clusterLabel": "core"},
            {"clusterProvider": "p", "cluster": "c4", "clusterLabel": "core"},
        ]});
        let written = json!({"selector": "label", "allOf": [
            {"clusterProvider": "p", "clusterLabel": "edge"},
            {"clusterProvider": "p", "cluster": "x"},
            {"clusterProvider": "q", "clusterLabel": "edge"},
        ], "anyOf": [{"clusterProvider": "p", "clusterLabel": "core"}]});
        let placement: Placement = serde_json::from_value(read).unwrap();
        assert_eq!(serde_json::to_value(placement.contracted()).unwrap(), written);
        assert_eq!(placement.contracted().contracted(), placement.contracted());
    }

    /// Any JSON an EMCO may send for an object whose known fields are `known`: they plus, sometimes, a field we do not know.
    fn with_unknown(known: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
        (known, prop::option::of(("new[A-Z][a-z]{0,5}", ".{0,8}"))).prop_map(|(mut object, unknown)| {
            if let Some((name, value)) = unknown {
                object[name] = json!({"nested": [value, 1, null]});
            }
            object
        })
    }

    fn selector() -> impl Strategy<Value = Value> {
        let target = prop_oneof![Just("cluster"), Just("clusterLabel")];
        with_unknown(
            ("\\PC{1,12}", target, "\\PC{1,12}")
                .prop_map(|(provider, target, name)| json!({"clusterProvider": provider, target: name})),
        )
    }

    fn clause() -> impl Strategy<Value = Value> {
        prop_oneof![
            selector(),
            with_unknown(prop::collection::vec(selector(), 1..4).prop_map(|group| json!({"anyOf": group}))),
        ]
    }

    fn app_intent() -> impl Strategy<Value = Value> {
        let texts = prop::collection::vec((0..3usize, "\\PC{1,20}"), 0..3);
        let placement = with_unknown(
            (prop::collection::vec(clause(), 1..4), prop::collection::vec(selector(), 1..4))
                .prop_map(|(all_of, any_of)| json!({"allOf": all_of, "anyOf": any_of})),
        );
        let metadata = with_unknown(("\\PC{1,20}", texts).prop_map(|(name, texts)| {
            let mut metadata = json!({"name": name});
            for (field, text) in texts {
                metadata[["description", "userData1", "userData2"][field]] = json!(text);
            }
            metadata
        }));
        let spec = with_unknown(
            ("\\PC{1,20}", placement).prop_map(|(app, intent)| json!({"app": app, "intent": intent})),
        );
        with_unknown(
            (metadata, spec).prop_map(|(metadata, spec)| json!({"metadata": metadata, "spec": spec})),
        )
    }

    proptest! {
        #[test]
        fn every_app_intent_passes_through_unchanged(before in app_intent()) {
            let intent: AppIntent = serde_json::from_value(before.clone()).unwrap();
            prop_assert_eq!(serde_json::to_value(&intent).unwrap(), before);
        }
    }
}
