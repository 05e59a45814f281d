//! What calls about alarms have in common: filters and bodies.

use bridge_core::AlarmScope;
use bridge_core::model::{AlarmId, By, DigKey, ProbableCause};
use bridge_core::ports::AlarmFilter;
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};
use workflow_api::Fault;
use workflow_api::alarms::{AckState, AlarmAckState, PerceivedSeverity};

use crate::problem::{ApiError, kinds};
use crate::wire::params::{invalid, unless_empty};

/// Filters of alarms. An alarm must meet all that are given.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlarmParams {
    /// The state of the alarms, in the words of 3GPP TS 28.532. Default: `ALL_ALARMS`.
    #[serde(deserialize_with = "unless_empty")]
    #[param(inline, example = "ALL_ACTIVE_ALARMS")]
    alarm_ack_state: Option<AlarmAckState>,
    /// Only alarms of this severity.
    #[serde(deserialize_with = "unless_empty")]
    #[param(inline, example = "MAJOR")]
    perceived_severity: Option<PerceivedSeverity>,
    /// Only alarms of this cause.
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<String>, example = "workflowFailed")]
    probable_cause: Option<ProbableCause>,
    /// Only alarms about the object with this distinguished name, or about what is in it. Not with `scope`.
    #[param(example = "EMCO=proj1,CompositeApp=capp1")]
    base_object_instance: Option<String>,
    /// Only alarms about a deployment intent group, `project/app/version/group`, or about an intent in it,
    /// `project/app/version/group/intent`. Without it, about all that the caller may see.
    #[param(example = "proj1/capp1/v1/dig1")]
    scope: Option<String>,
}

impl AlarmParams {
    /// Returns filters by state and object.
    pub(crate) fn of(alarm_ack_state: Option<AlarmAckState>, base_object_instance: Option<String>) -> Self {
        Self { alarm_ack_state, base_object_instance, ..Self::default() }
    }

    /// Returns the scope and the filter.
    pub(crate) fn read(self, after: Option<String>) -> Result<(AlarmScope, AlarmFilter), ApiError> {
        let base = self.base_object_instance.filter(|base| !base.is_empty());
        if base.is_some() && self.scope.is_some() {
            return Err(invalid("scope", "is given together with `baseObjectInstance`: leave one out"));
        }
        let filter = AlarmFilter {
            state: self.alarm_ack_state,
            severity: self.perceived_severity,
            cause: self.probable_cause,
            base: base.map(|base| base.replace('\0', "\u{fffd}")),
            after: after.map(|after| AlarmId::from(after.as_str())),
        };
        Ok((scope(self.scope.as_deref())?, filter))
    }
}

/// The part of a stream.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScopeParams {
    /// Only alarms about a deployment intent group, `project/app/version/group`, or about an intent in it,
    /// `project/app/version/group/intent`. Without it, about all that the caller may see.
    #[param(example = "proj1/capp1/v1/dig1")]
    pub(crate) scope: Option<String>,
}

/// Reads a scope.
pub(crate) fn scope(text: Option<&str>) -> Result<AlarmScope, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(AlarmScope::Anywhere) };
    match text.split('/').collect::<Vec<_>>()[..] {
        [project, app, version, dig] => Ok(AlarmScope::Group(DigKey::new(project, app, version, dig))),
        [project, app, version, dig, intent] => {
            Ok(AlarmScope::Intent(DigKey::new(project, app, version, dig).intent(intent)))
        }
        _ => Err(invalid("scope", "is not project/app/version/group, with or without an intent behind it")),
    }
}

/// What to change about an alarm: its acknowledgement, or its severity to `CLEARED`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct AlarmPatch {
    /// Whether the alarm is acknowledged.
    ack_state: Option<AckState>,
    /// Who acknowledges it, or withdraws that. At `/v2/alarms` by default the caller; else the caller is `ackSystemId`.
    ack_user_id: String,
    /// With which system.
    ack_system_id: String,
    /// `CLEARED`, to clear the alarm by hand.
    perceived_severity: Option<PerceivedSeverity>,
    /// Who clears it. At `/v2/alarms` by default the caller; else the caller is `clearSystemId`.
    clear_user_id: String,
    /// With which system.
    clear_system_id: String,
}

/// A change that was read.
#[derive(Debug, Clone)]
pub(crate) enum Patch {
    /// Acknowledges, or withdraws that.
    Ack(AckState, By),
    /// Clears.
    Clear(By),
}

impl AlarmPatch {
    /// Returns the change. `named`: whether the user must be named.
    pub(crate) fn read(self, named: bool) -> Result<Patch, ApiError> {
        let fault = |path: &str, text: &str| {
            let fault = Fault::new(path, text);
            ApiError::from(kinds::INVALID_BODY.problem("the change is not valid").with_faults(vec![fault]))
        };
        let by = |user: String, system: String| By { user, system };
        let required = |path: &str, user: &str| {
            if named && user.is_empty() { Err(fault(path, "is required")) } else { Ok(()) }
        };
        match (self.ack_state, self.perceived_severity) {
            (Some(state), None) => {
                required("$.ackUserId", &self.ack_user_id)?;
                Ok(Patch::Ack(state, by(self.ack_user_id, self.ack_system_id)))
            }
            (None, Some(PerceivedSeverity::Cleared)) => {
                required("$.clearUserId", &self.clear_user_id)?;
                Ok(Patch::Clear(by(self.clear_user_id, self.clear_system_id)))
            }
            (None, Some(_)) => Err(fault("$.perceivedSeverity", "can only be set to `CLEARED`")),
            (None, None) => Err(fault("$", "has neither `ackState` nor `perceivedSeverity`")),
            (Some(_), Some(_)) => Err(fault("$", "has `ackState` and `perceivedSeverity`: send two changes")),
        }
    }
}

/// A comment to be added.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct NewComment {
    /// Ignored: the time is that of the call.
    #[serde(deserialize_with = "ignored")]
    #[schema(value_type = String)]
    comment_time: (),
    /// Who comments. By default the caller.
    comment_user_id: String,
    /// With which system. By default the caller, if the user is another one.
    comment_system_id: String,
    /// The text: 1 to 1024 characters; the rest is cut off.
    #[schema(required)]
    comment_text: String,
}

fn ignored<'de, D: Deserializer<'de>>(from: D) -> Result<(), D::Error> {
    serde::de::IgnoredAny::deserialize(from).map(drop)
}

impl NewComment {
    /// Returns the text, and who comments.
    pub(crate) fn read(self) -> Result<(String, By), ApiError> {
        if self.comment_text.trim().is_empty() {
            let fault = Fault::new("$.commentText", "is required");
            return Err(kinds::INVALID_BODY.problem("the comment is empty").with_faults(vec![fault]).into());
        }
        Ok((self.comment_text, By { user: self.comment_user_id, system: self.comment_system_id }))
    }
}
