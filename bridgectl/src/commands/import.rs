//! `import`: what `export` has written, or what EMCO's workflowmgr has, with a report.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use crate::documents::{self, Document, What};
use crate::exit::{self, ended};
use crate::kept::{Outcome, Putting};
use crate::output::{Listing, note};
use crate::session::Session;
use crate::workflowmgr::Workflowmgr;

/// Create or replace what an export has, or the intents of EMCO's workflowmgr, and report on each.
///
/// What is not read completely is not imported at all. A repeated import changes nothing. Documents that are at the
/// bridge only are left alone.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// Files of an export, folders, or - for standard input.
    #[arg(
        long = "file",
        short = 'f',
        value_name = "FILE",
        required_unless_present = "workflowmgr",
        conflicts_with = "workflowmgr"
    )]
    paths: Vec<PathBuf>,
    /// Read the folders in folders too.
    #[arg(long, short = 'R')]
    recursive: bool,
    #[command(flatten)]
    from: Workflowmgr,
    #[command(flatten)]
    putting: Putting,
}

/// What came of a document.
#[derive(Debug, Serialize)]
struct Line {
    kind: &'static str,
    name: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

impl Import {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let documents = match self.from.workflowmgr {
            Some(_) => self.from.documents().await?,
            None => documents::read(ctl, &self.paths, self.recursive, None)?.0,
        };
        let (mut lines, mut created, mut failure) = (Vec::new(), HashSet::new(), None);
        for document in &documents {
            let (outcome, reason) = match self.put(ctl, document, &created).await {
                Ok(Outcome::Unchanged) => ("unchanged", String::new()),
                Ok(Outcome::Changed) => ("changed", String::new()),
                Ok(Outcome::Created) => {
                    created.insert(document.what.clone());
                    ("created", String::new())
                }
                Err(error) => {
                    failure.get_or_insert_with(|| exit::number(&error));
                    ("refused", exit::reason(&error))
                }
            };
            let (kind, name) = (document.what.kind(), document.what.name());
            lines.push(Line { kind, name, outcome, reason });
        }
        report(ctl, &lines, self.putting)?;
        match failure {
            Some(code) => Err(ended(code, "")),
            None => Ok(()),
        }
    }

    async fn put(&self, ctl: &Session, document: &Document, created: &HashSet<What>) -> Result<Outcome> {
        // In a dry run, its intent is not there to be asked about.
        if let What::Schedule(intent, _) = &document.what
            && self.putting.is_dry()
            && created.contains(&What::Intent(intent.clone()))
        {
            return Ok(Outcome::Created);
        }
        Ok(self.putting.put(&ctl.bridge, document).await?.0)
    }
}

fn report(ctl: &Session, lines: &[Line], putting: Putting) -> Result<()> {
    let row = |line: &Line| {
        let reason = line.reason.replace("\n  ", "; ");
        vec![line.name.clone(), line.kind.to_owned(), line.outcome.to_owned(), reason]
    };
    let rows = lines.iter().map(row).collect();
    let json = serde_json::to_string(lines)?;
    ctl.out.list(&Listing { json, header: &["NAME", "KIND", "OUTCOME", "REASON"], narrow: 4, rows })?;
    let count = |outcome: &str| lines.iter().filter(|line| line.outcome == outcome).count();
    let counts = ["created", "changed", "unchanged", "refused"].map(|word| format!("{} {word}", count(word)));
    note(&format!("{}{}", counts.join(", "), putting.note()));
    Ok(())
}
