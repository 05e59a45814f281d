//! Fetches programs and packages into `target/tools`, once.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use emco_build::target_dir;

pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

pub(super) fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Returns a folder with a Python package and its dependencies; `requirement` is `name==version`.
pub(crate) fn python_package(requirement: &str) -> Result<PathBuf> {
    fetched(&requirement.replace("==", "-"), |folder| {
        pip(&["install", "--quiet", "--only-binary", ":all:", "--target"], folder, requirement)
    })
}

/// Returns the folder `target/tools/<name>`, filled by `fill` if it does not exist yet. Other processes that need it
/// wait.
pub(super) fn fetched(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let tools = target_dir().join("tools");
    let folder = tools.join(name);
    fs::create_dir_all(&tools).with_context(|| format!("cannot make {}", tools.display()))?;
    // Locked until this file is dropped, or the process ends.
    let lock = File::create(tools.join(format!("{name}.lock")))?;
    lock.lock().with_context(|| format!("cannot lock {}", tools.display()))?;
    if !folder.exists() {
        let unfinished = tempfile::tempdir_in(&tools)?;
        fill(unfinished.path()).with_context(|| format!("cannot fetch {name}"))?;
        fs::rename(unfinished.keep(), &folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    }
    Ok(folder)
}

pub(super) fn pip(args: &[&str], folder: &Path, requirement: &str) -> Result<()> {
    let quiet = ["-m", "pip", "--disable-pip-version-check", "--no-input"];
    run(Command::new("python3").args(quiet).args(args).arg(folder).arg(requirement))
}

pub(super) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("`{program}` does not start"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let message = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    ensure!(output.status.success(), "`{program}` failed: {message}");
    Ok(())
}
