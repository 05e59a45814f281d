//! This process as a client of an issuer: the requests of a login (RFC 6749).

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::fetch::{FetchError, Source};
use super::settings::{LoginSettings, a_url, some_url};
use crate::files::{FileError, SettingFile};

/// How long the issuer's endpoints are used before they are fetched again.
const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// How long to wait after a failed fetch before the next one. Strangers must not make us call the issuer more often.
const PAUSE: SignedDuration = SignedDuration::from_secs(2);

/// This process as a client of an issuer.
pub(super) struct Client {
    pub(super) settings: LoginSettings,
    source: Arc<Source>,
    /// When the endpoints were fetched, and what was found.
    endpoints: Mutex<Option<(Timestamp, Option<Arc<Endpoints>>)>>,
}

/// The parts of the discovery document that a login needs.
#[derive(Deserialize)]
pub(super) struct Endpoints {
    #[serde(deserialize_with = "a_url")]
    pub(super) authorization_endpoint: Url,
    #[serde(deserialize_with = "a_url")]
    token_endpoint: Url,
    #[serde(default, deserialize_with = "some_url")]
    pub(super) end_session_endpoint: Option<Url>,
    /// Whether each response names the issuer (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// The response of the token endpoint. Its access token is not used.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: Option<String>,
    pub(super) refresh_token: Option<String>,
}

/// The response of the token endpoint to a request that it refuses (RFC 6749, 5.2).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
}

/// Why a person cannot log in. The texts are for that person.
#[derive(Debug, thiserror::Error)]
pub enum LoginFault {
    /// The issuer is away, or its documents cannot be used.
    #[error("the issuer cannot be reached now; try again later")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// The client's secret cannot be read.
    #[error("the secret for the issuer cannot be read; ask the administrator")]
    Secret(#[source] FileError),
    /// The response names another issuer.
    #[error("the response is not that of our issuer")]
    OtherIssuer,
    /// The code or the refresh token is not valid (any more), or we are not a client of the issuer.
    #[error("the issuer refused the login: {0}")]
    Refused(String),
    /// The ID token is not valid.
    #[error("the ID token cannot be accepted: {0}")]
    Token(String),
}

impl LoginFault {
    /// Whether the issuer does not know the person any more, or not this login; asking again is of no use.
    pub fn is_final(&self) -> bool {
        match self {
            // Other codes are about us (RFC 6749, 5.2).
            Self::Refused(code) => code == "invalid_grant",
            Self::Token(_) => true,
            Self::Unavailable(_) | Self::Secret(_) | Self::OtherIssuer => false,
        }
    }
}

impl Client {
    pub(super) fn new(settings: LoginSettings, source: Arc<Source>) -> Result<Self, FileError> {
        // A wrong setting shows at once.
        settings.client_secret_file.as_deref().map(secret).transpose()?;
        Ok(Self { settings, source, endpoints: Mutex::default() })
    }

    pub(super) async fn endpoints(&self, now: Timestamp) -> Result<Arc<Endpoints>, LoginFault> {
        // Callers wait for each other's fetch.
        let mut known = self.endpoints.lock().await;
        if let Some((at, found)) = &*known {
            let age = now.duration_since(*at).abs();
            match found {
                Some(endpoints) if age < FRESH => return Ok(Arc::clone(endpoints)),
                None if age < PAUSE => return Err(LoginFault::Unavailable(None)),
                _ => {}
            }
        }
        let found = self.source.discover::<Endpoints>().await.map(Arc::new);
        *known = Some((now, found.as_ref().ok().map(Arc::clone)));
        found.map_err(unavailable)
    }

    /// Returns a request to the token endpoint: the header that authenticates us, and the form.
    fn request(&self, fields: &[(&str, &str)]) -> Result<(Option<HeaderValue>, String), FileError> {
        let client = &self.settings.client_id;
        let mut form = Serializer::new(String::new());
        form.extend_pairs(fields);
        let authorization = match &self.settings.client_secret_file {
            Some(file) => Some(basic(client, &secret(file)?)),
            None => {
                form.append_pair("client_id", client);
                None
            }
        };
        Ok((authorization, form.finish()))
    }

    /// Asks the token endpoint (RFC 6749, 4.1.3 and 6).
    pub(super) async fn tokens(
        &self,
        endpoints: &Endpoints,
        fields: &[(&str, &str)],
    ) -> Result<Tokens, LoginFault> {
        let (authorization, form) = self.request(fields).map_err(LoginFault::Secret)?;
        let answer = self.source.post(&endpoints.token_endpoint, authorization, form).await;
        let (status, body) = answer.map_err(unavailable)?;
        if status == StatusCode::OK {
            return serde_json::from_slice(&body)
                .map_err(|error| LoginFault::Unavailable(Some(error.into())));
        }
        let Refused { error } = serde_json::from_slice(&body).unwrap_or_default();
        // Codes have no other characters (RFC 6749, 5.2).
        let is_code = !error.is_empty() && error.bytes().all(|byte| byte.is_ascii_graphic());
        if status.is_client_error() && is_code {
            return Err(LoginFault::Refused(error.chars().take(100).collect()));
        }
        let error = format!("{} responded with {status}", endpoints.token_endpoint);
        Err(LoginFault::Unavailable(Some(error.into())))
    }
}

fn unavailable(error: FetchError) -> LoginFault {
    LoginFault::Unavailable(Some(error.into()))
}

/// Reads the client's secret, which may have been replaced.
fn secret(path: &Path) -> Result<String, FileError> {
    let file = SettingFile::from(path);
    let secret =
        std::fs::read_to_string(path).map_err(|error| file.fault_because("cannot be read", error))?;
    match secret.trim() {
        "" => Err(file.fault("holds no secret")),
        secret => Ok(secret.to_owned()),
    }
}

/// `client_secret_basic` (RFC 6749, 2.3.1).
fn basic(client: &str, secret: &str) -> HeaderValue {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encoded(client), encoded(secret)));
    // Base64 has no characters that a header cannot carry.
    let mut value =
        HeaderValue::try_from(format!("Basic {pair}")).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
