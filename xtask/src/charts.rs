//! `cargo xtask charts`: generates parts of the charts and of their documentation.
//!
//! Templates that charts share are in a library chart, `charts/common`. Helm has nothing like it for schemas, so shared
//! definitions are written into each.

mod definitions;
mod values;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use emco_build::workspace_dir;

use crate::files::{read, write};

/// The charts, each named as its folder.
const CHARTS: [&str; 3] = ["bridge", "workflow-client", "worker"];

/// Write the shared definitions (charts/definitions.json) into the charts' schemas, the list of the values that
/// templates rely on, and docs/values.md.
#[derive(Debug, clap::Args)]
pub(crate) struct Charts {
    /// Write nothing, and fail if a file is out of date.
    #[arg(long)]
    check: bool,
}

impl Charts {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let root = workspace_dir();
        let mut stale = Vec::new();
        for (path, text) in made(root)? {
            if read(&path).is_ok_and(|present| present == text) {
                continue;
            }
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            if !self.check {
                write(&path, text.as_bytes())?;
            }
            stale.push(name);
        }
        ensure!(
            !self.check || stale.is_empty(),
            "out of date: {}; run `cargo xtask charts`",
            stale.join(", ")
        );
        for name in stale {
            eprintln!("wrote {name}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns all generated files, with their contents.
fn made(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let charts = root.join("charts");
    let definitions = read(&charts.join("definitions.json"))?;
    let mut made = Vec::new();
    let mut tables = Vec::new();
    for name in CHARTS {
        let chart = charts.join(name);
        let schema = chart.join("values.schema.json");
        made.push((schema.clone(), definitions::put(&read(&schema)?, &definitions)?));
        let values = read(&chart.join("values.yaml"))?;
        let rows = values::rows(&values).with_context(|| format!("charts/{name}/values.yaml"))?;
        made.push((chart.join("templates").join("_required.tpl"), values::required(name, &rows)));
        tables.push((name, rows));
    }
    made.push((root.join("docs").join("values.md"), values::page(&tables)));
    Ok(made)
}
