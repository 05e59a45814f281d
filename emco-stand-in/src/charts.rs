//! What EMCO looks for in the archives of apps and profiles, when it renders them: at instantiation (EMCO-API §7.1). Rendering itself is
//! left to Helm.

use serde::Deserialize;

use crate::archive::{Files, unpacked};
use crate::reply::Refusal;

/// EMCO unpacks into a folder with a random number behind it.
const FOLDER: &str = "/tmp/k8s-ext-0";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    r#type: ManifestType,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ManifestType {
    values: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chart {
    name: String,
    version: String,
    r#type: String,
}

/// Refuses what EMCO cannot render, in the order in which it looks, with the innermost text, which is what EMCO answers.
pub(crate) fn check(app: &str, chart: &[u8], profile: &[u8], release: &str) -> Result<(), Refusal> {
    let refused = |text: String| Err(Refusal::new(500, text));
    let (chart, profile) = (files(chart)?, files(profile)?);
    let Some(manifest) = profile.get("manifest.yaml") else {
        return refused(format!("open {FOLDER}/manifest.yaml: no such file or directory"));
    };
    let manifest: Manifest = yaml(manifest)?;
    if !chart.keys().any(|path| path.split('/').next() == Some(app)) {
        return refused(format!("stat {FOLDER}/{app}: no such file or directory"));
    }
    let values = manifest.r#type.values;
    if !profile.contains_key(&values) {
        return refused(format!("open {FOLDER}/{values}: no such file or directory"));
    }
    if let Some(fault) = label_fault(release) {
        return refused(format!("release name {release} is not a valid DNS label: {fault}"));
    }
    let Some(about) = chart.get(&format!("{app}/Chart.yaml")) else {
        return refused("Chart.yaml file is missing".to_owned());
    };
    let about: Chart = yaml(about)?;
    if about.name.is_empty() || about.version.is_empty() {
        let what = if about.name.is_empty() { "name" } else { "version" };
        return refused(format!("validation: chart.metadata.{what} is required"));
    }
    if !matches!(about.r#type.as_str(), "" | "application") {
        let Chart { name, r#type, .. } = about;
        return refused(format!(
            "chart {name:?} has an unsupported type and is not installable: {:?}",
            r#type
        ));
    }
    Ok(())
}

fn files(archive: &[u8]) -> Result<Files, Refusal> {
    let files = unpacked(archive).map_err(|error| Refusal::new(500, error.to_string()))?;
    match files.is_empty() {
        true => Err(Refusal::new(500, "Empty or non-existant Tar file found")),
        false => Ok(files),
    }
}

fn yaml<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_saphyr::from_str(&String::from_utf8_lossy(bytes))
        .map_err(|error| Refusal::new(500, error.to_string()))
}

/// Kubernetes' rule for DNS labels, in its words.
fn label_fault(label: &str) -> Option<&'static str> {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let within = |byte: u8| byte == b'-' || edge(Some(byte));
    if label.len() > 63 {
        return Some("must be no more than 63 characters");
    }
    let fits = edge(label.bytes().next()) && edge(label.bytes().last()) && label.bytes().all(within);
    (!fits).then_some(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an \
         alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    )
}
