//! `cargo xtask compliance`: checks that a server meets EMCO's contract of a workflow client.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use compliance::{Report, Target, check};
use serde_json::Value;

/// The workflow client of EMCO's own HTTP server, which ignores the name.
const USUAL: &str = "workflowclient";

/// Check a workflow client, ours or another, against each clause. This starts workflows: their IDs begin with
/// `compliance-`, and they time out after ten minutes. Exit code 0 if no clause failed, else 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Compliance {
    /// The URL of the server, as http://localhost:9090.
    url: String,
    /// The name of the workflow client. Default: the one in the spec, else `workflowclient`.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// A JSON file with the `spec.temporal` of an intent, or a whole intent, for a client that requires parameters.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// A file with the bearer token that the server requires.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A PEM file with the authorities that verify the server. The system's are not used then.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Compliance {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let report = check(&self.target()?).await.context("the server cannot be checked")?;
        self.print(&report)?;
        Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn target(&self) -> Result<Target> {
        let spec =
            self.spec.as_deref().map(spec).transpose()?.unwrap_or_else(|| Value::Object(Default::default()));
        let named = spec["workflowClientName"].as_str().unwrap_or(USUAL);
        let mut target =
            Target::new(&self.url, self.client.as_deref().unwrap_or(named)).with_spec(spec.clone());
        if let Some(file) = &self.token_file {
            target =
                target.with_token(String::from_utf8(read(file)?).context("the token is not text")?.trim());
        }
        if let Some(file) = &self.ca_file {
            target = target.with_authorities(read(file)?);
        }
        Ok(target)
    }

    #[expect(clippy::print_stdout, reason = "the report is what this command is asked to print")]
    fn print(&self, report: &Report) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string(report)?);
        } else {
            println!("{report}");
        }
        Ok(())
    }
}

/// Reads `spec.temporal` from a file that has it alone, or a whole intent.
fn spec(file: &Path) -> Result<Value> {
    let read: Value =
        serde_json::from_slice(&read(file)?).with_context(|| format!("{} is not JSON", file.display()))?;
    Ok(read.pointer("/spec/temporal").cloned().unwrap_or(read))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
