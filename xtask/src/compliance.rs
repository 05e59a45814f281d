//! `cargo xtask compliance`: whether a server is what EMCO needs of a workflow client.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use compliance::{Report, Target, check};
use serde_json::Value;

/// The workflow client that EMCO's own HTTP server starts, whatever it is called by.
const USUAL: &str = "workflowclient";

/// Ask a workflow client, ours or a foreign one, for each clause. Workflows are really started: their IDs begin with `compliance-`, and
/// they time out after ten minutes. Exit code 0 if no clause failed, else 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Compliance {
    /// The server: http://localhost:9090.
    url: String,
    /// The workflow client of it. Without: the one that the spec names, else `workflowclient`.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// A file with the `spec.temporal` of an intent (JSON), for a client that wants parameters. A whole intent does as well.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// A file with the bearer token that the server asks for.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the certificates (PEM) that vouch for the server, and no others.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Compliance {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let report = check(&self.target()?).await.context("nothing can be asked")?;
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
                target.with_token(String::from_utf8(read(file)?).context("the token is no text")?.trim());
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

/// What is sent to a workflow client, out of an intent or by itself.
fn spec(file: &Path) -> Result<Value> {
    let read: Value =
        serde_json::from_slice(&read(file)?).with_context(|| format!("{} is no JSON", file.display()))?;
    Ok(read.pointer("/spec/temporal").cloned().unwrap_or(read))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
