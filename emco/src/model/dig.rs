//! The deployment intent group itself (EMCO-API §6.8).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Extra, Metadata, null_as_empty};

/// A composite app with everything that says how to deploy it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeploymentIntentGroup {
    /// Its name and what people say about it.
    pub metadata: Metadata,
    /// What it deploys, and into which logical cloud.
    pub spec: DigSpec,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a DIG deploys, and into which logical cloud.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigSpec {
    /// The composite profile.
    pub composite_profile: String,
    /// The Helm release name.
    pub version: String,
    /// Values set on top of chart and profile.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub override_values: Vec<OverrideValues>,
    /// The logical cloud.
    #[serde(default)]
    pub logical_cloud: String,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Values for one app's chart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OverrideValues {
    /// The app.
    pub app: String,
    /// The values, applied like `helm --set`.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub values: BTreeMap<String, String>,
    /// Fields we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}
