//! Helm, and a validator of manifests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow};

use super::fetch::{fetched, is_executable, on_path, python_package, run};
use super::go;
use crate::process::{Process, ProcessBuilder};

pub(super) const HELM_3: &str = "3.22.0";
pub(super) const HELM_4: &str = "4.3.2";
/// Helm 4, as a library.
const HELM_SDK: &str = "helm-python-sdk==0.2.2";
/// Contains the schemas of Kubernetes.
const KUBERNETES_VALIDATE: &str = "kubernetes-validate==1.37.0";

/// Returns Helm without a subcommand: the one on `PATH` or where Go installs programs, else one that Go
/// builds, else the one in the PyPI package `helm-python-sdk`, which has only `template` and `lint`.
pub fn helm() -> Result<Command> {
    static FOUND: LazyLock<Result<Found, String>> =
        LazyLock::new(|| find_helm().map_err(|error| format!("{error:#}")));
    match FOUND.as_ref().map_err(|text| anyhow!(text.clone()))? {
        Found::Program(path) => Ok(Command::new(path)),
        Found::Package(path) => {
            let mut helm = Command::new("python3");
            helm.args(["-c", include_str!("helm.py")]).env("PYTHONPATH", path);
            Ok(helm)
        }
    }
}

enum Found {
    Program(PathBuf),
    Package(PathBuf),
}

fn find_helm() -> Result<Found> {
    if let Some(path) = on_path("helm") {
        return Ok(Found::Program(path));
    }
    if let Some(go) = go() {
        if let Some(path) = installed_by_go(&go) {
            return Ok(Found::Program(path));
        }
        if let Ok(program) = built(&go, HELM_3) {
            return Ok(Found::Program(program));
        }
    }
    python_package(HELM_SDK)
        .map(Found::Package)
        .context("no `helm`: put it on PATH (https://helm.sh/docs/intro/install), or install Go, or pip")
}

/// Returns Helm of this version, built by Go.
pub(super) fn built(go: &Path, version: &str) -> Result<PathBuf> {
    let major = version.split('.').next().unwrap_or_default();
    let folder = fetched(&format!("helm-{version}"), |folder| {
        let package = format!("helm.sh/helm/v{major}/cmd/helm@v{version}");
        run(Command::new(go).args(["install", &package]).env("GOBIN", folder).env("CGO_ENABLED", "0"))
    })?;
    Ok(folder.join("helm"))
}

fn installed_by_go(go: &PathBuf) -> Option<PathBuf> {
    let output = Command::new(go).args(["env", "GOPATH"]).output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    Some(folder.join("bin").join("helm")).filter(|helm| is_executable(helm))
}

/// Returns kubernetes-validate, which validates manifests by the schemas of Kubernetes, without its arguments.
pub fn kubernetes_validate() -> Result<ProcessBuilder> {
    let folder = python_package(KUBERNETES_VALIDATE)
        .context("no kubernetes-validate: install Python 3.10 or newer with pip")?;
    Ok(Process::builder("python3").args(["-m", "kubernetes_validate"]).env("PYTHONPATH", folder))
}
