//! Subscriptions to notifications.

use url::Url;
use uuid::Uuid;

use super::{AlarmError, Alarms, MOST_SUBSCRIPTIONS};
use crate::access::{Action, Resource};
use crate::ports::{KeptSubscription, Subscription, subscription_target};
use crate::request::Request;

impl Alarms {
    /// Returns all subscriptions, oldest first.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn subscriptions(&self, request: &Request) -> Result<Vec<KeptSubscription>, AlarmError> {
        self.parts.access.authorize(request, Action::ListAlarmSubscriptions, Resource::Bridge).await?;
        Ok(self.parts.store.subscriptions().await?)
    }

    /// Subscribes a consumer. It gets what happens from now on.
    ///
    /// # Errors
    /// Returns an error if the operator has not registered the consumer's URL, if there are too many subscriptions, or
    /// if the database fails.
    pub async fn subscribe(
        &self,
        request: &Request,
        subscription: Subscription,
    ) -> Result<KeptSubscription, AlarmError> {
        let permit =
            self.parts.access.authorize(request, Action::CreateAlarmSubscription, Resource::Bridge).await?;
        let not_a_url = |_| AlarmError::NotAConsumer("is not a URL".to_owned());
        let url = Url::parse(&subscription.consumer_reference).map_err(not_a_url)?;
        self.parts.alarms.recipients.may_subscribe(&url).map_err(AlarmError::NotAConsumer)?;
        if self.parts.store.subscriptions().await?.len() >= MOST_SUBSCRIPTIONS {
            return Err(AlarmError::TooManySubscriptions);
        }
        let kept = KeptSubscription {
            id: Uuid::now_v7().to_string(),
            by: request.actor.to_string(),
            at: request.now,
            subscription: Subscription { consumer_reference: url.into(), ..subscription },
        };
        self.parts.store.add_subscription(&kept, &permit.succeeded()).await?;
        Ok(kept)
    }

    /// Deletes a subscription. What it has not got yet is not sent.
    ///
    /// # Errors
    /// Returns an error if there is no such subscription, or if the database fails.
    pub async fn unsubscribe(&self, request: &Request, id: &str) -> Result<(), AlarmError> {
        let permit =
            self.parts.access.authorize(request, Action::DeleteAlarmSubscription, Resource::Bridge).await?;
        let target = subscription_target(id);
        let found = self.parts.store.delete_subscription(id, &target, &permit.succeeded()).await?;
        if found { Ok(()) } else { Err(AlarmError::NoSuchSubscription(id.to_owned())) }
    }
}
