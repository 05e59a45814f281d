//! `bridge intent check`: finds the faults of intents on the administrator's own machine.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bridge_clients::HttpClients;
use bridge_core::ClientCheck;
use serde_json::Value;
use service::hosts::HostPatterns;
use service::outbound::Resolver;
use service::settings::duration;
use workflow_api::read::Spelling;
use workflow_api::{Fault, WorkflowIntent, read};

use crate::config::some_hosts;

/// The fields of emcoctl's documents beside the intent (EMCO-API §5.1).
const ANCHOR: &str = "/resourceContext/anchor";
const ENVELOPE: [&str; 2] = ["version", "resourceContext"];
/// The end of an anchor of intents.
const INTENTS: &str = "temporal-workflow-intents";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Validate intents as the bridge does with fieldValidation=Strict, and ask their workflow clients whether
    /// they accept them. Nothing is registered or started. The exit code is 0 if all intents are valid, else 1.
    Check(Check),
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Files with intents: JSON as for the REST API, or emcoctl's YAML with its values filled in.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Timeout for the response of a workflow client.
    #[arg(long, default_value = "5s", value_name = "TIME", value_parser = duration)]
    within: Duration,
    /// Hosts of workflow clients that may be called, as for `bridge serve`.
    #[arg(long, env = "BRIDGE_CLIENT_HOSTS", default_value = "*", value_name = "PATTERNS", value_parser = some_hosts)]
    client_hosts: HostPatterns,
    /// Also fail if a workflow client is away or has no catalogue.
    #[arg(long)]
    require_client: bool,
}

impl Command {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Self::Check(check) = self;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let sound = runtime.block_on(check.run(&mut std::io::stdout().lock()))?;
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Check {
    async fn run(&self, out: &mut impl Write) -> Result<bool> {
        let clients = HttpClients::new(self.client_hosts.clone(), None, Resolver::default(), self.within)?;
        let mut sound = true;
        for file in &self.files {
            for document in intents(file)? {
                let (name, faults) = faults_of(&document);
                let check = match faults {
                    Ok((intent, spelling)) => {
                        match ClientCheck::ask(&clients, &Arc::new(intent), self.within).await {
                            ClientCheck::Drifted(faults) => ClientCheck::Drifted(spelling.respell(faults)),
                            check => check,
                        }
                    }
                    Err(faults) => ClientCheck::Drifted(faults),
                };
                sound &= self.report(out, file, &name, &check)?;
            }
        }
        Ok(sound)
    }

    /// Prints the result, and returns whether the check succeeded.
    fn report(&self, out: &mut impl Write, file: &Path, name: &str, check: &ClientCheck) -> Result<bool> {
        let file = file.display();
        match check {
            ClientCheck::Accepted => {
                writeln!(out, "{file}: `{name}` is valid, and its workflow client accepts it")?
            }
            ClientCheck::Unknown(reason) => {
                writeln!(
                    out,
                    "{file}: `{name}` is valid, but its workflow client could not check it: {reason}"
                )?;
            }
            ClientCheck::Drifted(faults) => {
                writeln!(out, "{file}: `{name}` would be refused:")?;
                for fault in faults {
                    writeln!(out, "  {fault}")?;
                }
            }
        }
        Ok(match check {
            ClientCheck::Accepted => true,
            ClientCheck::Unknown(_) => !self.require_client,
            ClientCheck::Drifted(_) => false,
        })
    }
}

/// Returns the intents in a file. Other documents for emcoctl are skipped.
fn intents(file: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).with_context(|| {
        format!("{} is neither JSON nor YAML; are the values of its template filled in?", file.display())
    })?;
    let found: Vec<_> = documents.into_iter().filter_map(intent).collect();
    anyhow::ensure!(!found.is_empty(), "{} has no workflow intent", file.display());
    Ok(found)
}

fn intent(mut document: Value) -> Option<Value> {
    let anchor = document.pointer(ANCHOR).map(|anchor| anchor.as_str().unwrap_or_default().to_owned());
    if anchor.is_some_and(|anchor| !anchor.trim_end_matches('/').ends_with(INTENTS)) {
        return None;
    }
    let fields = document.as_object_mut()?;
    for name in ENVELOPE {
        fields.shift_remove(name);
    }
    Some(document)
}

/// Returns the name of the intent, for messages, and the intent with its spelling, or its faults. An unknown
/// field is a fault here, because the bridge would ignore it.
fn faults_of(document: &Value) -> (String, Result<(WorkflowIntent, Spelling), Vec<Fault>>) {
    let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?").to_owned();
    let faults = match read::<WorkflowIntent>(document.to_string().as_bytes()) {
        Err(error) => Err(error.into_faults()),
        Ok(read) => {
            let mut faults = read.spelling.respell(read.value.faults());
            faults.extend(read.unknown.into_iter().map(|path| Fault::new(path, "is not a known field")));
            if faults.is_empty() { Ok((read.value, read.spelling)) } else { Err(faults) }
        }
    };
    (name, faults)
}
