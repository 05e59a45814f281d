//! Takes what is due from the database, and delivers it. Each target has its own share of calls, so that one that hangs
//! delays no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::ports::{Delivery, KeptSubscription, Recipients, Store, StoreError, subscription_target};
use bridge_core::{AlarmParts, Clock};
use metrics::counter;
use service::shutdown::Shutdown;
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

use crate::format::message;
use crate::parts::Parts;
use crate::repeat::Repeats;
use crate::send::{Sent, pause, send};
use crate::targets::{Target, Targets};

/// Interval between two looks at the database. A change of this process is noticed at once.
const TICK: Duration = Duration::from_secs(1);
/// Calls to one target at once.
const WIDTH: usize = 4;
/// Longer than a call and the writing of its outcome can take.
const LEASE: Duration = Duration::from_secs(60);
/// Maximum length of a kept error, in characters.
const ERROR: usize = 500;

/// The counter of tries to deliver a notification, by target and outcome.
pub const NOTIFICATIONS: &str = "bridge_notifications_total";

/// Delivers notifications.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    parts: Parts,
    /// Wakes it after a change of an alarm.
    wake: Arc<Notify>,
    /// Wakes it after a delivery.
    delivered: Arc<Notify>,
}

impl Dispatcher {
    /// Makes it.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, targets: Targets, clock: Arc<dyn Clock>, alarms: &AlarmParts) -> Self {
        Self {
            parts: Parts { store, targets, clock },
            wake: Arc::clone(&alarms.wake),
            delivered: Arc::default(),
        }
    }

    /// Returns why the file of targets cannot be used as it is now, so that an earlier one applies.
    #[must_use]
    pub fn broken(&self) -> Option<String> {
        self.parts.targets.broken()
    }

    /// Delivers, and repeats alarms to Alertmanager, until the process drains.
    pub async fn keep(self, shutdown: Shutdown) {
        let mut busy = HashMap::<String, Arc<Semaphore>>::new();
        let mut repeats = Repeats::default();
        while !shutdown.is_draining() {
            if let Err(error) = self.turn(&mut busy, &shutdown).await {
                tracing::warn!(error = workflow_api::chain(&error), "notifications cannot be delivered now");
            }
            repeats.begin(&self.parts);
            tokio::select! {
                () = sleep(TICK) => {}
                () = self.wake.notified() => {}
                () = self.delivered.notified() => {}
                () = shutdown.draining() => {}
            }
        }
    }

    async fn turn(
        &self,
        busy: &mut HashMap<String, Arc<Semaphore>>,
        shutdown: &Shutdown,
    ) -> Result<(), StoreError> {
        let due = self.parts.store.due_targets().await?;
        busy.retain(|name, free| due.contains(name) || free.available_permits() < WIDTH);
        let subscribed = due.iter().any(|name| name.starts_with(&subscription_target("")));
        let subscriptions = if subscribed { self.parts.store.subscriptions().await? } else { Vec::new() };
        for name in due {
            let Some(target) = self.find(&name, &subscriptions) else {
                self.without(&name, &subscriptions).await?;
                continue;
            };
            let free = busy.entry(name.clone()).or_insert_with(|| Arc::new(Semaphore::new(WIDTH)));
            let width = u32::try_from(free.available_permits()).unwrap_or(0);
            if width == 0 {
                continue;
            }
            for delivery in self.parts.store.take_deliveries(&name, width, LEASE).await? {
                let Ok(permit) = Arc::clone(free).try_acquire_owned() else { break };
                let (dispatcher, target) = (self.clone(), Arc::clone(&target));
                shutdown.spawn(async move {
                    dispatcher.deliver(&target, &delivery).await;
                    drop(permit);
                    // What follows about the same alarm is due now.
                    dispatcher.delivered.notify_one();
                });
            }
        }
        Ok(())
    }

    /// Deletes what is for a subscription that was deleted while an alarm changed. A target that is no longer
    /// registered keeps its deliveries until it is again.
    async fn without(&self, name: &str, subscriptions: &[KeptSubscription]) -> Result<(), StoreError> {
        let subscribed = name.starts_with(&subscription_target(""));
        if subscribed && !subscriptions.iter().any(|kept| subscription_target(&kept.id) == name) {
            self.parts.store.drop_deliveries(name).await?;
        }
        Ok(())
    }

    fn find(&self, name: &str, subscriptions: &[KeptSubscription]) -> Option<Arc<Target>> {
        self.parts.targets.named(name).or_else(|| {
            let kept = subscriptions.iter().find(|kept| subscription_target(&kept.id) == name)?;
            self.parts.targets.of(kept).map(Arc::new)
        })
    }

    async fn deliver(&self, target: &Target, delivery: &Delivery) {
        let base = self.parts.targets.base();
        let sent = match message(target, &delivery.kept, &base, self.parts.clock.now()) {
            Ok(message) => send(target, message).await,
            Err(error) => Sent::Refused(format!("the notification cannot be written: {error}")),
        };
        let (name, number) = (&target.name, delivery.kept.number);
        let cut = |error: &str| -> String { error.chars().filter(|c| !c.is_control()).take(ERROR).collect() };
        counter!(NOTIFICATIONS, "target" => label(name), "outcome" => sent.word()).increment(1);
        let noted = match &sent {
            Sent::Delivered => {
                tracing::debug!(target = name, notification = number, "notification delivered");
                self.parts.store.delivered(delivery).await
            }
            Sent::Later { error, pause: asked } => {
                let wait = pause(delivery.attempt).max(asked.unwrap_or_default());
                tracing::warn!(target = name, notification = number, error, ?wait, "notification put off");
                self.parts.store.put_off_delivery(delivery, wait, &cut(error)).await
            }
            Sent::Refused(error) => {
                tracing::error!(
                    target = name,
                    notification = number,
                    error,
                    "notification refused: a dead letter"
                );
                self.parts.store.bury_delivery(delivery, &cut(error)).await
            }
        };
        if let Err(error) = noted {
            // It is delivered again after its lease.
            let error = workflow_api::chain(&error);
            tracing::warn!(
                target = name,
                notification = number,
                error,
                "the outcome of a delivery cannot be kept"
            );
        }
    }
}

/// Subscriptions are one label, because their IDs are without number.
fn label(name: &str) -> String {
    let subscribed = name.starts_with(&subscription_target(""));
    if subscribed { "subscriptions".to_owned() } else { name.to_owned() }
}
