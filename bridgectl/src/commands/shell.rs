//! `completions` and `man`.

use std::io;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::complete::VARIABLE;

/// Print the completions for a shell, which complete names of what there is at the bridge, too.
///
/// To be read at the start of a shell, by the program that prints it: source <(bridgectl completions bash).
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<()> {
        let shells = Shells::builtins();
        let shell = self.shell.to_string();
        let shell = shells.completer(&shell).with_context(|| format!("{shell} has no completions"))?;
        let mut script = Vec::new();
        shell.write_registration(VARIABLE, "bridgectl", "bridgectl", "bridgectl", &mut script)?;
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
