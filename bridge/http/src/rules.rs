//! Rules about workflows: those of a project, and those over all projects. Both have the same handlers.

pub(crate) mod change;
pub(crate) mod get;
pub(crate) mod rehearse;
pub(crate) mod revisions;
mod samples;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

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
