//! Rules about workflows: those of a project, and those over all projects. Both have the same handlers.

pub(crate) mod change;
pub(crate) mod get;
pub(crate) mod rehearse;
pub(crate) mod revisions;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use serde_json::{Value, json};

use crate::api::Api;
use crate::wire::path;

/// Adds the routes of rules.
pub(crate) fn add_to(router: Router<Arc<Api>>) -> Router<Arc<Api>> {
    let routes: [(&str, MethodRouter<Arc<Api>>); 6] = [
        (path::RULES, get(get::list_rules)),
        (path::RULE, get(get::get_rule).put(change::put_rule).delete(change::delete_rule)),
        (path::RULE_REVISIONS, get(revisions::list_rule_revisions)),
        (path::RULE_REVISION, get(revisions::get_rule_revision)),
        (path::RULE_DECISIONS, get(get::list_decisions)),
        (path::RULE_REHEARSE, post(rehearse::rehearse_rule)),
    ];
    routes.into_iter().fold(router, |router, (path, methods)| {
        let over_all = path::over_all(path).expect("it is a path of rules");
        router.route(&over_all, methods.clone()).route(path, methods)
    })
}

/// A rule for examples.
fn sample_rule() -> Value {
    json!({
        "metadata": {"name": "late", "description": "", "userData1": "", "userData2": ""},
        "spec": {
            "scope": {"compositeApp": "capp1", "intent": "migrate-*"},
            "when": {"runningFor": 1_800_000_000_000_u64},
            "for": 60_000_000_000_u64,
            "then": [
                {"alarm": {"probableCause": "workflowLate"}, "once": "Episode"},
                {"cancel": {"reason": "it is late", "escalateAfter": 300_000_000_000_u64}, "once": "Run"},
            ],
        },
    })
}

/// A decision for examples.
fn sample_decision() -> Value {
    json!({
        "intent": "proj1/capp1/v1/dig1/migrate-app",
        "workflowID": "migrate-apps-1",
        "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071",
        "episode": 1,
        "state": "Fired",
        "since": "2026-11-30T01:30:10Z",
        "firedAt": "2026-11-30T01:31:10Z",
        "revision": 3,
        "why": {"term": "runningFor 30m", "state": "Holds", "seen": "it was started at 2026-11-30T01:00:00Z"},
        "actions": [
            {"action": "alarm", "state": "Done", "text": "workflowLate"},
            {"action": "cancel", "state": "Done"},
        ],
    })
}
