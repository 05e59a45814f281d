//! Durations among parameters.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use jsonschema::{Keyword, ValidationError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::Nanos;

/// The keyword of a schema for texts that are durations. JSON Schema has none for Go's form.
pub(super) const DURATION: &str = "x-duration";

const EXPECTED: &str = "must be a duration like `30s`, `1h30m` or `PT30S`";

/// A duration as the field of a parameter type.
///
/// Its text has the forms that start options have: Go's (`30s`, `1h30m`, `250ms`) or ISO 8601 (`PT90S`, `P1D`; a day is
/// 24 hours), from zero to 292 years. It is written in ISO 8601.
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// use workflow_api::params::DurationParam;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Backup {
///     timeout: DurationParam,
///     pause: Option<DurationParam>,
/// }
///
/// let backup: Backup = serde_json::from_str(r#"{"timeout": "1h30m"}"#).unwrap();
/// assert_eq!(backup.timeout.get().as_secs(), 5400);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DurationParam(Duration);

/// The error of a text that is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{EXPECTED}")]
pub struct NotADuration;

impl DurationParam {
    /// The duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

/// A duration over 292 years becomes one of 292 years.
impl From<Duration> for DurationParam {
    fn from(duration: Duration) -> Self {
        Self(duration.min(Duration::from_nanos(i64::MAX.unsigned_abs())))
    }
}

impl From<DurationParam> for Duration {
    fn from(param: DurationParam) -> Self {
        param.0
    }
}

impl FromStr for DurationParam {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let nanos: Nanos = text.parse().map_err(|_| NotADuration)?;
        u64::try_from(nanos.get()).map(|nanos| Self(Duration::from_nanos(nanos))).map_err(|_| NotADuration)
    }
}

impl fmt::Display for DurationParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX).fmt(f)
    }
}

impl Serialize for DurationParam {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DurationParam {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for DurationParam {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", (DURATION): true, "examples": ["30s", "1h30m", "PT30S"] })
    }
}

/// Validates texts by [`DURATION`].
pub(super) struct IsDuration;

impl<'i> Keyword<'i> for IsDuration {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(value) { Ok(()) } else { Err(ValidationError::custom(EXPECTED)) }
    }

    /// As in JSON Schema, a keyword for texts holds for all other values.
    fn is_valid(&self, value: &'i Value) -> bool {
        value.as_str().is_none_or(|text| text.parse::<DurationParam>().is_ok())
    }
}
