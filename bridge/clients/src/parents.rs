//! Asks EMCO whether deployment intent groups exist.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::model::DigKey;
use bridge_core::ports::{ParentError, Parents};
use emco::{BuildError, Client, Kind, Retry, Settings, Token};

/// Short, because a caller waits for the response.
const TIMEOUT: Duration = Duration::from_secs(3);
const TRIES: u32 = 2;

/// Asks EMCO whether deployment intent groups exist.
#[derive(Debug, Clone)]
pub struct EmcoParents(Option<Client>);

/// Why the client for EMCO cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ParentsError {
    /// A file of the settings cannot be read.
    #[error("the file {} ({setting}) cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The variable that names it.
        setting: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The settings are not valid.
    #[error("BRIDGE_EMCO_URL, BRIDGE_EMCO_TOKEN_FILE or BRIDGE_EMCO_CA_FILE cannot be used")]
    Client(#[from] BuildError),
}

impl EmcoParents {
    /// Builds a client for EMCO's orchestrator. Sends nothing yet. Without a URL, every group exists.
    ///
    /// The files have the bearer token, and certificates (PEM) of authorities to trust in addition to the
    /// system's.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read, or the settings are not valid.
    pub fn open(
        url: &Option<String>,
        token_file: &Option<PathBuf>,
        ca_file: &Option<PathBuf>,
    ) -> Result<Self, ParentsError> {
        let Some(url) = url else { return Ok(Self(None)) };
        // The file is read again for each call, but a missing file is reported now.
        if let Some(file) = token_file {
            read("BRIDGE_EMCO_TOKEN_FILE", file)?;
        }
        let client = Settings {
            timeout: TIMEOUT,
            token: token_file.clone().map(Token::file),
            roots: ca_file.as_deref().map(|file| read("BRIDGE_EMCO_CA_FILE", file)).transpose()?,
            retry: Retry { tries: TRIES, ..Retry::default() },
            ..Settings::default()
        };
        Ok(Self(Some(Client::new(url, client)?)))
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, ParentsError> {
    std::fs::read(path).map_err(|source| ParentsError::File { path: path.to_owned(), setting, source })
}

#[async_trait]
impl Parents for EmcoParents {
    async fn check(&self, dig: &DigKey) -> Result<(), ParentError> {
        let Some(emco) = &self.0 else { return Ok(()) };
        match emco.get_dig(dig).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == Kind::NotFound => Err(ParentError::NoSuchGroup(dig.clone())),
            Err(error) if error.is_retryable() => Err(ParentError::Unavailable(dig.clone(), error.into())),
            Err(error) => Err(ParentError::Refused(dig.clone(), error.into())),
        }
    }
}
