//! `apply`, `diff` and `delete` of what files describe.

use std::path::PathBuf;

use anyhow::Result;
use bridge_client::{Answer, Bridge, Call, Condition, Error, Raw};
use serde_json::value::RawValue;
use similar::TextDiff;

use crate::documents::{self, Document, What};
use crate::exit::{self, ended};
use crate::output::{Format, array, line, note, to_yaml, warn};
use crate::session::{Session, confirm};

/// Create or replace what files describe: intents, schedules, rules.
///
/// Takes EMCO's documents with an anchor, as for emcoctl, and those that `get` prints, YAML or JSON. A document
/// that somebody else changes at the same time is not replaced.
#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    files: Files,
    /// Validate only: the bridge changes nothing.
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "server")]
    dry_run: Option<DryRun>,
    /// What to do about unknown fields.
    #[arg(long, value_enum, default_value_t = Validation::Strict, value_name = "HOW")]
    field_validation: Validation,
    /// Do not ask workflow clients whether they accept the intents.
    #[arg(long)]
    unchecked: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum DryRun {
    Server,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Validation {
    Strict,
    Warn,
    Ignore,
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
    async fn apply(&self, ctl: &Session, Document { what, json, .. }: &Document) -> Result<String> {
        let old = existing(&ctl.bridge, what).await?;
        let etag = old.as_ref().and_then(Answer::etag).map(str::to_owned);
        let condition = etag.map_or(Condition::IfAbsent, Condition::IfMatch);
        let mut call = put(&ctl.bridge, what, json).condition(&condition);
        call = match self.field_validation {
            Validation::Strict => call.strict(),
            Validation::Warn => call,
            Validation::Ignore => call.query("fieldValidation", "Ignore"),
        };
        if self.dry_run.is_some() {
            call = call.dry_run();
        }
        if self.unchecked && matches!(what, What::Intent(_)) {
            call = call.unchecked();
        }
        let new = call.await?;
        warn(&new.warnings());
        let outcome = match old {
            None => "created",
            Some(old) if old.text() == new.text() => "unchanged",
            Some(_) => "configured",
        };
        let dry = if self.dry_run.is_some() { " (server dry run)" } else { "" };
        ctl.out.done(&name(what), &format!("{what} {outcome}{dry}"))?;
        Ok(new.into_text())
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
                Ok(_) => ctl.out.done(&name(what), &format!("{what} deleted"))?,
                Err(error) if self.ignore_not_found && error.status() == Some(404) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Returns the name that commands take.
fn name(what: &What) -> String {
    what.to_string().split_once(' ').map(|(_, name)| name.to_owned()).unwrap_or_default()
}

/// Returns what the bridge has of it.
async fn existing(bridge: &Bridge, what: &What) -> Result<Option<Answer<Box<RawValue>>>> {
    let call: Call<Box<RawValue>> = match what {
        What::Intent(key) => bridge.get_intent(key).read_as(),
        What::Schedule(key, name) => bridge.get_schedule(key, name).read_as(),
        What::Rule(rule) => match &rule.project {
            Some(project) => bridge.get_rule(project, &rule.name).read_as(),
            None => bridge.get_rule_over_all(&rule.name).read_as(),
        },
    };
    match call.await {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused { problem, .. }) if problem.status == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn put(bridge: &Bridge, what: &What, json: &str) -> Call<Box<RawValue>> {
    match what {
        What::Intent(key) => bridge.put_intent(key, Raw(json)).read_as(),
        What::Schedule(key, name) => bridge.put_schedule(key, name, Raw(json)).read_as(),
        What::Rule(rule) => match &rule.project {
            Some(project) => bridge.put_rule(project, &rule.name, Raw(json)).read_as(),
            None => bridge.put_rule_over_all(&rule.name, Raw(json)).read_as(),
        },
    }
}

fn delete(bridge: &Bridge, what: &What) -> Call<()> {
    match what {
        What::Intent(key) => bridge.delete_intent(key),
        What::Schedule(key, name) => bridge.delete_schedule(key, name),
        What::Rule(rule) => match &rule.project {
            Some(project) => bridge.delete_rule(project, &rule.name),
            None => bridge.delete_rule_over_all(&rule.name),
        },
    }
}
