//! `completions` and `man`.

use std::io;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap_complete::Shell;

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, mut command: clap::Command) -> Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "bridgectl", &mut script);
        Ok(io::Write::write_all(&mut io::stdout().lock(), &script)?)
    }
}

/// Write the man pages to a folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(self, command: clap::Command) -> Result<()> {
        let folder = &self.folder;
        let written =
            std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
        written.with_context(|| format!("cannot write to {}", folder.display()))
    }
}
