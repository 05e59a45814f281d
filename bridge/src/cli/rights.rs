//! `bridge rights check`: finds the faults of files of rights.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use bridge_rights::{Faults, RightsFile};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Validate files of bindings (TOML), and of policies that forbid (`*.cedar`), as the bridge does when it reads
    /// them. The exit code is 0 if all are valid, else 1.
    Check {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl Command {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Self::Check { files } = self;
        let mut valid = true;
        for file in &files {
            let name = &file.display().to_string();
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
            let source = RightsFile { name, text: &text };
            let is_policies = file.extension().is_some_and(|extension| extension == "cedar");
            let check = if is_policies { bridge_rights::check_policies } else { bridge_rights::check };
            match check(&source) {
                Ok(()) => writeln!(stdout(), "{name}: valid")?,
                Err(Faults(faults)) => {
                    valid = false;
                    faults.iter().try_for_each(|fault| writeln!(stdout(), "{fault}"))?;
                }
            }
        }
        Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
