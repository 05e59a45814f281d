//! The trace context in requests to Temporal.

use std::collections::{BTreeMap, HashMap};

use temporalio_common::protos::temporal::api::common::v1::{Header, Payload};

use service::origin::Origin;

/// The key that the tracing interceptors of Temporal's SDKs use (W3C headers as one JSON map).
const TRACER_DATA: &str = "_tracer-data";

/// Returns the `header` of a start, signal, query or update: the current trace, which workers continue.
pub fn trace_header() -> Option<Header> {
    let origin = Origin::current()?;
    let trace = origin.trace();
    let mut map = BTreeMap::from([("traceparent", trace.parent())]);
    map.extend(trace.state().map(|state| ("tracestate", state)));
    let payload = Payload {
        metadata: HashMap::from([("encoding".to_owned(), b"json/plain".to_vec())]),
        data: serde_json::to_vec(&map).ok()?,
        ..Payload::default()
    };
    Some(Header { fields: HashMap::from([(TRACER_DATA.to_owned(), payload)]) })
}
