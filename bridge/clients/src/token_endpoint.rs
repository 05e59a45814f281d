//! Tokens of a token endpoint, by client credentials (RFC 6749 §4.4).

use std::path::PathBuf;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use service::files::{FileError, Reloaded, SettingFile};
use service::outbound::guard::{self, guarded};
use service::outbound::{ResolveError, Resolver};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use url::{Host, Url, form_urlencoded};

use crate::certificates::certificates;

/// The timeout of a request, and of a fetch with its retries.
const ONCE: Duration = Duration::from_secs(3);
const ALTOGETHER: Duration = Duration::from_secs(5);
/// The pauses between the attempts of a fetch.
const PAUSES: ExponentialBuilder =
    ExponentialBuilder::new().with_min_delay(Duration::from_millis(100)).with_max_times(2);
/// How long the failure of a fetch is the answer to all callers.
const FAILED: Duration = Duration::from_secs(1);
/// A token is not used in the last part of its life, at most this time. The clocks and the way to the client take some.
const MARGIN: Duration = Duration::from_secs(30);
/// The life of a token whose endpoint does not give it.
const LIFE: Duration = Duration::from_secs(60);
/// A larger answer is none.
const ANSWER_MAX: usize = 64 << 10;

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenEndpointSettings {
    url: String,
    client_id: String,
    client_secret_file: PathBuf,
    scope: Option<String>,
    audience: Option<String>,
    resource: Option<String>,
    /// Authorities to trust for it instead of the system's.
    ca_file: Option<PathBuf>,
}

/// Fetches tokens, and keeps each until shortly before it expires. There is one fetch at a time.
#[derive(Debug)]
pub(crate) struct TokenEndpoint {
    settings: TokenEndpointSettings,
    http: Reloaded<reqwest::Client>,
    secret: Reloaded<Secret>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    failed: Option<(TokenError, Instant)>,
}

struct Secret(String);

#[derive(Clone)]
struct Token {
    bearer: HeaderValue,
    /// When another one is fetched, and when it expires.
    renew: Instant,
    expires: Instant,
}

/// Why there is no token. Secrets and answers are not in the text.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the token endpoint {url} {reason}")]
pub(crate) struct TokenError {
    url: String,
    reason: String,
    passes: bool,
}

impl TokenEndpointSettings {
    /// Checks the URL.
    pub(crate) fn check(&self) -> Result<(), String> {
        let url =
            Url::parse(&self.url).map_err(|_no_url| "the url of token_endpoint is not a URL".to_owned())?;
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the url of token_endpoint must not contain a user or a password".to_owned());
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if is_local => Ok(()),
            _ => Err("the token_endpoint is without TLS; use https".to_owned()),
        }
    }

    /// Returns the body of a request.
    fn form(&self) -> String {
        let Self { scope, audience, resource, .. } = self;
        let parameters = [("scope", scope), ("audience", audience), ("resource", resource)];
        let parameters = parameters.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials").extend_pairs(parameters);
        form.finish()
    }
}

impl TokenEndpoint {
    /// Reads the files of the settings. Fetches nothing yet.
    pub(crate) fn load(settings: TokenEndpointSettings, resolver: &Resolver) -> Result<Self, FileError> {
        let (ca, resolver) = (settings.ca_file.as_deref().map(SettingFile::from), resolver.clone());
        let secret = SettingFile::from(settings.client_secret_file.as_path());
        let is_plain = settings.url.starts_with("http:");
        let own = secret.clone();
        Ok(Self {
            http: Reloaded::load(ca.clone().into_iter().collect(), move |contents| {
                let client = guarded(reqwest::Client::builder(), resolver.clone()).timeout(ONCE);
                let client = match (&ca, contents) {
                    (Some(file), [pem]) => client.tls_certs_only(certificates(file, pem)?),
                    // A minimal image has no authorities, and plain HTTP needs none.
                    _ if is_plain => client.tls_certs_only([]),
                    _ => client,
                };
                let file = ca.as_ref().unwrap_or(&own);
                client.build().map_err(|error| file.fault_because("cannot be used: no HTTP client", error))
            })?,
            secret: Reloaded::load(vec![secret.clone()], move |contents| {
                let text = String::from_utf8_lossy(&contents.concat()).trim().to_owned();
                if text.is_empty() { Err(secret.fault("has no secret")) } else { Ok(Secret(text)) }
            })?,
            settings,
            state: Mutex::default(),
        })
    }

    /// Returns `Bearer` and a token.
    pub(crate) async fn bearer(&self, within: Duration) -> Result<HeaderValue, TokenError> {
        timeout(within, self.current()).await.unwrap_or_else(|_| Err(self.late(within)))
    }

    async fn current(&self) -> Result<HeaderValue, TokenError> {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some(token) = &state.token
            && now < token.renew
        {
            return Ok(token.bearer.clone());
        }
        let valid = state.token.clone().filter(|token| now < token.expires).map(|token| token.bearer);
        if let Some((error, until)) = &state.failed
            && now < *until
        {
            return valid.ok_or_else(|| error.clone());
        }
        match self.fetch().await {
            Ok(token) => {
                *state = State { token: Some(token.clone()), failed: None };
                Ok(token.bearer)
            }
            Err(error) => {
                tracing::warn!(error = workflow_api::chain(&error), "no token for workflow clients");
                state.failed = Some((error.clone(), Instant::now() + FAILED));
                valid.ok_or(error)
            }
        }
    }

    /// Forgets the token, because a client has refused it.
    pub(crate) async fn forget(&self) {
        self.state.lock().await.token = None;
    }

    async fn fetch(&self) -> Result<Token, TokenError> {
        let fetch = (|| self.fetch_once()).retry(PAUSES).when(|error: &TokenError| error.passes);
        timeout(ALTOGETHER, fetch).await.unwrap_or_else(|_| Err(self.late(ALTOGETHER)))
    }

    async fn fetch_once(&self) -> Result<Token, TokenError> {
        let url = Url::parse(&self.settings.url).map_err(|error| self.error(error.to_string(), false))?;
        guard::check(&url)
            .map_err(|error: ResolveError| self.error(format!("cannot be called: {error}"), false))?;
        let asked = Instant::now();
        let secret = self.secret.current();
        // Each part is encoded as in a form (RFC 6749 §2.3.1).
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = self
            .http
            .current()
            .post(url)
            .basic_auth(encoded(&self.settings.client_id), Some(encoded(&secret.0)))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.settings.form());
        let answer = request.send().await.map_err(|error| {
            let reason = workflow_api::chain(&error.without_url());
            self.error(format!("cannot be asked: {reason}"), true)
        })?;
        let status = answer.status();
        let body = guard::beginning(answer, ANSWER_MAX).await;
        if !status.is_success() {
            let reason = format!("responded {status}{}", code_in(&body));
            return Err(self.error(reason, status.is_server_error() || status.as_u16() == 429));
        }
        Answer::read(&body).and_then(|answer| answer.token(asked)).map_err(|reason| self.error(reason, false))
    }

    fn late(&self, within: Duration) -> TokenError {
        self.error(format!("did not respond within {within:.0?}"), true)
    }

    fn error(&self, reason: impl Into<String>, passes: bool) -> TokenError {
        TokenError { url: self.settings.url.clone(), reason: reason.into(), passes }
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    expires_in: Option<f64>,
}

impl Answer {
    fn read(body: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(body).map_err(|_has_a_token| {
            "responded without `access_token` and `token_type` (RFC 6749 §5.1)".to_owned()
        })
    }

    /// `asked` is when the request was sent: the life of the token begins no earlier.
    fn token(self, asked: Instant) -> Result<Token, String> {
        if !self.token_type.eq_ignore_ascii_case("bearer") {
            return Err("responded with a token of another type than Bearer".to_owned());
        }
        let usable = |token: &&str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let token = Some(self.access_token.as_str()).filter(usable);
        let bearer = token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
        let mut bearer = bearer.ok_or("responded with a token that no header can carry")?;
        bearer.set_sensitive(true);
        let life = self.expires_in.map(|life| Duration::try_from_secs_f64(life).unwrap_or_default());
        let life = life.unwrap_or(LIFE).min(Duration::from_secs(24 * 3600));
        Ok(Token { bearer, renew: asked + (life - MARGIN.min(life / 5)), expires: asked + life })
    }
}

/// Returns the code of an error (RFC 6749 §5.2) in parentheses.
fn code_in(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let is_code = |code: &String| {
        code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let refusal = serde_json::from_slice(body).map(|Refusal { error }| error).ok().filter(is_code);
    refusal.map(|code| format!(" ({code})")).unwrap_or_default()
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}
