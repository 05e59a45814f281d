//! Delivers notifications about alarms: as CloudEvents, to Alertmanager, as VES events, in the format of 3GPP, and to
//! plain webhooks. What is to be delivered is in the database, written together with the change of the alarm.
#![warn(missing_docs)]

mod dispatch;
mod format;
mod message;
mod parts;
mod repeat;
mod send;
mod targets;

pub use dispatch::{Dispatcher, NOTIFICATIONS};
pub use targets::Targets;
