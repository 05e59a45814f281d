//! What callers do to alarms.

use workflow_api::alarms::AckState;

use super::{AlarmError, Alarms};
use crate::access::{Action, Permit};
use crate::model::{Alarm, AlarmId, By, Comment, NAME_MAX, Step, cut_text};
use crate::ports::{KeptAlarm, StoreError};
use crate::request::Request;

/// How many times a change is tried while others come first.
pub(super) const ROUNDS: usize = 20;

/// A comment that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commented {
    /// Its ID among the comments of the alarm.
    pub id: String,
    /// The comment.
    pub comment: Comment,
}

impl Alarms {
    /// Acknowledges an alarm, or withdraws that. Who does it may be a user of the caller's, if the caller is a system.
    /// Returns the alarm as it is then.
    ///
    /// # Errors
    /// Returns an error if there is no such alarm, or if the database fails.
    pub async fn acknowledge(
        &self,
        request: &Request,
        id: &AlarmId,
        state: AckState,
        by: By,
    ) -> Result<KeptAlarm, AlarmError> {
        let (permit, kept) = self.authorize_alarm(request, Action::AcknowledgeAlarm, id).await?;
        let by = named(by, request);
        self.change(&permit, kept, |alarm| Ok(alarm.acknowledge(state, by.clone(), request.now))).await
    }

    /// Clears an alarm by hand. Returns the alarm as it is then.
    ///
    /// # Errors
    /// Returns an error if there is no such alarm, or if the database fails.
    pub async fn clear_by_hand(
        &self,
        request: &Request,
        id: &AlarmId,
        by: By,
    ) -> Result<KeptAlarm, AlarmError> {
        let (permit, kept) = self.authorize_alarm(request, Action::ClearAlarm, id).await?;
        let by = named(by, request);
        self.change(&permit, kept, |alarm| Ok(alarm.clear_by(by.clone(), request.now))).await
    }

    /// Adds a comment to an alarm.
    ///
    /// # Errors
    /// Returns an error if there is no such alarm, if it has too many comments, or if the database fails.
    pub async fn comment(
        &self,
        request: &Request,
        id: &AlarmId,
        text: &str,
        by: By,
    ) -> Result<Commented, AlarmError> {
        let (permit, kept) = self.authorize_alarm(request, Action::CommentAlarm, id).await?;
        let by = named(by, request);
        let mut added = String::new();
        let kept = self.change(&permit, kept, |alarm| {
            let (id, step) = alarm.comment(text, by.clone(), request.now)?;
            added = id;
            Ok(Some(step))
        });
        let comment = kept.await?.alarm.comments.remove(&added);
        let comment = comment.ok_or_else(|| AlarmError::NoSuchAlarm(id.clone()))?;
        Ok(Commented { id: added, comment })
    }

    /// Makes the change that `next` chooses. If another change was faster, `next` chooses again. A change that was made
    /// before changes nothing.
    async fn change(
        &self,
        permit: &Permit,
        mut kept: KeptAlarm,
        mut next: impl FnMut(&Alarm) -> Result<Option<Step>, AlarmError> + Send,
    ) -> Result<KeptAlarm, AlarmError> {
        let id = kept.alarm.id.clone();
        for _ in 0..ROUNDS {
            let Some(step) = next(&kept.alarm)? else { return Ok(kept) };
            if self.save(Some(kept.version), &step, &permit.changed_alarm(&step.alarm)).await? {
                let version = kept.version + 1;
                // An alarm that is over is no longer kept.
                let number = self.parts.store.alarm(&id).await?.map_or(kept.number, |now| now.number);
                return Ok(KeptAlarm { alarm: step.alarm, version, number });
            }
            kept = self.parts.store.alarm(&id).await?.ok_or_else(|| AlarmError::NoSuchAlarm(id.clone()))?;
        }
        Err(too_busy().into())
    }
}

/// Returns who did it: the user that the caller names, with the caller as the system; else the caller.
fn named(by: By, request: &Request) -> By {
    let cut = |text: &str| cut_text(text, NAME_MAX);
    let caller = request.actor.to_string();
    if by.user.is_empty() {
        return By { user: cut(&caller), system: cut(&by.system) };
    }
    let system = if by.system.is_empty() && by.user != caller { caller } else { by.system };
    By { user: cut(&by.user), system: cut(&system) }
}

/// The error of an alarm that others change all the time.
pub(super) fn too_busy() -> StoreError {
    StoreError::Unavailable { action: "write an alarm", source: "others change it all the time".into() }
}
