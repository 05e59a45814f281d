//! The folder that is written: new, empty, or one that this command wrote and nobody changed.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::files;

/// The list of what was written, as `sha256sum -c` reads it. It marks a folder that this command wrote.
const SUMS: &str = "SHA256SUMS";

/// Writes the files, and removes those of an earlier call that are no longer among them. Nothing is written if another
/// file is in the way.
pub(super) fn write(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let former = former(folder)?;
    for (path, sum) in &former {
        let path = folder.join(path);
        match fs::read(&path) {
            Ok(bytes) => ensure!(
                hex(&bytes) == *sum,
                "{} was changed since it was written; keep it elsewhere, or choose another --out",
                path.display()
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }
    for path in files.keys().filter(|path| !former.contains_key(*path)) {
        let path = folder.join(path);
        ensure!(!path.exists(), "{} is in the way; choose another --out", path.display());
    }
    for path in former.keys().map(|path| folder.join(path)).filter(|path| path.exists()) {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    for (path, bytes) in files {
        files::write(&folder.join(path), bytes)?;
    }
    let sums: String = files.iter().map(|(path, bytes)| format!("{}  {path}\n", hex(bytes))).collect();
    files::write(&folder.join(SUMS), sums.as_bytes())
}

/// Returns the checksums of an earlier call's files.
fn former(folder: &Path) -> Result<BTreeMap<String, String>> {
    let sums = folder.join(SUMS);
    if files::is_vacant(folder)? {
        return Ok(BTreeMap::new());
    }
    let Ok(text) = fs::read_to_string(&sums) else {
        bail!("{} has something in it that this did not write; choose another --out", folder.display());
    };
    let entry = |line: &str| {
        let (sum, path) = line.split_once("  ").filter(|(_, path)| is_within(path))?;
        Some((path.to_owned(), sum.to_owned()))
    };
    let entries: Option<BTreeMap<String, String>> = text.lines().map(entry).collect();
    entries.with_context(|| format!("{} is not one of ours; choose another --out", sums.display()))
}

/// Reports whether a path in a list that anybody may have written stays in the folder.
fn is_within(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
