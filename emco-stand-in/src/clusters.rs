//! Clusters and their labels: what EMCO's cluster manager keeps (EMCO-API §6.9).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::crud::{self, key_of};
use crate::reply::{self, Refusal};
use crate::resources::{ClusterProvider, EmptyList, FileRule, Resource};
use crate::schema::{Check, Metadata, checked};
use crate::shared::Shared;
use crate::store::World;

/// A Kubernetes cluster.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Cluster {
    metadata: Metadata,
    spec: ClusterSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ClusterSpec {
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

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

    fn needs_no_file(&self) -> bool {
        !self.spec.git_ops.git_ops_type.is_empty()
    }

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |_| ())
    }

    fn admit_list(collection: &[String], world: &World) -> Result<(), Refusal> {
        match collection.split_last() {
            Some((_, provider)) if world.contains(provider) => Ok(()),
            _ => Err(Refusal::new(404, ClusterProvider::MISSING)),
        }
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

    fn name(&self) -> Vec<String> {
        vec![self.cluster_label.clone()]
    }

    fn check(&self) -> Result<(), Refusal> {
        let mut check = Check::default();
        check.name(&self.cluster_label);
        check.finish()
    }

    fn check_put(&self, key: &[String], _world: &World) -> Result<(), Refusal> {
        match key.last() == Some(&self.cluster_label) {
            true => Ok(()),
            false => Err(Refusal::new(400, "Mismatched label name in PUT request")),
        }
    }

    fn admit_list(collection: &[String], world: &World) -> Result<(), Refusal> {
        match collection.split_last() {
            Some((_, cluster)) if world.contains(cluster) => Ok(()),
            _ => Err(Refusal::new(404, Cluster::MISSING)),
        }
    }
}

/// Lists clusters whole, by label as names alone, or with their labels.
pub(crate) async fn list(state: State<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let collection = key_of(&uri);
    let query = |wanted: &str| {
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .find_map(|(key, value)| (key == wanted).then(|| value.into_owned()))
    };
    if let Some(label) = query("label") {
        let world = state.world();
        Cluster::admit_list(&collection, &world)?;
        return Ok(reply::json(StatusCode::OK, &world.clusters_with_label(&collection[1], &label)));
    }
    if query("withLabels").as_deref() == Some("true") {
        let world = state.world();
        Cluster::admit_list(&collection, &world)?;
        let clusters: Vec<Value> = world
            .list::<Cluster>(&collection)
            .into_iter()
            .map(|(key, cluster)| {
                let labels: Vec<Value> = world
                    .list(&[key.as_slice(), &["labels".to_owned()]].concat())
                    .into_iter()
                    .map(|(_, of)| of)
                    .collect();
                json!({"metadata": cluster.metadata, "labels": labels})
            })
            .collect();
        return Ok(reply::json(StatusCode::OK, &clusters));
    }
    crud::list::<Cluster>(state, uri).await
}
