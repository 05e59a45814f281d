//! The generic action controller's intents: resources to change, and how on which cluster (EMCO-API §7.3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::reply::Refusal;
use crate::resources::{Document, EmptyList, FileRule, Resource};
use crate::schema::{Check, Metadata, checked};

const EMPTY_BODY: &str = "empty request body";
const INVALID_BODY: Option<&str> = Some("error decoding the request body");

/// Refuses empty fields. This comes before the JSON schema.
fn required(fields: &[(&str, &str)]) -> Result<(), Refusal> {
    let missing: Vec<&str> =
        fields.iter().filter(|(value, _)| value.is_empty()).map(|(_, text)| *text).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Refusal::new(400, missing.join("\n"))),
    }
}

const TRUE_OR_FALSE: [&str; 2] = ["true", "false"];

/// The operations of JSON Patch.
const OPERATIONS: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];

/// A set of resources to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct K8sIntent {
    metadata: Metadata,
}

impl Resource for K8sIntent {
    const EXISTS: &'static str = "genericK8sIntent already exists";
    const MISSING: &'static str = "genericK8sIntent not found";
    const RENAMED: Option<(u16, &'static str)> =
        Some((400, "the intent name is not matching with the name in the request"));
    const REPLACED: u16 = 200;
    const EMPTY_BODY: &'static str = EMPTY_BODY;
    const INVALID_BODY: Option<&'static str> = INVALID_BODY;

    fn check(&self) -> Result<(), Refusal> {
        required(&[(&self.metadata.name, "genericK8sIntent name may not be empty")])?;
        checked(&self.metadata, |_| ())
    }
}

/// A resource of an app: a new one, or one of its chart.
pub(crate) type K8sResource = Document<K8sResourceSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct K8sResourceSpec {
    app: String,
    new_object: String,
    #[serde(rename = "resourceGVK")]
    resource_gvk: ResourceGvk,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ResourceGvk {
    api_version: String,
    kind: String,
    name: String,
}

impl Resource for K8sResource {
    const EXISTS: &'static str = "resource already exists";
    const MISSING: &'static str = "resource not found";
    const REPLACED: u16 = 200;
    const EMPTY_BODY: &'static str = EMPTY_BODY;
    const INVALID_BODY: Option<&'static str> = INVALID_BODY;
    const EMPTY_LIST: EmptyList = EmptyList::NotFound;
    const FILE: Option<FileRule> = Some(FileRule::Checked);

    fn check(&self) -> Result<(), Refusal> {
        let (spec, gvk) = (&self.spec, &self.spec.resource_gvk);
        required(&[
            (&self.metadata.name, "resource name may not be empty"),
            (&spec.app, "app may not be empty"),
            (&spec.new_object, "newObject may not be empty"),
            (&gvk.api_version, "apiVersion may not be empty"),
            (&gvk.kind, "kind may not be empty"),
            (&gvk.name, "name may not be empty"),
        ])?;
        checked(&self.metadata, |check| {
            for name in [&spec.app, &gvk.api_version, &gvk.kind, &gvk.name] {
                check.length(name, 128);
            }
            check.one_of("spec.newObject", &spec.new_object, &TRUE_OR_FALSE);
        })
    }

    fn check_file(&self, file: Option<&[u8]>) -> Result<(), Refusal> {
        let needless = ["configmap", "secret"].contains(&self.spec.resource_gvk.kind.to_lowercase().as_str());
        match file {
            None if !needless && self.spec.new_object.eq_ignore_ascii_case("true") => Err(Refusal::new(
                422,
                "the provided file field name is not present in the request or not a file field",
            )),
            // An empty one is as good as none.
            None | Some([]) => Ok(()),
            Some(file) => object_fault(file).map_or(Ok(()), |fault| {
                let text = format!(
                    "failed to validate the resource template file\n. Error validating data\n {fault}"
                );
                Err(Refusal::new(400, text))
            }),
        }
    }
}

/// Returns what is wrong with a Kubernetes object, in the controller's words.
fn object_fault(file: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(file);
    let object: Value = match serde_saphyr::from_str(&text) {
        Ok(object) => object,
        Err(error) => return Some(error.to_string()),
    };
    let fault = if !object.is_object() {
        "invalid object to validate"
    } else if object["apiVersion"].is_null() {
        "apiVersion not set"
    } else if object["kind"].is_null() {
        "kind not set"
    } else if object["metadata"].is_null() {
        "metadata not set"
    } else if object["metadata"]["name"].is_null() {
        "resource name not set"
    } else {
        return None;
    };
    Some(fault.to_owned())
}

/// How a resource is changed, and where.
pub(crate) type Customization = Document<CustomizationSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CustomizationSpec {
    cluster_specific: String,
    cluster_info: ClusterInfo,
    #[serde(skip_serializing_if = "String::is_empty")]
    patch_type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patch_json: Vec<Map<String, Value>>,
    config_map_options: DataOptions,
    secret_options: DataOptions,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ClusterInfo {
    scope: String,
    cluster_provider: String,
    cluster: String,
    cluster_label: String,
    mode: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DataOptions {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    data_key_options: Vec<DataKey>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DataKey {
    #[serde(skip_serializing_if = "String::is_empty")]
    file_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    key_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    merge_patch: String,
}

impl DataKey {
    fn check(&self, path: &str, check: &mut Check) {
        for (field, value) in [("fileName", &self.file_name), ("keyName", &self.key_name)] {
            match value.is_empty() {
                true => check.violated(format!("{field} is required")),
                false => check.length(value, 128),
            }
        }
        if !self.merge_patch.is_empty() {
            check.one_of(&format!("{path}.mergePatch"), &self.merge_patch, &TRUE_OR_FALSE);
        }
    }
}

impl Resource for Customization {
    const EXISTS: &'static str = "customization already exists";
    const MISSING: &'static str = "customization not found";
    const REPLACED: u16 = 200;
    const EMPTY_BODY: &'static str = EMPTY_BODY;
    const INVALID_BODY: Option<&'static str> = INVALID_BODY;
    const FILE: Option<FileRule> = Some(FileRule::Checked);

    fn check(&self) -> Result<(), Refusal> {
        let (spec, info) = (&self.spec, &self.spec.cluster_info);
        required(&[
            (&self.metadata.name, "customization name may not be empty"),
            (&spec.cluster_specific, "cluster specific may not be empty"),
            (&info.scope, "scope may not be empty"),
            (&info.cluster_provider, "cluster provider may not be empty"),
            (&info.mode, "mode may not be empty"),
        ])?;
        checked(&self.metadata, |check| {
            check.one_of("spec.clusterSpecific", &spec.cluster_specific, &TRUE_OR_FALSE);
            check.one_of("spec.clusterInfo.scope", &info.scope, &["label", "name"]);
            check.one_of("spec.clusterInfo.mode", &info.mode, &["allow", "deny"]);
            if !spec.patch_type.is_empty() {
                check.one_of("spec.patchType", &spec.patch_type, &["json", "merge", ""]);
            }
            for name in [&info.cluster_provider, &info.cluster, &info.cluster_label] {
                check.length(name, 128);
            }
            for (index, patch) in spec.patch_json.iter().enumerate() {
                let missing = ["op", "path", "value"].into_iter().filter(|field| !patch.contains_key(*field));
                missing.for_each(|field| check.violated(format!("{field} is required")));
                if let Some(op) = patch.get("op").and_then(Value::as_str) {
                    check.one_of(&format!("spec.patchJson.{index}.op"), op, &OPERATIONS);
                }
            }
            for (field, options) in
                [("configMapOptions", &spec.config_map_options), ("secretOptions", &spec.secret_options)]
            {
                for (index, key) in options.data_key_options.iter().enumerate() {
                    key.check(&format!("spec.{field}.dataKeyOptions.{index}"), check);
                }
            }
        })?;
        let specific = spec.cluster_specific.eq_ignore_ascii_case("true");
        let fault = match info.scope.to_lowercase().as_str() {
            "label" if info.cluster_label.is_empty() => "clusterLabel is missing",
            "name" if info.cluster.is_empty() => "clusterName is missing",
            _ => return Ok(()),
        };
        if specific { Err(Refusal::new(400, fault)) } else { Ok(()) }
    }
}
