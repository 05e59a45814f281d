//! A chart, its profiles, and Helm to render it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) const CHARTS: [&str; 3] = ["bridge", "workflow-client", "worker"];
const SERVER: &str = "temporal.server=temporal-frontend.temporal";
/// The required values. A worker has no callers.
const REQUIRED: [&str; 2] = [SERVER, "insecure=true"];
/// Values for the marks in the profiles of the composite app, and those that its documents override (`overrideValues`).
const FILLED: [(&str, &str); 2] = [("{repository}", "registry.example/emco/program"), ("{tag}", "0.1.0")];
const OVERRIDDEN: [&str; 2] = [SERVER, "database.postgres.existingSecret=bridge-database"];

pub(crate) struct Chart {
    pub(crate) name: &'static str,
}

/// A values file, and other values.
pub(crate) struct Profile {
    pub(crate) name: String,
    path: PathBuf,
    sets: &'static [&'static str],
}

impl Profile {
    /// Adds it to the arguments of Helm.
    pub(crate) fn put(&self, helm: &mut Command) {
        helm.args(self.arguments());
    }

    pub(crate) fn arguments(&self) -> Vec<&str> {
        let file = ["-f", self.path.to_str().unwrap()];
        file.into_iter().chain(self.sets.iter().flat_map(|set| ["--set", set])).collect()
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

impl Chart {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        CHARTS.into_iter().map(|name| Self { name })
    }

    pub(crate) fn folder(&self) -> PathBuf {
        root().join("charts").join(self.name)
    }

    /// Returns the chart's own profiles, in `ci`, and those of the composite app.
    pub(crate) fn profiles(&self) -> Vec<Profile> {
        let mut profiles = Vec::new();
        for path in paths(&self.folder().join("ci")) {
            let environment =
                path.file_name().unwrap().to_str().unwrap().strip_suffix("-values.yaml").unwrap();
            profiles.push(Profile { name: format!("{}-{environment}", self.name), path, sets: &[] });
        }
        assert!(!profiles.is_empty(), "{} has no profiles", self.name);
        for folder in paths(&root().join("composite-app").join("profiles")) {
            let environment = folder.file_name().unwrap().to_str().unwrap();
            let name = format!("composite-app-{environment}-{}", self.name);
            let text = fs::read_to_string(folder.join(format!("{}.yaml", self.name))).unwrap();
            let text =
                FILLED.iter().fold(text, |text, (placeholder, value)| text.replace(placeholder, value));
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.yaml"));
            // Tests do this in parallel, and none may see a file that another has not finished.
            let unfinished = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            fs::write(&unfinished, text).unwrap();
            unfinished.persist(&path).unwrap();
            let sets = if self.name == "bridge" { &OVERRIDDEN[..] } else { &OVERRIDDEN[..1] };
            profiles.push(Profile { name, path, sets });
        }
        profiles
    }

    /// Returns the rendered text, with the pod of `helm test`.
    pub(crate) fn render(&self, profile: &Profile) -> String {
        let mut helm = self.helm(&["template", "r1"]);
        profile.put(&mut helm);
        said(&helm.output().unwrap()).unwrap_or_else(|error| panic!("{}: {error}", profile.name))
    }

    /// Returns the rendered objects.
    pub(crate) fn objects(&self, profile: &Profile) -> Vec<Value> {
        parse(&self.render(profile))
    }

    /// Returns the objects for the required values and these, or Helm's error.
    pub(crate) fn with(&self, sets: &[&str]) -> Result<Vec<Value>, String> {
        let mut helm = self.helm(&["template", "r1"]);
        for set in self.required().iter().chain(sets) {
            helm.args(["--set", set]);
        }
        said(&helm.output().unwrap()).map(|text| parse(&text))
    }

    /// Returns the values without which the chart is refused.
    pub(crate) fn required(&self) -> &'static [&'static str] {
        if self.name == "worker" { &REQUIRED[..1] } else { &REQUIRED }
    }

    /// Returns `helm` with these arguments and the chart.
    pub(crate) fn helm(&self, arguments: &[&str]) -> Command {
        let mut helm = harness::helm().unwrap();
        helm.args(arguments).arg(self.folder());
        helm
    }
}

/// Returns the files in a folder, in order; none if it does not exist.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

pub(crate) fn said(output: &Output) -> Result<String, String> {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(String::from_utf8(output.stdout.clone()).unwrap()) } else { Err(stderr) }
}

/// Returns the documents of rendered text.
pub(crate) fn parse(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// Returns the only object of a kind.
pub(crate) fn one<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let mut of_kind = objects.iter().filter(|object| object["kind"] == kind);
    let one = of_kind.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(of_kind.next().is_none(), "more than one {kind}");
    one
}
