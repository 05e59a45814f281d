//! What the bridge runs as, for people.

use super::run::Target;

/// What the bridge runs as. It has no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its version.
    pub version: &'static str,
    /// The kind of its database.
    pub database: &'static str,
    /// The configured Temporal.
    pub temporal: Target,
    /// Its settings.
    pub settings: Vec<Setting>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The flag, such as `--drain`; empty for a variable only.
    pub flag: String,
    /// The environment variable; empty for a flag only.
    pub variable: String,
    /// What it is for.
    pub help: String,
    /// Its value.
    pub value: SettingValue,
    /// Whether nobody has set it.
    pub is_default: bool,
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// It has none.
    Absent,
    /// It has one that is, or may have, a secret.
    Hidden,
    /// It has this one.
    Text(String),
}
