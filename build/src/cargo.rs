//! Cargo and the compiler, and the folders that they work in.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// Variables that cargo sets for the programs that it runs. A cargo inside `cargo run` or `cargo test` must not see
/// them: some build scripts watch them, and would run again.
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

/// Returns a `cargo` that works on this workspace, as if called from a terminal.
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

/// Returns the value that `rustc -vV` prints under this key.
pub(crate) fn rustc(key: &str) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version =
        Command::new(rustc).arg("-vV").stderr(Stdio::inherit()).output().context("rustc does not start")?;
    let text = String::from_utf8_lossy(&version.stdout);
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    value.map(str::to_owned).with_context(|| format!("`rustc -vV` does not print `{key}`"))
}

/// Returns the folder of the root manifest.
pub fn workspace_dir() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(1).unwrap_or(here)
}

/// Returns cargo's target directory: the one that this program is in, else the default one, as tests in documentation
/// run elsewhere.
pub fn target_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(|| workspace_dir().join("target"), Path::to_path_buf)
}
