//! Fetches programs and packages into `target/tools`, once.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use emco_build::target_dir;
use rustix::process::geteuid;

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

/// Returns a program: the one on `PATH`, else the one in a package of Debian, which is unpacked and not installed: an
/// installed one would start as a service.
pub(super) fn debian_program(name: &str, package: &str) -> Result<PathBuf> {
    if let Some(program) = on_path(name) {
        return Ok(program);
    }
    let folder = fetched(name, |folder| {
        if geteuid().is_root() {
            run(Command::new("apt-get").args(["update", "--quiet"]))?;
        }
        run(Command::new("apt-get").current_dir(folder).args(["download", package]))?;
        let package = fs::read_dir(folder)?.next().context("apt-get fetched nothing")??.path();
        run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder))
    })
    .with_context(|| format!("no {name}: put it on PATH (Debian: `apt-get install {package}`)"))?;
    Ok(folder.join("usr/bin").join(name))
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
