//! `cargo xtask new-client`: writes a project for the author of a workflow, with a workflow client and a worker.

mod name;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use emco_build::workspace_dir;

use self::name::Name;
use crate::files::{is_vacant, read, read_folder, write};

/// The packages that the template takes from this repository.
const KITS: [&str; 2] = ["client-kit", "worker-kit"];

/// Write a starter project, with a workflow client, a worker and their tests, into a new folder of that name.
/// `docs/author-guide.md` explains it.
#[derive(Debug, clap::Args)]
pub(crate) struct NewClient {
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

impl NewClient {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let clone = workspace_dir();
        let folder = self.folder(clone)?;
        let kits = KITS.map(|kit| (format!("path = \"../../../{kit}\""), self.source(clone, kit)));
        for (path, text) in read_folder(&clone.join("xtask/templates/my-workflow"))? {
            let text = self.name.put_into(&text);
            let text = kits.iter().fold(text, |text, (from, to)| text.replace(from, to));
            // Hidden in the template, it would apply to the template.
            let path = if path == "gitignore" { ".gitignore" } else { &path };
            write(&folder.join(path), text.as_bytes())?;
        }
        // The versions that the kits are tested with.
        write(&folder.join("Cargo.lock"), read(&clone.join("Cargo.lock"))?.as_bytes())?;
        format(&folder);
        eprintln!("wrote {}; next: cd {0} && cargo test", folder.display());
        Ok(ExitCode::SUCCESS)
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
        ensure!(
            is_vacant(&folder)?,
            "{} has something in it; choose another name or --dir",
            folder.display()
        );
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

/// Formats the sources, since a name longer or shorter than the template's moves line ends. Without rustfmt
/// they work as well.
fn format(folder: &Path) {
    let sources = ["client", "lib", "worker"].map(|name| folder.join(format!("src/{name}.rs")));
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).args(sources).stderr(Stdio::null());
    let _ = rustfmt.status();
}
