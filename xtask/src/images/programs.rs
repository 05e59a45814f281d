//! Static programs, and what they are linked with.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use harness::{SHIPPED, release_build, rustc};

/// Since then names are looked up by glibc itself. Before, a static program had to load libraries for that.
const GLIBC: (u32, u32) = (2, 34);

/// Builds them as they ship, and gives the folder that they are in.
pub(super) fn build() -> Result<PathBuf> {
    let target = host()?;
    ensure!(target.contains("-linux-"), "images are of Linux, and so must be the machine that builds them");
    if let Some(found) = glibc() {
        ensure!(
            found >= GLIBC,
            "glibc {}.{} or newer is needed, found {}.{}",
            GLIBC.0,
            GLIBC.1,
            found.0,
            found.1
        );
    }
    release_build(&SHIPPED)
}

/// What this machine's Rust builds for by itself.
pub(super) fn host() -> Result<String> {
    rustc("host: ")
}

/// The release of Rust, whose standard library is in each program.
pub(super) fn rust() -> Result<String> {
    rustc("release: ")
}

/// The version of this machine's C library, where that is glibc.
pub(super) fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
