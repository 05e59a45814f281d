//! Builds our programs as they are shipped: release builds without shared libraries.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cargo::{cargo, rustc, target_dir};

/// The programs that are shipped.
pub const SHIPPED: [&str; 3] = ["bridge", "sample-client", "sample-worker"];

/// Links the C library statically, since the images contain nothing but the program.
const STATIC: &str = "-Ctarget-feature=+crt-static";
/// Packs the addresses that the program corrects when it starts, which saves 2.6 MiB of 64.
const PACKED: &str = "-Clink-arg=-Wl,-z,pack-relative-relocs";
/// The first C library that reads them packed.
const PACKED_SINCE: (u32, u32) = (2, 36);

/// The profile of cargo that programs are compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// For what is shipped.
    Release,
    /// For tests: compiled faster.
    Ci,
}

/// Builds the programs of these packages, linked statically, and returns the folder that they are in.
pub fn build_static(packages: &[&str], profile: Profile) -> Result<PathBuf> {
    // If a target is given, the flags do not apply to build scripts and macros, which cannot be static.
    let target = host()?;
    let profile = match profile {
        Profile::Release => "release",
        Profile::Ci => "ci",
    };
    let mut build = cargo();
    build.args(["build", "--profile", profile, "--locked", "--bins", "--target", &target]);
    let packed = if glibc() >= Some(PACKED_SINCE) { PACKED } else { "" };
    build.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", format!("{STATIC} {packed}"));
    build.arg("--target-dir").arg(target_dir());
    build.args(packages.iter().flat_map(|package| ["--package", package]));
    let status = build.status().context("cargo does not start")?;
    ensure!(status.success(), "cargo could not build {} ({status})", packages.join(", "));
    Ok(target_dir().join(target).join(profile))
}

/// Returns the default target of this machine's Rust.
pub(crate) fn host() -> Result<String> {
    rustc("host: ")
}

/// Returns the release of Rust, whose standard library is in each program.
pub(crate) fn rust() -> Result<String> {
    rustc("release: ")
}

/// Returns the version of this machine's C library, if that is glibc.
pub(crate) fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
