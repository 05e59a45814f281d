//! Our programs as they ship: optimised, without shared libraries.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::profile::Profile;
use crate::programs::{cargo, rustc, target_dir, workspace_dir};

/// What is shipped. Built together, always: which features a dependency has, and so what its functions are called in a profile, is
/// what all of them want.
pub const SHIPPED: [&str; 3] = ["bridge", "sample-client", "sample-worker"];

/// Programs run in images that hold nothing else, so the C library is part of them. Addresses within them are packed, which saves a
/// megabyte.
const STATIC: [&str; 2] = ["target-feature=+crt-static", "link-arg=-Wl,-z,pack-relative-relocs"];

/// Functions that are alike are one, which saves another megabyte. It takes LLD, which is Rust's own linker for this target alone.
const FOLDED: &str = "link-arg=-Wl,--icf=all";

/// What links there: functions that a request runs through lie side by side.
const LINKER: &str = "images/link/in-order";

/// Both where a profile is made and where it is used. LLVM would inline small functions before it counts and once more after it, and code
/// that hardly runs would grow by a megabyte.
const COUNTED: &str = "llvm-args=-disable-preinline";

/// Beside a profile. What runs often is inlined up to a third of LLVM's usual size, as programs grow otherwise; and a profile is a little older
/// than the code, which is nothing to warn of.
const WITH_PROFILE: [&str; 2] = ["llvm-args=-hot-callsite-threshold=1000", "llvm-args=-no-pgo-warn-mismatch"];

/// Where release builds lie.
#[derive(Debug)]
pub struct Release {
    folder: PathBuf,
}

impl Release {
    /// Builds [`SHIPPED`] as they are shipped: for this compiler's profile of them, where there is one.
    pub fn shipped() -> Result<Self> {
        let profile = Profile::of_this_compiler()?;
        profile.tell_if_unfit()?;
        let flags = if profile.path.is_file() {
            let options = [&format!("profile-use={}", profile.path.display()), COUNTED];
            // Cargo does not look into the file: this has it build anew where that has changed.
            let fingerprint = format!("--cfg=profile=\"{}\"", profile.fingerprint()?);
            [generating(options.into_iter().chain(WITH_PROFILE)), vec![fingerprint]].concat()
        } else {
            Vec::new()
        };
        build(&SHIPPED, flags, &target_dir())
    }

    /// Builds [`SHIPPED`] so that they write down, when they end, how often each piece of their code ran: as files in `folder`, unless
    /// `LLVM_PROFILE_FILE` says otherwise.
    pub fn profiling(folder: &Path) -> Result<Self> {
        let flags = generating([&format!("profile-generate={}", folder.display()), COUNTED]);
        build(&SHIPPED, flags, &target_dir().join("profiling"))
    }

    /// Builds another of our programs, with nothing that is known of those that are shipped.
    pub fn other(package: &str) -> Result<Self> {
        build(&[package], Vec::new(), &target_dir())
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

fn build(packages: &[&str], more_flags: Vec<String>, target_dir: &Path) -> Result<Release> {
    // With a target named, the flags are not for build scripts and macros, which cannot be static.
    let target = rustc("host: ")?;
    let mut build = cargo();
    let mut flags = generating(STATIC);
    if target.starts_with("x86_64-") && target.ends_with("-linux-gnu") {
        flags.extend(generating([FOLDED]));
        build.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", workspace_dir().join(LINKER));
    }
    flags.extend(more_flags);
    build.args(["build", "--release", "--locked", "--bins", "--target", &target]);
    build.arg("--target-dir").arg(target_dir);
    // A path among them may have spaces.
    build.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    build.args(packages.iter().flat_map(|package| ["--package", package]));
    let status = build.status().context("cargo does not start")?;
    ensure!(status.success(), "cargo could not build {} ({status})", packages.join(", "));
    Ok(Release { folder: target_dir.join(target).join("release") })
}

/// rustc's flags for such options of code generation.
fn generating<'a>(options: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    options.into_iter().flat_map(|option| ["-C", option]).map(str::to_owned).collect()
}
