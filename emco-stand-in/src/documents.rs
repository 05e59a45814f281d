//! emcoctl's resource documents (EMCO-API §5.2, §5.3).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::archive;

/// A resource document. emcoctl drops other keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    resource_context: ResourceContext,
    #[serde(default)]
    metadata: Map<String, Value>,
    spec: Option<Value>,
    pub(crate) file: Option<String>,
    #[serde(default)]
    pub(crate) files: Vec<String>,
    cluster_label: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ResourceContext {
    anchor: String,
}

impl Document {
    pub(crate) fn anchor(&self) -> &str {
        &self.resource_context.anchor
    }

    pub(crate) fn last_segment(&self) -> &str {
        self.anchor().rsplit('/').next().unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.metadata.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the anchor of what the document creates, for every method but POST.
    pub(crate) fn place(&self) -> String {
        let version = self.spec.as_ref().and_then(|spec| spec["compositeAppVersion"].as_str());
        let suffix = match (self.last_segment(), version) {
            ("labels", _) => self.cluster_label.clone().unwrap_or_default(),
            ("composite-apps", Some(version)) => format!("{}/{version}", self.name()),
            _ => self.name().to_owned(),
        };
        format!("{}/{suffix}", self.anchor()).trim_end_matches('/').to_owned()
    }

    /// Returns the JSON that emcoctl makes of the document. It always has `metadata.name`.
    pub(crate) fn body(&self) -> String {
        let mut metadata = self.metadata.clone();
        metadata.entry("name").or_insert_with(|| json!(""));
        let mut body = json!({ "metadata": metadata });
        if let Some(label) = &self.cluster_label {
            body["clusterLabel"] = json!(label);
        }
        if let Some(spec) = &self.spec {
            body["spec"] = spec.clone();
        }
        body.to_string()
    }

    /// Returns a file in place of the document's own.
    pub(crate) fn stand_in_file(&self) -> std::io::Result<Vec<u8>> {
        let name = self.name();
        match self.last_segment() {
            "clusters" => Ok(Vec::new()),
            "profiles" => {
                let manifest = "version: v1\ntype:\n  values: override_values.yaml\n";
                archive::small(&[("manifest.yaml", manifest), ("override_values.yaml", "")])
            }
            _ => {
                let chart = format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n");
                archive::small(&[(&format!("{name}/Chart.yaml"), &chart)])
            }
        }
    }
}
