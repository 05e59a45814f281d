//! Query parameters by EMCO's rules (EMCO-API §1.6): keys are case-sensitive, and the first of repeated
//! parameters is used.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderMap;
use serde::de::{DeserializeOwned, Deserializer, Error, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use service::http::headers;
use service::http::wrong_escape;
use url::form_urlencoded;
use utoipa::IntoParams;
use workflow_api::cut;

use crate::problem::ApiError;
use crate::problem::kinds::INVALID_PARAMETER;
use crate::wire::body::FieldValidation;

/// The standard library's error of a text that is no `bool`, and what a caller reads in its place.
const NOT_A_BOOL: [&str; 2] = ["provided string was not `true` or `false`", "write `true` or `false`"];

/// The query parameters of a call: a struct with a field for each, or several such structs.
pub(crate) trait QueryParams: Sized + Send {
    /// The names of the parameters.
    fn names() -> Vec<&'static str>;

    fn read(params: &Params) -> Result<Self, ApiError>;
}

impl<T: DeserializeOwned + Send> QueryParams for T {
    fn names() -> Vec<&'static str> {
        field_names::<T>().to_vec()
    }

    fn read(params: &Params) -> Result<Self, ApiError> {
        let query = params.query();
        let query = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(query).map_err(|error| {
            let key = error.path().to_string();
            let (text, cause) = (params.text(&key), error.inner().to_string());
            let cause = cause.replace(NOT_A_BOOL[0], NOT_A_BOOL[1]);
            let shown = cut(text);
            // Some causes repeat the text.
            invalid(&key, &format!("is `{shown}`: {}", cause.replace(text, &shown)))
        })
    }
}

/// The parameters of two structs.
#[derive(Debug)]
pub(crate) struct Both<A, B>(pub(crate) A, pub(crate) B);

impl<A: QueryParams, B: QueryParams> QueryParams for Both<A, B> {
    fn names() -> Vec<&'static str> {
        [A::names(), B::names()].concat()
    }

    fn read(params: &Params) -> Result<Self, ApiError> {
        Ok(Self(A::read(params)?, B::read(params)?))
    }
}

/// No parameters.
#[derive(Debug, Deserialize)]
pub(crate) struct NoParams {}

/// The only value of `clientCheck` where it is about one intent.
#[derive(Debug, Deserialize)]
pub(crate) enum Skip {
    Skip,
}

/// The parameter of all calls with a body.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct BodyParams {
    /// How to treat unknown fields: `Ignore`; `Warn` (default: `Warning` headers name them); `Strict` (400).
    #[serde(deserialize_with = "parsed")]
    #[param(value_type = Option<String>, pattern = "^(Ignore|Warn|Strict)$", example = "Strict")]
    pub(crate) field_validation: FieldValidation,
}

/// The parameters of one request, as texts.
#[derive(Debug, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Parses a query string. `None` is like an empty one.
    pub(crate) fn read(query: Option<&str>) -> Result<Self, ApiError> {
        let query = query.unwrap_or_default();
        if let Some(escape) = wrong_escape(query) {
            let detail = format!("the query has the escape `{escape}`: write % and two hex digits");
            return Err(INVALID_PARAMETER.problem(detail).into());
        }
        // Some programs read it as `&`, others as part of a value.
        if query.contains(';') {
            let detail = "the query has a `;`: write & between parameters, and %3B for one in a value";
            return Err(INVALID_PARAMETER.problem(detail).into());
        }
        let mut params = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            params.entry(key.into_owned()).or_insert_with(|| value.into_owned());
        }
        Ok(Self(params))
    }

    /// Rejects parameters that are not in `known`.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, ApiError> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) if known.is_empty() => Err(invalid(key, "is unknown: leave it out")),
            Some(key) => Err(invalid(key, &format!("is unknown: write one of {}", known.join(", ")))),
            None => Ok(self),
        }
    }

    fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    fn text(&self, key: &str) -> &str {
        self.0.get(key).map(String::as_str).unwrap_or_default()
    }
}

/// Reads a value by its `FromStr`.
pub(crate) fn parsed<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(Error::custom)
}

/// Reads a value that is present by its `FromStr`.
pub(crate) fn some_parsed<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    parsed(from).map(Some)
}

/// Reads a value that is absent if its text is empty.
pub(crate) fn unless_empty<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() { Ok(None) } else { T::deserialize(text.into_deserializer()).map(Some) }
}

/// Reads a duration: seconds, or text like `1m30s`. An empty text means that it is absent.
pub(crate) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    match text.parse::<u32>() {
        Ok(seconds) => Ok(Some(Duration::from_secs(seconds.into()))),
        Err(_) if text.is_empty() => Ok(None),
        Err(_) => match service::settings::duration(&text) {
            Ok(duration) => Ok(Some(duration)),
            Err(_) => Err(Error::custom("write seconds, or text like 30s or 1m30s")),
        },
    }
}

/// Reads a duration that is longer than zero. In none at all nothing could respond.
pub(crate) fn some_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    match time(from)? {
        Some(Duration::ZERO) => Err(Error::custom("write a time that is longer than zero, like 10s")),
        time => Ok(time),
    }
}

/// Returns a problem that names the parameter or header at fault.
pub(crate) fn invalid(parameter: &str, complaint: &str) -> ApiError {
    let parameter = cut(parameter);
    let detail = format!("parameter `{parameter}` {complaint}");
    INVALID_PARAMETER.problem(detail).with("parameter", &*parameter).into()
}

/// Reads the `Idempotency-Key`.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    headers::idempotency_key(headers)
        .map_err(|_| invalid("Idempotency-Key", "is not one key: write 1 to 255 visible characters of ASCII"))
}

/// Returns the names that serde has for the fields of a struct.
fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    struct Names<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Error::custom("only the names are of interest"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut names: &'static [&'static str] = &[];
    let _ = T::deserialize(Names(&mut names));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Sample {
        wait_for_result: bool,
        number: Option<u8>,
        #[serde(deserialize_with = "time")]
        wait: Option<Duration>,
    }

    fn read(query: &str) -> Result<Sample, ApiError> {
        Sample::read(&Params::read(Some(query))?.only(&Sample::names())?)
    }

    #[test]
    fn keys_count_in_their_own_case_and_the_first_wins() {
        let params = Params::read(Some("runID=a&RunID=b&runID=c&x=%22q%22+r")).unwrap();
        assert_eq!(params.text("runID"), "a");
        assert_eq!(params.text("x"), "\"q\" r");
        assert_eq!(params.text("workflowID"), "");
    }

    #[test]
    fn unknown_and_wrong_parameters_are_named() {
        for (query, parameter) in [
            ("waitForResult=yes&b=1&a=2", "a"),
            ("waitForResult=yes&number=1", "waitForResult"),
            ("waitForResult=", "waitForResult"),
            ("number=300", "number"),
            ("wait=-1", "wait"),
        ] {
            let error = read(query).unwrap_err();
            assert_eq!(error.problem().extensions["parameter"], parameter, "{query}");
            assert_eq!(error.problem().status, 400);
        }
        let yes = read("waitForResult=yes").unwrap_err();
        let detail = "parameter `waitForResult` is `yes`: write `true` or `false`";
        assert_eq!(yes.problem().detail, detail);
        assert!(read("").is_ok_and(|params| !params.wait_for_result && params.number.is_none()));
    }

    #[test]
    fn times_are_seconds_or_text() {
        let wait = |text: &str| read(&format!("wait={text}")).map(|params| params.wait);
        for (text, seconds) in [("5", 5.0), ("0", 0.0), ("1m30s", 90.0), ("250ms", 0.25)] {
            assert_eq!(wait(text).unwrap(), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        assert_eq!(wait("").unwrap(), None);
        for text in ["soon", "-1", "-1s", "5 parsecs"] {
            assert_eq!(wait(text).unwrap_err().problem().extensions["parameter"], "wait", "{text}");
        }
    }

    #[test]
    fn wrong_escapes_and_semicolons_are_refused() {
        for query in ["a=%zz", "a=%", "a=1;b=2", ";"] {
            let error = Params::read(Some(query)).unwrap_err();
            assert_eq!(error.problem().code, "invalid_parameter", "{query}");
        }
        assert_eq!(Params::read(Some("a=1%3B2")).unwrap().text("a"), "1;2");
    }
}
