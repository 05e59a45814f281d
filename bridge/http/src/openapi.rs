//! The OpenAPI 3.1 document, made from the handlers.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::{IntoParams, OpenApi, openapi};
use workflow_api::Problem;

use crate::alarms::{self, standard};
use crate::intents::{check, create, delete, get, groups, list, put, revisions, rollback};
use crate::problem::kinds;
use crate::rules::{change as rule_change, get as rule_get, rehearse, revisions as rule_revisions};
use crate::schedules::{
    change as schedule_change, command, get as schedule_get, preview, revisions as schedule_revisions,
};
use crate::wire::params::BodyParams;
use crate::wire::path;
use crate::workflows::{cancel, pause, query, reset, signal, status, terminate, update};
use crate::{audit, rights, runs, session, starts};

/// The tag of operations that have no limits.
const OPERATION: &str = "operation";
/// The tag of the operation that returns this document.
const DOCUMENT: &str = "document";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Workflow intents of EMCO",
        description = "Register workflow intents under a deployment intent group, start their workflows, follow them and cancel them. \
                       A replacement for EMCO's workflowmgr.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        create::create_intent,
        list::list_intents,
        groups::list_groups,
        get::get_intent,
        put::put_intent,
        delete::delete_intent,
        revisions::list_revisions,
        revisions::get_revision,
        rollback::roll_back_intent,
        check::check_intent,
        starts::start_intent,
        runs::list_runs,
        runs::get_run,
        status::intent_status,
        cancel::cancel_workflow,
        pause::pause_workflow,
        pause::unpause_workflow,
        signal::signal_workflow,
        query::query_workflow,
        update::update_workflow,
        terminate::terminate_workflow,
        reset::reset_workflow,
        schedule_get::list_schedules,
        schedule_get::get_schedule,
        schedule_change::put_schedule,
        schedule_change::delete_schedule,
        schedule_revisions::list_schedule_revisions,
        schedule_revisions::get_schedule_revision,
        schedule_get::schedule_status,
        preview::preview_schedule,
        preview::preview_times,
        command::pause_schedule,
        command::resume_schedule,
        command::trigger_schedule,
        command::backfill_schedule,
        rule_get::list_rules,
        rule_get::get_rule,
        rule_change::put_rule,
        rule_change::delete_rule,
        rule_revisions::list_rule_revisions,
        rule_revisions::get_rule_revision,
        rule_get::list_decisions,
        rehearse::rehearse_rule,
        rights::my_rights,
        session::my_session,
        audit::list_events,
        audit::list_batches,
        alarms::list::list_alarms,
        alarms::list::count_alarms,
        alarms::events::alarm_events,
        alarms::list::get_alarm,
        alarms::change::patch_alarm,
        alarms::change::comment_alarm,
        alarms::subscriptions::list_subscriptions,
        alarms::subscriptions::create_subscription,
        alarms::subscriptions::delete_subscription,
        alarms::deliveries::list_deliveries,
        alarms::deliveries::retry_delivery,
        alarms::deliveries::discard_delivery,
        standard::mns_alarms,
        standard::mns_patch_alarms,
        standard::mns_count,
        standard::mns_patch_alarm,
        standard::mns_comment,
        standard::mns_subscribe,
        standard::mns_unsubscribe,
        serve,
        live,
        ready,
        measures,
    ),
    components(schemas(Problem)),
    tags(
        (name = "workflow intents", description = "What to start, and with which options"),
        (name = "workflows", description = "What was started"),
        (name = "schedules", description = "When workflows are started by themselves"),
        (name = "rules", description = "What the bridge does by itself about what it sees"),
        (name = "rights", description = "What the caller may do"),
        (name = "audit", description = "Who did what"),
        (name = "alarms", description = "What needs somebody's attention"),
        (name = "alarms of 3GPP", description = "The same alarms at the base path of 3GPP TS 28.532 (Fault Supervision MnS)"),
        (name = "operation", description = "For operators of the process"),
        (name = "document", description = "This document"),
    ),
)]
struct Document;

/// Returns the document as pretty JSON.
pub fn document() -> String {
    let mut text = whole().to_pretty_json().expect("the document has text keys only");
    text.push('\n');
    text
}

/// Returns the document, with the parameters and problems that operations have in common.
fn whole() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let over_all = document.paths.paths.iter();
    let over_all = over_all.filter_map(|(path, item)| Some((path::over_all(path)?, over_all_projects(item))));
    let over_all: Vec<_> = over_all.collect();
    document.paths.paths.extend(over_all);
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let tagged = |name| operation.tags.iter().flatten().any(|tag| tag == name);
            if tagged(OPERATION) {
                continue;
            }
            let calls = !tagged(DOCUMENT);
            let has_body = operation.request_body.is_some();
            if has_body {
                let parameters = BodyParams::into_params(|| None).into_iter().map(RefOr::T);
                operation.parameters.get_or_insert_default().extend(parameters);
            }
            let responses = &mut operation.responses.responses;
            for (status, common) in kinds::responses(kinds::common(calls, has_body)) {
                match responses.get_mut(&status) {
                    Some(response) => merge(response, common),
                    None => drop(responses.insert(status, common)),
                }
            }
        }
    }
    let responses = &mut document.components.get_or_insert_default().responses;
    responses.extend(kinds::elsewhere().map(|(name, response)| (name.to_owned(), response.into())));
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].into_iter().flatten()
}

/// Returns the operations on rules over all projects for those on rules of a project: the same without the project.
fn over_all_projects(of_project: &PathItem) -> PathItem {
    let mut item = of_project.clone();
    for operation in operations(&mut item) {
        operation.parameters.iter_mut().for_each(|all| {
            all.retain(|one| !matches!(one, RefOr::T(parameter) if parameter.name == "project"));
        });
        operation.operation_id.iter_mut().for_each(|id| id.push_str("_over_all"));
        operation.summary.iter_mut().for_each(|summary| summary.push_str(" (over all projects)"));
    }
    item
}

/// Adds the problems of another response with the same status.
fn merge(into: &mut RefOr<openapi::Response>, other: RefOr<openapi::Response>) {
    let (RefOr::T(into), RefOr::T(other)) = (into, other) else { return };
    into.description = format!("{}\n\n{}", into.description, other.description);
    for (media, content) in other.content {
        if let (Some(RefOr::T(into)), RefOr::T(content)) = (into.content.get_mut(&media), content) {
            into.examples.extend(content.examples);
        }
    }
}

/// Get this document
#[utoipa::path(
    get,
    path = path::OPENAPI,
    tag = DOCUMENT,
    responses((status = 200, description = "The OpenAPI document", body = Value)),
)]
pub(crate) async fn serve() -> Response {
    // To write it takes milliseconds, and it is always the same.
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(document()));
    ([(CONTENT_TYPE, "application/json")], TEXT.clone()).into_response()
}

/// Check that the process is alive
#[utoipa::path(
    get,
    path = "/healthz",
    tag = OPERATION,
    responses((status = 200, description = "It is alive", body = String, content_type = "text/plain", example = json!("alive\n"))),
)]
#[expect(dead_code, reason = "describes a route of the service package")]
fn live() {}

/// Check that the process is ready for requests
#[utoipa::path(
    get,
    path = "/readyz",
    tag = OPERATION,
    responses(
        (status = 200, description = "It is ready", body = Value, example = json!({"ready": true, "checks": [{"name": "database", "ready": true}]})),
        (
            status = 503,
            description = "It is not ready: each check, and why it failed",
            body = Value,
            example = json!({"ready": false, "checks": [{"name": "database", "ready": false, "reason": "it does not answer"}]})
        ),
    ),
)]
#[expect(dead_code, reason = "describes a route of the service package")]
fn ready() {}

/// Get the metrics of the process
#[utoipa::path(
    get,
    path = "/metrics",
    tag = OPERATION,
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain", example = json!("bridge_open_waits 0\n"))),
)]
#[expect(dead_code, reason = "describes a route of the service package")]
fn measures() {}
