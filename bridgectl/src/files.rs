//! Files that options name.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
