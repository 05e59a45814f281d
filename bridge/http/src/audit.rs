//! `GET /v2/audit`: who did what; `/v2/audit/batches`: the same under seals, to be verified.

use audit_seals::Batch;
use axum::response::{IntoResponse, Response};
use bridge_core::model::EventOutcome;
use bridge_core::ports::{EventFilter, KeptEvent};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::problem::ApiError;
use crate::wire::answer::{GoJson, large_json};
use crate::wire::call::Call;
use crate::wire::page;
use crate::wire::page::PageParams;
use crate::wire::params::{Both, unless_empty};
use crate::wire::path;

/// Default number of events on a page.
const LIMIT: u32 = 100;
/// Number of batches on a page, by default and at most: one can have a megabyte.
const BATCHES: u32 = 10;

/// Filters of the audit. An event must meet all that are given.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// Only events of this caller.
    #[param(example = "alice")]
    actor: Option<String>,
    /// Only this action, such as `start`.
    #[param(example = "cancel")]
    verb: Option<String>,
    /// Only events about this object, or about what is in it: names separated by slashes, from the project on.
    #[param(example = "proj1/capp1/v1/dig1")]
    object: Option<String>,
    /// Only events with this outcome: `pending`, `allowed`, `denied`, `succeeded`, `failed` or `unknown`.
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<String>, example = "denied")]
    outcome: Option<EventOutcome>,
    /// Only events of this time or later (RFC 3339).
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<String>, example = "2026-01-02T03:04:05Z")]
    since: Option<Timestamp>,
    /// Only events before this time (RFC 3339).
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<String>, example = "2026-01-03T00:00:00Z")]
    until: Option<Timestamp>,
}

/// An event of the audit: the fields that `docs/audit.md` describes, and these two.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEvent {
    /// The number of the event.
    number: i64,
    /// The number of the seal that the event is in; absent for an event of the last seconds, which is not sealed
    /// yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<i64>,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    event: bridge_core::model::Event,
}

impl From<KeptEvent> for AuditEvent {
    fn from(KeptEvent { place, batch, event }: KeptEvent) -> Self {
        Self { number: place.number, batch, event }
    }
}

fn sample() -> Value {
    json!([{
        "number": 7, "batch": 3, "id": "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c", "stage": "complete",
        "at": "2026-01-02T03:04:05.678901Z", "tookMs": 12,
        "actor": {"name": "alice", "kind": "issuer", "issuer": "corp", "groups": ["mec-operators"]},
        "source": {"address": "10.42.0.7", "userAgent": "curl/8.5.0"}, "verb": "cancel",
        "object": {
            "project": "proj1", "compositeApp": "capp1", "version": "v1", "deploymentIntentGroup": "dig1",
            "intent": "dig1-workflow-intent", "workflowID": "migrate-1",
        },
        "outcome": "succeeded", "requestID": "019b7c2a-3f5d-7a00-9d11-0c1b2a3f4e5d",
        "traceParent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }])
}

/// List the events of the audit
///
/// The list begins with the newest event. It has each call that changed something, was denied, or read
/// payloads. A call that leaves the bridge has two events with one `id`: the first is written before. The call
/// itself is an event, too. The headers `Continue` and `Link` lead to the next page.
#[utoipa::path(
    get,
    path = path::AUDIT,
    tag = "audit",
    params(PageParams, AuditParams),
    responses(
        (status = 200, description = "The events", body = [AuditEvent], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!(sample())),
    ),
)]
pub(crate) async fn list_events(call: Call<(), Both<PageParams, AuditParams>>) -> Result<Response, ApiError> {
    let Both(page, filter) = call.params;
    let AuditParams { actor, verb, object, outcome, since, until } = filter;
    let filter = EventFilter { actor, verb, object, outcome, since, until, after: page.after()? };
    let limit = page.limit()?.unwrap_or(LIMIT);
    let page = call.api.app.audits.list(&call.request, &filter, limit).await?;
    let events: Vec<_> = page.events.into_iter().map(AuditEvent::from).collect();
    Ok((page::next(call.uri.query(), page.next), GoJson(events)).into_response())
}

fn sample_batch() -> Value {
    json!([{
        "seal": {
            "number": 3, "events": 1, "at": "2026-01-02T03:04:06Z",
            "root": "4f8c4b0f0d3f2d6b7a1f5f9d0c6f4ad0e7a7b7f1c5e2a9d8b3c4d5e6f7a8b9c0",
            "previous": "9a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
        },
        "leaves": ["4f8c4b0f0d3f2d6b7a1f5f9d0c6f4ad0e7a7b7f1c5e2a9d8b3c4d5e6f7a8b9c0"],
        "events": [{"number": 7, "document": "{\"id\":\"019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c\"}"}],
    }])
}

/// List the sealed batches of the audit
///
/// The list begins with the oldest batch. With it, a caller verifies that the audit is as it was written, as
/// `docs/audit.md` describes. A page has at most 10 batches. The call itself is an event, too. The headers `Continue`
/// and `Link` lead to the next page.
#[utoipa::path(
    get,
    path = path::AUDIT_BATCHES,
    tag = "audit",
    params(PageParams),
    responses(
        (status = 200, description = "The batches", body = [Batch], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!(sample_batch())),
    ),
)]
pub(crate) async fn list_batches(call: Call<(), PageParams>) -> Result<Response, ApiError> {
    let after = call.params.after()?.unwrap_or(0);
    let limit = call.params.limit()?.unwrap_or(BATCHES).min(BATCHES);
    let batches = call.api.app.audits.batches(&call.request, after, limit).await?;
    let full = batches.len() == limit as usize;
    let next = batches.last().filter(|_| full).map(|last| last.seal.number);
    let size = batches.iter().flat_map(|batch| &batch.events).map(|event| event.document.len()).sum();
    Ok((page::next(call.uri.query(), next), large_json(size, batches).await).into_response())
}
