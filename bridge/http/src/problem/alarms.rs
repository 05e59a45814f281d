//! Errors about alarms.

use bridge_core::AlarmError;

use super::ApiError;
use super::error::plain;
use super::kinds;

impl From<AlarmError> for ApiError {
    fn from(error: AlarmError) -> Self {
        match error {
            AlarmError::Refused(error) => error.into(),
            AlarmError::Store(error) => error.into(),
            AlarmError::NoSuchAlarm(_) => plain(kinds::NO_SUCH_ALARM, &error),
            AlarmError::Full(_) => plain(kinds::ALARM_FULL, &error),
            AlarmError::NoSuchSubscription(_) => plain(kinds::NO_SUCH_SUBSCRIPTION, &error),
            AlarmError::NoSuchDelivery(_) => plain(kinds::NO_SUCH_DELIVERY, &error),
            AlarmError::NotAConsumer(_) => plain(kinds::NOT_A_CONSUMER, &error),
            AlarmError::TooManySubscriptions => plain(kinds::TOO_MANY_SUBSCRIPTIONS, &error),
        }
    }
}
