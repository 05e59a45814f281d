//! The file with the contexts: `config.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::output::Format;

/// The contexts, and which of them is used.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// The context that is used without `--context`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    /// The contexts by name.
    pub(crate) contexts: BTreeMap<String, Context>,
}

/// The options of all commands.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The context to use. Default: the current one.
    #[arg(long, global = true, env = "BRIDGECTL_CONTEXT", value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// The file with the contexts. Default: bridgectl/config.toml in $XDG_CONFIG_HOME or ~/.config.
    #[arg(long, global = true, env = "BRIDGECTL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) own: Context,
    /// The form of the output.
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Table, value_name = "FORM")]
    pub(crate) output: Format,
}

/// A bridge, how to prove who you are there, and defaults. Files are paths; `~` is not replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Context {
    /// The URL of the bridge.
    #[arg(long, global = true, env = "BRIDGECTL_URL", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// A file with the bearer token.
    #[arg(
        long,
        global = true,
        env = "BRIDGECTL_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = "token_command"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
    /// A program that prints the bearer token, with its arguments.
    #[arg(
        long,
        global = true,
        env = "BRIDGECTL_TOKEN_COMMAND",
        value_name = "COMMAND",
        value_delimiter = ' '
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) token_command: Vec<String>,
    /// Certificates (PEM) to trust in addition to the system's.
    #[arg(long, global = true, env = "BRIDGECTL_CA_FILE", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A client certificate (PEM).
    #[arg(long, global = true, env = "BRIDGECTL_CERT_FILE", value_name = "FILE", requires = "key_file")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cert_file: Option<PathBuf>,
    /// The key of the client certificate (PEM).
    #[arg(long, global = true, env = "BRIDGECTL_KEY_FILE", value_name = "FILE", requires = "cert_file")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_file: Option<PathBuf>,
    /// The issuer (OpenID Connect) at which `login` logs in.
    #[arg(long, global = true, env = "BRIDGECTL_ISSUER", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
    /// The client as which bridgectl is known there.
    #[arg(long, global = true, env = "BRIDGECTL_CLIENT_ID", value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    /// The scopes to ask for, separated by spaces. Default: openid.
    #[arg(long, global = true, env = "BRIDGECTL_LOGIN_SCOPE", value_name = "SCOPES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login_scope: Option<String>,
    /// The audience to ask for (RFC 8707), if the issuer needs it: that of the bridge.
    #[arg(long, global = true, env = "BRIDGECTL_LOGIN_RESOURCE", value_name = "URI")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login_resource: Option<String>,
    /// The deployment intent group of intents that are named alone: project/app/version/group.
    #[arg(long, short, global = true, env = "BRIDGECTL_GROUP", value_name = "GROUP")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    /// The project of rules that are named alone. Default: that of the group.
    #[arg(long, global = true, env = "BRIDGECTL_PROJECT", value_name = "PROJECT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
}

impl Context {
    /// Returns whether it has a token.
    pub(crate) fn has_token(&self) -> bool {
        self.token_file.is_some() || !self.token_command.is_empty()
    }

    /// Returns this context, and what it leaves out from another one.
    pub(crate) fn or(self, other: Self) -> Self {
        // Who gives one kind of token does not want the other.
        let (token_file, token_command) = match self.has_token() {
            true => (self.token_file, self.token_command),
            false => (other.token_file, other.token_command),
        };
        Self {
            url: self.url.or(other.url),
            token_file,
            token_command,
            ca_file: self.ca_file.or(other.ca_file),
            cert_file: self.cert_file.or(other.cert_file),
            key_file: self.key_file.or(other.key_file),
            issuer: self.issuer.or(other.issuer),
            client_id: self.client_id.or(other.client_id),
            login_scope: self.login_scope.or(other.login_scope),
            login_resource: self.login_resource.or(other.login_resource),
            group: self.group.or(other.group),
            project: self.project.or(other.project),
        }
    }
}

impl Config {
    /// Reads the file. One that does not exist has no contexts.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).with_context(|| format!("{} is not valid", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes the file, for its owner only.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = toml::to_string_pretty(self).context("the contexts cannot be written as TOML")?;
        let written = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            // A new file takes the place of the old one, so that no reader sees a half of it.
            let new = path.with_extension("toml.new");
            let mut options = fs::OpenOptions::new();
            let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&new)?;
            file.write_all(text.as_bytes())?;
            fs::rename(&new, path)
        };
        written().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Returns the context with this name, or the current one; an empty one if there is none.
    pub(crate) fn context(&self, name: Option<&str>) -> Result<Context> {
        let Some(name) = name.or(self.current.as_deref()) else { return Ok(Context::default()) };
        match self.contexts.get(name) {
            Some(context) => Ok(context.clone()),
            None => {
                bail!("there is no context `{name}`: `bridgectl context list` shows those that there are")
            }
        }
    }
}

/// Returns where the file is by default: in `$XDG_CONFIG_HOME`, or `~/.config`.
pub(crate) fn default_path() -> Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    let folder = folder.context("neither XDG_CONFIG_HOME nor HOME is set: give --config")?;
    Ok(folder.join("bridgectl/config.toml"))
}
