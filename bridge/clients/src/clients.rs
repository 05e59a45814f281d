//! Calls workflow clients over HTTP: with timeouts, without redirects or proxies, only on allowed hosts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::Cause;
use bridge_core::ports::{Accepted, ClientError, Clients, Invocation, is_of_a_gateway};
use heavy::heavy;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use service::files::{FileError, SettingFile};
use service::hosts::{HostPatterns, HostPort};
use service::http::headers::decoded;
use service::outbound::Resolver;
use service::outbound::guard::{self, ErrorBody};
use tokio::time::Instant;
use url::Url;
use workflow_api::{Caller, Catalogue, ClientEndpoint, Started, TemporalSpec, read, to_go_json};

use crate::secured::{Builder, SecuredClients};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A larger response is not one to a start; the rest of it is not read.
const ANSWER_MAX: usize = 64 << 10;
/// This is enough for some hundred clients with their schemas. The rest is not read.
const CATALOGUE_MAX: usize = 4 << 20;
/// A header of workflow clients made with our kit.
const ACCEPTS_IDEMPOTENCY_KEY: &str = "Accepts-Idempotency-Key";
const START_OUTCOME: &str = "Start-Outcome";
const NOT_LISTED: &str = "BRIDGE_CLIENT_HOSTS does not list it; ask the operator to add it";
const NEVER: &str = "link-local, metadata, multicast and unspecified addresses are never called";

/// Calls workflow clients over HTTP. Clones share their connections.
#[derive(Debug, Clone)]
pub struct HttpClients {
    plain: reqwest::Client,
    /// The clients that are called over TLS, each with its own settings.
    secured: Arc<SecuredClients>,
    allowed: HostPatterns,
}

/// Why the HTTP clients cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientsError {
    /// The file of those that are called over TLS, or one that it names, cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The HTTP client cannot be built.
    #[error("the HTTP client for workflow clients cannot be set up")]
    Http(#[from] reqwest::Error),
}

impl HttpClients {
    /// Creates a client that calls the hosts in `allowed`, and those in the file `secured` over TLS. The file is
    /// read again when it changes. No call lasts longer than `bound`.
    ///
    /// # Errors
    /// Returns an error if the file cannot be used, or the HTTP client cannot be built.
    pub fn new(
        allowed: HostPatterns,
        secured: Option<SettingFile>,
        resolver: Resolver,
        bound: Duration,
    ) -> Result<Self, HttpClientsError> {
        // The TLS library requires a provider. One that was installed before serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Plain HTTP needs no certificates, so the platform's are not read.
        let plain = builder(bound, resolver.clone()).tls_certs_only([]).build()?;
        let names = resolver.clone();
        let builder: Builder = Arc::new(move || builder(bound, names.clone()));
        let secured = Arc::new(SecuredClients::load(secured, builder, resolver)?);
        Ok(Self { plain, secured, allowed })
    }

    /// Sends a request to this endpoint, after the check that it is allowed. `complete` adds headers and the body.
    async fn send(
        &self,
        method: Method,
        url: &Url,
        within: Duration,
        complete: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, ClientError> {
        self.check(url)?;
        let began = Instant::now();
        let secured = self.secured.of(&host_of(url));
        let mut request = complete(match &secured {
            // The intent was prepared before the file changed.
            None if url.scheme() == "https" => return Err(not_secured(url)),
            None => self.plain.request(method, url.clone()),
            Some(client) => client.http().request(method, url.clone()),
        });
        if let Some(client) = &secured
            && let Some(authorization) = client.authorization(url, within).await?
        {
            request = request.header(AUTHORIZATION, authorization);
        }
        let sent = request.timeout(within.saturating_sub(began.elapsed())).send().await;
        let answer = sent.map_err(|error| failed(url, within, error))?;
        if answer.status() == StatusCode::UNAUTHORIZED
            && let Some(client) = &secured
        {
            client.refused().await;
        }
        Ok(answer)
    }

    fn check(&self, url: &Url) -> Result<(), ClientError> {
        let host = host_of(url);
        let never = guard::check(url).is_err();
        if !never && self.allowed.allow(&host) {
            return Ok(());
        }
        let reason = if never { NEVER } else { NOT_LISTED };
        Err(ClientError::Forbidden { host: host.to_string(), reason })
    }

    /// Returns `http(s)://{clientEndpointName}:{clientEndpointPort}/` with these segments, each escaped.
    fn url_below(&self, endpoint: &ClientEndpoint, path: &[&str]) -> Result<Url, ClientError> {
        let name = &endpoint.client_endpoint_name;
        let port = endpoint.client_endpoint_port;
        let authority =
            if name.contains(':') { format!("[{name}]:{port}") } else { format!("{name}:{port}") };
        let parse = |scheme: &str| {
            let text = format!("{scheme}://{authority}");
            Url::parse(&text).map_err(|error| ClientError::Unreachable { url: text, source: error.into() })
        };
        let mut url = parse("http")?;
        if self.secured.of(&host_of(&url)).is_some() {
            url = parse("https")?;
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(path);
        }
        Ok(url)
    }

    /// Sends a request without a body. A response of a gateway is an error.
    async fn ask(
        &self,
        method: Method,
        url: &Url,
        within: Duration,
    ) -> Result<reqwest::Response, ClientError> {
        let answer = self.send(method, url, within, |request| request).await?;
        if is_of_a_gateway(answer.status().as_u16()) { Err(refused(url, answer).await) } else { Ok(answer) }
    }
}

/// Returns the settings that all calls share.
fn builder(bound: Duration, resolver: Resolver) -> reqwest::ClientBuilder {
    guard::guarded(reqwest::Client::builder(), resolver)
        .user_agent(concat!("emco-workflow-bridge/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        // Shorter than the timeout of the whole call. If the connection fails, it is certain that nothing was
        // sent.
        .connect_timeout(CONNECT_TIMEOUT.min(bound / 2))
}

fn host_of(url: &Url) -> HostPort {
    HostPort::new(url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// The call was made for TLS, and the file no longer has the host.
fn not_secured(url: &Url) -> ClientError {
    let source = "BRIDGE_CLIENTS had this host when the call was prepared, and no longer does".into();
    ClientError::Unreachable { url: url.to_string(), source }
}

fn failed(url: &Url, within: Duration, error: reqwest::Error) -> ClientError {
    let url = url.to_string();
    if guard::is_refusal(&error) {
        ClientError::Forbidden { host: url, reason: NEVER }
    } else if error.is_connect() || error.is_builder() {
        ClientError::Unreachable { url, source: error.without_url().into() }
    } else if error.is_timeout() {
        ClientError::TimedOut { url, bound: within }
    } else {
        ClientError::AnswerLost { url, source: error.without_url().into() }
    }
}

#[async_trait]
impl Clients for HttpClients {
    fn prepare(
        &self,
        endpoint: &ClientEndpoint,
        spec: &TemporalSpec,
        idempotency_key: &str,
        cause: &Cause,
    ) -> Result<Invocation, ClientError> {
        Ok(Invocation {
            url: self.url_below(endpoint, &["invoke", &spec.workflow_client_name])?,
            body: to_go_json(spec).into(),
            idempotency_key: idempotency_key.to_owned(),
            cause: cause.clone(),
        })
    }

    async fn invoke(&self, call: &Invocation, within: Duration) -> Result<Accepted, ClientError> {
        let Invocation { url, body, idempotency_key, cause } = call;
        let complete = |request: reqwest::RequestBuilder| {
            request
                .headers(headers_of(cause))
                .header(CONTENT_TYPE, "application/json")
                .header("Idempotency-Key", idempotency_key)
                // Our own clients then report whether the workflow was running before. A client written for
                // EMCO ignores this header.
                .header("Prefer", "return=representation")
                .body(body.clone())
        };
        let answer = self.send(Method::POST, url, within, complete).await?;
        if !answer.status().is_success() {
            return Err(refused(url, answer).await);
        }
        // The client has accepted the start, even if reading the rest fails.
        let headers = answer.headers().clone();
        Ok(accepted(&headers, &guard::beginning(answer, ANSWER_MAX).await))
    }

    async fn takes_keys(&self, call: &Invocation, within: Duration) -> Result<bool, ClientError> {
        let answer = self.ask(Method::OPTIONS, &call.url, within).await?;
        let value = answer.headers().get(ACCEPTS_IDEMPOTENCY_KEY);
        Ok(answer.status().is_success() && value.is_some_and(|value| value == "true"))
    }

    async fn catalogue(
        &self,
        endpoint: &ClientEndpoint,
        within: Duration,
    ) -> Result<Option<Catalogue>, ClientError> {
        let url = self.url_below(endpoint, &["invoke"])?;
        let answer = self.ask(Method::GET, &url, within).await?;
        match answer.status() {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => return Ok(None),
            status if !status.is_success() => return Err(refused(&url, answer).await),
            _ => {}
        }
        let body = guard::beginning(answer, CATALOGUE_MAX).await;
        // A catalogue without clients is not one of ours: another server responds at this path.
        let read = heavy(body.len(), move || read::<Catalogue>(&body)).await;
        Ok(read.ok().map(|read| read.value).filter(|found| !found.clients.is_empty()))
    }
}

async fn refused(url: &Url, answer: reqwest::Response) -> ClientError {
    let status = answer.status();
    let nothing_started = answer.headers().get(START_OUTCOME).is_some_and(|outcome| outcome == "none");
    let ErrorBody { text, faults } = guard::error_body(answer, &[]).await.unwrap_or_default();
    ClientError::Refused {
        url: url.to_string(),
        status: status.as_u16(),
        answer: status.to_string(),
        text,
        // The client gets this part of the intent.
        faults: faults.into_iter().map(|fault| fault.below("$.spec.temporal")).collect(),
        nothing_started,
    }
}

/// Reads the response to a start. Our own workflow clients send headers, and a body if one is preferred;
/// others send neither.
fn accepted(headers: &HeaderMap, body: &[u8]) -> Accepted {
    let started: Option<Started> =
        serde_json::from_slice(body).ok().filter(|started: &Started| !started.run_id.is_empty());
    // Percent-encoded, because a header cannot carry every ID. An ID that is empty or has a NUL character is
    // not valid, and is ignored.
    let id = |header: &str, of: fn(&Started) -> &str| {
        let of_header = headers.get(header).and_then(|value| value.to_str().ok()).map(decoded);
        let of_body = started.as_ref().map(|started| of(started).to_owned());
        [of_header, of_body].into_iter().flatten().find(|id| !id.is_empty() && !id.contains('\0'))
    };
    Accepted {
        workflow_id: id("Workflow-Id", |started| started.workflow_id.as_str()).map(Into::into),
        run_id: id("Run-Id", |started| started.run_id.as_str()).map(Into::into),
        already_running: started.as_ref().map(|started| started.already_running),
    }
}

/// Returns the headers that identify the request that a call belongs to, and name its caller.
fn headers_of(Cause { correlation, caller }: &Cause) -> HeaderMap {
    let texts = [
        ("x-request-id", Some(&correlation.request_id)),
        ("traceparent", Some(&correlation.trace_parent)),
        ("tracestate", correlation.trace_state.as_ref()),
    ];
    let headers = texts.into_iter().filter_map(|(name, text)| {
        let text = text.filter(|text| !text.is_empty())?;
        Some((HeaderName::from_static(name), HeaderValue::from_str(text).ok()?))
    });
    let callers = caller
        .iter()
        .flat_map(Caller::headers)
        .filter_map(|(name, text)| Some((HeaderName::from_static(name), HeaderValue::try_from(text).ok()?)));
    headers.chain(callers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(allowed: &str) -> HttpClients {
        let (allowed, bound) = (allowed.parse().unwrap(), Duration::from_secs(1));
        HttpClients::new(allowed, None, Resolver::default(), bound).unwrap()
    }

    fn url_of(host: &str, name: &str) -> String {
        let endpoint = ClientEndpoint { client_endpoint_name: host.to_owned(), client_endpoint_port: 9090 };
        let spec = TemporalSpec { workflow_client_name: name.to_owned(), ..TemporalSpec::default() };
        clients("*").prepare(&endpoint, &spec, "key", &Cause::default()).unwrap().url.into()
    }

    #[test]
    fn addresses_are_bracketed_and_names_escaped() {
        assert_eq!(url_of("client", "migrate"), "http://client:9090/invoke/migrate");
        assert_eq!(url_of("fd00::1", "migrate"), "http://[fd00::1]:9090/invoke/migrate");
        assert_eq!(url_of("client", "../a b?c#d/e"), "http://client:9090/invoke/..%2Fa%20b%3Fc%23d%2Fe");
    }

    #[test]
    fn forbidden_hosts_are_found_in_every_spelling() {
        let invoke = clients("*");
        for host in [
            "169.254.169.254",
            "2852039166",
            "0xa9.254.169.254",
            "0251.0376.0251.0376",
            "::ffff:a9fe:a9fe",
            "fe80::1",
        ] {
            let url = Url::parse(&url_of(host, "x")).unwrap();
            assert!(matches!(invoke.check(&url), Err(ClientError::Forbidden { .. })), "{host}");
        }
    }

    #[test]
    fn only_listed_hosts_are_called() {
        let invoke = clients("*.emco:9090");
        invoke.check(&Url::parse(&url_of("a.emco", "x")).unwrap()).unwrap();
        let error = invoke.check(&Url::parse(&url_of("a.org", "x")).unwrap()).unwrap_err();
        assert!(
            error.to_string().contains("`a.org:9090`") && error.to_string().contains("BRIDGE_CLIENT_HOSTS"),
            "{error}"
        );
    }

    #[test]
    fn headers_win_over_the_body() {
        let mut headers = HeaderMap::new();
        assert_eq!(accepted(&headers, b""), Accepted::default());
        let body = br#"{"workflowID":"w","runID":"r","alreadyRunning":true}"#;
        let report = accepted(&headers, body);
        assert_eq!(
            (report.workflow_id, report.run_id, report.already_running),
            (Some("w".into()), Some("r".into()), Some(true))
        );
        headers.insert("Run-Id", "r2".parse().unwrap());
        assert_eq!(accepted(&headers, body).run_id, Some("r2".into()));
        headers.insert("Workflow-Id", "Z%C3%BCrich%20100%25".parse().unwrap());
        assert_eq!(accepted(&headers, b"").workflow_id, Some("Zürich 100%".into()));
        headers.insert("Workflow-Id", "a%00b".parse().unwrap());
        assert_eq!(accepted(&headers, b"").workflow_id, None);
    }
}
