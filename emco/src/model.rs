//! The words EMCO's API speaks: names, intents, status.
//!
//! Everything read keeps the fields we do not know ([`Extra`]) and writes them back, so a newer EMCO loses nothing when an
//! intent passes through us.

mod dig;
mod intents;
mod status;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

pub use dig::{DeploymentIntentGroup, DigSpec, OverrideValues};
pub use intents::{AppIntent, AppIntentSpec, Clause, GenericPlacementIntent, Placement, Selector};
pub(crate) use status::ClustersByApp;
pub use status::{
    Action, AppStatus, ClusterStatus, Counts, Deployed, DigState, DigStatus, GroupVersionKind, Output,
    Readiness, ResourceStatus, States, StatusKind, StatusQuery,
};

/// Fields that a newer EMCO may send and we do not know.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// A cluster of a provider, shown as `provider/cluster`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterRef {
    /// The cluster provider.
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

/// A number that EMCO gives each instantiation and update of a DIG; the first is 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What every EMCO resource says about itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The name, unique among its siblings.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// For whoever wrote the resource.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_data1: String,
    /// For whoever wrote the resource.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_data2: String,
    /// Fields we do not know.
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
