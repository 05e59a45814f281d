//! Which code requests run through, as release builds are told.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::programs::{rustc, workspace_dir};

const FOLDER: &str = "images/profile";

/// LLVM's counts of how often each piece of our programs' code ran.
///
/// Functions are found in it by their names, which hold hashes of the compiler's version, of the target and of all packages below: each
/// compiler has a profile of its own, and one that was made with other dependencies may do little.
#[derive(Debug)]
pub struct Profile {
    /// The file.
    pub path: PathBuf,
    /// What `Cargo.lock` was when it was made, by [`hash`].
    made_with: PathBuf,
}

impl Profile {
    /// That of the compiler that cargo would call, whether there is one or not.
    pub fn of_this_compiler() -> Result<Self> {
        let name = format!("rustc-{}-{}", rustc("release: ")?, rustc("host: ")?);
        let file = |extension| workspace_dir().join(FOLDER).join(format!("{name}.{extension}"));
        Ok(Self { path: file("profdata"), made_with: file("lock") })
    }

    /// Notes that it was made with today's dependencies.
    pub fn note_dependencies(&self) -> Result<()> {
        let text = format!("{}\n", dependencies()?);
        fs::write(&self.made_with, text).with_context(|| format!("cannot write {}", self.made_with.display()))
    }

    pub(crate) fn tell_if_unfit(&self) -> Result<()> {
        let path = self.path.display();
        if !self.path.is_file() {
            eprintln!(
                "note: {path} is not there: the programs are compiled without, and slower by a third; `cargo xtask profile` makes it"
            );
        } else if fs::read_to_string(&self.made_with).unwrap_or_default().trim() != dependencies()? {
            eprintln!(
                "note: {path} was made with other dependencies, and may do little; `cargo xtask profile` makes it anew"
            );
        }
        Ok(())
    }

    /// Another one for each content.
    pub(crate) fn fingerprint(&self) -> Result<String> {
        hash(&self.path)
    }
}

fn dependencies() -> Result<String> {
    hash(&workspace_dir().join("Cargo.lock"))
}

/// Of one compiler, as everything here, so that it may be the standard library's own.
fn hash(path: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))?.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}
