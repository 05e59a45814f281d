//! Docker's command line, as far as images are concerned.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::folder::Folder;

/// An image that was built.
#[derive(Debug)]
pub struct Image {
    /// `sha256:…`: this very image, whatever its name comes to mean.
    pub id: String,
}

/// Asks whether a daemon answers; the error says why none does.
pub fn daemon() -> Result<()> {
    docker(&["version", "--format", "{{.Server.Version}}"]).map(drop).context("no Docker daemon answers")
}

impl Image {
    /// Builds the Dockerfile in `folder`.
    pub fn build(folder: &Folder, tag: &str, options: &[String]) -> Result<Self> {
        let path = folder.path().to_str().context("the target folder's name is not Unicode")?;
        let options = options.iter().map(String::as_str);
        let arguments: Vec<&str> =
            ["build", "--quiet", "--tag", tag].into_iter().chain(options).chain([path]).collect();
        let id = docker(&arguments)?.trim().to_owned();
        ensure!(id.starts_with("sha256:"), "Docker built {tag} and does not say what: {id}");
        Ok(Self { id })
    }

    /// As an orchestrator counts it: the sum of its layers, unpacked.
    pub(super) fn bytes(&self) -> Result<u64> {
        let bytes = docker(&["image", "inspect", "--format", "{{.Size}}", &self.id])?;
        bytes.trim().parse().context("Docker tells no size")
    }

    /// What its program prints, run with these arguments, and without anything that it should not need.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let options = ["run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", &self.id];
        docker(&[&options, arguments].concat())
    }

    /// Writes it as an archive.
    pub fn save(&self, file: &Path) -> Result<()> {
        let file = file.to_str().context("the output folder's name is not Unicode")?;
        // By its names, so that it has them where it is loaded.
        let names = docker(&["image", "inspect", "--format", "{{join .RepoTags \" \"}}", &self.id])?;
        let names: Vec<&str> = names.split_whitespace().collect();
        docker(&[&["save", "--output", file], names.as_slice()].concat()).map(drop)
    }
}

/// What Docker prints.
fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .context("`docker` does not start; is it installed?")?;
    if output.status.success() {
        return String::from_utf8(output.stdout).context("Docker prints no text");
    }
    bail!("`docker {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim())
}
