//! A chart, the profiles that are there for it, and Helm to render it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) const CHARTS: [&str; 3] = ["bridge", "workflow-client", "worker"];
/// What everybody must say.
const SERVER: &str = "temporal.server=temporal-frontend.temporal";

pub(crate) struct Chart {
    pub(crate) name: &'static str,
}

/// A values file, named by where it is.
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
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

    /// Those of the chart's own, in `ci`.
    pub(crate) fn profiles(&self) -> Vec<Profile> {
        let mut profiles: Vec<_> = fs::read_dir(self.folder().join("ci"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let file = path.file_name().unwrap().to_str().unwrap();
                Profile {
                    name: format!("{}-{}", self.name, file.strip_suffix("-values.yaml").unwrap()),
                    path,
                }
            })
            .collect();
        profiles.sort_by(|one, other| one.name.cmp(&other.name));
        assert!(!profiles.is_empty(), "{} has no profiles", self.name);
        profiles
    }

    /// The rendered text, with the test's pod.
    pub(crate) fn render(&self, profile: &Profile) -> String {
        let output = self.helm(&["template", "r1"]).arg("-f").arg(&profile.path).output().unwrap();
        said(&output).unwrap_or_else(|error| panic!("{}: {error}", profile.name))
    }

    /// The rendered objects.
    pub(crate) fn objects(&self, profile: &Profile) -> Vec<Value> {
        parse(&self.render(profile))
    }

    /// The objects with these values set besides the one that must be; or what Helm says.
    pub(crate) fn with(&self, sets: &[&str]) -> Result<Vec<Value>, String> {
        let mut helm = self.helm(&["template", "r1"]);
        for set in [SERVER].iter().chain(sets) {
            helm.args(["--set", set]);
        }
        said(&helm.output().unwrap()).map(|text| parse(&text))
    }

    /// `helm`, with these arguments and the chart.
    pub(crate) fn helm(&self, arguments: &[&str]) -> Command {
        let mut helm = harness::helm().unwrap();
        helm.args(arguments).arg(self.folder());
        helm
    }
}

pub(crate) fn said(output: &Output) -> Result<String, String> {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(String::from_utf8(output.stdout.clone()).unwrap()) } else { Err(stderr) }
}

/// The documents of rendered text.
pub(crate) fn parse(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// The one object of a kind.
pub(crate) fn one<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let mut of_kind = objects.iter().filter(|object| object["kind"] == kind);
    let one = of_kind.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(of_kind.next().is_none(), "more than one {kind}");
    one
}
