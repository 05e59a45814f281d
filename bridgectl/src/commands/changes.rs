//! `apply`, `diff` and `delete` of what files describe.

use std::path::PathBuf;

use anyhow::Result;
use similar::TextDiff;

use crate::documents::{self, Document};
use crate::exit::{self, ended};
use crate::kept::{Outcome, Putting, delete, existing, put};
use crate::output::{Format, array, line, note, to_yaml};
use crate::session::{Session, confirm};

/// Create or replace what files describe: intents, schedules, rules.
///
/// Takes EMCO's documents with an anchor, as for emcoctl, and those that `get` prints, YAML or JSON. A document
/// that somebody else changes at the same time is not replaced.
#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    putting: Putting,
}

/// Show what `apply` would change.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Files, folders, or - for standard input.
    #[arg(long = "file", short = 'f', required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Read the folders in folders too.
    #[arg(long, short = 'R')]
    recursive: bool,
    /// The intent of schedules that have no anchor.
    #[arg(long, value_name = "INTENT")]
    intent: Option<String>,
}

/// Delete what files describe.
#[derive(Debug, clap::Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    files: Files,
    /// Count what does not exist as deleted.
    #[arg(long)]
    ignore_not_found: bool,
    /// Do not ask at a terminal.
    #[arg(long, short)]
    yes: bool,
}

impl Files {
    fn read(&self, ctl: &Session) -> Result<Vec<Document>> {
        let intent = self.intent.as_deref().map(|name| ctl.intent(name)).transpose()?;
        let (documents, skipped) = documents::read(ctl, &self.paths, self.recursive, intent.as_ref())?;
        skipped.iter().for_each(|text| note(text));
        match documents.is_empty() {
            true => Err(ended(1, "there is no intent, schedule or rule in the files")),
            false => Ok(documents),
        }
    }

    pub(crate) async fn diff(self, ctl: &Session) -> Result<()> {
        let mut differs = false;
        let compared: Result<()> = async {
            for document in self.read(ctl)? {
                differs |= self.compare(ctl, &document).await?;
            }
            Ok(())
        }
        .await;
        match compared {
            Ok(()) if differs => Err(ended(1, "")),
            Ok(()) => Ok(()),
            // 1 means a difference.
            Err(error) => Err(ended(exit::number(&error).max(2), exit::shown(&error))),
        }
    }

    /// Prints the difference, and returns whether there is one.
    async fn compare(&self, ctl: &Session, document: &Document) -> Result<bool> {
        let old = existing(&ctl.bridge, &document.what).await?;
        let new = put(&ctl.bridge, &document.what, &document.json).strict().dry_run().await?;
        let old = old.map(|old| to_yaml(old.text())).transpose()?.unwrap_or_default();
        let new = to_yaml(new.text())?;
        if old == new {
            return Ok(false);
        }
        let diff = TextDiff::from_lines(&old, &new);
        let (what, file) = (document.what.to_string(), &document.file);
        line(diff.unified_diff().header(&format!("{what} (bridge)"), file).to_string().trim_end())?;
        Ok(true)
    }
}

impl Apply {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let documents = self.files.read(ctl)?;
        let (mut done, mut failure) = (Vec::new(), None);
        for document in &documents {
            match self.apply(ctl, document).await {
                Ok(json) => done.push(json),
                Err(error) => {
                    note(&format!("{}: {}: {}", document.file, document.what, exit::shown(&error)));
                    failure.get_or_insert_with(|| exit::number(&error));
                }
            }
        }
        match (ctl.out.0, done.as_slice()) {
            (Format::Json | Format::Yaml, [one]) => ctl.out.document(one, "", &[])?,
            (Format::Json | Format::Yaml, several) => ctl.out.document(&array(several), "", &[])?,
            (Format::Table | Format::Wide | Format::Name, _) => {}
        }
        let (failed, all) = (documents.len() - done.len(), documents.len());
        match failure {
            Some(code) => Err(ended(code, format!("{failed} of {all} documents were not applied"))),
            None => Ok(()),
        }
    }

    /// Applies a document, and returns what the bridge has then.
    async fn apply(&self, ctl: &Session, document: &Document) -> Result<String> {
        let what = &document.what;
        let (outcome, new) = self.putting.put(&ctl.bridge, document).await?;
        let outcome = match outcome {
            Outcome::Created => "created",
            Outcome::Unchanged => "unchanged",
            Outcome::Changed => "configured",
        };
        ctl.out.done(&what.name(), &format!("{what} {outcome}{}", self.putting.note()))?;
        Ok(new)
    }
}

impl Delete {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let documents = self.files.read(ctl)?;
        let whats: Vec<_> = documents.iter().map(|document| document.what.to_string()).collect();
        confirm(self.yes, &format!("delete {}?", whats.join(", ")))?;
        // What was created last is deleted first.
        for Document { what, .. } in documents.iter().rev() {
            match delete(&ctl.bridge, what).await {
                Ok(_) => ctl.out.done(&what.name(), &format!("{what} deleted"))?,
                Err(error) if self.ignore_not_found && error.status() == Some(404) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
