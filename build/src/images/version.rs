//! The state of the source that an image is built from.

use std::process::Command;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::cargo::workspace_dir;

#[derive(Debug)]
pub(super) struct Version {
    /// The version of the workspace.
    pub(super) number: &'static str,
    /// The commit, or `unknown` without Git.
    pub(super) revision: String,
    /// The time of the commit and not of the build, so that equal sources give equal images.
    pub(super) created: Timestamp,
}

impl Version {
    pub(super) fn of_workspace() -> Result<Self> {
        let modified = git(&["status", "--porcelain"]).is_some_and(|status| !status.is_empty());
        let revision = git(&["rev-parse", "HEAD"]).map(|revision| match modified {
            true => format!("{revision}-modified"),
            false => revision,
        });
        let given = std::env::var("SOURCE_DATE_EPOCH").ok();
        let seconds = given.or_else(|| git(&["log", "-1", "--format=%ct"])).unwrap_or_else(|| "0".to_owned());
        let seconds = seconds.parse().context("SOURCE_DATE_EPOCH is not a number of seconds")?;
        Ok(Self {
            number: env!("CARGO_PKG_VERSION"),
            revision: revision.unwrap_or_else(|| "unknown".to_owned()),
            created: Timestamp::from_second(seconds).context("SOURCE_DATE_EPOCH is out of range")?,
        })
    }

    /// The arguments from which the Dockerfiles make labels.
    pub(super) fn build_arguments(&self) -> Vec<String> {
        let Self { number, revision, created } = self;
        let arguments =
            [format!("VERSION={number}"), format!("REVISION={revision}"), format!("CREATED={created}")];
        arguments.into_iter().map(|argument| format!("--build-arg={argument}")).collect()
    }
}

/// Runs Git and returns its output, or `None` without Git or a repository.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(workspace_dir()).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
