//! `/v2/alarm-subscriptions`: who gets notifications in the format of 3GPP.

use axum::response::{IntoResponse, Response};
use bridge_core::ports::{KeptSubscription, Subscription};
use http::StatusCode;
use http::header::LOCATION;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflow_api::Fault;
use workflow_api::alarms::PerceivedSeverity;

use super::sample::sample_subscription;
use crate::problem::ApiError;
use crate::problem::kinds::{self, problems};
use crate::wire::answer::{GoJson, NO_CONTENT};
use crate::wire::body::Strict;
use crate::wire::call::Call;
use crate::wire::params::NoParams;
use crate::wire::path;

problems!(SubscribeProblems, [NOT_A_CONSUMER, TOO_MANY_SUBSCRIPTIONS]);
problems!(NoSubscription, [NO_SUCH_SUBSCRIPTION]);

/// A subscription to be made.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct NewSubscription {
    /// The URL to which notifications are posted. It must match a pattern that the operator has registered.
    #[schema(required)]
    consumer_reference: String,
    /// Only kept: subscriptions do not expire.
    #[schema(nullable = false)]
    time_tick: Option<i64>,
    /// A filter in XPath 1.0 is not supported: use `minSeverity` and `baseObjectInstance`.
    filter: String,
    /// The least severity that an alarm must have reached; not `CLEARED`. Not in the standard.
    min_severity: Option<PerceivedSeverity>,
    /// Only alarms about this object, or about what is in it. Not in the standard.
    base_object_instance: Option<String>,
}

impl NewSubscription {
    /// Returns the subscription.
    pub(crate) fn read(self) -> Result<Subscription, ApiError> {
        let mut faults = Vec::new();
        if self.consumer_reference.is_empty() {
            faults.push(Fault::new("$.consumerReference", "is required"));
        }
        if self.consumer_reference.len() > 2048 {
            faults.push(Fault::new("$.consumerReference", "is longer than 2048 bytes"));
        }
        if !self.filter.is_empty() {
            let text = "is not supported: use `minSeverity` and `baseObjectInstance`";
            faults.push(Fault::new("$.filter", text));
        }
        if !faults.is_empty() {
            let problem = kinds::INVALID_BODY.problem("the subscription is not valid");
            return Err(problem.with_faults(faults).into());
        }
        Ok(Subscription {
            consumer_reference: self.consumer_reference,
            time_tick: self.time_tick,
            min_severity: self.min_severity,
            base_object_instance: self.base_object_instance.filter(|base| !base.is_empty()),
        })
    }
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionView {
    /// Its ID.
    id: String,
    /// The URL to which notifications are posted.
    consumer_reference: String,
    /// What the subscriber asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_tick: Option<i64>,
    /// The least severity that an alarm must have reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_severity: Option<PerceivedSeverity>,
    /// The only object.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_object_instance: Option<String>,
    /// Who made it.
    created_by: String,
    /// When it was made (RFC 3339).
    created_at: String,
}

impl From<KeptSubscription> for SubscriptionView {
    fn from(kept: KeptSubscription) -> Self {
        let Subscription { consumer_reference, time_tick, min_severity, base_object_instance } =
            kept.subscription;
        let (created_by, created_at) = (kept.by, kept.at.to_string());
        Self {
            id: kept.id,
            consumer_reference,
            time_tick,
            min_severity,
            base_object_instance,
            created_by,
            created_at,
        }
    }
}

/// List subscriptions
#[utoipa::path(
    get,
    path = path::ALARM_SUBSCRIPTIONS,
    tag = "alarms",
    responses((status = 200, description = "The subscriptions", body = [SubscriptionView], example = json!([sample_subscription()]))),
)]
pub(crate) async fn list_subscriptions(call: Call<()>) -> Result<Response, ApiError> {
    let kept = call.api.app.alarms.subscriptions(&call.request).await?;
    Ok(GoJson(kept.into_iter().map(SubscriptionView::from).collect::<Vec<_>>()).into_response())
}

/// Subscribe to alarms
///
/// Each notification about an alarm from now on is posted to the consumer, in the format of 3GPP TS 28.532. It should
/// respond with 204.
#[utoipa::path(
    post,
    path = path::ALARM_SUBSCRIPTIONS,
    tag = "alarms",
    request_body(content = NewSubscription, example = json!({"consumerReference": "https://oss.example.org/alarms", "minSeverity": "MAJOR"})),
    responses(
        (status = 201, description = "The subscription", body = SubscriptionView, headers(
            ("Location" = String, description = "The path of the subscription"),
        ), example = json!(sample_subscription())),
        SubscribeProblems,
    ),
)]
pub(crate) async fn create_subscription(
    call: Call<(), NoParams, Strict<NewSubscription>>,
) -> Result<Response, ApiError> {
    let Strict(new) = call.body;
    let kept = call.api.app.alarms.subscribe(&call.request, new.read()?).await?;
    let location = [(LOCATION, format!("{}/{}", path::ALARM_SUBSCRIPTIONS, kept.id))];
    Ok((StatusCode::CREATED, location, GoJson(SubscriptionView::from(kept))).into_response())
}

/// Delete a subscription
///
/// What its consumer has not got yet is not sent.
#[utoipa::path(
    delete,
    path = path::ALARM_SUBSCRIPTION,
    tag = "alarms",
    params(("subscriptionId" = String, Path, description = "The subscription", example = "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9d")),
    responses((status = 204, description = "It was deleted"), NoSubscription),
)]
pub(crate) async fn delete_subscription(call: Call<String>) -> Result<Response, ApiError> {
    call.api.app.alarms.unsubscribe(&call.request, &call.key).await?;
    Ok(NO_CONTENT.into_response())
}
