//! Builds and inspects images with Docker's command line.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::folder::Folder;

/// An image that was built.
#[derive(Debug)]
pub struct Image {
    /// `sha256:…`, which always means this image, unlike its name.
    pub id: String,
}

/// Checks that a Docker daemon answers; the error has the reason if none does.
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
        ensure!(id.starts_with("sha256:"), "Docker built {tag}, but printed no ID: {id}");
        Ok(Self { id })
    }

    /// Returns the size as orchestrators count it: the sum of the unpacked layers.
    pub(super) fn bytes(&self) -> Result<u64> {
        let bytes = docker(&["image", "inspect", "--format", "{{.Size}}", &self.id])?;
        bytes.trim().parse().context("Docker printed no size")
    }

    /// Runs its program with these arguments, without network, capabilities or a writable file system, and returns the
    /// output.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let options = ["run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", &self.id];
        docker(&[&options, arguments].concat())
    }

    /// Writes the image as an archive.
    pub fn save(&self, file: &Path) -> Result<()> {
        let file = file.to_str().context("the output folder's name is not Unicode")?;
        // By name, so that it has its names where it is loaded.
        let names = docker(&["image", "inspect", "--format", "{{join .RepoTags \" \"}}", &self.id])?;
        let names: Vec<&str> = names.split_whitespace().collect();
        docker(&[&["save", "--output", file], names.as_slice()].concat()).map(drop)
    }
}

/// Runs Docker and returns its output.
fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .context("`docker` does not start; is it installed?")?;
    if output.status.success() {
        return String::from_utf8(output.stdout).context("the output of Docker is not text");
    }
    bail!("`docker {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim())
}
