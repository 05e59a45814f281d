//! On whose behalf a start is.

use axum::http::HeaderMap;
use service::auth::{Identity, Proof, Subjects};
use workflow_api::{AUDIT_ID, CALLER, Caller, CallerError};

/// Returns whom a trusted bridge names, else the caller itself; `None` if it has proven nothing. A name that cannot be
/// used is ignored with a warning.
pub(super) fn on_behalf_of(caller: &Identity, headers: &HeaderMap, bridges: &Subjects) -> Option<Caller> {
    if caller.proof() == Proof::None {
        return None;
    }
    let named = if bridges.contain(caller) { named(headers) } else { Ok(None) };
    let named = named.unwrap_or_else(|error| {
        tracing::warn!(bridge = caller.name(), %error, "the bridge names a caller that is ignored");
        None
    });
    named.or_else(|| Some(caller.caller()))
}

/// Reads the headers. If there are several of one name, any of them may be somebody else's.
fn named(headers: &HeaderMap) -> Result<Option<Caller>, CallerError> {
    let [callers, audit_ids] = [CALLER, AUDIT_ID].map(|name| {
        let mut values = headers.get_all(name).iter();
        (values.next(), values.next().is_some())
    });
    match (callers, audit_ids) {
        ((_, true), _) => Err(CallerError::NotJson),
        (_, (_, true)) => Err(CallerError::Word),
        ((None, _), _) => Ok(None),
        ((Some(caller), _), (audit_id, _)) => {
            let audit_id =
                audit_id.map(|id| id.to_str().map_err(|_is_not_ascii| CallerError::Word)).transpose()?;
            Caller::read(caller.as_bytes(), audit_id).map(Some)
        }
    }
}
