//! Repeats of alarms to Alertmanager: it forgets an alert that is not repeated.

use std::collections::HashMap;
use std::sync::Arc;

use bridge_core::ports::{AlarmFilter, Recipients, StoreError};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::format::alerts;
use crate::message::json;
use crate::parts::Parts;
use crate::send::{Sent, send};
use crate::targets::{Format, Target};

/// How many alarms are read, and sent in one call.
const BATCH: u32 = 200;

/// When each target gets its next repeat.
#[derive(Debug, Default)]
pub(crate) struct Repeats(HashMap<String, (Instant, Option<AbortHandle>)>);

impl Repeats {
    /// Begins the repeats that are due. A target gets one at a time.
    pub(crate) fn begin(&mut self, parts: &Parts) {
        let now = Instant::now();
        let targets = parts.targets.all();
        self.0.retain(|name, _| targets.iter().any(|target| target.name == *name));
        for target in targets.into_iter().filter(|target| target.format == Format::Alertmanager) {
            // What was raised by now is delivered as a notification.
            let (next, last) = self.0.entry(target.name.clone()).or_insert_with(|| (now, None));
            if now < *next || last.as_ref().is_some_and(|last| !last.is_finished()) {
                continue;
            }
            *next = now + target.repeat;
            let parts = parts.clone();
            let task = tokio::spawn(async move { repeat(&parts, target).await });
            *last = Some(task.abort_handle());
        }
    }
}

async fn repeat(parts: &Parts, target: Arc<Target>) {
    if let Err(error) = repeat_all(parts, &target).await {
        let error = workflow_api::chain(&error);
        tracing::warn!(target = target.name, error, "alarms cannot be read for a repeat");
    }
}

async fn repeat_all(parts: &Parts, target: &Target) -> Result<(), StoreError> {
    let base = parts.targets.base();
    let mut filter = AlarmFilter::default();
    loop {
        let batch = parts.store.alarms(&filter, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        filter.after = Some(last.alarm.id.clone());
        let wanted = batch.iter().map(|kept| &kept.alarm).filter(|alarm| target.wants(alarm));
        let alerts = alerts(wanted, &base, parts.clock.now(), target.repeat);
        let Ok(message) = json(&alerts) else { return Ok(()) };
        if alerts.is_empty() {
            continue;
        }
        if let Sent::Later { error, .. } | Sent::Refused(error) = send(target, message).await {
            tracing::warn!(target = target.name, error, "alarms cannot be repeated");
            return Ok(());
        }
    }
}
