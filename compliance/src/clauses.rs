//! The clauses, in the order in which they are tested. `path` comes first: without it no other clause can be tested.
//! `drain` comes last, because it ends the server.

mod bodies;
mod endings;
mod expectations;
mod repeats;
mod routes;

use futures::future::BoxFuture;

use crate::report::{Clause, Finding, Outcome};
use crate::session::Session;

/// The test of one clause.
type Check = for<'a> fn(&'a Session<'_>) -> BoxFuture<'a, Outcome>;

macro_rules! clauses {
    ($($name:literal, $check:path, $says:literal, $source:literal;)*) => {
        [$((
            Clause { name: $name, says: $says, source: $source },
            (|session| Box::pin($check(session))) as Check,
        )),*]
    };
}

const ALL: [(Clause, Check); 20] = clauses![
    "path", routes::path, "POST /invoke/<name> succeeds", "EMCO-API §2.1";
    "accepted", routes::accepted, "The workflow exists when the response comes", "EMCO-API §2.2";
    "success_code", routes::success_code, "A success is 204, without a body", "EMCO-API §2.1";
    "non_blocking", routes::non_blocking, "The response does not wait for the workflow", "EMCO-API §2.2";
    "unknown_client", routes::unknown_client, "An unknown name is 404", "RFC 9110 §15.5.5";
    "other_paths", routes::other_paths, "Other paths start nothing", "EMCO-API §2.3";
    "method", routes::method, "Other methods start nothing: 405 with Allow", "RFC 9110 §9.2.1, §15.5.6";
    "token", routes::token, "Without the token nothing is started: 401 with a challenge", "RFC 6750 §3";
    "case", bodies::case, "Upper and lower case in keys does not matter", "EMCO-API §0.1";
    "unknown_fields", bodies::unknown_fields, "Unknown fields do not prevent a start", "EMCO-API §0.1";
    "nulls", bodies::nulls, "null counts as absent", "EMCO-API §0.1";
    "first_value", bodies::first_value, "Only the first JSON value of the body counts", "EMCO-API §0.1";
    "content_type", bodies::content_type, "The Content-Type does not matter", "EMCO-API §0.1";
    "malformed_json", bodies::malformed_json, "A body that is not JSON is a client error", "RFC 9110 §15.5.1";
    "ill_typed", bodies::ill_typed, "A field of the wrong type is a client error", "EMCO-API §0.1, RFC 9110 §15.5.21";
    "body_limit", bodies::body_limit, "A body has a limit", "RFC 9110 §15.5.14";
    "running_id", repeats::running_id, "A start of a running workflow ID succeeds, unless the intent forbids it", "EMCO-API §2.4";
    "idempotency", repeats::idempotency, "A repeat under its Idempotency-Key leads to the same run", "draft-ietf-httpapi-idempotency-key-header";
    "temporal_failure", endings::temporal_failure, "Without Temporal a start fails", "EMCO-API §2.3";
    "drain", endings::drain, "A request in progress is completed when the process ends", "Kubernetes: termination of pods";
];

/// Tests all clauses.
pub(crate) async fn all(session: &Session<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::with_capacity(ALL.len());
    for (clause, check) in ALL {
        let started = findings.first().is_none_or(|path| path.outcome == Outcome::Passed);
        let outcome = if started {
            check(session).await
        } else {
            Outcome::not_applicable("not tested, because `path` failed")
        };
        findings.push(Finding { clause, outcome });
    }
    findings
}
