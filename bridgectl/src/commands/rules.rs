//! `rule`: shows and rehearses rules. `apply -f` makes them.
//!
//! A rule is named alone, if there is a project, or as project/rule, or as */rule if it is over all projects.

use std::path::PathBuf;

use anyhow::Result;
use bridge_client::model::Change;
use bridge_client::{Body, Bridge, Call, Raw};
use workflow_api::{Rehearsal, RuleDecision, Term, WorkflowRule};

use super::intents::history;
use crate::documents::{self, What};
use crate::exit::ended;
use crate::names::RuleName;
use crate::output::{Format, Listing, array, everything, line};
use crate::session::{Session, confirm};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show rules: those that are named, or all of the project.
    Get {
        names: Vec<String>,
        /// List those over all projects.
        #[arg(long, conflicts_with = "names")]
        over_all: bool,
    },
    /// Delete a rule. The alarms that it has raised are cleared.
    Delete {
        name: String,
        /// Do not ask at a terminal.
        #[arg(long, short)]
        yes: bool,
    },
    /// List the changes of a rule, newest first.
    History { name: String },
    /// List what a rule has decided, and why.
    Decisions { name: String },
    /// Show what rules, kept or in files, would have done in the last week.
    Rehearse {
        #[arg(required_unless_present = "files", conflicts_with = "files")]
        name: Option<String>,
        /// Files or folders with rules, or - for standard input.
        #[arg(long = "file", short = 'f', value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl Command {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        match self {
            Self::Get { names, over_all } => get(ctl, &names, over_all).await,
            Self::Delete { name, yes } => {
                let rule = ctl.rule(&name)?;
                confirm(yes, &format!("delete the rule {rule}?"))?;
                delete(&ctl.bridge, &rule).await?;
                ctl.out.done(&rule.to_string(), &format!("rule {rule} deleted"))
            }
            Self::History { name } => {
                let (changes, json) = everything(revisions(&ctl.bridge, &ctl.rule(&name)?)).await?;
                ctl.out.list(&history(&changes, json))
            }
            Self::Decisions { name } => {
                let answer = decisions(&ctl.bridge, &ctl.rule(&name)?).await?;
                let rows = answer.value.iter().map(row).collect();
                ctl.out.list(&decided(answer.text(), rows))
            }
            Self::Rehearse { name, files } => rehearse(ctl, name.as_deref(), &files).await,
        }
    }
}

fn delete(bridge: &Bridge, RuleName { project, name }: &RuleName) -> Call<()> {
    match project {
        Some(project) => bridge.delete_rule(project, name),
        None => bridge.delete_rule_over_all(name),
    }
}

fn revisions(bridge: &Bridge, RuleName { project, name }: &RuleName) -> Call<Vec<Change>> {
    match project {
        Some(project) => bridge.list_rule_revisions(project, name),
        None => bridge.list_rule_revisions_over_all(name),
    }
}

fn decisions(bridge: &Bridge, RuleName { project, name }: &RuleName) -> Call<Vec<RuleDecision>> {
    match project {
        Some(project) => bridge.list_decisions(project, name),
        None => bridge.list_decisions_over_all(name),
    }
}

fn rehearsal(
    bridge: &Bridge,
    RuleName { project, name }: &RuleName,
    body: impl Body<Option<WorkflowRule>>,
) -> Call<Rehearsal> {
    match project {
        Some(project) => bridge.rehearse_rule(project, name, body),
        None => bridge.rehearse_rule_over_all(name, body),
    }
}

async fn get(ctl: &Session, names: &[String], over_all: bool) -> Result<()> {
    let (rules, json) = if names.is_empty() {
        let call = match over_all {
            true => ctl.bridge.list_rules_over_all(),
            false => ctl.bridge.list_rules(ctl.project()?),
        };
        let answer = call.await?;
        (answer.value.clone(), answer.into_text())
    } else {
        let (mut rules, mut texts) = (Vec::new(), Vec::new());
        for name in names {
            let RuleName { project, name } = ctl.rule(name)?;
            let call = match &project {
                Some(project) => ctl.bridge.get_rule(project, &name),
                None => ctl.bridge.get_rule_over_all(&name),
            };
            let answer = call.await?;
            texts.push(answer.text().to_owned());
            rules.push(answer.value);
        }
        (rules, if texts.len() == 1 { texts.remove(0) } else { array(&texts) })
    };
    let row = |rule: &WorkflowRule| {
        let actions = rule.spec.then.len();
        vec![rule.metadata.name.clone(), actions.to_string(), rule.metadata.description.clone()]
    };
    let rows = rules.iter().map(row).collect();
    ctl.out.list(&Listing { json, header: &["NAME", "ACTIONS", "DESCRIPTION"], narrow: 3, rows })
}

fn decided(json: &str, rows: Vec<Vec<String>>) -> Listing {
    let header = &["INTENT", "WORKFLOW ID", "STATE", "SINCE", "WHY", "ACTIONS", "RUN ID"];
    Listing { json: json.to_owned(), header, narrow: 6, rows }
}

fn row(decision: &RuleDecision) -> Vec<String> {
    let since = decision.fired_at.or(decision.since);
    let actions = decision.actions.iter();
    let actions: Vec<_> = actions.map(|action| format!("{}: {:?}", action.action, action.state)).collect();
    vec![
        decision.intent.clone(),
        decision.workflow_id.to_string(),
        format!("{:?}", decision.state),
        since.map(|since| since.to_string()).unwrap_or_default(),
        why(&decision.why),
        actions.join(", "),
        decision.run_id.to_string(),
    ]
}

/// Returns the terms of a condition that were looked at, in short.
fn why(term: &Term) -> String {
    if !term.terms.is_empty() {
        return term.terms.iter().map(why).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    }
    match term.seen.is_empty() {
        true => String::new(),
        false => format!("{}: {}", term.term, term.seen),
    }
}

async fn rehearse(ctl: &Session, name: Option<&str>, files: &[PathBuf]) -> Result<()> {
    if let Some(name) = name {
        let rule = ctl.rule(name)?;
        let answer = rehearsal(&ctl.bridge, &rule, None::<&WorkflowRule>).await?;
        return shown(ctl, &rule, &answer.value, answer.text());
    }
    let (documents, _) = documents::read(ctl, files, false, None)?;
    let rules = documents.iter().filter_map(|document| match &document.what {
        What::Rule(rule) => Some((rule, &document.json)),
        What::Intent(_) | What::Schedule(..) => None,
    });
    let rules: Vec<_> = rules.collect();
    if rules.is_empty() {
        return Err(ended(1, "there is no rule in the files"));
    }
    for (rule, json) in rules {
        let answer = rehearsal(&ctl.bridge, rule, Raw(json)).await?;
        shown(ctl, rule, &answer.value, answer.text())?;
    }
    Ok(())
}

fn shown(ctl: &Session, rule: &RuleName, rehearsal: &Rehearsal, json: &str) -> Result<()> {
    if matches!(ctl.out.0, Format::Table | Format::Wide) {
        let partial = if rehearsal.partial { ", not all that there were" } else { "" };
        let (decisions, undecided) = (rehearsal.decisions.len(), rehearsal.undecided.len());
        line(&format!(
            "rule {rule}: looked at {}{partial}; would have decided {decisions} times, {undecided} undecided",
            rehearsal.looked_at
        ))?;
        if decisions == 0 {
            return Ok(());
        }
    }
    ctl.out.list(&decided(json, rehearsal.decisions.iter().map(row).collect()))
}
