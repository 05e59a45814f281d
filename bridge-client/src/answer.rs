//! A response of the bridge: the value, and what its headers have.

use reqwest::StatusCode;
use reqwest::header::{ETAG, HeaderMap, LINK, LOCATION, WARNING};

/// A response: its value, and what its headers have.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The value.
    pub value: T,
    /// The status.
    pub status: StatusCode,
    text: String,
    headers: HeaderMap,
}

impl<T> Answer<T> {
    pub(crate) fn new(value: T, status: StatusCode, text: String, headers: HeaderMap) -> Self {
        Self { value, status, text, headers }
    }

    /// Returns the body as the bridge has sent it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the body as the bridge has sent it, and drops the rest.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the `ETag`, for [`Condition::IfMatch`](crate::Condition::IfMatch).
    pub fn etag(&self) -> Option<&str> {
        self.header(ETAG.as_str())
    }

    /// Returns the path of what was created, or of where to look on.
    pub fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    /// Returns the texts of the warnings: unknown fields, for example.
    pub fn warnings(&self) -> Vec<String> {
        let values = self.headers.get_all(WARNING).iter().filter_map(|value| value.to_str().ok());
        values.map(warn_text).collect()
    }

    /// Returns the URL of the next page, relative to that of this one. `None` on the last page.
    pub fn next(&self) -> Option<&str> {
        let links = self.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let mut links = links.filter_map(|link| link.strip_prefix('<')?.split_once('>'));
        links.find(|(_, parameters)| parameters.contains("rel=\"next\"")).map(|(target, _)| target)
    }
}

/// Returns the quoted text of a warning (RFC 7234 §5.5: code, agent, text).
fn warn_text(value: &str) -> String {
    let quoted = value.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
    quoted.map_or(value, |(text, _)| text).replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn headers_are_read() {
        let mut headers = HeaderMap::new();
        headers.append(LINK, HeaderValue::from_static("<?limit=2&continue=eA>; rel=\"next\""));
        headers.append(WARNING, HeaderValue::from_static(r#"299 - "unknown field \"x\"""#));
        headers.append(ETAG, HeaderValue::from_static("\"3\""));
        let answer = Answer::new((), StatusCode::OK, String::new(), headers);
        assert_eq!(answer.next(), Some("?limit=2&continue=eA"));
        assert_eq!(answer.warnings(), ["unknown field \"x\""]);
        assert_eq!(answer.etag(), Some("\"3\""));
        assert_eq!(answer.location(), None);
    }
}
