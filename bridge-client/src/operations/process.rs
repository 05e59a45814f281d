//! The caller, the audit, and the process itself.

use serde_json::Value;

use super::operations;
use crate::model::{AuditEvent, Batch, Rights, Session};

operations! {
    /// Returns who the caller is.
    GET "/v2/session" => my_session() -> Session;

    /// Returns what the caller may do in a `scope` of the query, which is required: `**`, `project`,
    /// `project/app/version/group` or `project/app/version/group/intent`. With `verb`, only that one.
    GET "/v2/rights" => my_rights() -> Rights;

    /// Lists the events of the audit, newest first. Filters: `actor`, `verb`, `object`, `outcome`, `since`, `until`.
    GET "/v2/audit" => list_events() -> Vec<AuditEvent>;

    /// Lists the sealed batches of the audit, oldest first. [`audit_seals::Verifier`] verifies them.
    GET "/v2/audit/batches" => list_batches() -> Vec<Batch>;

    /// Returns `alive` while the process lives.
    GET "/healthz" => live() -> String;

    /// Returns whether the process can serve, with the checks.
    GET "/readyz" => ready() -> Value;

    /// Returns the figures of the process, as Prometheus reads them.
    GET "/metrics" => measures() -> String;

    /// Returns the OpenAPI document.
    GET "/openapi.json" => serve() -> Value;
}
