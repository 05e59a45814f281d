//! One HTTP exchange with EMCO: URL, retries, limits, and reading the response into a value or an [`Error`].

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use backon::Retryable;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Identity, Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::outbound::guard;
use url::Url;
use workflow_api::Caller;

use crate::error::{BuildError, Error};
use crate::settings::{Retry, Settings, Source, Token};

/// The error of the gateway in front of EMCO (EMCO-API §10).
const OF_GATEWAY: &str = "RBAC: access denied";

/// The connection pool, and the settings of every call.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base: Url,
    /// The token's file, if it is in a file.
    token: Option<PathBuf>,
    retry: Retry,
    max_body: usize,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Segments below the base URL, not escaped.
    pub(crate) path: Vec<&'a str>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    /// The expected content of the response, for error messages.
    pub(crate) expected: &'static str,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: Vec<&'a str>, expected: &'static str) -> Self {
        Self { method: Method::GET, path, query: Vec::new(), body: None, expected }
    }
}

impl Transport {
    pub(crate) fn new(base_url: &str, settings: Settings) -> Result<Self, BuildError> {
        let base = parse_base(base_url)?;
        guard::check(&base).map_err(BuildError::Forbidden)?;
        // The TLS library needs one provider per process. One that is installed already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = guard::guarded(reqwest::Client::builder(), settings.resolver)
            .user_agent(concat!("emco-client/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout);
        let mut token_file = None;
        match settings.token {
            Some(Token(Source::Text(token))) => {
                let value = bearer(&token).ok_or(BuildError::Token)?;
                builder = builder.default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)]));
            }
            Some(Token(Source::File(path))) => token_file = Some(path),
            None => {}
        }
        if let Some(pem) = &settings.identity {
            builder = builder.identity(Identity::from_pem(pem).map_err(BuildError::Identity)?);
        }
        let roots = match &settings.roots {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(BuildError::Roots)?,
            None => Vec::new(),
        };
        builder = match base.scheme() {
            // A minimal image has no system roots, so loading them fails; plain HTTP needs none.
            "http" => builder.tls_certs_only(roots),
            _ => builder.tls_certs_merge(roots),
        };
        let http = builder.build().map_err(BuildError::Http)?;
        Ok(Self { http, base, token: token_file, retry: settings.retry, max_body: settings.max_body })
    }

    /// Sends the call and reads the response as `T`. Retries idempotent calls if the error may pass.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let url = self.url(&call)?;
        let endpoint = endpoint(&call, &url);
        let retry = if call.method.is_idempotent() { self.retry } else { Retry::NEVER };
        (|| self.try_once(&call, &url, &endpoint))
            .retry(retry.pauses())
            .when(Error::is_retryable)
            .adjust(|error, pause| {
                let asked = error.retry_after().unwrap_or_default().min(retry.longest_pause);
                pause.map(|pause| pause.max(asked))
            })
            .notify(|error, pause| tracing::debug!(endpoint, ?pause, kind = ?error.kind(), "retrying a call to EMCO"))
            .await
    }

    /// Sends a call once that EMCO accepts with 202 and no body.
    pub(crate) async fn order(&self, call: Call<'_>) -> Result<(), Error> {
        let url = self.url(&call)?;
        let endpoint = endpoint(&call, &url);
        let response = self.response(&call, &url, &endpoint).await?;
        let (status, expected) = (response.status(), call.expected);
        if status == StatusCode::ACCEPTED {
            return Ok(());
        }
        Err(Error::Unexpected { endpoint, status, expected, reason: String::new() })
    }

    async fn try_once<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        url: &Url,
        endpoint: &str,
    ) -> Result<T, Error> {
        let mut response = self.response(call, url, endpoint).await?;
        let (status, expected, endpoint) = (response.status(), call.expected, endpoint.to_owned());
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= self.max_body => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => return Err(Error::TooLong { endpoint, expected, limit: self.max_body }),
                Ok(None) => break,
                Err(source) => {
                    let source = source.without_url();
                    return Err(Error::Interrupted { endpoint, status: Some(status), expected, source });
                }
            }
        }
        serde_json::from_slice(&body).map_err(|error| {
            let reason = format!(" (line {}, column {})", error.line(), error.column());
            Error::Unexpected { endpoint, status, expected, reason }
        })
    }

    /// Returns a response whose status means success, before its body is read.
    async fn response(&self, call: &Call<'_>, url: &Url, endpoint: &str) -> Result<Response, Error> {
        let expected = call.expected;
        let mut request = self.http.request(call.method.clone(), url.clone());
        if let Some(path) = &self.token {
            request = request.header(AUTHORIZATION, token_in(path).await?);
        }
        // Activities run on behalf of whoever started their workflow.
        for (name, value) in service::caller::current().iter().flat_map(Caller::headers) {
            request = request.header(name, value);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|source| {
            let endpoint = endpoint.to_owned();
            // The endpoint is the URL without its query; reqwest's text would show the query.
            let source = source.without_url();
            if guard::is_refusal(&source) {
                Error::Forbidden { endpoint, source }
            } else if source.is_connect() || source.is_builder() {
                Error::Unreachable { endpoint, source }
            } else {
                Error::Interrupted { endpoint, status: None, expected, source }
            }
        })?;
        let status = response.status();
        if !status.is_success() {
            #[expect(clippy::disallowed_methods, reason = "a date in a header is of the system's time")]
            let retry_after = retry_after(response.headers(), SystemTime::now());
            let text = guard::error_body(response, &[OF_GATEWAY]).await.map(|body| body.text);
            return Err(Error::Refused { endpoint: endpoint.to_owned(), status, text, retry_after });
        }
        Ok(response)
    }

    fn url(&self, call: &Call<'_>) -> Result<Url, Error> {
        // `.` and `..` are removed from a URL path even when escaped; the path would be another resource's.
        if let Some(name) = call.path.iter().find(|name| matches!(**name, "" | "." | "..")) {
            return Err(Error::Name((*name).to_owned()));
        }
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }
}

/// Returns method and URL, the URL without its query.
fn endpoint(call: &Call<'_>, url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    format!("{} {url}", call.method)
}

/// Returns the header with the token, or `None` if it has characters that no header may have.
fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The largest file that may contain a token, in bytes.
const MAX_TOKEN_FILE: u64 = 1 << 20;

async fn token_in(path: &Path) -> Result<HeaderValue, Error> {
    let failed = |source| Error::Token { path: path.to_owned(), source };
    // To open a pipe would wait for its writer.
    let metadata = tokio::fs::metadata(path).await.map_err(failed)?;
    if !metadata.is_file() || metadata.len() > MAX_TOKEN_FILE {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "it is not a file with a token")));
    }
    let text = tokio::fs::read_to_string(path).await.map_err(failed)?;
    let header = Some(text.trim()).filter(|token| !token.is_empty()).and_then(bearer);
    header.ok_or_else(|| failed(io::Error::new(io::ErrorKind::InvalidData, "the file contains no token")))
}

/// Returns the pause that `Retry-After` asks for: a number of seconds, or the time from `now` to a date (RFC 9110
/// §10.2.3), which may be in the past.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| {
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    })
}

fn parse_base(base_url: &str) -> Result<Url, BuildError> {
    let base = Url::parse(base_url).map_err(|_no_url| BuildError::BaseUrl("is not a URL"))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(BuildError::BaseUrl("must begin with http:// or https://"));
    }
    // Error messages contain the URL, so it must not contain secrets.
    if !base.username().is_empty() || base.password().is_some() {
        return Err(BuildError::BaseUrl("must not contain a user name or password; give a token"));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(BuildError::BaseUrl("must end with its path, without `?` or `#`"));
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url_of(base: &str, path: &[&str], query: &[(&'static str, &str)]) -> Result<String, Error> {
        let query = query.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let call = Call { query, ..Call::get(path.to_vec(), "anything") };
        let transport = Transport::new(base, Settings::default()).unwrap();
        transport.url(&call).map(String::from)
    }

    #[test]
    fn segments_and_query_are_escaped() {
        assert_eq!(
            url_of("http://emco:9015", &["v2", "projects", "a/b?c d%"], &[]).unwrap(),
            "http://emco:9015/v2/projects/a%2Fb%3Fc%20d%25"
        );
        assert_eq!(
            url_of("http://emco", &["status"], &[("cluster", "provider1+cluster1")]).unwrap(),
            "http://emco/status?cluster=provider1%2Bcluster1"
        );
    }

    #[test]
    fn a_base_path_is_kept_with_or_without_trailing_slash() {
        for base in ["http://gate/emco", "http://gate/emco/"] {
            assert_eq!(url_of(base, &["v2"], &[]).unwrap(), "http://gate/emco/v2");
        }
    }

    #[test]
    fn names_that_would_change_the_path_are_refused() {
        for name in ["", ".", ".."] {
            let error = url_of("http://emco", &["v2", "projects", name], &[]).unwrap_err();
            assert!(matches!(error, Error::Name(_)), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_token_is_read_from_its_file_as_it_is_now() {
        let path = std::env::temp_dir().join(format!("emco-token-{}", std::process::id()));
        for token in ["one", "two"] {
            std::fs::write(&path, format!("{token}\n")).unwrap();
            let header = token_in(&path).await.unwrap();
            assert_eq!(header.as_bytes(), format!("Bearer {token}").as_bytes());
            assert!(header.is_sensitive());
        }
        std::fs::write(&path, " \n").unwrap();
        assert!(matches!(token_in(&path).await, Err(Error::Token { .. })));
        std::fs::write(&path, "x".repeat(MAX_TOKEN_FILE as usize + 1)).unwrap();
        assert!(matches!(token_in(&path).await, Err(Error::Token { .. })));
        std::fs::remove_file(&path).unwrap();
        assert!(token_in(&path).await.unwrap_err().is_retryable());
        // Without a writer, to open a pipe waits forever.
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let late = tokio::time::timeout(std::time::Duration::from_secs(10), token_in(&path)).await;
        // Lets a thread go that waits for the writer.
        drop(std::fs::OpenOptions::new().read(true).write(true).open(&path));
        std::fs::remove_file(&path).unwrap();
        assert!(late.unwrap().unwrap_err().is_retryable());
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:07 GMT").unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30)),
            ("Sun Nov  6 08:49:37 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
