//! Notifications as a stream.

use std::collections::VecDeque;

use futures::Stream;
use futures::stream::unfold;
use tokio::sync::watch;

use super::{AlarmError, AlarmScope, Alarms};
use crate::access::Action;
use crate::gauge::{Counted, OPEN_STREAMS};
use crate::model::is_in;
use crate::ports::{KeptNotification, StoreError};
use crate::request::Request;

/// How many notifications are read from the database at once.
const BATCH: u32 = 100;

/// An item of a stream of notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmFollowed {
    /// A notification.
    Notification(Box<KeptNotification>),
    /// Notifications are missing, because they were deleted: the caller should read the list again.
    Rebuilt,
    /// The process stops, and another one has what follows.
    ComeBack,
}

struct Follow {
    alarms: Alarms,
    request: Request,
    base: Option<String>,
    after: i64,
    newest: watch::Receiver<i64>,
    ready: VecDeque<AlarmFollowed>,
    over: bool,
    _counted: Counted,
}

impl Alarms {
    /// Follows the notifications about alarms that the caller may see: those after the number `after`, or from now on.
    ///
    /// # Errors
    /// Returns an error if the caller may see alarms nowhere in the scope, or if the database fails.
    pub async fn follow(
        &self,
        request: &Request,
        scope: &AlarmScope,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<AlarmFollowed, StoreError>> + Send + use<>, AlarmError> {
        self.authorize_in(request, Action::FollowAlarms, scope).await?;
        let newest = self.parts.alarms.newest.subscribe();
        let range = self.parts.store.notification_range().await?;
        let (oldest, last) = range.unwrap_or_default();
        let missing = after.is_some_and(|after| after.saturating_add(1) < oldest);
        let follow = Follow {
            alarms: self.clone(),
            request: request.clone(),
            base: scope.base(),
            after: after.unwrap_or(last),
            newest,
            ready: missing.then_some(AlarmFollowed::Rebuilt).into_iter().collect(),
            over: false,
            _counted: Counted::one(OPEN_STREAMS),
        };
        Ok(unfold(follow, |mut follow: Follow| async move {
            let item = follow.next().await?;
            follow.over |= item.is_err();
            Some((item, follow))
        }))
    }
}

impl Follow {
    async fn next(&mut self) -> Option<Result<AlarmFollowed, StoreError>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            if self.over {
                return None;
            }
            // What is written from now on makes it unequal again.
            self.newest.borrow_and_update();
            match self.read().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => return Some(Err(error)),
            }
            let tasks = self.alarms.parts.tasks.clone();
            tokio::select! {
                changed = self.newest.changed() => self.over |= changed.is_err(),
                () = tasks.draining() => {
                    self.over = true;
                    return Some(Ok(AlarmFollowed::ComeBack));
                }
            }
        }
    }

    /// Reads more. Returns whether there was something.
    async fn read(&mut self) -> Result<bool, StoreError> {
        let batch = self.alarms.parts.store.notifications(self.after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(false) };
        self.after = last.number;
        // A stream can be open for days: each item is a question about the rights of now.
        self.request.now = self.alarms.parts.clock.now();
        for kept in batch {
            let object = &kept.notification.alarm.object;
            if self.base.as_ref().is_none_or(|base| is_in(&object.dn(), base))
                && self.alarms.may_see(&self.request, object)
            {
                self.ready.push_back(AlarmFollowed::Notification(Box::new(kept)));
            }
        }
        Ok(true)
    }
}
