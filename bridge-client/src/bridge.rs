//! The bridge: its URL, and how to talk to it.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Identity, Method};
use url::Url;

use crate::credentials::Credentials;
use crate::error::{BuildError, Error};

/// A bridge. Cheap to clone. Its methods are the operations of the API, each under the name of the operation.
#[derive(Debug, Clone)]
pub struct Bridge {
    pub(crate) http: reqwest::Client,
    base: Url,
    pub(crate) credentials: Credentials,
    pub(crate) timeout: Duration,
}

/// The settings of a [`Bridge`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Where the bearer token comes from.
    pub credentials: Credentials,
    /// Certificates (PEM, one or more) to trust in addition to the system's.
    pub roots: Option<Vec<u8>>,
    /// A client certificate and its key (PEM, concatenated).
    pub identity: Option<Vec<u8>>,
    /// The timeout for connecting.
    pub connect_timeout: Duration,
    /// The timeout of a call, from connecting to the last byte of the response. A call that waits has what it waits
    /// for in addition; a stream of events has no end.
    pub timeout: Duration,
    /// What the header `User-Agent` has.
    pub user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            credentials: Credentials::None,
            roots: None,
            identity: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(60),
            user_agent: concat!("bridge-client/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Without the key of the client certificate.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

impl Bridge {
    /// Makes a client of the bridge at `url` (`https://bridge.example.org`, or with a path before that of the API).
    /// Sends nothing yet.
    ///
    /// # Errors
    /// [`BuildError`] when the URL or a certificate is not valid.
    pub fn new(url: &str, settings: Settings) -> Result<Self, BuildError> {
        let base = base(url)?;
        // The TLS library needs one provider per process. One that is installed already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(settings.user_agent)
            .connect_timeout(settings.connect_timeout)
            // A redirect would send the token to another server.
            .redirect(Policy::none());
        if let Some(pem) = &settings.identity {
            builder = builder.identity(Identity::from_pem(pem).map_err(BuildError::Identity)?);
        }
        let roots = match &settings.roots {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(BuildError::Roots)?,
            None => Vec::new(),
        };
        builder = match base.scheme() {
            // Where the system has no authorities, loading them fails; plain HTTP needs none.
            "http" => builder.tls_certs_only(roots),
            _ => builder.tls_certs_merge(roots),
        };
        let http = builder.build().map_err(BuildError::Http)?;
        Ok(Self { http, base, credentials: settings.credentials, timeout: settings.timeout })
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.base
    }

    /// Returns the URL of a path such as `/v2/alarms/{alarmId}`, with these names in place of those in braces.
    pub(crate) fn at(&self, path: &str, names: Vec<String>) -> Result<Url, Error> {
        // `.` and `..` are removed from a URL even when they are encoded: the path would be that of something else.
        if let Some(name) = names.iter().find(|name| matches!(name.as_str(), "" | "." | "..")) {
            return Err(Error::Name(name.clone()));
        }
        let mut names = names.into_iter();
        let segments = path.split('/').skip(1);
        let segments = segments.map(|segment| match segment.starts_with('{') {
            true => names.next().unwrap_or_default(),
            false => segment.to_owned(),
        });
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Ok(url)
    }
}

/// Returns method and URL, the URL without its query, in which IDs can be.
pub(crate) fn endpoint(method: &Method, url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    format!("{method} {url}")
}

fn base(url: &str) -> Result<Url, BuildError> {
    let base = Url::parse(url).map_err(|_not_a_url| BuildError::Url("is not a URL"))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(BuildError::Url("does not begin with http:// or https://"));
    }
    // Error messages have the URL.
    if !base.username().is_empty() || base.password().is_some() {
        return Err(BuildError::Url("has a user name or password: give a token instead"));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(BuildError::Url("has a `?` or `#`: write it without"));
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_segments() {
        let bridge = Bridge::new("http://gate/emco/", Settings::default()).unwrap();
        let at = |name: &str| bridge.at("/v2/alarms/{alarmId}/comments", vec![name.to_owned()]);
        let odd = "a/b c:1@(x) #é+&'\"|%2F?";
        let url = at(odd).unwrap();
        assert_eq!(
            url.as_str(),
            "http://gate/emco/v2/alarms/a%2Fb%20c:1@(x)%20%23%C3%A9+&'%22|%252F%3F/comments"
        );
        for name in ["", ".", ".."] {
            assert!(matches!(at(name), Err(Error::Name(_))), "{name}");
        }
    }

    #[test]
    fn a_wrong_url_is_refused() {
        for url in ["bridge:9095", "ftp://bridge", "http://user:secret@bridge", "http://bridge?x=1", ""] {
            let error = Bridge::new(url, Settings::default()).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
