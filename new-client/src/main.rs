//! `cargo new-client`: writes a project for the author of a workflow, with a workflow client and a worker.

mod name;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Parser;

use self::name::Name;

/// The packages that the template takes from this repository.
const KITS: [&str; 2] = ["client-kit", "worker-kit"];

/// Write a starter project, with a workflow client, a worker and their tests, into a new folder of that name.
/// `docs/author-guide.md` explains it.
#[derive(Debug, Parser)]
#[command(name = "cargo new-client", bin_name = "cargo new-client")]
struct NewClient {
    /// The name of the project and of its workflow client: lower-case letters, digits and `-`.
    name: Name,
    /// The folder in which to make the project's folder. Default: the one that this repository is in.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// The URL of the repository to take the kits from, instead of this clone.
    #[arg(long, value_name = "URL")]
    git: Option<String>,
    /// A commit or tag of that repository.
    #[arg(long, value_name = "REVISION", requires = "git")]
    rev: Option<String>,
}

fn main() -> ExitCode {
    match NewClient::parse().write() {
        Ok(folder) => {
            eprintln!("wrote {}; next: cd {0} && cargo test", folder.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl NewClient {
    /// Writes the project, and returns its folder.
    fn write(self) -> Result<PathBuf> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let clone = package.parent().unwrap_or(package);
        let folder = self.folder(clone)?;
        let kits = KITS.map(|kit| (format!("path = \"../../{kit}\""), self.source(clone, kit)));
        copy(&package.join("template"), &folder, &|text| {
            kits.iter().fold(self.name.put_into(text), |text, (from, to)| text.replace(from, to))
        })?;
        // Hidden in the template, it would apply to the template.
        fs::rename(folder.join("gitignore"), folder.join(".gitignore"))?;
        // The versions that the kits are tested with.
        fs::copy(clone.join("Cargo.lock"), folder.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
        format(&folder);
        Ok(folder)
    }

    /// Returns the folder of the project, which must be vacant and outside this repository.
    fn folder(&self, clone: &Path) -> Result<PathBuf> {
        let parent = match &self.dir {
            Some(dir) => {
                dir.canonicalize().with_context(|| format!("there is no folder {}", dir.display()))?
            }
            None => clone.parent().unwrap_or(clone).to_owned(),
        };
        ensure!(
            !parent.starts_with(clone),
            "{} is in this repository, whose workspace would claim the project; choose another --dir",
            parent.display()
        );
        let folder = parent.join(self.name.as_str());
        let unusable = || format!("{} cannot be used", folder.display());
        fs::create_dir_all(&folder).with_context(unusable)?;
        let is_empty = fs::read_dir(&folder).with_context(unusable)?.next().is_none();
        ensure!(is_empty, "{} has something in it; choose another name or --dir", folder.display());
        Ok(folder)
    }

    /// Returns the place from which the project's manifest takes one of our packages.
    fn source(&self, clone: &Path, kit: &str) -> String {
        // Rust and TOML escape alike what may be in an address or a path.
        match (&self.git, &self.rev) {
            (Some(url), Some(rev)) => format!("git = {url:?}, rev = {rev:?}"),
            (Some(url), None) => format!("git = {url:?}"),
            (None, _) => format!("path = {:?}", clone.join(kit)),
        }
    }
}

/// Copies the text files of a folder into another one, changed by `edit`.
fn copy(from: &Path, to: &Path, edit: &dyn Fn(&str) -> String) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to, edit)?;
        } else {
            let text =
                fs::read_to_string(&from).with_context(|| format!("cannot read {}", from.display()))?;
            fs::write(&to, edit(&text)).with_context(|| format!("cannot write {}", to.display()))?;
        }
    }
    Ok(())
}

/// Formats the sources, since a name longer or shorter than the template's moves line ends. Without rustfmt
/// they work as well.
fn format(folder: &Path) {
    let sources = ["client", "lib", "worker"].map(|name| folder.join(format!("src/{name}.rs")));
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).args(sources).stderr(Stdio::null());
    let _ = rustfmt.status();
}
