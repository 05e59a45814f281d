//! Posts to a URL of the operator.

use std::time::Duration;

use reqwest::Client;
use serde::Serialize;
use service::outbound::guard::{self, guarded};
use service::outbound::{ResolveError, Resolver};
use url::Url;

const BOUND: Duration = Duration::from_secs(5);

/// Posts JSON to one URL, without redirects or proxies.
#[derive(Debug, Clone)]
pub struct Webhook {
    client: Client,
    url: Url,
}

/// Why a post failed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The address is never called.
    #[error(transparent)]
    Forbidden(#[from] ResolveError),
    /// It did not respond, or not with success.
    #[error("`{host}` did not accept it")]
    Failed {
        /// The host.
        host: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
}

impl Webhook {
    /// Creates a webhook for this URL.
    ///
    /// # Errors
    /// Returns an error if the HTTP client cannot be built.
    pub fn new(url: Url, resolver: Resolver) -> reqwest::Result<Self> {
        // The TLS library requires a provider. One that was installed before serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = guarded(Client::builder(), resolver).timeout(BOUND).build()?;
        Ok(Self { client, url })
    }

    /// Posts a value as JSON.
    ///
    /// # Errors
    /// Returns an error if no response with success comes within 5 s.
    pub async fn post(&self, body: &impl Serialize) -> Result<(), WebhookError> {
        guard::check(&self.url)?;
        let sent = self.client.post(self.url.clone()).json(body).send().await;
        // The path or the query of the URL may be a secret.
        let failed = |error: reqwest::Error| WebhookError::Failed {
            host: self.url.host_str().unwrap_or_default().to_owned(),
            source: error.without_url(),
        };
        sent.and_then(reqwest::Response::error_for_status).map(drop).map_err(failed)
    }
}
