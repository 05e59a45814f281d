//! Lists, counts and looks up alarms.

use std::collections::HashMap;

use workflow_api::alarms::{AlarmCount, PerceivedSeverity};

use super::{AlarmError, AlarmScope, Alarms};
use crate::access::Action;
use crate::model::{AlarmId, AlarmObject};
use crate::ports::{AlarmFilter, KeptAlarm};
use crate::request::Request;

/// How many alarms are read from the database at once.
const BATCH: u32 = 500;

/// A page of alarms, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmPage {
    /// The alarms.
    pub alarms: Vec<KeptAlarm>,
    /// The last alarm on this page; the next page begins after it. `None` on the last page.
    pub next: Option<AlarmId>,
}

impl Alarms {
    /// Returns the alarms that the caller may see, at most `limit` (`None`: all).
    ///
    /// # Errors
    /// Returns an error if the caller may see alarms nowhere in the scope, or if the database fails.
    pub async fn list(
        &self,
        request: &Request,
        scope: &AlarmScope,
        filter: &AlarmFilter,
        limit: Option<u32>,
    ) -> Result<AlarmPage, AlarmError> {
        self.authorize_in(request, Action::ListAlarms, scope).await?;
        let mut page = AlarmPage::default();
        // One more than requested shows whether there is a next page.
        let first = limit.map_or(BATCH, |limit| limit.saturating_add(1).min(BATCH));
        self.each(request, scope, filter, first, |kept| {
            if limit.is_some_and(|limit| page.alarms.len() >= limit as usize) {
                page.next = page.alarms.last().map(|last| last.alarm.id.clone());
                return false;
            }
            page.alarms.push(kept);
            true
        })
        .await?;
        Ok(page)
    }

    /// Counts the alarms that the caller may see, by severity.
    ///
    /// # Errors
    /// Returns an error if the caller may see alarms nowhere in the scope, or if the database fails.
    pub async fn count(
        &self,
        request: &Request,
        scope: &AlarmScope,
        filter: &AlarmFilter,
    ) -> Result<AlarmCount, AlarmError> {
        self.authorize_in(request, Action::CountAlarms, scope).await?;
        let mut counts = AlarmCount::default();
        self.each(request, scope, filter, BATCH, |kept| {
            *match kept.alarm.perceived_severity() {
                PerceivedSeverity::Critical => &mut counts.critical_count,
                PerceivedSeverity::Major => &mut counts.major_count,
                PerceivedSeverity::Minor => &mut counts.minor_count,
                PerceivedSeverity::Warning => &mut counts.warning_count,
                PerceivedSeverity::Indeterminate => &mut counts.indeterminate_count,
                PerceivedSeverity::Cleared => &mut counts.cleared_count,
            } += 1;
            true
        })
        .await?;
        Ok(counts)
    }

    /// Returns an alarm.
    ///
    /// # Errors
    /// Returns an error if there is no such alarm, or if the database fails.
    pub async fn get(&self, request: &Request, id: &AlarmId) -> Result<KeptAlarm, AlarmError> {
        let (_, kept) = self.authorize_alarm(request, Action::GetAlarm, id).await?;
        Ok(kept)
    }

    /// Calls `take` with each alarm that the caller may see, newest first, until it returns false. `size` is the number
    /// of alarms to read at first.
    async fn each(
        &self,
        request: &Request,
        scope: &AlarmScope,
        filter: &AlarmFilter,
        mut size: u32,
        mut take: impl FnMut(KeptAlarm) -> bool + Send,
    ) -> Result<(), AlarmError> {
        let base = scope.base().or_else(|| filter.base.clone());
        let mut filter = AlarmFilter { base, ..filter.clone() };
        let mut seen = HashMap::<AlarmObject, bool>::new();
        loop {
            let batch = self.parts.store.alarms(&filter, size).await?;
            let more = batch.len() == size as usize;
            size = BATCH;
            filter.after = batch.last().map(|last| last.alarm.id.clone());
            for kept in batch {
                let object = &kept.alarm.object;
                let visible = match seen.get(object) {
                    Some(visible) => *visible,
                    None => {
                        let visible = self.may_see(request, object);
                        seen.insert(object.clone(), visible);
                        visible
                    }
                };
                if visible && !take(kept) {
                    return Ok(());
                }
            }
            if !more {
                return Ok(());
            }
        }
    }
}
