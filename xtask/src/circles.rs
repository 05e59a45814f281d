//! `cargo xtask circles`: files of one package that import each other, and files that are too long.

mod imports;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use self::imports::{Import, imports};

/// Longer files are split.
const MAX_LINES: usize = 400;

/// Check that no files of one package import each other, and that none is too long, below the current folder.
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
        let files = tracked_files()?;
        let mut sound = true;
        for root in files.iter().filter(|file| file.ends_with("src/lib.rs") || file.ends_with("src/main.rs"))
        {
            for Import { from, line, path, to } in in_circles(imports(root, &files)?) {
                sound = false;
                println!("in a circle: {}:{line} uses {path} of {}", from.display(), to.display());
            }
        }
        let mut lengths = Vec::new();
        for file in &files {
            let lines = fs::read_to_string(file)?.lines().count();
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
fn tracked_files() -> Result<Vec<PathBuf>> {
    let listed = Command::new("git").args(["ls-files", "*.rs"]).output().context("`git` does not start")?;
    ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr).trim());
    let files = String::from_utf8(listed.stdout)?;
    // A file that was deleted is listed until that is committed.
    Ok(files.lines().map(PathBuf::from).filter(|file| file.is_file()).collect())
}

/// Leaves out imports of files that import nothing, and those by files that nothing imports, until there are no more.
fn in_circles(mut imports: Vec<Import>) -> Vec<Import> {
    loop {
        let from: BTreeSet<PathBuf> = imports.iter().map(|import| import.from.clone()).collect();
        let to: BTreeSet<PathBuf> = imports.iter().map(|import| import.to.clone()).collect();
        let before = imports.len();
        imports.retain(|import| from.contains(&import.to) && to.contains(&import.from));
        if imports.len() == before {
            return imports;
        }
    }
}
