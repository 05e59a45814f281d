//! Programs that the compiler must refuse, and its messages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use emco_build::workspace_dir;

/// If this variable is `1`, [`compiler_refuses`] writes the compiler's messages instead of comparing them.
const OVERWRITE: &str = "OVERWRITE";

/// Compiles each `*.rs` file in `folder`, which uses only the library `name`, and compares the compiler's
/// messages with the `.stderr` file beside it. After a change: `OVERWRITE=1 cargo test …`, then read the
/// differences.
///
/// The library is the one that the test itself was linked with, so only the files are compiled.
///
/// # Errors
/// If the compiler accepts a file, or its messages differ.
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
        // The library was compiled in this folder, so rustc finds its lines and shows them.
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

/// Returns the newest build of a library. cargo keeps one for each set of features beside the running test.
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

/// Removes line numbers in the library and in Rust's own, and the width of the margin: they change with
/// unrelated lines.
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
