//! Our own executables, built once in the profile of the test that asks for them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow, ensure};

/// The executables of this workspace that tests and the demo start.
pub const PROGRAMS: [&str; 4] = ["bridge", "sample-client", "sample-worker", "emco-stand-in"];

const PROFILE_DIR: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

/// What cargo sets for the programs it runs. Some build scripts watch these variables and would run again, and all that
/// depends on them be built again, if a cargo inside `cargo run` or `cargo test` saw them.
const SET_BY_CARGO: [&str; 8] = [
    "CARGO_BIN_EXE_",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
];

/// The path of one of [`PROGRAMS`], built if need be.
pub fn program(name: &str) -> Result<PathBuf> {
    ensure!(PROGRAMS.contains(&name), "{name} is none of our programs: {PROGRAMS:?}");
    build_programs()?;
    let path = target_dir().join(PROFILE_DIR).join(name);
    ensure!(path.is_file(), "{} is not there; was it built, as HARNESS_BUILT says?", path.display());
    Ok(path)
}

/// Builds [`PROGRAMS`], once in a process; not at all if `HARNESS_BUILT` says that whoever started this process did.
pub fn build_programs() -> Result<()> {
    static BUILT: LazyLock<Result<(), String>> = LazyLock::new(|| {
        if std::env::var_os("HARNESS_BUILT").is_some() {
            return Ok(());
        }
        build().map_err(|error| format!("{error:#}"))
    });
    BUILT.clone().map_err(|text| anyhow!(text))
}

fn build() -> Result<()> {
    let mut build = cargo();
    // `--workspace` and `--examples` (we have none) choose nothing to build. They make cargo unite the features of all
    // packages and their tests, as `cargo test --workspace` does, so that both share every dependency they compile.
    build.args(["build", "--workspace", "--examples"]);
    build.args(PROGRAMS.iter().flat_map(|name| ["--bin", name]));
    if PROFILE_DIR == "release" {
        build.arg("--release");
    }
    let status = build.status().context("cargo does not start")?;
    ensure!(status.success(), "cargo could not build our programs ({status})");
    Ok(())
}

/// A `cargo` that works on this workspace, as if called from a terminal.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace_dir());
    for (key, _) in std::env::vars_os() {
        if key.to_str().is_some_and(|key| SET_BY_CARGO.iter().any(|name| key.starts_with(name))) {
            cargo.env_remove(key);
        }
    }
    cargo
}

/// What `rustc -vV` tells under this key.
pub fn rustc(key: &str) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version =
        Command::new(rustc).arg("-vV").stderr(Stdio::inherit()).output().context("rustc does not start")?;
    let text = String::from_utf8_lossy(&version.stdout);
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    value.map(str::to_owned).with_context(|| format!("`rustc -vV` tells no `{key}`"))
}

/// The folder of the root manifest.
pub fn workspace_dir() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// Cargo's target directory: the marked one that this program lies in, else the usual one (documentation tests run elsewhere).
pub fn target_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(|| workspace_dir().join("target"), Path::to_path_buf)
}
