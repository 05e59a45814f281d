//! EMCO's checks of the archives of apps and profiles, which it renders at instantiation (EMCO-API §7.1).
//!
//! Nothing is rendered here. Kinds and names are read from the templates that have them as plain text.

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

/// Refuses charts and profiles that EMCO cannot render. The order of the checks, and the texts, are EMCO's.
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

/// A Kubernetes object that a chart renders to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
}

impl Object {
    fn new(api_version: &str, kind: &str, name: String) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned(), name }
    }
}

/// Returns the objects of an app's chart, in the order in which EMCO's app context lists them.
///
/// A chart without templates, or one whose templates cannot be read without rendering them, counts as a
/// Deployment and a Service.
pub(crate) fn objects(app: &str, chart: &[u8], release: &str) -> Vec<Object> {
    let files = unpacked(chart).unwrap_or_default();
    let mut objects = plain_objects(app, &files, release).unwrap_or_else(|| {
        let name = format!("{release}-{app}");
        vec![Object::new("apps/v1", "Deployment", name.clone()), Object::new("v1", "Service", name)]
    });
    objects.sort_by_key(|object| format!("{}+{}", object.name, object.kind));
    objects
}

/// Returns `None` if there are no templates, or if one cannot be read without rendering it.
fn plain_objects(app: &str, files: &Files, release: &str) -> Option<Vec<Object>> {
    let about: Chart = yaml(files.get(&format!("{app}/Chart.yaml"))?).ok()?;
    let folder = format!("{app}/templates/");
    let templates = files.iter().filter(|(path, _)| {
        let name = path.strip_prefix(&folder).unwrap_or_default();
        !name.starts_with('_') && (name.ends_with(".yaml") || name.ends_with(".yml"))
    });
    let mut objects = Vec::new();
    for (_, template) in templates {
        for document in String::from_utf8_lossy(template).split("\n---") {
            objects.push(plain_object(document, &about.name, release)?);
        }
    }
    (!objects.is_empty()).then_some(objects)
}

fn plain_object(template: &str, chart: &str, release: &str) -> Option<Object> {
    let top = |key: &str| {
        let lines = template.lines().take_while(|line| !line.starts_with("{{"));
        lines.filter_map(|line| line.strip_prefix(key)).map(str::trim).find(|value| !value.contains("{{"))
    };
    let (api_version, kind) = (top("apiVersion:")?, top("kind:")?);
    let metadata = template.lines().skip_while(|line| !line.starts_with("metadata:")).skip(1);
    let mut fields = metadata.take_while(|line| line.starts_with(' '));
    let name = fields.find_map(|line| line.strip_prefix("  name:"))?;
    Some(Object::new(api_version, kind, filled_in(name.trim().trim_matches('"'), chart, release)?))
}

/// Fills in a name that is built as in most charts.
fn filled_in(name: &str, chart: &str, release: &str) -> Option<String> {
    let mut filled = String::new();
    let mut rest = name;
    while let Some((before, action)) = rest.split_once("{{") {
        let (action, after) = action.split_once("}}")?;
        filled.push_str(before);
        match action.trim_matches(['-', ' ']).split(' ').collect::<Vec<_>>().as_slice() {
            [".Release.Name"] => filled.push_str(release),
            [".Chart.Name"] => filled.push_str(chart),
            ["template" | "include", template, "."] if template.ends_with("fullname\"") => {
                filled.push_str(&format!("{release}-{chart}"));
            }
            ["template" | "include", template, "."] if template.ends_with("name\"") => filled.push_str(chart),
            _ => return None,
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
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

/// Returns what is wrong with a DNS label, in Kubernetes' words.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::small;

    fn names(templates: &[(&str, &str)]) -> Vec<String> {
        let about = ("app/Chart.yaml", "name: chart\nversion: 1.0.0\n");
        let files: Vec<_> = templates.iter().copied().chain([about]).collect();
        let objects = objects("app", &small(&files).unwrap(), "r1");
        objects.into_iter().map(|of| format!("{}/{}/{} {}", of.group, of.version, of.kind, of.name)).collect()
    }

    #[test]
    fn plain_templates_are_read() {
        let service = "apiVersion: v1\nkind: Service\nmetadata:\n  labels:\n    name: x\n  name: plain\nspec:\n{{ .x }}\n";
        let others = "# A comment\napiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: {{ template \"fullname\" . }}-x\n---\n\
                      apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"{{ .Release.Name }}\"\n";
        let templates = [
            ("app/templates/a.yaml", service),
            ("app/templates/b.yml", others),
            ("app/templates/_c.tpl", "{{ x }}"),
        ];
        assert_eq!(
            names(&templates),
            ["/v1/Service plain", "/v1/ConfigMap r1", "apps/v1/DaemonSet r1-chart-x"]
        );
    }

    #[test]
    fn other_charts_count_as_a_deployment_and_a_service() {
        let guessed = ["apps/v1/Deployment r1-app", "/v1/Service r1-app"];
        for template in [
            "{{ include \"common.deployment\" . }}",
            "{{ if .Values.x }}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n{{ end }}",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Values.name }}",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  labels: {}\nspec:\n  name: x",
        ] {
            assert_eq!(names(&[("app/templates/a.yaml", template)]), guessed, "{template}");
        }
        assert_eq!(names(&[]), guessed);
    }
}
