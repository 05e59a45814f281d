//! Query parameters by EMCO's rules (EMCO-API §1.6): keys are case-sensitive, and the first of repeated
//! parameters is used.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderMap;
use service::http::headers;
use service::http::wrong_escape;
use utoipa::IntoParams;

use crate::problem::ApiError;
use crate::problem::kinds::INVALID_PARAMETER;

/// The parameters of one request.
#[derive(Debug, Default)]
pub(crate) struct Params(HashMap<String, String>);

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
        let mut params = HashMap::new();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            params.entry(key.into_owned()).or_insert_with(|| value.into_owned());
        }
        Ok(Self(params))
    }

    /// Rejects parameters that are not in `known`.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, ApiError> {
        match self.0.keys().filter(|key| !known.contains(&key.as_str())).min() {
            Some(key) if known.is_empty() => Err(invalid(key, "is unknown: leave it out")),
            Some(key) => Err(invalid(key, &format!("is unknown: write one of {}", known.join(", ")))),
            None => Ok(self),
        }
    }

    /// Returns the value of a parameter; empty if it is absent.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0.get(key).map(String::as_str).unwrap_or_default()
    }

    /// Returns a parameter that is `true` or `false`; false if it is absent.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, ApiError> {
        match self.0.get(key).map(String::as_str) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(invalid(key, &format!("is `{other}`: write true or false"))),
        }
    }

    /// Returns whether a parameter is present.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Returns a parameter of another type, if it is present.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, key: &str) -> Result<Option<T>, ApiError> {
        let parse =
            |text: &String| text.parse().map_err(|error| invalid(key, &format!("is `{text}`: {error}")));
        self.0.get(key).map(parse).transpose()
    }

    /// Returns a parameter that is a duration, if it is present: seconds, or text like `1m30s`.
    pub(crate) fn duration(&self, key: &str) -> Result<Option<Duration>, ApiError> {
        let text = self.text(key);
        if text.is_empty() {
            return Ok(None);
        }
        let duration = match text.parse::<u32>() {
            Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
            Err(_) => service::settings::duration(text),
        };
        let complaint = || format!("is `{text}`: write seconds, or text like 30s or 1m30s");
        duration.map(Some).map_err(|_| invalid(key, &complaint()))
    }
}

/// Returns a problem that names the parameter or header at fault.
pub(crate) fn invalid(parameter: &str, complaint: &str) -> ApiError {
    let detail = format!("parameter `{parameter}` {complaint}");
    INVALID_PARAMETER.problem(detail).with("parameter", parameter).into()
}

/// Reads the `Idempotency-Key`.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    headers::idempotency_key(headers)
        .map_err(|_| invalid("Idempotency-Key", "is not one key: write 1 to 255 visible characters of ASCII"))
}

/// The parameter of all calls with a body.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter `fieldValidation`")]
pub(crate) struct BodyParams {
    /// How to treat unknown fields: `Ignore`; `Warn` (default: `Warning` headers name them); `Strict` (400).
    #[param(rename = "fieldValidation", pattern = "^(Ignore|Warn|Strict)$", example = "Strict")]
    field_validation: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_count_in_their_own_case_and_the_first_wins() {
        let params = Params::read(Some("runID=a&RunID=b&runID=c&x=%22q%22+r")).unwrap();
        assert_eq!(params.text("runID"), "a");
        assert_eq!(params.text("x"), "\"q\" r");
        assert_eq!(params.text("workflowID"), "");
    }

    #[test]
    fn unknown_and_wrong_parameters_are_named() {
        let params = || Params::read(Some("waitForResult=yes&b=1&a=2")).unwrap();
        let problem = params().only(&["waitForResult"]).unwrap_err();
        assert_eq!(problem.problem().extensions["parameter"], "a");
        let problem = params().flag("waitForResult").unwrap_err();
        assert_eq!(
            (problem.problem().status, &problem.problem().extensions["parameter"]),
            (400, &"waitForResult".into())
        );
        assert!(params().flag("absent").is_ok_and(|flag| !flag));
        assert_eq!(
            params().parsed::<u8>("waitForResult").unwrap_err().problem().extensions["parameter"],
            "waitForResult"
        );
    }

    #[test]
    fn times_are_seconds_or_text() {
        let wait = |text: &str| Params::read(Some(&format!("wait={text}"))).unwrap().duration("wait");
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
            assert_eq!(Params::read(Some(query)).unwrap_err().problem().code, "invalid_parameter", "{query}");
        }
        assert_eq!(Params::read(Some("a=1%3B2")).unwrap().text("a"), "1;2");
    }
}
