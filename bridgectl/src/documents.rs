//! Documents in files: EMCO's, as emcoctl reads them, and the bridge's own, as `get` prints them. YAML or JSON.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result, bail};
use bridge_client::{DigKey, IntentKey};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::names::RuleName;
use crate::session::{Session, path_of};

/// The fields of emcoctl's documents beside metadata and spec (EMCO-API §5.2).
const ENVELOPE: [&str; 2] = ["version", "resourceContext"];
const GROUPS: &str = "deployment-intent-groups";
const INTENTS: &str = "temporal-workflow-intents";
const RULES: &str = "workflow-rules";
/// The ends of the names of files that are read in a folder.
const ENDS: [&str; 3] = ["yaml", "yml", "json"];

/// A document, and where it belongs.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) what: What,
    /// As it is sent. Numbers of a JSON file are as they were written.
    pub(crate) json: String,
    /// The file.
    pub(crate) file: String,
}

/// What a document describes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Intent(IntentKey),
    Schedule(IntentKey, String),
    Rule(RuleName),
}

/// The kind, and the name.
impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}

impl What {
    /// Returns the name that commands take.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Intent(key) => path_of(key),
            Self::Schedule(key, name) => format!("{}/{name}", path_of(key)),
            Self::Rule(rule) => rule.to_string(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Intent(_) => "intent",
            Self::Schedule(..) => "schedule",
            Self::Rule(_) => "rule",
        }
    }
}

/// The members of a document, as they were written.
type Members = BTreeMap<String, Box<RawValue>>;

/// Reads documents from files, folders and standard input (`-`). A schedule without an anchor is one of `intent`.
/// Returns also what was skipped, because it is nothing for the bridge.
pub(crate) fn read(
    ctl: &Session,
    paths: &[PathBuf],
    recursive: bool,
    intent: Option<&IntentKey>,
) -> Result<(Vec<Document>, Vec<String>)> {
    let (mut documents, mut skipped) = (Vec::new(), Vec::new());
    for file in files(paths, recursive)? {
        let shown = file.display().to_string();
        let text = text(&file)?;
        let found = members(&text).with_context(|| {
            format!("{shown} is neither JSON nor YAML; are the values of its template filled in?")
        })?;
        for mut members in found {
            match what(ctl, &members, intent).with_context(|| shown.clone())? {
                Some(what) => {
                    members.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
                    let json = serde_json::to_string(&members)?;
                    documents.push(Document { what, json, file: shown.clone() });
                }
                None => skipped
                    .push(format!("{shown}: skipped {}, which is nothing for the bridge", anchor(&members))),
            }
        }
    }
    Ok((documents, skipped))
}

/// Returns the files, those of folders in the order of their names.
fn files(paths: &[PathBuf], recursive: bool) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.with_context(|| format!("cannot read the folder {}", path.display()))?;
        let mut entries: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        entries.sort();
        let is_document = |entry: &PathBuf| {
            let end = entry.extension().and_then(|end| end.to_str()).unwrap_or_default();
            ENDS.contains(&end) && entry.is_file()
        };
        files.extend(entries.iter().filter(|entry| is_document(entry)).cloned());
        if recursive {
            let folders: Vec<_> = entries.into_iter().filter(|entry| entry.is_dir()).collect();
            files.extend(self::files(&folders, true)?);
        }
    }
    Ok(files)
}

fn text(file: &Path) -> Result<String> {
    if file != Path::new("-") {
        return fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}

/// Returns the documents of a text: JSON (one, or an array), or YAML (several, each perhaps a list).
fn members(text: &str) -> Result<Vec<Members>> {
    if let Ok(one) = serde_json::from_str(text) {
        return Ok(vec![one]);
    }
    if let Ok(several) = serde_json::from_str(text) {
        return Ok(several);
    }
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    let documents = documents.into_iter().flat_map(|document| match document {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        one => vec![one],
    });
    documents.map(|document| Ok(serde_json::from_str(&document.to_string())?)).collect()
}

/// Returns what a document describes; `None` if it is one of EMCO's other services, or an action.
fn what(ctl: &Session, members: &Members, intent: Option<&IntentKey>) -> Result<Option<What>> {
    let name = || match member(members, "metadata")["name"].as_str() {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => bail!("a document has no metadata.name"),
    };
    let anchor = anchor(members);
    if !anchor.is_empty() {
        return Ok(match anchor.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
            ["projects", project, "composite-apps", app, version, GROUPS, dig, INTENTS] => {
                Some(What::Intent(DigKey::new(project, app, version, dig).intent(name()?)))
            }
            [
                "projects",
                project,
                "composite-apps",
                app,
                version,
                GROUPS,
                dig,
                INTENTS,
                intent,
                "schedules",
            ] => {
                let intent = DigKey::new(project, app, version, dig).intent(intent);
                Some(What::Schedule(intent, name()?))
            }
            ["projects", project, RULES] => {
                Some(What::Rule(RuleName { project: Some(project.to_owned()), name: name()? }))
            }
            [RULES] => Some(What::Rule(RuleName { project: None, name: name()? })),
            _ => None,
        });
    }
    let spec = member(members, "spec");
    let has = |names: &[&str]| names.iter().any(|name| spec.get(name).is_some());
    if has(&["workflowClient", "temporal"]) {
        Ok(Some(What::Intent(ctl.group()?.intent(name()?))))
    } else if has(&["when", "then"]) {
        Ok(Some(What::Rule(ctl.rule(&name()?)?)))
    } else if has(&["crons", "calendars", "intervals"]) {
        let intent =
            intent.context("which intent does the schedule belong to? Give --intent, or an anchor")?;
        Ok(Some(What::Schedule(intent.clone(), name()?)))
    } else {
        bail!("a document is neither an intent nor a schedule nor a rule, and has no resourceContext.anchor")
    }
}

fn anchor(members: &Members) -> String {
    member(members, "resourceContext")["anchor"].as_str().unwrap_or_default().to_owned()
}

fn member(members: &Members, name: &str) -> Value {
    let json = members.get(name).map_or("null", |json| json.get());
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_json_files_are_as_they_were_written() {
        let json = r#"{"spec": {"n": 123456789012345678901234567890, "x": 1.50}}"#;
        for text in [json.to_owned(), format!("[{json}]")] {
            let found = members(&text).unwrap();
            assert_eq!(found[0]["spec"].get(), r#"{"n": 123456789012345678901234567890, "x": 1.50}"#);
        }
    }

    #[test]
    fn a_stream_of_yaml_has_several_documents() {
        let found =
            members("---\nmetadata: {name: a}\n---\n---\n- metadata: {name: b}\n- metadata: {name: c}\n")
                .unwrap();
        let names: Vec<_> = found.iter().map(|members| member(members, "metadata")["name"].clone()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(
            member(&members("spec: {n: 9007199254740993}").unwrap()[0], "spec")["n"],
            9_007_199_254_740_993_i64
        );
    }
}
