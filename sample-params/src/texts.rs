//! Types of parameters with rules of their own.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;
use workflow_api::{Nanos, rules};

/// A timeout: a text such as `10m`, or nanoseconds. The default is ten minutes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Patience(pub Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(Duration::from_secs(600))
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

/// The time between two readings: a text such as `30s`, at least one second. The default is one minute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Interval(pub Duration);

impl Default for Interval {
    fn default() -> Self {
        Self(Duration::from_secs(60))
    }
}

impl TryFrom<String> for Interval {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let time = Patience::try_from(text).ok().filter(|Patience(time)| *time >= Duration::from_secs(1));
        time.map(|Patience(time)| Self(time))
            .ok_or("write a duration of at least one second, such as `30s` or `5m`")
    }
}

/// The number of readings of one run. The default is 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u32")]
#[schemars(with = "u32", extend("minimum" = 1, "maximum" = 500))]
pub struct Readings(pub usize);

impl Default for Readings {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<u32> for Readings {
    type Error = &'static str;

    fn try_from(count: u32) -> Result<Self, Self::Error> {
        if (1..=500).contains(&count) {
            Ok(Self(count as usize))
        } else {
            Err("write a number from 1 to 500")
        }
    }
}

/// The URL of an EMCO. It must not contain credentials, because anybody may read them in Temporal's history.
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
            return Err("write the URL without user name and password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("write the URL without `?` and `#`");
        }
        Ok(Self(text))
    }
}

/// A name that EMCO accepts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Name(pub String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let most = rules::NAME_MAX;
        rules::is_name(&text).then_some(Self(text)).ok_or_else(|| {
            format!(
                "write at most {most} letters, digits, `-`, `_` or `.`, with a letter or digit at both ends"
            )
        })
    }
}

/// Names separated by commas, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<Name>")]
#[schemars(with = "Vec<Name>")]
pub struct Names(pub Vec<Name>);

impl TryFrom<Vec<Name>> for Names {
    type Error = &'static str;

    fn try_from(names: Vec<Name>) -> Result<Self, Self::Error> {
        if names.is_empty() { Err("write at least one name") } else { Ok(Self(names)) }
    }
}

/// A number of moves at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u32")]
#[schemars(with = "u32")]
pub struct Lanes(pub usize);

impl Default for Lanes {
    fn default() -> Self {
        Self(4)
    }
}

impl TryFrom<u32> for Lanes {
    type Error = &'static str;

    fn try_from(count: u32) -> Result<Self, Self::Error> {
        if (1..=30).contains(&count) { Ok(Self(count as usize)) } else { Err("write a number from 1 to 30") }
    }
}

/// A number of deployment intent groups, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u32")]
#[schemars(with = "u32", extend("minimum" = 1))]
pub struct Bound(pub usize);

impl TryFrom<u32> for Bound {
    type Error = &'static str;

    fn try_from(count: u32) -> Result<Self, Self::Error> {
        if count > 0 { Ok(Self(count as usize)) } else { Err("write a number of at least 1") }
    }
}

/// A share, above zero: `0.25` or `25%`. The default is a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Share(pub f64);

impl Default for Share {
    fn default() -> Self {
        Self(0.25)
    }
}

impl TryFrom<String> for Share {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let share = match text.trim().strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
            None => text.trim().parse(),
        };
        let share = share.ok().filter(|share| *share > 0.0 && *share <= 1.0);
        share.map(Self).ok_or("write a share above 0 and up to 1, such as `0.25` or `25%`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_parts_or_percents() {
        for (text, share) in [
            ("0.25", Some(0.25)),
            ("25%", Some(0.25)),
            (" 100 % ", Some(1.0)),
            ("1", Some(1.0)),
            ("0", None),
            ("101%", None),
            ("-0.1", None),
            ("NaN", None),
            ("half", None),
            ("%", None),
        ] {
            assert_eq!(Share::try_from(text.to_owned()).ok(), share.map(Share), "{text}");
        }
    }

    #[test]
    fn intervals_have_at_least_a_second() {
        for (text, seconds) in
            [("1s", Some(1)), ("PT5M", Some(300)), ("999ms", None), ("0", None), ("often", None)]
        {
            let interval = Interval::try_from(text.to_owned()).ok();
            assert_eq!(interval, seconds.map(|seconds| Interval(Duration::from_secs(seconds))), "{text}");
        }
    }

    #[test]
    fn a_run_has_from_one_to_five_hundred_readings() {
        assert_eq!(
            [0, 1, 500, 501].map(|count| Readings::try_from(count).is_ok()),
            [false, true, true, false]
        );
    }

    #[test]
    fn there_are_from_one_to_thirty_lanes() {
        assert_eq!([0, 1, 30, 31].map(|count| Lanes::try_from(count).is_ok()), [false, true, true, false]);
    }
}
