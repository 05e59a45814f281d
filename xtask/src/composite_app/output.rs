//! The folder that is written: new, empty, or one of ours that nobody has changed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

/// What was written, as `sha256sum -c` reads it; by it a folder of ours is known.
const SUMS: &str = "SHA256SUMS";

/// Writes the files, and takes away those of ours that are no longer among them. Nothing is written where something is in the way.
pub(super) fn write(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let former = former(folder)?;
    for (path, sum) in &former {
        match fs::read(folder.join(path)) {
            Ok(bytes) => ensure!(
                hex(&bytes) == *sum,
                "{} was changed since it was written; keep it elsewhere, or choose another --out",
                folder.join(path).display()
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", folder.join(path).display()));
            }
        }
    }
    for path in files.keys().filter(|path| !former.contains_key(*path)) {
        let path = folder.join(path);
        ensure!(!path.exists(), "{} is in the way; choose another --out", path.display());
    }
    for path in former.keys().filter(|path| !files.contains_key(*path)) {
        remove(&folder.join(path))?;
    }
    for (path, bytes) in files {
        put(&folder.join(path), bytes)?;
    }
    put(&folder.join(SUMS), sums(files).as_bytes())
}

/// What was written there before, with its checksums.
fn former(folder: &Path) -> Result<BTreeMap<String, String>> {
    let occupied = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(error).with_context(|| format!("{} cannot be used", folder.display())),
    };
    match fs::read_to_string(folder.join(SUMS)) {
        Ok(text) => text
            .lines()
            .map(|line| {
                let (sum, path) =
                    line.split_once("  ").filter(|(_, path)| is_within(path)).with_context(|| {
                        format!("{} is not one of ours; choose another --out", folder.join(SUMS).display())
                    })?;
                Ok((path.to_owned(), sum.to_owned()))
            })
            .collect(),
        Err(_) if !occupied => Ok(BTreeMap::new()),
        Err(_) => {
            bail!("{} has something in it that this did not write; choose another --out", folder.display())
        }
    }
}

/// Whether a path in a list that anybody may have written stays in the folder.
fn is_within(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn sums(files: &BTreeMap<String, Vec<u8>>) -> String {
    files.iter().map(|(path, bytes)| format!("{}  {path}\n", hex(bytes))).collect()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
