//! Pages about alarms.

pub(crate) mod detail;
pub(crate) mod list;

use bridge_core::model::{Alarm, By};

use crate::show::words;

/// Returns what an alarm reports, in a line.
pub(crate) fn title(alarm: &Alarm) -> String {
    if alarm.text.is_empty() { words(alarm.cause.word()) } else { alarm.text.clone() }
}

/// Returns who did something, and with which system.
fn name_of(by: &By) -> String {
    if by.system.is_empty() { by.user.clone() } else { format!("{} with {}", by.user, by.system) }
}
