//! The outbox of notifications in SQL, and the subscriptions.

use std::time::Duration;

use async_trait::async_trait;
use bridge_core::model::Event;
use bridge_core::ports::{
    Delivery, DeliveryFilter, DeliveryStore, DeliveryView, KeptSubscription, StoreError,
};
use jiff::Timestamp;
use sqlx::FromRow;

use super::alarms::{NotificationRow, read, text_of};
use super::event_row::{EventRow, RECORD};
use super::starts::microseconds;
use super::{Sql, SqlStore, Value};
use crate::error::failed;

/// Leases the first delivery of each alarm, if it is due and nobody has leased it.
const TAKE: &str = "UPDATE alarm_deliveries
     SET leased_until = (SELECT now FROM clock) + $3, attempts = attempts + 1
     WHERE number IN (
         SELECT head.number FROM alarm_deliveries AS head
         WHERE head.target = $1 AND head.dead_at IS NULL AND head.due_at <= (SELECT now FROM clock)
           AND head.leased_until <= (SELECT now FROM clock)
           AND NOT EXISTS (
               SELECT 1 FROM alarm_deliveries AS earlier
               WHERE earlier.target = head.target AND earlier.alarm_id = head.alarm_id
                 AND earlier.notification < head.notification)
         ORDER BY head.due_at, head.number LIMIT $2)
       AND leased_until <= (SELECT now FROM clock)
     RETURNING number, notification, attempts, leased_until";
const DONE: &str = "DELETE FROM alarm_deliveries WHERE number = $1 AND leased_until = $2";
const PUT_OFF: &str = "UPDATE alarm_deliveries
     SET leased_until = 0, due_at = (SELECT now FROM clock) + $3, error = $4
     WHERE number = $1 AND leased_until = $2";
const BURY: &str = "UPDATE alarm_deliveries
     SET leased_until = 0, dead_at = (SELECT now FROM clock), error = $3
     WHERE number = $1 AND leased_until = $2";
const RETRY: &str = "UPDATE alarm_deliveries
     SET dead_at = NULL, due_at = (SELECT now FROM clock), attempts = 0 WHERE number = $1";
const DISCARD: &str = "DELETE FROM alarm_deliveries WHERE number = $1";
const DROP: &str = "DELETE FROM alarm_deliveries WHERE target = $1";
const SUBSCRIBE: &str =
    "INSERT INTO alarm_subscriptions (id, created_by, created_at, document) VALUES ($1, $2, $3, $4)";

#[async_trait]
impl<S: Sql> DeliveryStore for SqlStore<S> {
    async fn due_targets(&self) -> Result<Vec<String>, StoreError> {
        let due = "SELECT DISTINCT target FROM alarm_deliveries
             WHERE dead_at IS NULL AND due_at <= (SELECT now FROM clock) AND leased_until <= (SELECT now FROM clock)";
        let rows: Vec<(String,)> = self.read("look up due deliveries", due, &[]).await?;
        Ok(rows.into_iter().map(|(target,)| target).collect())
    }

    async fn take_deliveries(
        &self,
        target: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, StoreError> {
        let action = "lease deliveries";
        let values = [target.into(), i64::from(limit).into(), microseconds(lease).into()];
        let leased = async {
            self.0.guard()?;
            self.0.write::<LeasedRow>(TAKE, &values).await
        };
        let leased = leased.await.map_err(failed(action))?;
        let mut deliveries = Vec::with_capacity(leased.len());
        for row in leased {
            let find = "SELECT number, document FROM alarm_notifications WHERE number = $1";
            let found: Vec<NotificationRow> = self.read(action, find, &[row.notification.into()]).await?;
            if let Some(found) = found.into_iter().next() {
                let LeasedRow { number, attempts, leased_until, .. } = row;
                let kept = found.try_into()?;
                deliveries.push(Delivery { number, attempt: attempts, lease: leased_until, kept });
            }
        }
        Ok(deliveries)
    }

    async fn delivered(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let values = [delivery.number.into(), delivery.lease.into()];
        Ok(self.execute("note a delivery", DONE, &values).await? > 0)
    }

    async fn put_off_delivery(
        &self,
        delivery: &Delivery,
        pause: Duration,
        error: &str,
    ) -> Result<bool, StoreError> {
        let values =
            [delivery.number.into(), delivery.lease.into(), microseconds(pause).into(), error.into()];
        Ok(self.execute("put a delivery off", PUT_OFF, &values).await? > 0)
    }

    async fn bury_delivery(&self, delivery: &Delivery, error: &str) -> Result<bool, StoreError> {
        let values = [delivery.number.into(), delivery.lease.into(), error.into()];
        Ok(self.execute("note a dead letter", BURY, &values).await? > 0)
    }

    async fn deliveries(&self, filter: &DeliveryFilter, limit: u32) -> Result<Vec<DeliveryView>, StoreError> {
        let list = "SELECT number, target, alarm_id, notification, attempts, due_at, dead_at, error
             FROM alarm_deliveries
             WHERE number > $1 AND ($2 IS NULL OR target = $2) AND ($3 = 0 OR dead_at IS NOT NULL)
             ORDER BY number LIMIT $4";
        let values = [
            filter.after.unwrap_or(i64::MIN).into(),
            filter.target.as_deref().into(),
            i64::from(filter.dead).into(),
            i64::from(limit).into(),
        ];
        let rows: Vec<DeliveryRow> = self.read("list deliveries", list, &values).await?;
        Ok(rows.into_iter().map(DeliveryView::from).collect())
    }

    async fn retry_delivery(&self, number: i64, event: &Event) -> Result<bool, StoreError> {
        let written = self.with_event(&[(RETRY, &[number.into()])], event).await;
        written.map_err(failed("retry a delivery"))
    }

    async fn drop_deliveries(&self, target: &str) -> Result<u64, StoreError> {
        self.execute("delete deliveries", DROP, &[target.into()]).await
    }

    async fn discard_delivery(&self, number: i64, event: &Event) -> Result<bool, StoreError> {
        let written = self.with_event(&[(DISCARD, &[number.into()])], event).await;
        written.map_err(failed("discard a delivery"))
    }

    async fn add_subscription(&self, kept: &KeptSubscription, event: &Event) -> Result<(), StoreError> {
        let failed = failed("keep a subscription");
        let document = match text_of(&kept.subscription) {
            Ok(document) => document,
            Err(error) => return Err(failed(error)),
        };
        let values = [
            kept.id.as_str().into(),
            kept.by.as_str().into(),
            kept.at.as_microsecond().into(),
            document.as_str().into(),
        ];
        self.with_event(&[(SUBSCRIBE, &values)], event).await.map(drop).map_err(failed)
    }

    async fn subscriptions(&self) -> Result<Vec<KeptSubscription>, StoreError> {
        let list = "SELECT id, created_by, created_at, document FROM alarm_subscriptions ORDER BY id";
        let rows: Vec<SubscriptionRow> = self.read("list subscriptions", list, &[]).await?;
        rows.into_iter().map(KeptSubscription::try_from).collect()
    }

    async fn delete_subscription(&self, id: &str, target: &str, event: &Event) -> Result<bool, StoreError> {
        if id.contains('\0') {
            return Ok(false);
        }
        let delete = "DELETE FROM alarm_subscriptions WHERE id = $1";
        let statements: [(&'static str, &[Value<'_>]); 2] =
            [(delete, &[id.into()]), (DROP, &[target.into()])];
        self.with_event(&statements, event).await.map_err(failed("delete a subscription"))
    }
}

#[expect(private_bounds, reason = "nobody else calls this function")]
impl<S: Sql> SqlStore<S> {
    /// Executes statements and writes an event in one transaction. If the first statement writes no row, nothing is
    /// written. Returns whether anything was written.
    async fn with_event(
        &self,
        statements: &[(&'static str, &[Value<'_>])],
        event: &Event,
    ) -> Result<bool, sqlx::Error> {
        self.0.guard()?;
        let mut transaction = self.0.writers().1.begin().await?;
        for (place, (statement, values)) in statements.iter().enumerate() {
            let written = S::execute(&mut *transaction, *statement, values).await?;
            if place == 0 && written == 0 {
                return Ok(false);
            }
        }
        let event = EventRow::of(event);
        S::execute(&mut *transaction, RECORD, &event.values()).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

#[derive(FromRow)]
struct LeasedRow {
    number: i64,
    notification: i64,
    attempts: i64,
    leased_until: i64,
}

#[derive(FromRow)]
struct DeliveryRow {
    number: i64,
    target: String,
    alarm_id: String,
    notification: i64,
    attempts: i64,
    due_at: i64,
    dead_at: Option<i64>,
    error: String,
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        let time = |at| Timestamp::from_microsecond(at).unwrap_or_default();
        Self {
            number: row.number,
            target: row.target,
            alarm_id: row.alarm_id,
            notification: row.notification,
            attempts: row.attempts,
            due_at: time(row.due_at),
            dead_at: row.dead_at.map(time),
            error: row.error,
        }
    }
}

#[derive(FromRow)]
struct SubscriptionRow {
    id: String,
    created_by: String,
    created_at: i64,
    document: String,
}

impl TryFrom<SubscriptionRow> for KeptSubscription {
    type Error = StoreError;

    fn try_from(row: SubscriptionRow) -> Result<Self, StoreError> {
        let subscription = read("alarm_subscriptions", &row.id, &row.document)?;
        let at = Timestamp::from_microsecond(row.created_at).unwrap_or_default();
        Ok(Self { id: row.id, by: row.created_by, at, subscription })
    }
}
