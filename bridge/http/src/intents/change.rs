//! The parts that all changes of an intent share: parameters, conditions and the response.

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

/// Parameters of changes with a body.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `Changes` reads")]
pub(crate) struct ChangeParams {
    /// How to treat unknown fields: `Ignore`; `Warn` (default: `Warning` headers name them); `Strict` (400).
    #[param(rename = "fieldValidation", pattern = "^(Ignore|Warn|Strict)$", example = "Strict")]
    field_validation: Option<String>,
    /// `All`: validate the request, respond as if it were done, but store nothing.
    #[param(rename = "dryRun", pattern = "^All$", example = "All")]
    dry_run: Option<String>,
    /// `Skip`: store the intent without asking its workflow client to validate it.
    #[param(rename = "clientCheck", pattern = "^Skip$", example = "Skip")]
    client_check: Option<String>,
}

/// Parameters of changes without a body.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter that `DryRun` reads")]
pub(crate) struct DryRunParam {
    /// `All`: validate the request, respond as if it were done, but store nothing.
    #[param(rename = "dryRun", pattern = "^All$", example = "All")]
    dry_run: Option<String>,
}

/// Headers with conditions on a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers that `etag::conditions` reads")]
pub(crate) struct ConditionHeaders {
    /// Change the intent only if it is at one of these revisions: entity tags as in `ETag`, or `*` for any
    /// (otherwise 412).
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
    /// Change the intent only if it is at none of these revisions. `*`: only if the intent does not exist
    /// (otherwise 412).
    #[param(rename = "If-None-Match", example = "*")]
    if_none_match: Option<String>,
}

/// The options of a change with a body.
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

/// The options of a change without a body.
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

/// Returns the response to a change: 201 if the intent did not exist before, else 200.
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
