//! Lists of names: workflows check them before they change anything, and name what exists if something does not.

use serde::Deserialize;
use serde::de::IgnoredAny;
use workflow_api::DigKey;

use crate::client::{Client, of_composite_app};
use crate::error::Error;
use crate::model::{ClusterRef, Resource};

/// What a composite app specifies: its version (EMCO-API §6.2).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionSpec {
    composite_app_version: String,
}

impl Client {
    /// Names the projects.
    pub async fn project_names(&self) -> Result<Vec<String>, Error> {
        self.names(vec!["v2", "projects"], "a list of projects").await
    }

    /// Lists the composite apps of a project: name and version of each.
    pub async fn composite_apps(&self, project: &str) -> Result<Vec<(String, String)>, Error> {
        let path = vec!["v2", "projects", project, "composite-apps"];
        let apps: Vec<Resource<VersionSpec>> = self.list(path, "a list of composite apps").await?;
        Ok(apps.into_iter().map(|of| (of.metadata.name, of.spec.composite_app_version)).collect())
    }

    /// Names the deployment intent groups of the composite app of `dig`.
    pub async fn dig_names(&self, dig: &DigKey) -> Result<Vec<String>, Error> {
        self.names(of_composite_app(dig, "deployment-intent-groups"), "a list of deployment intent groups")
            .await
    }

    /// Names the apps of the composite app that `dig` deploys.
    pub async fn app_names(&self, dig: &DigKey) -> Result<Vec<String>, Error> {
        self.names(of_composite_app(dig, "apps"), "a list of apps").await
    }

    /// Names the cluster providers. EMCO's cluster manager (CLM) answers this.
    pub async fn cluster_provider_names(&self) -> Result<Vec<String>, Error> {
        self.names(vec!["v2", "cluster-providers"], "a list of cluster providers").await
    }

    /// Names the clusters of a provider. EMCO's cluster manager (CLM) answers this.
    pub async fn cluster_names(&self, provider: &str) -> Result<Vec<String>, Error> {
        self.names(vec!["v2", "cluster-providers", provider, "clusters"], "a list of clusters").await
    }

    /// Lists the clusters of a logical cloud (EMCO-API §6.10). EMCO's manager of logical clouds (DCM) answers this.
    pub async fn logical_cloud_clusters(&self, project: &str, cloud: &str) -> Result<Vec<ClusterRef>, Error> {
        let path = vec!["v2", "projects", project, "logical-clouds", cloud, "cluster-references"];
        let references: Vec<Resource<ClusterRef>> = self.list(path, "a list of cluster references").await?;
        Ok(references.into_iter().map(|of| of.spec).collect())
    }

    async fn names(&self, path: Vec<&str>, expected: &'static str) -> Result<Vec<String>, Error> {
        let named: Vec<Resource<Option<IgnoredAny>>> = self.list(path, expected).await?;
        Ok(named.into_iter().map(|of| of.metadata.name).collect())
    }
}
