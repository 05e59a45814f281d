//! Our own executables, built once in the profile of the test that uses them.

use std::path::PathBuf;
use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow, ensure};
use emco_build::{cargo, target_dir};

/// The executables of this workspace that tests and the demo start.
pub const PROGRAMS: [&str; 5] = ["bridge", "sample-client", "sample-worker", "emco-stand-in", "new-client"];

const PROFILE_DIR: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

/// Returns the path of one of [`PROGRAMS`], after building it if needed.
pub fn program(name: &str) -> Result<PathBuf> {
    ensure!(PROGRAMS.contains(&name), "{name} is not one of our programs: {PROGRAMS:?}");
    build_programs()?;
    let path = target_dir().join(PROFILE_DIR).join(name);
    ensure!(
        path.is_file(),
        "{} does not exist, though HARNESS_BUILT is set; build it, or unset that variable",
        path.display()
    );
    Ok(path)
}

/// Builds [`PROGRAMS`] once in a process, unless `HARNESS_BUILT` is set, which means that they are built already.
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
    // `--workspace` and `--examples` (we have none) add nothing to build. They make cargo unify the features of all
    // packages and their tests, as `cargo test --workspace` does, so that both share all compiled dependencies.
    build.args(["build", "--workspace", "--examples"]);
    build.args(PROGRAMS.iter().flat_map(|name| ["--bin", name]));
    if PROFILE_DIR == "release" {
        build.arg("--release");
    }
    let status = build.status().context("cargo does not start")?;
    ensure!(status.success(), "cargo could not build our programs ({status})");
    Ok(())
}
