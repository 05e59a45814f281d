//! Placement: which app is placed on which clusters (EMCO-API §6.4, §6.7).

use serde::{Deserialize, Serialize};

use super::{ClusterRef, Extra, null_as_empty};

/// The app and its placement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AppIntentSpec {
    /// The app.
    pub app: String,
    /// Its placement.
    #[serde(default)]
    pub intent: Placement,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Places an app on every cluster that `all_of` matches, and on one cluster that `any_of` matches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// Every cluster that any of these matches.
    #[serde(default, deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<Clause>,
    /// One cluster among all that these match.
    #[serde(default, deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Selector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Placement {
    /// Returns the placement in the form that EMCO accepts: each label once, without its clusters.
    ///
    /// When an app intent is written, EMCO expands a label into a clause for each cluster that has the label at that
    /// time, with both names (`{"clusterProvider":"p","cluster":"c","clusterLabel":"edge"}`). EMCO responds with these
    /// clauses, but refuses them in a `PUT`. The label takes the place of the first of its clauses.
    #[must_use]
    pub fn contracted(&self) -> Self {
        let mut all_of: Vec<Clause> = Vec::new();
        for clause in &self.all_of {
            let is_expanded = !clause.cluster.is_empty() && !clause.cluster_label.is_empty();
            let mut clause = Clause { any_of: contracted(&clause.any_of), ..clause.clone() };
            if is_expanded {
                clause.cluster.clear();
            }
            if !is_expanded || all_of.iter().all(|of| of.names() != clause.names()) {
                all_of.push(clause);
            }
        }
        Self { all_of, any_of: contracted(&self.any_of), extra: self.extra.clone() }
    }
}

/// Returns a group of alternatives in the form that EMCO accepts.
fn contracted(group: &[Selector]) -> Vec<Selector> {
    let mut kept: Vec<Selector> = Vec::new();
    for mut selector in group.iter().cloned() {
        let is_expanded = !selector.cluster.is_empty() && !selector.cluster_label.is_empty();
        if is_expanded {
            selector.cluster.clear();
        }
        if !is_expanded || kept.iter().all(|of| of.names() != selector.names()) {
            kept.push(selector);
        }
    }
    kept
}

/// An element of `allOf`: a selector, or a group of selectors of which EMCO chooses one cluster.
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
    /// One cluster among all that these match.
    #[serde(default, deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Selector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Clause {
    /// A clause for exactly this cluster.
    pub fn cluster(provider: impl Into<String>, cluster: impl Into<String>) -> Self {
        Self { cluster_provider: provider.into(), cluster: cluster.into(), ..Self::default() }
    }

    /// A clause for every cluster of `provider` that has `label`.
    pub fn label(provider: impl Into<String>, label: impl Into<String>) -> Self {
        Self { cluster_provider: provider.into(), cluster_label: label.into(), ..Self::default() }
    }

    /// Returns provider, cluster and label, some of which may be empty.
    pub fn names(&self) -> [&str; 3] {
        [&self.cluster_provider, &self.cluster, &self.cluster_label]
    }

    /// Returns the cluster, if the clause names exactly one.
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
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Selector {
    /// Returns provider, cluster and label, some of which may be empty.
    pub fn names(&self) -> [&str; 3] {
        [&self.cluster_provider, &self.cluster, &self.cluster_label]
    }
}
