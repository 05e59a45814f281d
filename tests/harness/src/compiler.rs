//! Programs that the compiler must refuse, and what it reports about each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use emco_build::workspace_dir;

/// Set to `1`, this makes [`compiler_refuses`] write what the compiler reports, instead of comparing it.
const OVERWRITE: &str = "OVERWRITE";

/// Compiles each `*.rs` file in `folder`, which uses the library `name` and nothing else, and compares what the compiler reports with the
/// file beside it that ends in `.stderr`. After a change: `OVERWRITE=1 cargo test …`, then read the differences.
///
/// The library is the one that the test itself was linked with, so nothing is compiled for it but the files themselves.
///
/// # Errors
/// If the compiler accepts a file, or reports something else than was expected.
pub fn compiler_refuses(name: &str, folder: &Path) -> Result<()> {
    let library = newest_library(name)?;
    let out = tempfile::tempdir()?;
    let mut cases: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        cases.push(entry?.path().canonicalize()?);
    }
    cases.retain(|case| case.extension().is_some_and(|extension| extension == "rs"));
    cases.sort();
    ensure!(!cases.is_empty(), "{} has no cases", folder.display());
    let mut wrong = Vec::new();
    for case in cases {
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.args([
            "--edition=2024",
            "--emit=metadata",
            "--color=never",
            "--diagnostic-width=140",
            "--out-dir",
        ]);
        rustc.arg(out.path()).arg("--extern").arg(format!("{name}={}", library.display()));
        rustc.arg("-L").arg(format!("dependency={}", library.with_file_name("").display())).arg(&case);
        // Where the library was compiled as well, so that its lines are found and shown.
        let compiled = rustc.current_dir(workspace_dir()).output().context("rustc does not start")?;
        let report = normalized(&String::from_utf8_lossy(&compiled.stderr));
        let expected = case.with_extension("stderr");
        if std::env::var_os(OVERWRITE).is_some_and(|value| value == "1") {
            fs::write(&expected, &report)?;
        }
        let known = normalized(&fs::read_to_string(&expected).unwrap_or_default());
        if compiled.status.success() || report != known {
            wrong.push(format!("{}:\n{report}\n-- expected:\n{known}", case.display()));
        }
    }
    ensure!(wrong.is_empty(), "the compiler reports something else about {}", wrong.join("\n\n"));
    Ok(())
}

/// The newest build of a library, among those that cargo keeps beside the running test for different features.
fn newest_library(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.parent().context("a program is in a folder")?;
    let prefix = format!("lib{name}-");
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
        if file.starts_with(&prefix) && file.ends_with(".rlib") {
            newest = newest.max(Some((path.metadata()?.modified()?, path)));
        }
    }
    Ok(newest.with_context(|| format!("no library {name} in {}", folder.display()))?.1)
}

/// Leaves out what changes with other lines of the library or of Rust's own: their line numbers, and the width of the margin.
fn normalized(report: &str) -> String {
    let mut lines = Vec::new();
    for line in report.lines().filter(|line| !ENDS.iter().any(|end| line.starts_with(end))) {
        let text = line.trim_start().trim_start_matches(|digit: char| digit.is_ascii_digit()).trim_start();
        let line = match text.strip_prefix("--> ").or_else(|| text.strip_prefix("::: ")) {
            Some(place) => match (place.find("tests/"), place.find("src/")) {
                (Some(at), _) => format!(" --> {}", &place[at..]),
                (None, at) => {
                    format!(" --> {}", place[at.unwrap_or_default()..].split(':').next().unwrap_or_default())
                }
            },
            None if text.starts_with('|') || text.starts_with("= ") => format!(" {text}"),
            None => line.to_owned(),
        };
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n").trim().to_owned() + "\n"
}

/// Lines with which every report ends.
const ENDS: [&str; 3] = ["error: aborting due to", "For more information about", "Some errors have detailed"];
