//! Every kind of problem that the API answers: its status, its code, what it means. The same table makes the answers and
//! the OpenAPI document, so that they cannot part.

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
    /// When it is answered, for the document.
    pub(crate) meaning: &'static str,
}

impl Kind {
    /// A problem of this kind.
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
    UNKNOWN_FIELDS = 400 "unknown_fields" "The body has unknown fields, and `fieldValidation=Strict` was asked for.";
    TEMPORAL_REFUSED = 400 "temporal_refused" "Temporal refuses what was asked, such as a run ID that is none.";
    BAD_REQUEST = 400 "bad_request" "The path cannot be read: its percent-encoding is broken, or not UTF-8.";
    BODY_INCOMPLETE = 400 "body_incomplete" "The body broke off before its end.";
    UNAUTHORIZED = 401 "unauthorized" "No bearer token was sent, or one that is not known. Only where the operator has set some.";
    CERTIFICATE_REQUIRED = 403 "certificate_required" "No client certificate was shown. Only where the operator asks for one.";
    FORBIDDEN = 403 "forbidden" "The caller may not do this.";
    CLIENT_NOT_ALLOWED = 403 "client_not_allowed" "The workflow client's host may not be called.";
    TEMPORAL_NOT_ALLOWED = 403 "temporal_not_allowed" "The Temporal server that was named may not be asked.";
    NAMESPACE_NOT_ALLOWED = 403 "namespace_not_allowed" "The Temporal namespace that was named may not be asked.";
    NO_SUCH_GROUP = 404 "no_such_deployment_intent_group" "EMCO knows no such deployment intent group. Asked only where the bridge knows EMCO's URL.";
    NO_SUCH_REVISION = 404 "no_such_revision" "The workflow intent has no such revision, or the intent was deleted by it and the call needs one that was not.";
    NO_SUCH_INTENT = 404 "no_such_intent" "The workflow intent does not exist.";
    NO_SUCH_WORKFLOW = 404 "no_such_workflow" "Temporal knows no such workflow, or no such run of it.";
    NO_SUCH_RUN = 404 "no_such_run" "The workflow intent has no such run.";
    NO_SUCH_PATH = 404 "no_such_path" "There is nothing at this path.";
    NO_SUCH_METHOD = 405 "method_not_allowed" "The path does not take this verb; `Allow` lists those that it takes.";
    BODY_TIMEOUT = 408 "body_timeout" "The body did not come whole within 30 s.";
    INTENT_EXISTS = 409 "intent_exists" "A workflow intent of this name exists in the group.";
    KEY_IN_FLIGHT = 409 "idempotency_key_in_flight" "A start under the same key is under way; ask again after `Retry-After`.";
    QUERY_REJECTED = 409 "query_rejected" "The state of the run does not allow a query.";
    WORKFLOW_CLOSED = 409 "workflow_closed" "The run has ended already; `workflowState` says how.";
    NOTHING_TO_RESET = 409 "nothing_to_reset" "The run has completed no workflow task yet, so there is no point to go back to.";
    CONDITION_FAILED = 412 "condition_failed" "The intent is not what `If-Match` or `If-None-Match` says; `currentETag` tells what it is. Nothing was changed.";
    BODY_TOO_LARGE = 413 "body_too_large" "The body is larger than 2 MiB.";
    INVALID_BODY = 422 "invalid_body" "Parts of the body have the wrong type; `faults` lists them.";
    INVALID_INTENT = 422 "invalid_intent" "The intent is not sound; `faults` lists everything that is wrong. Nothing was stored.";
    INVALID_START = 422 "invalid_start" "The start is not sound; `faults` lists everything that is wrong. Nothing was started.";
    KEY_REUSED = 422 "idempotency_key_reused" "The key was given before, with another body. Nothing was started.";
    QUERY_FAILED = 422 "query_failed" "The workflow knows no such query, or failed to answer it.";
    UPDATE_REJECTED = 422 "update_rejected" "The workflow knows no such update, or refused it; nothing changed. `workflowFailure` says why.";
    UPDATE_FAILED = 422 "update_failed" "The workflow began the update and failed at it; `workflowFailure` says why.";
    TOO_MANY_REQUESTS = 429 "too_many_requests" "The caller asks for more changes than one may; come back after `Retry-After`.";
    INTERNAL = 500 "internal_error" "The bridge failed; its log says why, under the request ID.";
    ESCALATION_OFF = 501 "escalation_off" "The bridge was set up not to escalate cancellations. Nothing was done.";
    CLIENT_REFUSED = 502 "client_refused" "The workflow client answered, but not that it accepts; `clientStatus` and `clientText` say what. Nothing was started.";
    CLIENT_UNREACHABLE = 502 "client_unreachable" "The workflow client cannot be reached. Nothing was started.";
    START_UNKNOWN = 502 "start_outcome_unknown" "The workflow client's answer was lost, and nobody can say yet whether the workflow was started. Ask for the status of `workflowID` (`statusLink` leads there), or repeat the call under its `Idempotency-Key`.";
    NO_SUCH_NAMESPACE = 502 "no_such_namespace" "Temporal has no such namespace: the bridge is set up wrongly.";
    TEMPORAL_CREDENTIALS = 502 "temporal_credentials" "Temporal refuses the bridge's credentials.";
    TEMPORAL_FAILED = 502 "temporal_failed" "Temporal failed.";
    EMCO_REFUSED = 502 "emco_refused" "EMCO does not tell the bridge whether the deployment intent group exists: the bridge's URL or token is wrong.";
    OVERLOADED = 503 "overloaded" "As many requests are under way as are taken on; come back after `Retry-After`.";
    TOO_MANY_WAITS = 503 "too_many_waits" "As many waits are under way as are taken on; come back after `Retry-After`.";
    DATABASE_UNAVAILABLE = 503 "database_unavailable" "The bridge's database does not answer.";
    EMCO_UNAVAILABLE = 503 "emco_unavailable" "EMCO cannot be reached, so nobody knows whether the deployment intent group exists; try again after `Retry-After`.";
    NO_WORKER = 503 "no_worker" "No worker polls the workflow's task queue, so nobody can answer a query.";
    TEMPORAL_UNAVAILABLE = 503 "temporal_unavailable" "Temporal cannot be reached; try again after `Retry-After`.";
    QUERY_TIMEOUT = 504 "query_timeout" "The workflow did not answer the query in time: its worker is busy, stuck or gone.";
    UPDATE_NOT_TAKEN = 504 "update_not_taken" "No worker took the update in time; one may yet. Repeat the request with the same `updateID`.";
    TEMPORAL_TIMEOUT = 504 "temporal_timeout" "Temporal did not answer in time.";
}

/// What a use of a database can answer.
pub(crate) const DATABASE: [Kind; 2] = [INTERNAL, DATABASE_UNAVAILABLE];

/// What asking for an intent's parent can answer.
pub(crate) const PARENT: [Kind; 3] = [NO_SUCH_GROUP, EMCO_REFUSED, EMCO_UNAVAILABLE];

/// What a call to the configured Temporal can answer, where no workflow must be there.
pub(crate) const TEMPORAL_CONFIGURED: [Kind; 6] = [
    TEMPORAL_REFUSED,
    NO_SUCH_NAMESPACE,
    TEMPORAL_CREDENTIALS,
    TEMPORAL_FAILED,
    TEMPORAL_UNAVAILABLE,
    TEMPORAL_TIMEOUT,
];

/// What a call to Temporal can answer.
pub(crate) const TEMPORAL: [Kind; 9] = [
    TEMPORAL_REFUSED,
    TEMPORAL_NOT_ALLOWED,
    NAMESPACE_NOT_ALLOWED,
    NO_SUCH_WORKFLOW,
    NO_SUCH_NAMESPACE,
    TEMPORAL_CREDENTIALS,
    TEMPORAL_FAILED,
    TEMPORAL_UNAVAILABLE,
    TEMPORAL_TIMEOUT,
];

/// What stands before an operation answers: who may ask, how much, and how.
pub(crate) fn gate(changes: bool, has_body: bool) -> impl Iterator<Item = &'static Kind> {
    const ALWAYS: &[Kind] =
        &[BAD_REQUEST, UNAUTHORIZED, CERTIFICATE_REQUIRED, FORBIDDEN, OVERLOADED, TOO_MANY_WAITS];
    const CHANGE: &[Kind] = &[TOO_MANY_REQUESTS];
    const BODY: &[Kind] = &[BODY_INCOMPLETE, BODY_TIMEOUT];
    let when = |holds: bool, kinds: &'static [Kind]| if holds { kinds } else { &[] };
    ALWAYS.iter().chain(when(changes, CHANGE)).chain(when(has_body, BODY))
}

/// What is answered where there is no operation: to paths and verbs that are none.
pub(crate) fn elsewhere() -> [(&'static str, Response); 2] {
    [("NoSuchPath", response(&[NO_SUCH_PATH])), ("MethodNotAllowed", response(&[NO_SUCH_METHOD]))]
}

/// The responses of an operation that can answer these kinds: one for each status.
pub(crate) fn responses<'a>(kinds: impl IntoIterator<Item = &'a Kind>) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status = BTreeMap::<u16, Vec<Kind>>::new();
    for kind in kinds {
        by_status.entry(kind.status).or_default().push(*kind);
    }
    by_status.into_iter().map(|(status, kinds)| (status.to_string(), response(&kinds).into())).collect()
}

/// The response that tells these kinds, each with an example under its code.
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

/// A type that stands for the problems of an operation in `responses(..)`.
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

    /// Every problem that some operation of the document answers: status and line.
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
