//! Reading and writing, with bodies that EMCO's tools send.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod declarations;
mod go_options;
mod params;
mod properties;
mod reading;
mod validity;
mod values;
mod writing;
