//! Alarms: at `/v2/alarms`, and at the base path of 3GPP TS 28.532 ([`standard`]).

pub(crate) mod change;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod params;
pub(crate) mod sample;
pub(crate) mod standard;
pub(crate) mod subscriptions;
