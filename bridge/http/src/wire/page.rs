//! Lists in pages: `limit` and `continue`, and the headers that lead to the next page. The body is an array,
//! as in EMCO's lists.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{HeaderMap, HeaderName, LINK};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::ApiError;
use crate::wire::answer::headers;
use crate::wire::params::invalid;
use crate::wire::path;

const CONTINUE: HeaderName = HeaderName::from_static("continue");
const LIMIT_MAX: u32 = 1000;

/// The parameters of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// Maximum number of items: 1 to 1000. Default: all groups and intents (of 200, if the filter needs calls), 100
    /// revisions, events, alarms or deliveries, 50 runs, or 10 batches.
    #[param(minimum = 1, maximum = 1000, example = 100)]
    limit: Option<u32>,
    /// Where the page begins: the `Continue` header of the previous page.
    #[serde(rename = "continue")]
    position: Option<String>,
}

impl PageParams {
    /// Returns the maximum number of items, if the caller gives one.
    pub(crate) fn limit(&self) -> Result<Option<u32>, ApiError> {
        match self.limit {
            Some(limit) if !(1..=LIMIT_MAX).contains(&limit) => {
                Err(invalid("limit", &format!("is {limit}: write 1 to {LIMIT_MAX}")))
            }
            limit => Ok(limit),
        }
    }

    /// Returns the last position of the previous page.
    pub(crate) fn after<T: FromStr>(&self) -> Result<Option<T>, ApiError> {
        let Some(token) = self.position.as_deref().filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        let decoded = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.and_then(|text| text.parse().ok()) {
            Some(position) => Ok(Some(position)),
            None => {
                Err(invalid("continue", "is not a token of this list: leave it out to get the first page"))
            }
        }
    }
}

/// Returns the headers that lead to the next page: `Continue` with the token, `Link` with the whole query.
/// There are none on the last page.
pub(crate) fn next(query: Option<&str>, position: Option<impl Display>) -> HeaderMap {
    let Some(position) = position else { return HeaderMap::new() };
    let token = URL_SAFE_NO_PAD.encode(position.to_string());
    let mut next = url::form_urlencoded::Serializer::new(String::new());
    let others = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    next.extend_pairs(others.filter(|(key, _)| key != "continue")).append_pair("continue", &token);
    let next = path::without_plus(&next.finish());
    headers([(CONTINUE, &token), (LINK, &format!("<?{next}>; rel=\"next\""))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::params::{Params, QueryParams};

    fn read(query: &str) -> Result<PageParams, ApiError> {
        PageParams::read(&Params::read(Some(query))?)
    }

    #[test]
    fn a_page_leads_to_the_next() {
        let headers = next(Some("limit=2&continue=old&taskQueue=a+b%2B"), Some("b"));
        let token = headers["continue"].to_str().unwrap();
        assert_eq!(headers["link"], format!("<?limit=2&taskQueue=a%20b%2B&continue={token}>; rel=\"next\""));
        assert_eq!(read(&format!("continue={token}")).unwrap().after().unwrap(), Some("b".to_owned()));
        assert!(next(None, None::<String>).is_empty());
    }

    #[test]
    fn what_is_no_token_or_limit_is_refused() {
        for query in ["continue=%21", "continue=eA", "limit=0", "limit=1001", "limit=-1", "limit=x"] {
            let refused = read(query).and_then(|page| Ok((page.limit()?, page.after::<u32>()?)));
            assert!(refused.is_err(), "{query}");
        }
    }
}
