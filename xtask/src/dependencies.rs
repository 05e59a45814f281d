//! `cargo xtask dependencies`: checks that dependencies are used and allowed.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use emco_build::workspace_dir;
use harness::{cargo_deny, cargo_shear};

/// Check that each dependency is used (cargo-shear), and that deny.toml allows its licence, crate and source
/// (cargo-deny).
#[derive(Debug, clap::Args)]
pub(crate) struct Dependencies {
    /// Also print which crates come in several versions, and other warnings.
    #[arg(long)]
    warnings: bool,
}

impl Dependencies {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let mut unused = Command::new(cargo_shear()?);
        unused.arg("--locked");
        let mut allowed = Command::new(cargo_deny()?);
        let level = if self.warnings { "warn" } else { "error" };
        allowed.args([
            "--workspace",
            "--locked",
            "--log-level",
            level,
            "check",
            "licenses",
            "bans",
            "sources",
        ]);
        let mut sound = true;
        for mut check in [unused, allowed] {
            check.current_dir(workspace_dir());
            let status =
                check.status().with_context(|| format!("{:?} does not start", check.get_program()))?;
            sound &= status.success();
        }
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
