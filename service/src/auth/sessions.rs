//! Sessions of browsers, as the authentication of callers sees them. What keeps them is elsewhere.

use std::fmt;

use futures::future::BoxFuture;
use http::header::ORIGIN;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

use super::identity::Identity;

/// The sessions of browsers.
pub trait Sessions: fmt::Debug + Send + Sync {
    /// Returns the session whose cookie the request has; `None` if it has none.
    fn find<'a>(&'a self, headers: &'a HeaderMap) -> BoxFuture<'a, Result<Option<Session>, SessionFault>>;

    /// Returns the origin of our own pages, such as `https://bridge.example.org`.
    fn origin(&self) -> &str;
}

/// A session that has not ended.
pub struct Session {
    /// The person.
    pub identity: Identity,
    /// When the session ends, unless it is renewed.
    pub expires: Timestamp,
    /// Renews the session, if it is time. Returns the value of `Set-Cookie`; `None` if it is not renewed.
    pub renewal: Option<BoxFuture<'static, Option<HeaderValue>>>,
}

/// When the session ends by which a request was accepted: an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct SessionEnd(pub Timestamp);

/// Why a cookie gives no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionFault {
    /// It is not ours, or its session has ended.
    #[error("the session has ended; log in again")]
    Ended,
    /// The sessions cannot be looked up.
    #[error("sessions cannot be looked up now; try again shortly")]
    Unavailable,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("identity", &self.identity)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Whether a page of `origin` has sent a request. All browsers since 2023 send `Sec-Fetch-Site` (W3C Fetch Metadata) to
/// secure origins and this machine; `Origin` (RFC 6454) comes with each POST, PUT and DELETE. No page can set either.
pub fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let only = |name, value: &str| {
        let mut values = headers.get_all(name).iter();
        values.next().is_some_and(|first| first == value) && values.next().is_none()
    };
    only("sec-fetch-site", "same-origin") || only(ORIGIN.as_str(), origin)
}

/// Whether a page of another site has sent a request, as far as its browser reports that.
pub(super) fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").iter().any(|site| site == "cross-site")
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    #[test]
    fn only_our_own_pages_are_of_our_origin() {
        for (headers, is_ours) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://other.example")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://bridge.example")], true),
            (&[("origin", "http://bridge.example")], false),
            (&[("origin", "https://bridge.example:8443")], false),
            (&[("origin", "https://bridge.example.org")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://bridge.example"), ("origin", "https://other.example")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(is_same_origin(&map, "https://bridge.example"), is_ours, "{headers:?}");
        }
    }
}
