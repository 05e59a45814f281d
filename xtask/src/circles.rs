//! `cargo xtask circles`: files of one package that import each other, and files that are too long.

mod modules;
mod rings;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use emco_build::workspace_dir;

use self::modules::Package;
use self::rings::rings;

/// Longer files are split.
const MAX_LINES: usize = 400;

/// Check that no files of one package import each other, and that none is too long.
///
/// An import is a `use` declaration or a path in code that leads to another file of the package. `mod` declarations and
/// re-exports of child modules do not count, and test code is left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Circles {
    /// Exit with 0 even if something is found.
    #[arg(long)]
    report: bool,
}

impl Circles {
    #[expect(clippy::print_stdout, reason = "what was found is what this command is asked to print")]
    pub(crate) fn run(self) -> Result<ExitCode> {
        let root = workspace_dir();
        let files = tracked_files(root)?;
        let mut sound = true;
        for crate_root in files.iter().filter(|file| is_crate_root(file)) {
            let package = Package::read(&root.join(crate_root))?;
            for ring in rings(&package.imports()) {
                sound = false;
                println!("{} files import each other:", ring.files().len());
                for import in ring.imports {
                    let (from, to) = (shown(&import.from, root), shown(&import.to, root));
                    println!("  {from}:{} uses {} of {to}", import.line, import.path);
                }
            }
        }
        let mut lengths = Vec::new();
        for file in &files {
            let lines = fs::read_to_string(root.join(file))?.lines().count();
            if lines > MAX_LINES {
                sound = false;
                println!("{} has {lines} lines, more than {MAX_LINES}", file.display());
            }
            if file.components().any(|part| part.as_os_str() == "src") {
                lengths.push(lines);
            }
        }
        lengths.sort_unstable();
        let median = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
        println!("{} files in src, the median has {median} lines", lengths.len());
        Ok(if sound || self.report { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Returns the Rust files that Git tracks.
fn tracked_files(root: &Path) -> Result<Vec<PathBuf>> {
    let listed = Command::new("git").arg("-C").arg(root).args(["ls-files", "*.rs"]).output();
    let listed = listed.context("`git` does not start")?;
    ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr).trim());
    let files = String::from_utf8(listed.stdout)?;
    // A file that was deleted is listed until that is committed.
    Ok(files.lines().map(PathBuf::from).filter(|file| root.join(file).is_file()).collect())
}

fn is_crate_root(file: &Path) -> bool {
    let is_root_name = file.file_name().is_some_and(|name| name == "lib.rs" || name == "main.rs");
    is_root_name && file.parent().is_some_and(|parent| parent.ends_with("src"))
}

fn shown<'a>(file: &'a Path, root: &Path) -> std::path::Display<'a> {
    file.strip_prefix(root).unwrap_or(file).display()
}
