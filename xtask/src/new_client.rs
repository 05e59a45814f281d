//! `cargo xtask new-client`: a project of a workflow's author, with a workflow client and a worker, to begin with.

mod name;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};

use name::Name;

/// What is written: path, and text with the names of the template in it.
const FILES: [(&str, &str); 7] = [
    (".gitignore", include_str!("../templates/my-workflow/gitignore")),
    ("Cargo.toml", include_str!("../templates/my-workflow/Cargo.toml")),
    ("intent.json", include_str!("../templates/my-workflow/intent.json")),
    ("src/client.rs", include_str!("../templates/my-workflow/src/client.rs")),
    ("src/lib.rs", include_str!("../templates/my-workflow/src/lib.rs")),
    ("src/worker.rs", include_str!("../templates/my-workflow/src/worker.rs")),
    ("src/workflow.rs", include_str!("../templates/my-workflow/src/workflow.rs")),
];
/// The packages that the template takes from this repository.
const KITS: [&str; 2] = ["client-kit", "worker-kit"];

/// Write a starter project, with a workflow client, a worker and their tests, into a new folder of that name. `docs/author-guide.md` goes
/// through it.
#[derive(Debug, clap::Args)]
pub(crate) struct NewClient {
    /// Name of project and workflow client: lower-case letters, digits and `-`.
    name: Name,
    /// The folder to make the project's in. Without: the one that this repository is in.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// The repository to take the kits from, in place of this clone of it.
    #[arg(long, value_name = "URL")]
    git: Option<String>,
    /// The commit or tag of it.
    #[arg(long, value_name = "REVISION", requires = "git")]
    rev: Option<String>,
}

impl NewClient {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let clone = clone();
        let folder = self.folder(&clone)?;
        let kits = KITS.map(|kit| (in_template(kit), self.source(&clone, kit)));
        let lock = fs::read(clone.join("Cargo.lock")).context("this clone has no Cargo.lock")?;

        for (path, text) in FILES {
            let text = self.name.put_into(text);
            let text = kits.iter().fold(text, |text, (from, to)| text.replace(from, to));
            write(&folder.join(path), text.as_bytes())?;
        }
        // The versions that the kits are tested with.
        write(&folder.join("Cargo.lock"), &lock)?;
        format(&folder);
        eprintln!("wrote {}; next: cd {0} && cargo test", folder.display());
        Ok(ExitCode::SUCCESS)
    }

    /// Where the project goes, if it may.
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
        let empty = match fs::read_dir(&folder) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(error).with_context(|| format!("{} cannot be used", folder.display())),
        };
        ensure!(empty, "{} has something in it; choose another name or --dir", folder.display());
        Ok(folder)
    }

    /// Where the project's manifest takes a package of ours from.
    fn source(&self, clone: &Path, kit: &str) -> String {
        // Rust and TOML escape alike what may be in an address or a path.
        match (&self.git, &self.rev) {
            (Some(url), Some(rev)) => format!("git = {url:?}, rev = {rev:?}"),
            (Some(url), None) => format!("git = {url:?}"),
            (None, _) => format!("path = {:?}", clone.join(kit)),
        }
    }
}

/// The same in the template, which lies in this repository.
fn in_template(kit: &str) -> String {
    format!("path = \"../../../{kit}\"")
}

/// The folder of this repository.
fn clone() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// A name longer or shorter than the template's moves line ends. Without rustfmt the project is as good, but for its looks.
fn format(folder: &Path) {
    let sources = ["client", "lib", "worker"].map(|name| folder.join(format!("src/{name}.rs")));
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).args(sources).stderr(Stdio::null());
    let _ = rustfmt.status();
}
