//! The base path of 3GPP TS 28.532, Fault Supervision MnS: the same use cases, in the standard's shapes.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use bridge_core::model::AlarmId;
use http::StatusCode;
use http::header::LOCATION;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use workflow_api::Fault;
use workflow_api::alarms::{AlarmAckState, AlarmComment, AlarmCount, AlarmRecord};

use super::change::{add_comment, make};
use super::params::{AlarmParams, AlarmPatch, NewComment};
use super::sample::{sample_comment, sample_count, sample_record};
use super::subscriptions::NewSubscription;
use crate::problem::ApiError;
use crate::problem::kinds::{self, problems};
use crate::wire::answer::{GoJson, NO_CONTENT, large_json};
use crate::wire::body::Strict;
use crate::wire::call::Call;
use crate::wire::params::{NoParams, invalid, unless_empty};
use crate::wire::path;

/// Maximum number of alarms in one change.
const MOST_PATCHES: usize = 1000;

/// The usual size of an alarm as JSON.
const SIZE: usize = 1024;

problems!(NoAlarm, [NO_SUCH_ALARM]);
problems!(CommentProblems, [NO_SUCH_ALARM, ALARM_FULL]);
problems!(SubscribeProblems, [NOT_A_CONSUMER, TOO_MANY_SUBSCRIPTIONS]);
problems!(NoSubscription, [NO_SUCH_SUBSCRIPTION]);

/// The standard's filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct MnsParams {
    /// The state of the alarms.
    #[serde(deserialize_with = "unless_empty")]
    #[param(inline, example = "ALL_ACTIVE_ALARMS")]
    alarm_ack_state: Option<AlarmAckState>,
    /// Only alarms about this object, or about what is in it.
    #[param(example = "EMCO=proj1,CompositeApp=capp1")]
    base_object_instance: Option<String>,
    /// A filter in XPath 1.0 is not supported, and refused.
    filter: Option<String>,
}

impl MnsParams {
    fn read(self) -> Result<AlarmParams, ApiError> {
        if self.filter.is_some_and(|filter| !filter.is_empty()) {
            return Err(invalid("filter", "is not supported: use alarmAckState and baseObjectInstance"));
        }
        Ok(AlarmParams::of(self.alarm_ack_state, self.base_object_instance))
    }
}

/// An alarm of a change of several that was not changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedAlarm {
    /// The alarm.
    alarm_id: String,
    /// Why it was not changed.
    failure_reason: String,
}

/// A subscription, in the standard's shape.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MnsSubscription {
    /// The URL to which notifications are posted.
    consumer_reference: String,
    /// What the subscriber asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_tick: Option<i64>,
}

/// Adds the member that the standard's errors have.
fn errors(error: impl Into<ApiError>) -> ApiError {
    let error = error.into();
    let info = json!({"errorInfo": error.problem().detail});
    error.with("error", info)
}

/// Get alarms (3GPP TS 28.532)
///
/// Returns a map whose keys are the IDs of the alarms. It has all alarms that the caller may see.
#[utoipa::path(
    get,
    path = path::MNS_ALARMS,
    tag = "alarms of 3GPP",
    params(MnsParams),
    responses((
        status = 200, description = "The alarms", body = BTreeMap<String, AlarmRecord>,
        example = json!({"019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c": sample_record()})
    )),
)]
pub(crate) async fn mns_alarms(call: Call<(), MnsParams>) -> Result<Response, ApiError> {
    let (scope, filter) = call.params.read().map_err(errors)?.read(None)?;
    let alarms = &call.api.app.alarms;
    let page = alarms.list(&call.request, &scope, &filter, None).await.map_err(errors)?;
    let base = alarms.base();
    let records = page.alarms.iter().map(|kept| {
        let record = AlarmRecord { alarm_id: None, ..kept.alarm.record(&base, kept.number) };
        (kept.alarm.id.as_str().to_owned(), record)
    });
    let records: BTreeMap<_, _> = records.collect();
    Ok(large_json(records.len() * SIZE, records).await)
}

/// Count alarms (3GPP TS 28.532)
#[utoipa::path(
    get,
    path = path::MNS_COUNT,
    tag = "alarms of 3GPP",
    params(MnsParams),
    responses((status = 200, description = "The counts", body = AlarmCount, example = json!(sample_count()))),
)]
pub(crate) async fn mns_count(call: Call<(), MnsParams>) -> Result<Response, ApiError> {
    let (scope, filter) = call.params.read().map_err(errors)?.read(None)?;
    let counts = call.api.app.alarms.count(&call.request, &scope, &filter).await.map_err(errors)?;
    Ok(GoJson(counts).into_response())
}

/// Acknowledge or clear an alarm (3GPP TS 28.532)
#[utoipa::path(
    patch,
    path = path::MNS_ALARM,
    tag = "alarms of 3GPP",
    params(("alarmId" = String, Path, description = "The alarm", example = "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c")),
    request_body(content = AlarmPatch, content_type = "application/merge-patch+json", example = json!({
        "ackUserId": "alice", "ackState": "ACKNOWLEDGED",
    })),
    responses((status = 204, description = "It was changed, or was so before"), NoAlarm),
)]
pub(crate) async fn mns_patch_alarm(
    call: Call<AlarmId, NoParams, Strict<AlarmPatch>>,
) -> Result<Response, ApiError> {
    let Strict(patch) = call.body;
    let patch = patch.read(true).map_err(errors)?;
    make(&call.api.app.alarms, &call.request, &call.key, patch).await.map_err(errors)?;
    Ok(NO_CONTENT.into_response())
}

/// Acknowledge or clear several alarms (3GPP TS 28.532)
///
/// The keys of the body are the IDs of the alarms, at most 1000. Each alarm is changed by itself.
#[utoipa::path(
    patch,
    path = path::MNS_ALARMS,
    tag = "alarms of 3GPP",
    request_body(content = BTreeMap<String, AlarmPatch>, content_type = "application/merge-patch+json", example = json!({
        "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c": {"clearUserId": "alice", "perceivedSeverity": "CLEARED"},
    })),
    responses(
        (status = 204, description = "All were changed, or were so before"),
        (status = 409, description = "Some were not changed", body = [FailedAlarm], example = json!([{
            "alarmId": "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c", "failureReason": "there is no such alarm",
        }])),
    ),
)]
pub(crate) async fn mns_patch_alarms(
    call: Call<(), NoParams, Strict<BTreeMap<String, AlarmPatch>>>,
) -> Result<Response, ApiError> {
    let Strict(patches) = call.body;
    if patches.is_empty() || patches.len() > MOST_PATCHES {
        let fault = Fault::new("$", format!("has {} alarms: send 1 to {MOST_PATCHES}", patches.len()));
        let problem = kinds::INVALID_BODY.problem("the body is not a change of alarms");
        return Err(errors(problem.with_faults(vec![fault])));
    }
    let mut failed = Vec::new();
    for (alarm_id, patch) in patches {
        let id = AlarmId::from(alarm_id.as_str());
        let made = match patch.read(true) {
            Ok(patch) => make(&call.api.app.alarms, &call.request, &id, patch).await.map_err(ApiError::from),
            Err(error) => Err(error),
        };
        if let Err(error) = made {
            failed.push(FailedAlarm { alarm_id, failure_reason: error.problem().detail.clone() });
        }
    }
    if failed.is_empty() {
        return Ok(NO_CONTENT.into_response());
    }
    Ok((StatusCode::CONFLICT, GoJson(failed)).into_response())
}

/// Comment on an alarm (3GPP TS 28.532)
#[utoipa::path(
    post,
    path = path::MNS_COMMENTS,
    tag = "alarms of 3GPP",
    params(("alarmId" = String, Path, description = "The alarm", example = "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c")),
    request_body(content = NewComment, example = json!({"commentUserId": "alice", "commentText": "The cluster is back at noon"})),
    responses(
        (status = 201, description = "The comment", body = AlarmComment, headers(
            ("Location" = String, description = "The path of the comment"),
        ), example = json!(sample_comment())),
        CommentProblems,
    ),
)]
pub(crate) async fn mns_comment(
    call: Call<AlarmId, NoParams, Strict<NewComment>>,
) -> Result<Response, ApiError> {
    add_comment(call, path::MNS_COMMENTS).await.map_err(errors)
}

/// Subscribe to alarms (3GPP TS 28.532)
#[utoipa::path(
    post,
    path = path::MNS_SUBSCRIPTIONS,
    tag = "alarms of 3GPP",
    request_body(content = NewSubscription, example = json!({"consumerReference": "https://oss.example.org/alarms"})),
    responses(
        (status = 201, description = "The subscription", body = MnsSubscription, headers(
            ("Location" = String, description = "The path of the subscription"),
        ), example = json!({"consumerReference": "https://oss.example.org/alarms"})),
        SubscribeProblems,
    ),
)]
pub(crate) async fn mns_subscribe(
    call: Call<(), NoParams, Strict<NewSubscription>>,
) -> Result<Response, ApiError> {
    let Strict(new) = call.body;
    let new = new.read().map_err(errors)?;
    let kept = call.api.app.alarms.subscribe(&call.request, new).await.map_err(errors)?;
    let location = [(LOCATION, format!("{}/{}", path::MNS_SUBSCRIPTIONS, kept.id))];
    let (consumer_reference, time_tick) = (kept.subscription.consumer_reference, kept.subscription.time_tick);
    let body = GoJson(MnsSubscription { consumer_reference, time_tick });
    Ok((StatusCode::CREATED, location, body).into_response())
}

/// Delete a subscription (3GPP TS 28.532)
#[utoipa::path(
    delete,
    path = path::MNS_SUBSCRIPTION,
    tag = "alarms of 3GPP",
    params(("subscriptionId" = String, Path, description = "The subscription", example = "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9d")),
    responses((status = 204, description = "It was deleted"), NoSubscription),
)]
pub(crate) async fn mns_unsubscribe(call: Call<String>) -> Result<Response, ApiError> {
    call.api.app.alarms.unsubscribe(&call.request, &call.key).await.map_err(errors)?;
    Ok(NO_CONTENT.into_response())
}
