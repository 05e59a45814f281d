//! Keeps the monitors of rules running, and forgets what is old.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::Rules;
use crate::model::{DocumentKind, RuleKey};
use crate::ports::StoreError;

/// How often the bridge looks for rules that were changed.
const LOOK: Duration = Duration::from_secs(10);
/// How often it makes sure that each rule has its monitor, which somebody could have terminated.
const EVERY_RULE: Duration = Duration::from_secs(60);
/// How many it takes at once.
const BATCH: u32 = 100;
/// How long observations and ended decisions are kept.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Rules {
    /// Makes the engine look at each rule, also at those of other replicas, until the process drains.
    pub async fn keep_monitors(&self) {
        if self.parts.watch.is_none() {
            return;
        }
        let mut next = Instant::now();
        loop {
            let all = Instant::now() >= next;
            if all {
                next = Instant::now() + EVERY_RULE;
            }
            if let Err(error) = self.ensure(all).await {
                tracing::warn!(error = workflow_api::chain(&error), "rules cannot be looked up now");
            }
            tokio::select! {
                () = self.parts.tasks.draining() => return,
                () = sleep(LOOK) => {}
            }
        }
    }

    async fn ensure(&self, all: bool) -> Result<(), StoreError> {
        let store = &self.parts.store;
        for changed in store.unapplied(DocumentKind::Rule, BATCH).await? {
            self.bring(&RuleKey::of(&changed.parent, &changed.name)).await;
        }
        if all {
            for parent in store.document_parents(DocumentKind::Rule).await? {
                for rule in store.documents(DocumentKind::Rule, &parent, "", super::MOST_RULES).await? {
                    self.bring(&RuleKey::of(&parent, &rule.name)).await;
                }
            }
            let before = self.parts.clock.now().saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
            store.forget_rule_history(before).await?;
        }
        Ok(())
    }

    /// Makes the engine look at a rule, also at one that was deleted: its monitor ends what it has begun.
    pub(super) async fn bring(&self, key: &RuleKey) {
        let done = async {
            let Some(latest) = self.latest(key).await? else { return Ok(()) };
            self.watch()?.monitor(key).await?;
            Ok::<_, super::RuleError>(
                self.parts.store.applied(&key.document(), latest.change.revision).await?,
            )
        };
        if let Err(error) = done.await {
            let error = workflow_api::chain(&error);
            tracing::warn!(rule = %key, error, "a rule is not watched yet: Temporal has no monitor of it");
        }
    }
}
