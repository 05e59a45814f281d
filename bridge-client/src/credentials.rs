//! How callers prove who they are.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::HeaderValue;
use tokio::process::Command;

use crate::Error;

/// How long a command may take: a person may have to log in meanwhile.
const COMMAND_WITHIN: Duration = Duration::from_secs(120);

/// Where the bearer token comes from. It is asked for with each request, because tokens expire.
///
/// `Debug` shows no token.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Credentials {
    /// There is none. The bridge may know the caller by a client certificate
    /// ([`Settings::identity`](crate::Settings::identity)).
    #[default]
    None,
    /// This token.
    Token(String),
    /// The token in this file, without white space around it.
    File(PathBuf),
    /// The token that this program prints: its path or name, and its arguments. No shell is involved.
    Command(Vec<String>),
    /// The token that this function returns.
    Function(TokenFunction),
}

/// A function that returns a token, or a sentence why it has none.
pub type TokenFunction = Arc<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

impl Credentials {
    /// Returns the value of the header `Authorization`, if there is a token.
    pub(crate) async fn header(&self) -> Result<Option<HeaderValue>, Error> {
        let token = match self {
            Self::None => return Ok(None),
            Self::Token(token) => token.clone(),
            Self::File(path) => tokio::fs::read_to_string(path).await.map_err(|error| {
                Error::Credentials(format!("the token cannot be read from {}: {error}", path.display()))
            })?,
            Self::Command(words) => printed(words).await.map_err(Error::Credentials)?,
            Self::Function(function) => function().await.map_err(Error::Credentials)?,
        };
        let token = token.trim();
        if token.is_empty() {
            return Err(Error::Credentials("the token is empty".to_owned()));
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_not_a_header| {
            Error::Credentials("the token has characters that no header can have".to_owned())
        })?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}

/// Returns what a program prints. Its standard error is that of this process, so that it can talk to a person.
async fn printed(words: &[String]) -> Result<String, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("the command that prints the token is empty".to_owned());
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = tokio::time::timeout(COMMAND_WITHIN, command.output()).await;
    let output = output
        .map_err(|_late| format!("`{program}` has printed no token within {} s", COMMAND_WITHIN.as_secs()))?
        .map_err(|error| format!("`{program}`, which prints the token, does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{program}`, which prints the token, has failed ({})", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_not_text| format!("`{program}` has printed no text"))
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Token(_) => f.write_str("Token(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            // An argument could be a secret.
            Self::Command(words) => f.debug_tuple("Command").field(&words.first()).finish(),
            Self::Function(_) => f.write_str("Function(…)"),
        }
    }
}
