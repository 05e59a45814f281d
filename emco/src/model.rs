//! The documents of EMCO's API: names, intents, status.
//!
//! Documents that are written back keep unknown fields ([`Extra`]), so that fields of a newer EMCO are not lost.

mod intents;
mod status;

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

pub use intents::{AppIntentSpec, Clause, Placement, Selector};
pub(crate) use status::ClustersByApp;
pub use status::{
    Action, AppStatus, ClusterStatus, Counts, Deployed, DigState, DigStatus, Readiness, ResourceStatus,
    States, StatusKind, StatusQuery,
};

/// Unknown fields, which a newer EMCO may send.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// Any resource of EMCO: its name, and what it specifies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Resource<S> {
    /// Its name and descriptions.
    pub metadata: Metadata,
    /// What it specifies.
    pub spec: S,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A composite app together with how to deploy it (EMCO-API §6.8).
pub type DeploymentIntentGroup = Resource<DigSpec>;

/// A named set of app intents of a DIG.
pub type GenericPlacementIntent = Resource<Option<IgnoredAny>>;

/// Where one app of the composite app is placed.
pub type AppIntent = Resource<AppIntentSpec>;

/// What the client reads of how to deploy a DIG.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigSpec {
    /// The logical cloud.
    #[serde(default)]
    pub logical_cloud: String,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A cluster of a provider, displayed as `provider/cluster`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClusterRef {
    /// The cluster provider. EMCO's name of the field is read, ours is written.
    #[serde(alias = "clusterProvider")]
    pub provider: String,
    /// The cluster.
    pub cluster: String,
}

impl ClusterRef {
    /// The cluster `cluster` of `provider`.
    pub fn new(provider: impl Into<String>, cluster: impl Into<String>) -> Self {
        Self { provider: provider.into(), cluster: cluster.into() }
    }
}

impl fmt::Display for ClusterRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.cluster)
    }
}

/// The number of an instantiation, update or rollback of a DIG. The first is 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The metadata of an EMCO resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The name, unique among its siblings.
    pub name: String,
    /// A description for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Free text of the resource's author.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_data1: String,
    /// Free text of the resource's author.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_data2: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Go writes a nil slice or map as `null`.
fn null_as_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
