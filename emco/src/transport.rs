//! One HTTP exchange with EMCO: URL, repeats, limits, and turning what comes back into a value or an [`Error`].

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Identity, Method, Response, StatusCode, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{BuildError, Endpoint, Error};
use crate::model::AppIntent;
use crate::settings::{Retry, Settings, Token};

/// How much of EMCO's text an error keeps.
const TEXT_LIMIT: usize = 1024;

/// The connection pool and the rules that hold for every call.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base: Url,
    /// Where the token is, if it is in a file.
    token: Option<PathBuf>,
    retry: Retry,
    max_body: usize,
}

/// One call, as far as the transport needs to know it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Segments below the base URL, not escaped.
    pub(crate) path: Vec<&'a str>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Body<'a>>,
    /// What the answer holds, for error messages.
    pub(crate) expected: &'static str,
}

/// What a call sends, as JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Body<'a> {
    AppIntent(&'a AppIntent),
    Rollback(Rollback),
}

/// What a roll-back goes back to (EMCO-API §6.5). EMCO wants the number as text.
#[derive(Debug, Serialize)]
pub(crate) struct Rollback {
    pub(crate) spec: RollbackSpec,
}

#[derive(Debug, Serialize)]
pub(crate) struct RollbackSpec {
    pub(crate) revision: String,
}

impl Transport {
    pub(crate) fn new(base_url: &str, settings: Settings) -> Result<Self, BuildError> {
        let base = parse_base(base_url)?;
        install_tls_provider();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("emco-client/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout)
            .redirect(redirect::Policy::none());
        if let Some(token) = settings.token.as_ref().and_then(Token::text) {
            let value = bearer(token).ok_or(BuildError::Token)?;
            builder = builder.default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)]));
        }
        if let Some(pem) = &settings.identity {
            builder = builder.identity(Identity::from_pem(pem).map_err(BuildError::Identity)?);
        }
        let roots = match &settings.roots {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(BuildError::Roots)?,
            None => Vec::new(),
        };
        builder = match base.scheme() {
            // A minimal image has no system roots, and looking for them fails; plain HTTP needs none.
            "http" => builder.tls_certs_only(roots),
            _ => builder.tls_certs_merge(roots),
        };
        let http = builder.build().map_err(BuildError::Http)?;
        let token = settings.token.as_ref().and_then(Token::path).cloned();
        Ok(Self { http, base, token, retry: settings.retry, max_body: settings.max_body })
    }

    /// Sends the call, again if it is idempotent and its failure may pass, and reads the answer as `T`.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let url = self.url(&call)?;
        let endpoint = Endpoint::new(&call.method, &url);
        let tries = if call.method.is_idempotent() { self.retry.tries } else { 1 };
        let mut failed = 0;
        loop {
            let error = match self.try_once(&call, &url, &endpoint).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            failed += 1;
            if failed >= tries || !error.is_retryable() {
                return Err(error);
            }
            let asked = error.retry_after().unwrap_or_default().min(self.retry.longest_pause);
            let pause = self.retry.pause_after(failed).max(asked);
            tracing::debug!(%endpoint, failed, ?pause, kind = ?error.kind(), "repeating a call of EMCO");
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends a call once that EMCO accepts without a word: 202 and no body.
    pub(crate) async fn order(&self, call: Call<'_>) -> Result<(), Error> {
        let url = self.url(&call)?;
        let endpoint = Endpoint::new(&call.method, &url);
        let response = self.ask(&call, &url, &endpoint).await?;
        let (status, expected) = (response.status(), call.expected);
        if status == StatusCode::ACCEPTED {
            return Ok(());
        }
        let text = text_of(&read_start(response).await);
        Err(Error::Unexpected { endpoint, status, expected, text, source: None })
    }

    async fn try_once<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        url: &Url,
        endpoint: &Endpoint,
    ) -> Result<T, Error> {
        let response = self.ask(call, url, endpoint).await?;
        let (status, expected) = (response.status(), call.expected);
        let body = self.read_whole(response, endpoint, status, expected).await?;
        serde_json::from_slice(&body).map_err(|source| Error::Unexpected {
            endpoint: endpoint.clone(),
            status,
            expected,
            text: text_of(&body),
            source: Some(source),
        })
    }

    /// The head of an answer that means success.
    async fn ask(&self, call: &Call<'_>, url: &Url, endpoint: &Endpoint) -> Result<Response, Error> {
        let expected = call.expected;
        let mut request = self.http.request(call.method.clone(), url.clone());
        if let Some(path) = &self.token {
            request = request.header(AUTHORIZATION, token_in(path).await?);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|source| {
            let endpoint = endpoint.clone();
            // Our endpoint names the URL, without the query that reqwest's text would show.
            let source = source.without_url();
            if source.is_connect() || source.is_builder() {
                Error::Unreachable { endpoint, source }
            } else {
                Error::Interrupted { endpoint, status: None, expected, source }
            }
        })?;
        let status = response.status();
        if !status.is_success() {
            #[expect(clippy::disallowed_methods, reason = "a date in a header is of the system's time")]
            let retry_after = retry_after(response.headers(), SystemTime::now());
            let text = text_of(&read_start(response).await);
            return Err(Error::Refused { endpoint: endpoint.clone(), status, text, retry_after });
        }
        Ok(response)
    }

    async fn read_whole(
        &self,
        mut response: Response,
        endpoint: &Endpoint,
        status: StatusCode,
        expected: &'static str,
    ) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= self.max_body => {
                    body.extend_from_slice(&chunk)
                }
                Ok(Some(_)) => {
                    return Err(Error::TooLong {
                        endpoint: endpoint.clone(),
                        expected,
                        limit: self.max_body,
                    });
                }
                Ok(None) => return Ok(body),
                Err(source) => {
                    return Err(Error::Interrupted {
                        endpoint: endpoint.clone(),
                        status: Some(status),
                        expected,
                        source: source.without_url(),
                    });
                }
            }
        }
    }

    fn url(&self, call: &Call<'_>) -> Result<Url, Error> {
        // `.` and `..` vanish from a URL path even when escaped, and would make it another resource's.
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

/// The header with the token; none if no header can carry it.
fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn token_in(path: &PathBuf) -> Result<HeaderValue, Error> {
    let failed = |source| Error::Token { path: path.clone(), source };
    let text = tokio::fs::read_to_string(path).await.map_err(failed)?;
    let token = text.trim();
    let empty = token.is_empty();
    let header = bearer(token).filter(|_| !empty);
    header.ok_or_else(|| failed(io::Error::new(io::ErrorKind::InvalidData, "it holds no token")))
}

/// How long `Retry-After` asks to wait, from `now`: a number of seconds, or a date (RFC 9110 §10.2.3), which may be over.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| {
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    })
}

/// The TLS library wants one provider per process, even where only plain HTTP is spoken.
pub(crate) fn install_tls_provider() {
    // Whoever came first is as good as we are.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn parse_base(base_url: &str) -> Result<Url, BuildError> {
    let base = Url::parse(base_url).map_err(|_no_url| BuildError::BaseUrl("is not a URL"))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(BuildError::BaseUrl("must begin with http:// or https://"));
    }
    // Neither may appear in error messages, so neither is taken.
    if !base.username().is_empty() || base.password().is_some() {
        return Err(BuildError::BaseUrl("must not hold a user name or password; give a token"));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(BuildError::BaseUrl("must end with its path, without `?` or `#`"));
    }
    Ok(base)
}

/// As much of an error's text as is kept; a text that breaks off is still worth having.
async fn read_start(mut response: Response) -> Vec<u8> {
    let mut start = Vec::new();
    while start.len() < TEXT_LIMIT {
        match response.chunk().await {
            Ok(Some(chunk)) => start.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    start
}

fn text_of(body: &[u8]) -> String {
    let start = &body[..body.len().min(TEXT_LIMIT)];
    String::from_utf8_lossy(start).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url_of(base: &str, path: &[&str], query: &[(&'static str, &str)]) -> Result<String, Error> {
        let call = Call {
            method: Method::GET,
            path: path.to_vec(),
            query: query.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
            body: None,
            expected: "anything",
        };
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

    #[test]
    fn a_base_url_that_cannot_be_used_says_why() {
        for (base, why) in [
            ("orchestrator:9015", "http:// or https://"),
            ("/v2", "is not a URL"),
            ("ftp://emco", "http:// or https://"),
            ("http://admin:secret@emco", "give a token"),
            ("http://emco?x=y", "without `?`"),
        ] {
            let error = Transport::new(base, Settings::default()).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("secret"), "{base}: {error}");
        }
    }

    #[test]
    fn bad_roots_and_tokens_are_refused_before_anything_is_sent() {
        let pem = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n".to_vec();
        let settings = Settings { roots: Some(pem), ..Settings::default() };
        assert!(matches!(
            Transport::new("https://emco", settings),
            Err(BuildError::Roots(_) | BuildError::Http(_))
        ));
        let settings = Settings { token: Some("a\nb".to_owned().into()), ..Settings::default() };
        assert!(matches!(Transport::new("https://emco", settings), Err(BuildError::Token)));
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
        std::fs::remove_file(&path).unwrap();
        assert!(token_in(&path).await.unwrap_err().is_retryable());
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

    #[test]
    fn an_errors_text_is_cut_at_one_kib() {
        assert_eq!(text_of(&[b'x'; 5000]).len(), TEXT_LIMIT);
        assert_eq!(text_of(b"Intent not found\n"), "Intent not found");
    }
}
