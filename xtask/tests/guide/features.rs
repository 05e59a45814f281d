//! Lets cargo build a project outside this workspace with the workspace's compiled dependencies. That needs
//! the same target directory, lock file (which `new-client` writes), profile, and features of every
//! dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// A line for the project's dependencies.
pub(crate) const DEPENDENCY: &str = "workspace-features = { path = \"../workspace-features\" }\n";

/// A command that adds it, in the project's folder.
pub(crate) const FOLLOW: &str =
    "sed -i '/^.dependencies.$/a workspace-features = { path = \"../workspace-features\" }' Cargo.toml\n";

/// The kits with the features of authors' tests, so that they are built once for programs and tests.
const KITS: [&str; 2] = ["client-kit", "worker-kit"];

/// The features of one dependency that all packages of the workspace use.
#[derive(Default)]
struct Wanted {
    version: String,
    features: BTreeSet<String>,
    default_features: bool,
}

/// Writes the package and cargo's settings into `home`, for the projects in it.
pub(crate) fn write(home: &Path, workspace: &Path) {
    let package = home.join("workspace-features");
    fs::create_dir_all(package.join("src")).unwrap();
    fs::write(package.join("src/lib.rs"), "").unwrap();
    fs::write(package.join("Cargo.toml"), manifest(workspace)).unwrap();

    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).unwrap();
    let root: toml::Table = fs::read_to_string(workspace.join("Cargo.toml")).unwrap().parse().unwrap();
    // Offline, since all dependencies of the kits are downloaded.
    let mut settings = toml::toml! {
        [build]
        [net]
        offline = true
        [profile]
    };
    settings["build"] =
        toml::Table::from_iter([("target-dir".to_owned(), target.to_str().unwrap().into())]).into();
    settings["profile"] = toml::Table::from_iter([("dev".to_owned(), root["profile"]["dev"].clone())]).into();
    fs::create_dir(home.join(".cargo")).unwrap();
    fs::write(home.join(".cargo/config.toml"), settings.to_string()).unwrap();
}

fn manifest(workspace: &Path) -> String {
    let mut text =
        "[package]\nname = \"workspace-features\"\nversion = \"0.0.0\"\nedition = \"2024\"\n".to_owned();
    for (section, of_build) in [("build-dependencies", true), ("dependencies", false)] {
        writeln!(text, "\n[{section}]").unwrap();
        for (name, Wanted { version, features, default_features: default }) in wanted(workspace, of_build) {
            let features = Vec::from_iter(features);
            let wants =
                format!("version = {version:?}, features = {features:?}, default-features = {default}");
            writeln!(text, "{name} = {{ {wants} }}").unwrap();
        }
    }
    for kit in KITS {
        writeln!(text, "{kit} = {{ path = {:?}, features = [\"testing\"] }}", workspace.join(kit)).unwrap();
    }
    text
}

/// Returns the dependencies from registries of all packages of the workspace, of their tests or of their build scripts.
fn wanted(workspace: &Path, of_build: bool) -> BTreeMap<String, Wanted> {
    let mut metadata = emco_build::cargo();
    metadata.current_dir(workspace).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let metadata: Value = serde_json::from_slice(&metadata.output().unwrap().stdout).unwrap();
    let mut all: BTreeMap<String, Wanted> = BTreeMap::new();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages = list(&metadata["packages"]);
    for dependency in packages.iter().flat_map(|package| list(&package["dependencies"])) {
        let is_ours = dependency["path"].is_string();
        if is_ours || (dependency["kind"] == "build") != of_build {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let wanted = all.entry(text(&dependency["name"])).or_default();
        wanted.version = text(&dependency["req"]);
        wanted.features.extend(list(&dependency["features"]).iter().map(text));
        wanted.default_features |= dependency["uses_default_features"] == true;
    }
    all
}
