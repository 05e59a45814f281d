//! `cargo xtask charts`: what in the charts and their documentation is made of something else.
//!
//! Each chart is whole by itself: it installs from a clone without `helm dependency build`, and EMCO takes archives without links and
//! resolves no dependencies. So what the charts share is copied from `charts/common` into each, and a test sees that the copies are the same.

mod definitions;
mod values;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

/// The charts, each named as its folder.
const CHARTS: [&str; 3] = ["bridge", "workflow-client", "worker"];

/// Write what is made of something else: templates and definitions that all charts share (charts/common), and docs/values.md.
#[derive(Debug, clap::Args)]
pub(crate) struct Charts {
    /// Write nothing; fail where something is out of date.
    #[arg(long)]
    check: bool,
}

impl Charts {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
        let mut stale = Vec::new();
        for (path, text) in made(root)? {
            if fs::read_to_string(&path).is_ok_and(|present| present == text) {
                continue;
            }
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            if !self.check {
                fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
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

/// All files that are made, with what belongs into them.
fn made(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let charts = root.join("charts");
    let common = charts.join("common");
    let definitions = read(&common.join("definitions.json"))?;
    let mut made = Vec::new();
    let mut tables = Vec::new();
    for name in CHARTS {
        let chart = charts.join(name);
        for template in templates(&common)? {
            let text = read(&template)?;
            let file = template.file_name().context("a template has a name")?;
            made.push((chart.join("templates").join(file), text));
        }
        let schema = chart.join("values.schema.json");
        made.push((schema.clone(), definitions::put(&read(&schema)?, &definitions)?));
        let values = read(&chart.join("values.yaml"))?;
        let rows = values::rows(&values).with_context(|| format!("charts/{name}/values.yaml"))?;
        tables.push((name, rows));
    }
    made.push((root.join("docs").join("values.md"), values::page(&tables)));
    Ok(made)
}

fn templates(common: &Path) -> Result<Vec<PathBuf>> {
    let mut templates = Vec::new();
    for entry in fs::read_dir(common)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tpl") {
            templates.push(path);
        }
    }
    templates.sort();
    Ok(templates)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
