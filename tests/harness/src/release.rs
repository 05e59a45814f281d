//! Our programs as they ship: optimised, without shared libraries.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::programs::{cargo, target_dir, workspace_dir};

/// Programs run in images that hold nothing else, so the C library is part of them. Addresses within them are packed, which saves a
/// megabyte.
const STATIC: &str = "-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs";

/// Functions that are alike are one, which saves another megabyte. It takes LLD, which is Rust's own linker for this target alone.
const FOLDED: &str = " -C link-arg=-Wl,--icf=all";

/// What links there: functions that a request runs through lie side by side.
const LINKER: &str = "images/link/in-order";

/// Where release builds lie.
#[derive(Debug)]
pub struct Release {
    folder: PathBuf,
}

impl Release {
    /// Builds the programs of these packages.
    pub fn build(packages: &[&str]) -> Result<Self> {
        // With a target named, the flags are not for build scripts and macros, which cannot be static.
        let target = host()?;
        let mut build = cargo();
        let mut flags = STATIC.to_owned();
        if target.starts_with("x86_64-") && target.ends_with("-linux-gnu") {
            flags.push_str(FOLDED);
            build.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", workspace_dir().join(LINKER));
        }
        build.args(["build", "--release", "--locked", "--bins", "--target", &target]).env("RUSTFLAGS", flags);
        build.args(packages.iter().flat_map(|package| ["--package", package]));
        let status = build.status().context("cargo does not start")?;
        ensure!(status.success(), "cargo could not build {} ({status})", packages.join(", "));
        Ok(Self { folder: target_dir().join(target).join("release") })
    }

    /// The folder that they all lie in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One of them.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The target triple that rustc builds for by itself.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version =
        Command::new(rustc).arg("-vV").stderr(Stdio::inherit()).output().context("rustc does not start")?;
    let text = String::from_utf8_lossy(&version.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}
