//! Clusters and their labels: what EMCO's cluster manager keeps (EMCO-API §6.9).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::crud::{self, key_of, query_of};
use crate::key::{Key, below, text};
use crate::reply::{self, Refusal};
use crate::resources::{ClusterProvider, Document, EmptyList, FileRule, Owner, Resource, check_owners};
use crate::schema::{Check, checked};
use crate::shared::Shared;

/// A Kubernetes cluster.
pub(crate) type Cluster = Document<ClusterSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClusterSpec {
    git_ops: GitOps,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GitOps {
    git_ops_type: String,
    git_ops_reference_object: String,
    git_ops_resource_object: String,
}

impl Resource for Cluster {
    const EXISTS: &'static str = "Cluster already exists";
    const MISSING: &'static str = "Cluster not found";
    const FILE: Option<FileRule> = Some(FileRule::Kubeconfig);
    const NAMES_ITS_TYPE: bool = false;
    const EMPTY_LIST: EmptyList = EmptyList::Array;
    const OWNERS: &'static [Owner] = &[(2, ClusterProvider::MISSING)];

    fn needs_no_file(&self) -> bool {
        !self.spec.git_ops.git_ops_type.is_empty()
    }

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |_| ())
    }
}

/// A label of a cluster.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Label {
    cluster_label: String,
}

impl Resource for Label {
    const EXISTS: &'static str = "Cluster Label already exists";
    const MISSING: &'static str = "Cluster label not found";
    const EMPTY_LIST: EmptyList = EmptyList::Array;
    const OWNERS: &'static [Owner] = &[(4, Cluster::MISSING)];
    const RENAMED: Option<(u16, &'static str)> = Some((400, "Mismatched label name in PUT request"));

    fn name(document: &Value) -> Vec<String> {
        vec![text(&document["clusterLabel"])]
    }

    fn check(&self) -> Result<(), Refusal> {
        let mut check = Check::default();
        check.name(&self.cluster_label);
        check.finish()
    }
}

/// Lists clusters whole, by label as names alone, or with their labels.
pub(crate) async fn list(state: State<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let (label, with_labels) = (query_of(&uri, "label"), query_of(&uri, "withLabels"));
    if label.is_none() && with_labels.as_deref() != Some("true") {
        return crud::list::<Cluster>(state, uri).await;
    }
    let collection = key_of(&uri);
    let world = state.world();
    check_owners(Cluster::OWNERS, &collection, &world)?;
    if let Some(label) = label {
        return Ok(reply::json(StatusCode::OK, &world.clusters_with_label(&collection[1], &label)));
    }
    let with_labels = |(key, cluster): (&Key, Cluster)| {
        let labels = world.list::<Value>(&below(key, &["labels"])).into_iter();
        json!({"metadata": cluster.metadata, "labels": labels.map(|(_, of)| of).collect::<Vec<_>>()})
    };
    let clusters: Vec<Value> = world.list(&collection).into_iter().map(with_labels).collect();
    Ok(reply::json(StatusCode::OK, &clusters))
}
