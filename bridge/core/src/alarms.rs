//! Use cases about alarms, and how the bridge itself raises and clears them.

mod change;
mod deliveries;
mod follow;
mod list;
mod own;
mod probe;
mod subscriptions;
mod upkeep;

use crate::access::{Action, Permit, Refused, Resource};
use crate::model::{AlarmFull, AlarmId, AlarmObject, DigKey, IntentKey};
use crate::parts::Parts;
use crate::ports::{KeptAlarm, StoreError};
use crate::request::Request;
pub use change::Commented;
pub use deliveries::DeliveryPage;
pub use follow::AlarmFollowed;
pub use list::AlarmPage;

/// Use cases about alarms.
#[derive(Debug, Clone)]
pub struct Alarms {
    parts: Parts,
}

/// Maximum number of subscriptions.
pub const MOST_SUBSCRIPTIONS: usize = 100;

/// Why a use case about alarms failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AlarmError {
    /// The caller is not permitted to do this, or the audit cannot be written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such alarm.
    #[error("there is no alarm `{}`: it may have left the list, because it is cleared and acknowledged", workflow_api::cut(.0.as_str()))]
    NoSuchAlarm(AlarmId),
    /// The alarm cannot take another comment.
    #[error(transparent)]
    Full(#[from] AlarmFull),
    /// There is no such subscription.
    #[error("there is no subscription `{}`", workflow_api::cut(.0))]
    NoSuchSubscription(String),
    /// There is no such delivery.
    #[error("there is no such delivery `{0}`: it may have succeeded")]
    NoSuchDelivery(i64),
    /// Notifications are not sent to this URL.
    #[error("notifications cannot be sent to the consumer: its URL {0}")]
    NotAConsumer(String),
    /// There are too many subscriptions.
    #[error("there are {MOST_SUBSCRIPTIONS} subscriptions, which is the most: delete one first")]
    TooManySubscriptions,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a list, a count or a stream of alarms is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AlarmScope {
    /// Everything that the caller may see.
    #[default]
    Anywhere,
    /// A deployment intent group, and what is in it.
    Group(DigKey),
    /// An intent, and its workflows.
    Intent(IntentKey),
    /// The bridge as a whole.
    Bridge,
}

impl AlarmScope {
    /// Returns where the rights for an alarm about this object must hold.
    #[must_use]
    pub fn of(object: &AlarmObject) -> Self {
        match (object.intent_key(), object.dig()) {
            (Some(key), _) => Self::Intent(key),
            (None, Some(dig)) => Self::Group(dig),
            (None, None) => Self::Bridge,
        }
    }

    /// Returns it as what rights are about; `None` if that is not one thing.
    #[must_use]
    pub fn resource(&self) -> Option<Resource<'_>> {
        match self {
            Self::Anywhere => None,
            Self::Group(dig) => Some(Resource::Group(dig)),
            Self::Intent(key) => Some(Resource::Intent(key)),
            Self::Bridge => Some(Resource::Bridge),
        }
    }

    /// Returns the distinguished name of what it is.
    fn base(&self) -> Option<String> {
        match self {
            Self::Anywhere | Self::Bridge => None,
            Self::Group(dig) => Some(AlarmObject::group(dig).dn()),
            Self::Intent(key) => Some(AlarmObject::intent(key).dn()),
        }
    }
}

impl Alarms {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// Asks the gate about what is in a scope.
    async fn authorize_in(
        &self,
        request: &Request,
        action: Action,
        scope: &AlarmScope,
    ) -> Result<Permit, Refused> {
        match scope.resource() {
            Some(resource) => self.parts.access.authorize(request, action, resource).await,
            None => self.parts.access.authorize_somewhere(request, action).await,
        }
    }

    /// Asks the gate about an alarm, and returns it: where the right must hold depends on the alarm. About one that
    /// does not exist, asks whether the caller has the right anywhere.
    async fn authorize_alarm(
        &self,
        request: &Request,
        action: Action,
        id: &AlarmId,
    ) -> Result<(Permit, KeptAlarm), AlarmError> {
        let kept = self.parts.store.alarm(id).await?;
        let scope = kept.as_ref().map_or(AlarmScope::Anywhere, |kept| AlarmScope::of(&kept.alarm.object));
        let permit = self.authorize_in(request, action, &scope).await?;
        let kept = kept.ok_or_else(|| AlarmError::NoSuchAlarm(id.clone()))?;
        Ok((permit, kept))
    }

    /// Returns whether the caller may see an alarm about this object.
    fn may_see(&self, request: &Request, object: &AlarmObject) -> bool {
        let scope = AlarmScope::of(object);
        let resource = scope.resource().unwrap_or(Resource::Bridge);
        self.parts.access.would_allow(request, Action::GetAlarm, resource).is_ok()
    }
}
