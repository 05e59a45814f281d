//! Asks EMCO whether deployment intent groups exist.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::model::DigKey;
use bridge_core::ports::{ParentError, Parents};
use emco::{BuildError, Client, Kind, Retry, Settings, Token};
use service::files::{FileError, Reloaded, SettingFile};

/// Short, because a caller waits for the response.
const TIMEOUT: Duration = Duration::from_secs(3);
const TRIES: u32 = 2;

/// Asks EMCO whether deployment intent groups exist. Clones share the client.
#[derive(Debug, Clone)]
pub struct EmcoParents(Option<Arc<Reloaded<Client>>>);

/// Why the client for EMCO cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ParentsError {
    /// A file of the settings cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The settings are not valid.
    #[error("BRIDGE_EMCO_URL cannot be used")]
    Client(#[from] BuildError),
}

impl EmcoParents {
    /// Builds a client for EMCO's orchestrator. Sends nothing yet. Without a URL, every group exists.
    ///
    /// The files have the bearer token, and certificates (PEM) of authorities to trust in addition to the
    /// system's. They are read again when they change.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read, or the settings are not valid.
    pub fn open(
        url: &Option<String>,
        token_file: &Option<PathBuf>,
        ca_file: &Option<PathBuf>,
    ) -> Result<Self, ParentsError> {
        let Some(url) = url.clone() else { return Ok(Self(None)) };
        // What is wrong with the URL is no fault of a file.
        if let Err(error @ (BuildError::BaseUrl(_) | BuildError::Forbidden(_))) =
            Client::new(&url, Settings::default())
        {
            return Err(error.into());
        }
        let authorities = ca_file.as_ref().map(|path| SettingFile::of("BRIDGE_EMCO_CA_FILE", path));
        let token = token_file.as_ref().map(|path| SettingFile::of("BRIDGE_EMCO_TOKEN_FILE", path));
        let (ca, token_file) = (authorities.clone(), token_file.clone());
        let files = authorities.into_iter().chain(token).collect();
        let client = Reloaded::load(files, move |contents| {
            let settings = Settings {
                timeout: TIMEOUT,
                token: token_file.clone().map(Token::file),
                roots: ca.as_ref().and_then(|_| contents.first().cloned()),
                retry: Retry { tries: TRIES, ..Retry::default() },
                ..Settings::default()
            };
            Client::new(&url, settings).map_err(|error| {
                let file =
                    ca.clone().unwrap_or_else(|| SettingFile::from(Path::new("of the system's authorities")));
                file.fault_because("cannot be used for TLS", error)
            })
        })?;
        Ok(Self(Some(Arc::new(client))))
    }
}

#[async_trait]
impl Parents for EmcoParents {
    async fn check(&self, dig: &DigKey) -> Result<(), ParentError> {
        let Some(emco) = &self.0 else { return Ok(()) };
        match emco.current().get_dig(dig).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == Kind::NotFound => Err(ParentError::NoSuchGroup(dig.clone())),
            Err(error) if error.is_retryable() => Err(ParentError::Unavailable(dig.clone(), error.into())),
            Err(error) => Err(ParentError::Refused(dig.clone(), error.into())),
        }
    }
}
