//! The parts that all changes of an intent share: parameters, conditions and the response.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bridge_core::model::{DigKey, IntentKey};
use bridge_core::{ChangeOptions, Changed};
use http::header::{ETAG, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::ApiError;
use crate::wire::answer::{headers, large_json, warnings};
use crate::wire::params::Skip;
use crate::wire::{etag, path};

/// Parameters of changes with a body.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangeParams {
    /// `All`: validate the request, respond as if it were done, but store nothing.
    #[param(value_type = Option<String>, pattern = "^All$", example = "All")]
    dry_run: Option<All>,
    /// `Skip`: store the intent without asking its workflow client to validate it.
    #[param(value_type = Option<String>, pattern = "^Skip$", example = "Skip")]
    client_check: Option<Skip>,
}

/// Parameters of changes without a body.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct DryRunParam {
    /// `All`: validate the request, respond as if it were done, but store nothing.
    #[param(value_type = Option<String>, pattern = "^All$", example = "All")]
    dry_run: Option<All>,
}

/// The only value of `dryRun`.
#[derive(Debug, Deserialize)]
pub(crate) enum All {
    All,
}

impl DryRunParam {
    /// Returns whether nothing is to be stored.
    pub(crate) fn is_set(&self) -> bool {
        self.dry_run.is_some()
    }
}

impl ChangeParams {
    /// Returns the options of a change with these headers.
    pub(crate) fn options(&self, headers: &HeaderMap) -> Result<ChangeOptions, ApiError> {
        Ok(ChangeOptions {
            conditions: etag::conditions(headers)?,
            dry_run: self.dry_run.is_some(),
            unchecked: self.client_check.is_some(),
        })
    }
}

impl From<DryRunParam> for ChangeParams {
    fn from(DryRunParam { dry_run }: DryRunParam) -> Self {
        Self { dry_run, client_check: None }
    }
}

/// Headers with conditions on a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers that `etag::conditions` reads")]
pub(crate) struct ConditionHeaders {
    /// Change it only if it is at one of these revisions: entity tags as in `ETag`, or `*` for any
    /// (otherwise 412).
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
    /// Change it only if it is at none of these revisions. `*`: only if it does not exist
    /// (otherwise 412).
    #[param(rename = "If-None-Match", example = "*")]
    if_none_match: Option<String>,
}

/// Returns the response to a change: 201 if the intent did not exist before, else 200.
pub(crate) async fn answer(dig: &DigKey, changed: Changed, unknown: &[String]) -> Response {
    let kept = changed.kept;
    let tag = etag::of_revision(kept.revision);
    let warnings = warnings(unknown);
    let intent = large_json(kept.intent.size(), Arc::clone(&kept.intent)).await;
    if changed.created {
        let location = path::of_intent(&IntentKey::of(dig, &kept.intent));
        let headers = headers([(LOCATION, &location), (ETAG, &tag)]);
        (StatusCode::CREATED, headers, warnings, intent).into_response()
    } else {
        (headers([(ETAG, &tag)]), warnings, intent).into_response()
    }
}
