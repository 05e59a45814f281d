//! What requests that change an intent have in common: parameters, conditions, and the answer.

use axum::response::{IntoResponse, Response};
use bridge_core::model::{DigKey, IntentKey};
use bridge_core::{ChangeOptions, Changed};
use http::header::{ETAG, LOCATION};
use http::{HeaderMap, StatusCode};
use utoipa::IntoParams;

use crate::problem::ApiError;
use crate::wire::answer::{GoJson, headers, warnings};
use crate::wire::call::CallParams;
use crate::wire::params::Params;
use crate::wire::{etag, path};

/// The parameters of calls that change an intent and have a body.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `Changes` reads")]
pub(crate) struct ChangeParams {
    /// What to do about unknown fields: `Ignore` them, `Warn` (default; `Warning` headers name them), or be `Strict` (400).
    #[param(rename = "fieldValidation", pattern = "^(Ignore|Warn|Strict)$", example = "Strict")]
    field_validation: Option<String>,
    /// `All`: check everything, answer as if it were done, and store nothing.
    #[param(rename = "dryRun", pattern = "^All$", example = "All")]
    dry_run: Option<String>,
    /// `Skip`: keep the intent without asking its workflow client whether it would take it.
    #[param(rename = "clientCheck", pattern = "^Skip$", example = "Skip")]
    client_check: Option<String>,
}

/// The parameters of calls that change an intent and have no body.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter that `DryRun` reads")]
pub(crate) struct DryRunParam {
    /// `All`: check everything, answer as if it were done, and store nothing.
    #[param(rename = "dryRun", pattern = "^All$", example = "All")]
    dry_run: Option<String>,
}

/// The headers with conditions on a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers that `etag::conditions` reads")]
pub(crate) struct ConditionHeaders {
    /// Change the intent only if it is at one of these revisions: entity tags as `ETag` has them, or `*` for any (412 otherwise).
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
    /// Change the intent only if it is at none of these revisions; with `*` only if there is none (412 otherwise).
    #[param(rename = "If-None-Match", example = "*")]
    if_none_match: Option<String>,
}

/// How an intent is changed by a call with a body.
#[derive(Debug)]
pub(crate) struct Changes(pub(crate) ChangeOptions);

impl CallParams for Changes {
    fn known() -> Vec<&'static str> {
        vec!["clientCheck", "dryRun"]
    }

    fn read(params: &Params, headers: &HeaderMap) -> Result<Self, ApiError> {
        let DryRun(options) = DryRun::read(params, headers)?;
        let unchecked = params.parsed::<Skip>("clientCheck")?.is_some();
        Ok(Self(ChangeOptions { unchecked, ..options }))
    }
}

/// How an intent is changed by a call without a body.
#[derive(Debug)]
pub(crate) struct DryRun(pub(crate) ChangeOptions);

impl CallParams for DryRun {
    fn known() -> Vec<&'static str> {
        vec!["dryRun"]
    }

    fn read(params: &Params, headers: &HeaderMap) -> Result<Self, ApiError> {
        let dry_run = params.parsed::<All>("dryRun")?.is_some();
        Ok(Self(ChangeOptions { conditions: etag::conditions(headers)?, dry_run, unchecked: false }))
    }
}

struct All;
struct Skip;

impl std::str::FromStr for All {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "All" { Ok(Self) } else { Err("write All, or leave it out") }
    }
}

impl std::str::FromStr for Skip {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "Skip" { Ok(Self) } else { Err("write Skip, or leave it out") }
    }
}

/// Returns the response to a change: 201 where there was no intent before, else 200.
pub(crate) fn answer(dig: &DigKey, changed: Changed, unknown: &[String]) -> Response {
    let kept = changed.kept;
    let tag = etag::of_revision(kept.revision);
    let warnings = warnings(unknown);
    if changed.created {
        let location = path::of_intent(&IntentKey::of(dig, &kept.intent));
        let headers = headers([(LOCATION, &location), (ETAG, &tag)]);
        (StatusCode::CREATED, headers, warnings, GoJson(kept.intent)).into_response()
    } else {
        (headers([(ETAG, &tag)]), warnings, GoJson(kept.intent)).into_response()
    }
}
