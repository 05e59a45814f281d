//! Deliveries that have not succeeded.

use super::{AlarmError, Alarms};
use crate::access::{Action, Resource};
use crate::ports::{DeliveryFilter, DeliveryView};
use crate::request::Request;

/// A page of deliveries, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<DeliveryView>,
    /// The number of the last one on this page. `None` on the last page.
    pub next: Option<i64>,
}

impl Alarms {
    /// Returns the deliveries that have not succeeded yet, at most `limit`.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn deliveries(
        &self,
        request: &Request,
        filter: &DeliveryFilter,
        limit: u32,
    ) -> Result<DeliveryPage, AlarmError> {
        self.parts.access.authorize(request, Action::ListAlarmDeliveries, Resource::Bridge).await?;
        // One more than requested shows whether there is a next page.
        let mut deliveries = self.parts.store.deliveries(filter, limit.saturating_add(1)).await?;
        let more = deliveries.len() > limit as usize;
        deliveries.truncate(limit as usize);
        let next = deliveries.last().filter(|_| more).map(|last| last.number);
        Ok(DeliveryPage { deliveries, next })
    }

    /// Makes a delivery due now, a dead letter too. What waits behind it follows.
    ///
    /// # Errors
    /// Returns an error if there is no such delivery, or if the database fails.
    pub async fn retry_delivery(&self, request: &Request, number: i64) -> Result<(), AlarmError> {
        let permit =
            self.parts.access.authorize(request, Action::RetryAlarmDelivery, Resource::Bridge).await?;
        let found = self.parts.store.retry_delivery(number, &permit.succeeded()).await?;
        if found { Ok(()) } else { Err(AlarmError::NoSuchDelivery(number)) }
    }

    /// Gives up a delivery, such as a dead letter. What waits behind it follows.
    ///
    /// # Errors
    /// Returns an error if there is no such delivery, or if the database fails.
    pub async fn discard_delivery(&self, request: &Request, number: i64) -> Result<(), AlarmError> {
        let permit =
            self.parts.access.authorize(request, Action::DiscardAlarmDelivery, Resource::Bridge).await?;
        let found = self.parts.store.discard_delivery(number, &permit.succeeded()).await?;
        if found { Ok(()) } else { Err(AlarmError::NoSuchDelivery(number)) }
    }
}
