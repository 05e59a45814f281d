//! The client with which EMCO is asked for deployment intent groups, as the settings say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use emco::{BuildError, Client, Retry, Settings, Token};

use crate::app::Parents;
use crate::config::EmcoSettings;

/// A caller waits for it.
const TIMEOUT: Duration = Duration::from_secs(3);
const TRIES: u32 = 2;

/// Why EMCO cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParentsError {
    /// A file of the settings cannot be read.
    #[error("the file {} ({setting}) cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The variable that names it.
        setting: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The settings make no client.
    #[error("BRIDGE_EMCO_URL, BRIDGE_EMCO_TOKEN_FILE or BRIDGE_EMCO_CA_FILE cannot be used")]
    Client(#[from] BuildError),
}

/// Who vouches for deployment intent groups.
pub(crate) fn open(settings: &EmcoSettings) -> Result<Parents, ParentsError> {
    let Some(url) = &settings.url else { return Ok(Parents::default()) };
    // Read with each call, as it may change; a file that is not there should be known now.
    if let Some(file) = &settings.token_file {
        read("BRIDGE_EMCO_TOKEN_FILE", file)?;
    }
    let token = settings.token_file.clone().map(Token::file);
    let client = Settings {
        timeout: TIMEOUT,
        token,
        roots: settings.ca_file.as_deref().map(|file| read("BRIDGE_EMCO_CA_FILE", file)).transpose()?,
        retry: Retry { tries: TRIES, ..Retry::default() },
        ..Settings::default()
    };
    Ok(Parents::of(Client::new(url, client)?))
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, ParentsError> {
    std::fs::read(path).map_err(|source| ParentsError::File { path: path.to_owned(), setting, source })
}
