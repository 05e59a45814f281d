//! What exists: the names that a workflow checks before it changes anything, and offers where one is wrong.

use serde::Deserialize;
use workflow_api::DigKey;

use crate::client::Client;
use crate::error::Error;
use crate::model::{ClusterRef, Metadata};
use crate::paths::of_composite_app;

/// A resource of which only the name matters.
#[derive(Debug, Deserialize)]
struct Named {
    metadata: Metadata,
}

/// A composite app, in one of its versions (EMCO-API §6.2).
#[derive(Debug, Deserialize)]
struct InVersion {
    metadata: Metadata,
    spec: VersionSpec,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionSpec {
    composite_app_version: String,
}

/// A cluster of a logical cloud (EMCO-API §6.10).
#[derive(Debug, Deserialize)]
struct ClusterReference {
    spec: ClusterReferenceSpec,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClusterReferenceSpec {
    cluster_provider: String,
    cluster: String,
}

impl Client {
    /// Names the projects.
    pub async fn project_names(&self) -> Result<Vec<String>, Error> {
        self.names(vec!["v2", "projects"], "a list of projects").await
    }

    /// The composite apps of a project: name and version of each.
    pub async fn composite_apps(&self, project: &str) -> Result<Vec<(String, String)>, Error> {
        let path = vec!["v2", "projects", project, "composite-apps"];
        let apps: Vec<InVersion> = self.list(path, "a list of composite apps").await?;
        Ok(apps.into_iter().map(|of| (of.metadata.name, of.spec.composite_app_version)).collect())
    }

    /// Names the deployment intent groups beside `dig`: those of its composite app.
    pub async fn dig_names(&self, dig: &DigKey) -> Result<Vec<String>, Error> {
        self.names(of_composite_app(dig, "deployment-intent-groups"), "a list of deployment intent groups")
            .await
    }

    /// Names the apps of the composite app that `dig` deploys.
    pub async fn app_names(&self, dig: &DigKey) -> Result<Vec<String>, Error> {
        self.names(of_composite_app(dig, "apps"), "a list of apps").await
    }

    /// Names the cluster providers. Answered by EMCO's cluster manager (CLM).
    pub async fn cluster_provider_names(&self) -> Result<Vec<String>, Error> {
        self.names(vec!["v2", "cluster-providers"], "a list of cluster providers").await
    }

    /// Names the clusters of a provider. Answered by EMCO's cluster manager (CLM).
    pub async fn cluster_names(&self, provider: &str) -> Result<Vec<String>, Error> {
        self.names(vec!["v2", "cluster-providers", provider, "clusters"], "a list of clusters").await
    }

    /// The clusters of a logical cloud. Answered by EMCO's manager of logical clouds (DCM).
    pub async fn logical_cloud_clusters(&self, project: &str, cloud: &str) -> Result<Vec<ClusterRef>, Error> {
        let path = vec!["v2", "projects", project, "logical-clouds", cloud, "cluster-references"];
        let references: Vec<ClusterReference> = self.list(path, "a list of cluster references").await?;
        let clusters =
            references.into_iter().map(|of| ClusterRef::new(of.spec.cluster_provider, of.spec.cluster));
        Ok(clusters.collect())
    }

    async fn names(&self, path: Vec<&str>, expected: &'static str) -> Result<Vec<String>, Error> {
        let named: Vec<Named> = self.list(path, expected).await?;
        Ok(named.into_iter().map(|of| of.metadata.name).collect())
    }
}
