//! Every kind of problem in the API: its status, its code, its meaning. Responses and the OpenAPI document
//! are made from this one table, so they cannot differ.

use std::collections::BTreeMap;

use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, response::Response};
use workflow_api::Problem;

/// A kind of problem.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The code, for programs.
    pub(crate) code: &'static str,
    /// When it occurs, for the document.
    pub(crate) meaning: &'static str,
}

impl Kind {
    /// Returns a problem of this kind.
    pub(crate) fn problem(self, detail: impl Into<String>) -> Problem {
        Problem::new(self.status, self.code, detail)
    }
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal $meaning:literal;)+) => {$(
        pub(crate) const $name: Kind = Kind { status: $status, code: $code, meaning: $meaning };
    )+

    #[cfg(test)]
    const ALL: &[Kind] = &[$($name),+];
    };
}

kinds! {
    INVALID_PARAMETER = 400 "invalid_parameter" "A query parameter or header is unknown or has a wrong value; `parameter` names it.";
    NOT_JSON = 400 "not_json" "The body is empty or not JSON.";
    UNKNOWN_FIELDS = 400 "unknown_fields" "The body has unknown fields, and `fieldValidation=Strict` is set.";
    TEMPORAL_REFUSED = 400 "temporal_refused" "Temporal rejects an argument, such as an invalid run ID.";
    BAD_REQUEST = 400 "bad_request" "The path is not valid: its percent-encoding is broken, or not UTF-8.";
    BODY_INCOMPLETE = 400 "body_incomplete" "The connection closed before the end of the body.";
    UNAUTHORIZED = 401 "unauthorized" "The bearer token is missing or not accepted (`WWW-Authenticate` has the reason), or the session of the browser has ended. Only if the operator has set up tokens or issuers.";
    CERTIFICATE_REQUIRED = 403 "certificate_required" "The caller presented no client certificate. Only if the operator requires one.";
    PROXY_REQUIRED = 403 "proxy_required" "No proxy names the caller. Only if the operator accepts callers through proxies alone.";
    CROSS_ORIGIN = 403 "cross_origin" "A page of another site has sent the change. By the cookie of a session, only pages of the bridge can send one.";
    FORBIDDEN = 403 "forbidden" "The caller is not permitted to do this: `verb` and `object` are what was asked, `reason` is the nearest reason. `GET /v2/rights` has all that the caller may do.";
    CLIENT_NOT_ALLOWED = 403 "client_not_allowed" "The operator does not allow calls to the workflow client's host.";
    TEMPORAL_NOT_ALLOWED = 403 "temporal_not_allowed" "The operator does not allow calls to this Temporal server.";
    NAMESPACE_NOT_ALLOWED = 403 "namespace_not_allowed" "The operator does not allow calls to this Temporal namespace.";
    NO_SUCH_GROUP = 404 "no_such_deployment_intent_group" "The deployment intent group does not exist in EMCO. Checked only if the operator has set EMCO's URL.";
    NO_SUCH_SCHEDULE = 404 "no_such_schedule" "The workflow intent has no such schedule.";
    NO_SUCH_RULE = 404 "no_such_rule" "There is no such rule in the project, or over all projects.";
    NO_SUCH_REVISION = 404 "no_such_revision" "The workflow intent, schedule or rule has no such revision, or the revision is a deletion and the call needs a document.";
    NO_SUCH_INTENT = 404 "no_such_intent" "The workflow intent does not exist.";
    NO_SUCH_WORKFLOW = 404 "no_such_workflow" "Temporal has no such workflow, or the workflow has no such run.";
    NO_SUCH_RUN = 404 "no_such_run" "The workflow intent has no such run.";
    NO_SUCH_ALARM = 404 "no_such_alarm" "There is no such alarm. It leaves the list when it is cleared and acknowledged.";
    NO_SUCH_SUBSCRIPTION = 404 "no_such_subscription" "There is no such subscription.";
    NO_SUCH_DELIVERY = 404 "no_such_delivery" "There is no such delivery. It leaves the list when it succeeds.";
    NO_SUCH_PATH = 404 "no_such_path" "The API has no such path.";
    NO_SUCH_METHOD = 405 "method_not_allowed" "The path does not support this method; `Allow` lists the methods that it supports.";
    BODY_TIMEOUT = 408 "body_timeout" "The body did not arrive completely within 30 s.";
    INTENT_EXISTS = 409 "intent_exists" "A workflow intent with this name exists already in the group.";
    KEY_IN_FLIGHT = 409 "idempotency_key_in_flight" "A start under the same key is in progress; retry after `Retry-After`.";
    QUERY_REJECTED = 409 "query_rejected" "The state of the run does not allow a query.";
    WORKFLOW_CLOSED = 409 "workflow_closed" "The run has ended already; `workflowState` is its state. If another run continues its work, `currentRunID` names it.";
    NOTHING_TO_RESET = 409 "nothing_to_reset" "The run has completed no workflow task yet, so there is no point to reset it to.";
    TEMPORAL_STATE = 409 "temporal_failed_precondition" "Temporal rejects the call because of the current state of the workflow, for example because it is paused.";
    TOO_MANY_SCHEDULES = 409 "too_many_schedules" "The workflow intent has 100 schedules, which is the most. Nothing was stored.";
    SCHEDULE_NOT_PRESENT = 409 "schedule_not_present" "Temporal does not have the schedule: it has ended, or its last change has not reached Temporal yet. Nothing was done.";
    TOO_MANY_RULES = 409 "too_many_rules" "The project has 100 rules, which is the most, or there are 100 over all projects. Nothing was stored.";
    ALARM_FULL = 409 "alarm_full" "The alarm has 100 comments, which is the most.";
    TOO_MANY_SUBSCRIPTIONS = 409 "too_many_subscriptions" "There are 100 subscriptions, which is the most. Delete one first.";
    CONDITION_FAILED = 412 "condition_failed" "The revision of the intent, schedule or rule does not meet `If-Match` or `If-None-Match`; `currentETag` is its current one. Nothing was changed.";
    BODY_TOO_LARGE = 413 "body_too_large" "The body is larger than 2 MiB.";
    INVALID_BODY = 422 "invalid_body" "Parts of the body have the wrong type; `faults` lists them.";
    INVALID_INTENT = 422 "invalid_intent" "The intent is not valid; `faults` lists all its faults. Nothing was stored.";
    INVALID_SCHEDULE = 422 "invalid_schedule" "The schedule is not valid; `faults` lists its faults. Nothing was stored.";
    INVALID_RULE = 422 "invalid_rule" "The rule is not valid; `faults` lists its faults. Nothing was stored.";
    INVALID_START = 422 "invalid_start" "The start is not valid; `faults` lists all its faults. Nothing was started.";
    KEY_REUSED = 422 "idempotency_key_reused" "The key was used before, with another body. Nothing was started.";
    QUERY_FAILED = 422 "query_failed" "The workflow has no such query, or its query handler failed.";
    INVALID_MESSAGE = 422 "invalid_message" "The signal, update or query is not one that the workflow client declares for its workflow; `faults` lists what is wrong. Nothing was sent.";
    UPDATE_REJECTED = 422 "update_rejected" "The workflow has no such update, or rejected it; nothing was changed. `workflowFailure` is the reason.";
    UPDATE_FAILED = 422 "update_failed" "The workflow accepted the update, and the update failed; `workflowFailure` is the reason.";
    NOT_A_CONSUMER = 422 "not_a_consumer" "The operator has not registered the URL of the consumer, or it is never called.";
    TOO_MANY_REQUESTS = 429 "too_many_requests" "The caller exceeds the limit on changes, or the one on reads; retry after `Retry-After`.";
    INTERNAL = 500 "internal_error" "The bridge failed; its log has the cause, under the request ID.";
    ESCALATION_OFF = 501 "escalation_off" "The operator has turned off the escalation of cancellations. Nothing was done.";
    PAUSE_OFF = 501 "pause_off" "Temporal cannot pause workflows: it is older than version 1.30, or its operator has not turned it on (`frontend.WorkflowPauseEnabled`). Nothing was done.";
    SCHEDULES_OFF = 501 "schedules_off" "The bridge has no schedules, because its operator has set `BRIDGE_ESCALATION=off`. Nothing was done.";
    RULES_OFF = 501 "rules_off" "The bridge has no rules, because its operator has set `BRIDGE_ESCALATION=off`. Nothing was done.";
    CLIENT_REFUSED = 502 "client_refused" "The workflow client rejected the start; `clientStatus`, `clientText` and `faults` are from its response. Nothing was started.";
    CLIENT_UNREACHABLE = 502 "client_unreachable" "The workflow client cannot be reached, or there is no token to call it. Nothing was started.";
    START_UNKNOWN = 502 "start_outcome_unknown" "The workflow client's response was lost, or does not show whether the workflow was started, and Temporal does not show it yet. Get the status of `workflowID` (at `statusLink`), or repeat the call with its `Idempotency-Key`.";
    NO_SUCH_NAMESPACE = 502 "no_such_namespace" "Temporal has no such namespace: the bridge's settings are wrong.";
    TEMPORAL_CREDENTIALS = 502 "temporal_credentials" "Temporal rejects the bridge's credentials.";
    TEMPORAL_FAILED = 502 "temporal_failed" "Temporal failed.";
    EMCO_REFUSED = 502 "emco_refused" "EMCO rejects the bridge's query for the deployment intent group: the bridge's URL or token for EMCO is wrong.";
    OVERLOADED = 503 "overloaded" "The bridge serves as many requests as it can; retry after `Retry-After`.";
    TOO_MANY_WAITS = 503 "too_many_waits" "The bridge serves as many waits as it can; retry after `Retry-After`.";
    TOO_MANY_STARTS = 503 "too_many_starts" "Too many starts are in progress at the workflow client, or for the workflow ID; retry after `Retry-After`. Nothing was started.";
    SCHEDULE_BUSY = 503 "schedule_busy" "Other calls command the schedule; retry after `Retry-After`. Nothing was done.";
    AUDIT_UNAVAILABLE = 503 "audit_unavailable" "The audit cannot be written, so nothing was done; retry later.";
    DATABASE_UNAVAILABLE = 503 "database_unavailable" "The bridge's database does not respond.";
    EMCO_UNAVAILABLE = 503 "emco_unavailable" "EMCO cannot be reached, so it is not known whether the deployment intent group exists; retry after `Retry-After`.";
    ISSUER_UNAVAILABLE = 503 "issuer_unavailable" "The token cannot be verified, because the keys of its issuer could not be fetched; retry after `Retry-After`.";
    NO_WORKER = 503 "no_worker" "No worker polls the workflow's task queue, so the workflow cannot answer.";
    TEMPORAL_UNAVAILABLE = 503 "temporal_unavailable" "Temporal cannot be reached; retry after `Retry-After`.";
    QUERY_TIMEOUT = 504 "query_timeout" "The workflow did not answer the query in time: its worker is busy, stuck or gone.";
    UPDATE_NOT_TAKEN = 504 "update_not_taken" "No worker accepted the update in time, but one may do so later. Repeat the request with the same `updateID`.";
    TEMPORAL_TIMEOUT = 504 "temporal_timeout" "Temporal did not respond in time.";
}

/// Problems of asking EMCO for an intent's group.
pub(crate) const PARENT: [Kind; 3] = [NO_SUCH_GROUP, EMCO_REFUSED, EMCO_UNAVAILABLE];

/// Problems of a call to the configured Temporal that needs no workflow.
pub(crate) const TEMPORAL_CONFIGURED: [Kind; 6] = [
    TEMPORAL_REFUSED,
    NO_SUCH_NAMESPACE,
    TEMPORAL_CREDENTIALS,
    TEMPORAL_FAILED,
    TEMPORAL_UNAVAILABLE,
    TEMPORAL_TIMEOUT,
];

/// Problems of a call to Temporal.
pub(crate) const TEMPORAL: [Kind; 10] = [
    TEMPORAL_REFUSED,
    TEMPORAL_STATE,
    TEMPORAL_NOT_ALLOWED,
    NAMESPACE_NOT_ALLOWED,
    NO_SUCH_WORKFLOW,
    NO_SUCH_NAMESPACE,
    TEMPORAL_CREDENTIALS,
    TEMPORAL_FAILED,
    TEMPORAL_UNAVAILABLE,
    TEMPORAL_TIMEOUT,
];

/// Problems that operations have in common. `calls`: it calls a use case.
pub(crate) fn common(calls: bool, has_body: bool) -> impl Iterator<Item = &'static Kind> {
    const ALWAYS: &[Kind] = &[
        BAD_REQUEST,
        UNAUTHORIZED,
        CERTIFICATE_REQUIRED,
        PROXY_REQUIRED,
        CROSS_ORIGIN,
        FORBIDDEN,
        TOO_MANY_REQUESTS,
        OVERLOADED,
        TOO_MANY_WAITS,
        ISSUER_UNAVAILABLE,
    ];
    const CALL: &[Kind] = &[INVALID_PARAMETER, INTERNAL, AUDIT_UNAVAILABLE, DATABASE_UNAVAILABLE];
    const BODY: &[Kind] =
        &[NOT_JSON, UNKNOWN_FIELDS, BODY_INCOMPLETE, BODY_TIMEOUT, BODY_TOO_LARGE, INVALID_BODY];
    let when = |holds: bool, kinds: &'static [Kind]| if holds { kinds } else { &[] };
    ALWAYS.iter().chain(when(calls, CALL)).chain(when(has_body, BODY))
}

/// Responses to unknown paths (404) and methods (405).
pub(crate) fn elsewhere() -> [(&'static str, Response); 2] {
    [("NoSuchPath", response(&[NO_SUCH_PATH])), ("MethodNotAllowed", response(&[NO_SUCH_METHOD]))]
}

/// Returns the responses for these kinds: one for each status.
pub(crate) fn responses<'a>(kinds: impl IntoIterator<Item = &'a Kind>) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status = BTreeMap::<u16, Vec<Kind>>::new();
    for kind in kinds {
        by_status.entry(kind.status).or_default().push(*kind);
    }
    by_status.into_iter().map(|(status, kinds)| (status.to_string(), response(&kinds).into())).collect()
}

/// Returns the response for these kinds, each with an example under its code.
fn response(kinds: &[Kind]) -> Response {
    let lines: Vec<_> = kinds.iter().map(|kind| format!("`{}`: {}", kind.code, kind.meaning)).collect();
    let examples = kinds.iter().map(|kind| {
        let problem = serde_json::to_value(kind.problem(kind.meaning)).ok();
        (kind.code, ExampleBuilder::new().value(problem).build())
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).examples_from_iter(examples);
    ResponseBuilder::new()
        .description(lines.join("\n\n"))
        .content(service::problem::PROBLEM_JSON, content.build())
        .build()
}

/// Defines a type that stands for the problems of an operation in `responses(..)`.
macro_rules! problems {
    ($name:ident, $($kinds:expr),+ $(,)?) => {
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::response::Response>> {
                use $crate::problem::kinds::*;
                let mut kinds: Vec<Kind> = Vec::new();
                $(kinds.extend($kinds);)+
                responses(&kinds)
            }
        }
    };
}
pub(crate) use problems;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// Returns all problems of the operations in the document: status and line.
    fn documented() -> BTreeSet<(String, String)> {
        let document: Value = serde_json::from_str(&crate::document()).unwrap();
        let operations = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|item| item.as_object().unwrap().values());
        let elsewhere = &document["components"]["responses"];
        operations
            .flat_map(|operation| operation["responses"].as_object().unwrap())
            .chain([
                (&"404".to_owned(), &elsewhere["NoSuchPath"]),
                (&"405".to_owned(), &elsewhere["MethodNotAllowed"]),
            ])
            .filter(|(_, response)| response["content"].get(service::problem::PROBLEM_JSON).is_some())
            .flat_map(|(status, response)| {
                let lines = response["description"].as_str().unwrap().split("\n\n");
                lines.map(|line| (status.clone(), line.to_owned())).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn the_document_has_these_problems_and_no_others() {
        let ours =
            ALL.iter().map(|kind| (kind.status.to_string(), format!("`{}`: {}", kind.code, kind.meaning)));
        assert_eq!(documented(), ours.collect());
    }
}
