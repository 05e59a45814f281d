//! What requests that change an intent have in common: parameters, conditions, and the answer.

use axum::response::{IntoResponse, Response};
use http::header::{ETAG, LOCATION};
use http::{HeaderMap, StatusCode};
use utoipa::IntoParams;

use super::answer::{GoJson, headers, warnings};
use super::error::ApiError;
use super::query::Params;
use super::{etag, path};
use crate::app::{Caller, ChangeOrder, Changed, FieldValidation};
use crate::intent::{DigKey, IntentKey};

/// The parameters of calls that change an intent and have a body.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `read` reads")]
pub(super) struct ChangeParams {
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
#[expect(dead_code, reason = "describes the parameter that `read` reads")]
pub(super) struct DryRunParam {
    /// `All`: check everything, answer as if it were done, and store nothing.
    #[param(rename = "dryRun", pattern = "^All$", example = "All")]
    dry_run: Option<String>,
}

/// The headers with conditions on a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers that `etag::conditions` reads")]
pub(super) struct ConditionHeaders {
    /// Change the intent only if it is at one of these revisions: entity tags as `ETag` has them, or `*` for any (412 otherwise).
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
    /// Change the intent only if it is at none of these revisions; with `*` only if there is none (412 otherwise).
    #[param(rename = "If-None-Match", example = "*")]
    if_none_match: Option<String>,
}

/// What a request says about how to change an intent.
pub(super) fn read(
    query: Option<&str>,
    headers: &HeaderMap,
    by: Caller,
    body: bool,
) -> Result<(ChangeOrder, FieldValidation), ApiError> {
    let known: &[_] = if body { &["clientCheck", "dryRun", "fieldValidation"] } else { &["dryRun"] };
    let params = Params::read(query)?.only(known)?;
    let dry_run = params.parsed::<DryRun>("dryRun")?.is_some();
    let fields = params.parsed("fieldValidation")?.unwrap_or_default();
    let unchecked = params.parsed::<Skip>("clientCheck")?.is_some();
    Ok((ChangeOrder { by, conditions: etag::conditions(headers)?, dry_run, unchecked }, fields))
}

struct DryRun;
struct Skip;

impl std::str::FromStr for DryRun {
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

/// The answer to a change: 201 where there was no intent before, else 200.
pub(super) fn answer(dig: &DigKey, changed: Changed) -> Response {
    let kept = changed.kept;
    let tag = etag::of(kept.revision);
    let warnings = warnings(&changed.unknown);
    if changed.created {
        let location = path::of(&IntentKey::of(dig, &kept.intent));
        let headers = headers([(LOCATION, &location), (ETAG, &tag)]);
        (StatusCode::CREATED, headers, warnings, GoJson(kept.intent)).into_response()
    } else {
        (headers([(ETAG, &tag)]), warnings, GoJson(kept.intent)).into_response()
    }
}
