//! The settings of alarms and their notifications.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::AlarmParts;
use bridge_notify::Targets;
use jiff::SignedDuration;
use service::files::{FileError, SettingFile};
use service::outbound::Resolver;
use service::settings::duration;

/// Alarms, and who is notified of them.
#[derive(Debug, Clone, clap::Args)]
pub struct NotifySettings {
    /// TOML file of the targets that get notifications about alarms, and of the hosts that subscriptions may name. It
    /// is read again when it changes, and so are the files that it names.
    #[arg(long, env = "BRIDGE_NOTIFY", value_name = "FILE")]
    pub notify: Option<PathBuf>,
    /// How long a condition must have ended before its alarm is cleared. One that comes and goes is one alarm then.
    #[arg(long, env = "BRIDGE_ALARM_HOLD", default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub alarm_hold: Duration,
    /// Maximum number of alarms that are kept. Further ones are raised when there is room.
    #[arg(long, env = "BRIDGE_MAX_ALARMS", default_value_t = 10_000, value_name = "NUMBER")]
    pub max_alarms: u64,
}

impl NotifySettings {
    pub(crate) fn load(&self) -> Result<Targets, FileError> {
        let file = self.notify.as_ref().map(|file| SettingFile::of("BRIDGE_NOTIFY", file));
        Targets::load(file, Resolver::default())
    }

    pub(crate) fn parts(&self, targets: Targets) -> AlarmParts {
        let hold = SignedDuration::try_from(self.alarm_hold).unwrap_or(SignedDuration::MAX);
        AlarmParts::new(Arc::new(targets), hold, self.max_alarms)
    }
}
