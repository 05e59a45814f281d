//! What the bridge has of what documents describe: reads, replaces and deletes it.

use anyhow::Result;
use bridge_client::{Answer, Bridge, Call, Condition, Error, Raw};
use serde_json::value::RawValue;

use crate::documents::{Document, What};
use crate::output::warn;

/// What came of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    Unchanged,
    Changed,
}

/// How documents are put.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct Putting {
    /// Validate only: the bridge changes nothing.
    #[arg(
        long,
        value_name = "WHERE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "server"
    )]
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

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Validation {
    #[default]
    Strict,
    Warn,
    Ignore,
}

impl Putting {
    /// Returns whether nothing is changed.
    pub(crate) fn is_dry(self) -> bool {
        self.dry_run.is_some()
    }

    /// Returns the end of a sentence about what was done.
    pub(crate) fn note(self) -> &'static str {
        if self.is_dry() { " (server dry run)" } else { "" }
    }

    /// Creates or replaces what a document describes, unless somebody else changes it at the same time. Returns also
    /// what the bridge has then.
    pub(crate) async fn put(self, bridge: &Bridge, document: &Document) -> Result<(Outcome, String)> {
        let Document { what, json, .. } = document;
        let old = existing(bridge, what).await?;
        let etag = old.as_ref().and_then(Answer::etag).map(str::to_owned);
        let condition = etag.map_or(Condition::IfAbsent, Condition::IfMatch);
        let mut call = put(bridge, what, json).condition(&condition);
        call = match self.field_validation {
            Validation::Strict => call.strict(),
            Validation::Warn => call,
            Validation::Ignore => call.query("fieldValidation", "Ignore"),
        };
        if self.is_dry() {
            call = call.dry_run();
        }
        if self.unchecked && matches!(what, What::Intent(_)) {
            call = call.unchecked();
        }
        let new = call.await?;
        warn(&new.warnings());
        let outcome = match old {
            None => Outcome::Created,
            Some(old) if old.text() == new.text() => Outcome::Unchanged,
            Some(_) => Outcome::Changed,
        };
        Ok((outcome, new.into_text()))
    }
}

/// Returns what the bridge has of it.
pub(crate) async fn existing(bridge: &Bridge, what: &What) -> Result<Option<Answer<Box<RawValue>>>> {
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

pub(crate) fn put(bridge: &Bridge, what: &What, json: &str) -> Call<Box<RawValue>> {
    match what {
        What::Intent(key) => bridge.put_intent(key, Raw(json)).read_as(),
        What::Schedule(key, name) => bridge.put_schedule(key, name, Raw(json)).read_as(),
        What::Rule(rule) => match &rule.project {
            Some(project) => bridge.put_rule(project, &rule.name, Raw(json)).read_as(),
            None => bridge.put_rule_over_all(&rule.name, Raw(json)).read_as(),
        },
    }
}

pub(crate) fn delete(bridge: &Bridge, what: &What) -> Call<()> {
    match what {
        What::Intent(key) => bridge.delete_intent(key),
        What::Schedule(key, name) => bridge.delete_schedule(key, name),
        What::Rule(rule) => match &rule.project {
            Some(project) => bridge.delete_rule(project, &rule.name),
            None => bridge.delete_rule_over_all(&rule.name),
        },
    }
}
