//! Our programs as they ship: release builds without shared libraries.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::programs::{cargo, rustc, target_dir};

/// The programs that are shipped.
pub const SHIPPED: [&str; 3] = ["bridge", "sample-client", "sample-worker"];

/// Programs run in images that hold nothing else, so the C library is part of them.
const STATIC: &str = "-Ctarget-feature=+crt-static";

/// Builds the programs of these packages, and returns the folder that they are in.
pub fn release_build(packages: &[&str]) -> Result<PathBuf> {
    // With a target named, the flags are not for build scripts and macros, which cannot be static.
    let target = rustc("host: ")?;
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--bins", "--target", &target]);
    build.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", STATIC);
    build.arg("--target-dir").arg(target_dir());
    build.args(packages.iter().flat_map(|package| ["--package", package]));
    let status = build.status().context("cargo does not start")?;
    ensure!(status.success(), "cargo could not build {} ({status})", packages.join(", "));
    Ok(target_dir().join(target).join("release"))
}
