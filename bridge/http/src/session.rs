//! `GET /v2/session`: who the caller is.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use bridge_core::Proof;
use jiff::Timestamp;
use serde::Serialize;
use service::auth::SessionEnd;
use utoipa::ToSchema;

use crate::problem::ApiError;
use crate::wire::answer::GoJson;
use crate::wire::call::Call;
use crate::wire::path;

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The name; empty for an anonymous caller.
    name: String,
    /// How the caller was identified: `anonymous`, `token`, `certificate`, `proxy` or `issuer`. A browser counts as the
    /// token or the issuer by which it has logged in.
    kind: &'static str,
    /// The name that the settings give to the issuer; absent if there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    issuer: String,
    /// The groups that the issuer names.
    groups: Vec<String>,
    /// When the session of the browser ends, unless it is used again before; absent for other callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    expires: Option<Timestamp>,
}

/// Ask who you are
///
/// Returns how the bridge has identified the caller. What the caller may do is at `/v2/rights`.
#[utoipa::path(
    get,
    path = path::SESSION,
    tag = "rights",
    responses((status = 200, description = "The caller", body = SessionView, example = json!({
        "name": "alice", "kind": "issuer", "issuer": "corp", "groups": ["mec-operators"], "expires": "2026-01-02T03:19:05Z",
    }))),
)]
pub(crate) async fn my_session(
    end: Option<Extension<SessionEnd>>,
    call: Call<()>,
) -> Result<Response, ApiError> {
    let actor = &call.request.actor;
    let view = SessionView {
        name: actor.name().to_owned(),
        kind: if actor.proof() == Proof::None { "anonymous" } else { actor.proof().word() },
        issuer: actor.issuer().to_owned(),
        groups: actor.groups().to_vec(),
        expires: end.map(|Extension(SessionEnd(expires))| expires),
    };
    Ok(GoJson(view).into_response())
}
