//! Texts that are more than texts.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;
use workflow_api::{Nanos, rules};

/// How long to wait for readiness where the intent says nothing.
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// How long to wait: a text such as `10m`, or nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Patience(pub Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(TEN_MINUTES)
    }
}

impl TryFrom<String> for Patience {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let nanos = text.parse::<i64>().map(Nanos::new).ok().or_else(|| text.parse().ok());
        let time = nanos.and_then(Nanos::to_duration);
        time.map(Self).ok_or("write a duration above zero, such as `10m`, `90s` or `PT10M`")
    }
}

/// The URL of an EMCO. Credentials in it would stay in Temporal's history for all to read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct EmcoUrl(pub String);

impl TryFrom<String> for EmcoUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let url = Url::parse(&text).map_err(|_| "write a URL such as http://orchestrator:9015")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("write a URL that begins with http:// or https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("write it without user name and password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("write it without `?` and `#`");
        }
        Ok(Self(text))
    }
}

/// A name as EMCO takes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Name(pub String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if rules::is_name(&text) {
            Ok(Self(text))
        } else {
            let most = rules::NAME_MAX;
            Err(format!(
                "write at most {most} letters, digits, `-`, `_` or `.`, with a letter or digit at both ends"
            ))
        }
    }
}
