//! The header of requests to Temporal: the trace context, and on whose behalf a workflow runs.

use std::collections::{BTreeMap, HashMap};

use service::origin::Origin;
use temporalio_common::protos::temporal::api::common::v1::{Header, Payload};
use workflow_api::{AUDIT_ID, CALLER, Caller, CallerError};

/// The key that the tracing interceptors of Temporal's SDKs use (W3C headers as one JSON map).
const TRACER_DATA: &str = "_tracer-data";

/// Returns the `header` of a start, signal, query or update: the current trace, which workers continue.
pub fn trace_header() -> Option<Header> {
    let fields: HashMap<_, _> = trace_field().into_iter().collect();
    (!fields.is_empty()).then_some(Header { fields })
}

/// Returns the `header` of a start: the current trace, and on whose behalf the workflow runs.
pub fn start_header(caller: Option<&Caller>) -> Option<Header> {
    let mut fields: HashMap<_, _> = trace_field().into_iter().collect();
    if let Some(caller) = caller {
        fields.insert(CALLER.to_owned(), json(caller.json().into_bytes()));
        if !caller.audit_id.is_empty() {
            fields.insert(AUDIT_ID.to_owned(), json(format!("\"{}\"", caller.audit_id).into_bytes()));
        }
    }
    (!fields.is_empty()).then_some(Header { fields })
}

/// Returns on whose behalf a workflow or an activity with these header fields runs; `None` if they do not have it.
///
/// # Errors
/// When it cannot be read.
pub fn caller_of(fields: &HashMap<String, Payload>) -> Option<Result<Caller, CallerError>> {
    let caller = fields.get(CALLER)?;
    let audit_id = fields.get(AUDIT_ID).and_then(|id| serde_json::from_slice::<String>(&id.data).ok());
    Some(Caller::read(&caller.data, audit_id.as_deref()))
}

fn trace_field() -> Option<(String, Payload)> {
    let origin = Origin::current()?;
    let trace = origin.trace();
    let mut map = BTreeMap::from([("traceparent", trace.parent())]);
    map.extend(trace.state().map(|state| ("tracestate", state)));
    Some((TRACER_DATA.to_owned(), json(serde_json::to_vec(&map).ok()?)))
}

fn json(data: Vec<u8>) -> Payload {
    Payload {
        metadata: HashMap::from([("encoding".to_owned(), b"json/plain".to_vec())]),
        data,
        ..Payload::default()
    }
}
