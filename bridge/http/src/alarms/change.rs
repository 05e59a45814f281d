//! `PATCH /v2/alarms/{alarmId}`, and comments.

use axum::response::{IntoResponse, Response};
use bridge_core::model::AlarmId;
use bridge_core::ports::KeptAlarm;
use bridge_core::{AlarmError, Alarms, Request};
use http::StatusCode;
use http::header::LOCATION;
use workflow_api::alarms::{AlarmComment, AlarmRecord};

use super::params::{AlarmPatch, NewComment, Patch};
use super::sample::{sample_alarm, sample_comment};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::body::Strict;
use crate::wire::call::Call;
use crate::wire::params::NoParams;
use crate::wire::path;

problems!(NoAlarm, [NO_SUCH_ALARM]);
problems!(CommentProblems, [NO_SUCH_ALARM, ALARM_FULL]);

/// Makes a change.
pub(crate) async fn make(
    alarms: &Alarms,
    request: &Request,
    id: &AlarmId,
    patch: Patch,
) -> Result<KeptAlarm, AlarmError> {
    match patch {
        Patch::Ack(state, by) => alarms.acknowledge(request, id, state, by).await,
        Patch::Clear(by) => alarms.clear_by_hand(request, id, by).await,
    }
}

/// Acknowledge or clear an alarm
///
/// The body is a JSON merge patch with either `ackState` or `perceivedSeverity`. A change that was made before changes
/// nothing. An alarm that is cleared and acknowledged leaves the list. One that is cleared by hand is raised again as
/// soon as its condition is seen again.
#[utoipa::path(
    patch,
    path = path::ALARM,
    tag = "alarms",
    params(("alarmId" = String, Path, description = "The alarm", example = "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c")),
    request_body(content = AlarmPatch, content_type = "application/merge-patch+json", example = json!({"ackState": "ACKNOWLEDGED"})),
    responses(
        (status = 200, description = "The alarm as it is then", body = AlarmRecord, example = json!(sample_alarm())),
        NoAlarm,
    ),
)]
pub(crate) async fn patch_alarm(
    call: Call<AlarmId, NoParams, Strict<AlarmPatch>>,
) -> Result<Response, ApiError> {
    let Strict(patch) = call.body;
    let alarms = &call.api.app.alarms;
    let kept = make(alarms, &call.request, &call.key, patch.read(false)?).await?;
    Ok(GoJson(kept.alarm.record(&alarms.base(), kept.number)).into_response())
}

/// Comment on an alarm
#[utoipa::path(
    post,
    path = path::ALARM_COMMENTS,
    tag = "alarms",
    params(("alarmId" = String, Path, description = "The alarm", example = "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c")),
    request_body(content = NewComment, example = json!({"commentText": "The cluster is back at noon"})),
    responses(
        (status = 201, description = "The comment", body = AlarmComment, headers(
            ("Location" = String, description = "The path of the comment"),
        ), example = json!(sample_comment())),
        CommentProblems,
    ),
)]
pub(crate) async fn comment_alarm(
    call: Call<AlarmId, NoParams, Strict<NewComment>>,
) -> Result<Response, ApiError> {
    add_comment(call, path::ALARM_COMMENTS).await
}

/// Adds a comment below this path.
pub(crate) async fn add_comment(
    call: Call<AlarmId, NoParams, Strict<NewComment>>,
    path: &str,
) -> Result<Response, ApiError> {
    let Strict(comment) = call.body;
    let (text, by) = comment.read()?;
    let added = call.api.app.alarms.comment(&call.request, &call.key, &text, by).await?;
    let place = path.replace("{alarmId}", &path::encoded(call.key.as_str()));
    let location = [(LOCATION, format!("{place}/{}", added.id))];
    Ok((StatusCode::CREATED, location, GoJson(added.comment.record())).into_response())
}
