//! Rules: what the bridge does by itself about what it sees. Those over all projects have operations of their own.

use workflow_api::{Rehearsal, RuleDecision, WorkflowRule};

use super::operations;
use crate::model::{Change, RuleRevision};

macro_rules! project {
    ($rest:literal) => {
        concat!("/v2/projects/{project}/workflow-rules", $rest)
    };
}

macro_rules! all {
    ($rest:literal) => {
        concat!("/v2/workflow-rules", $rest)
    };
}

operations! {
    /// Lists the rules of a project, ordered by name.
    GET project!("") => list_rules(project: str) -> Vec<WorkflowRule>;

    /// Returns a rule. Its `ETag` is its revision.
    GET project!("/{rule}") => get_rule(project: str, rule: str) -> WorkflowRule;

    /// Replaces or creates a rule: 200 or 201.
    PUT project!("/{rule}") => put_rule(project: str, rule: str) [WorkflowRule] -> WorkflowRule;

    /// Deletes a rule. The alarms that it has raised are cleared.
    DELETE project!("/{rule}") => delete_rule(project: str, rule: str) -> ();

    /// Lists the changes of a rule, newest first.
    GET project!("/{rule}/revisions") => list_rule_revisions(project: str, rule: str) -> Vec<Change>;

    /// Returns a revision of a rule.
    GET project!("/{rule}/revisions/{revision}") =>
        get_rule_revision(project: str, rule: str, revision: i64) -> RuleRevision;

    /// Lists what a rule has decided, and why.
    GET project!("/{rule}/decisions") => list_decisions(project: str, rule: str) -> Vec<RuleDecision>;

    /// Returns what the rule, or the one in the body, would have done.
    POST project!("/{rule}/rehearse") =>
        rehearse_rule(project: str, rule: str) [Option<WorkflowRule>] -> Rehearsal;

    /// Lists the rules over all projects, ordered by name.
    GET all!("") => list_rules_over_all() -> Vec<WorkflowRule>;

    /// Returns a rule over all projects. Its `ETag` is its revision.
    GET all!("/{rule}") => get_rule_over_all(rule: str) -> WorkflowRule;

    /// Replaces or creates a rule over all projects: 200 or 201.
    PUT all!("/{rule}") => put_rule_over_all(rule: str) [WorkflowRule] -> WorkflowRule;

    /// Deletes a rule over all projects. The alarms that it has raised are cleared.
    DELETE all!("/{rule}") => delete_rule_over_all(rule: str) -> ();

    /// Lists the changes of a rule over all projects, newest first.
    GET all!("/{rule}/revisions") => list_rule_revisions_over_all(rule: str) -> Vec<Change>;

    /// Returns a revision of a rule over all projects.
    GET all!("/{rule}/revisions/{revision}") =>
        get_rule_revision_over_all(rule: str, revision: i64) -> RuleRevision;

    /// Lists what a rule over all projects has decided, and why.
    GET all!("/{rule}/decisions") => list_decisions_over_all(rule: str) -> Vec<RuleDecision>;

    /// Returns what the rule over all projects, or the one in the body, would have done.
    POST all!("/{rule}/rehearse") =>
        rehearse_rule_over_all(rule: str) [Option<WorkflowRule>] -> Rehearsal;
}
