//! What commands share: the bridge, the defaults for names, the form of output.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use bridge_client::{Bridge, Credentials, DigKey, IntentKey, Settings};

use crate::config::Context;
use crate::exit::ended;
use crate::names::{self, RuleName};
use crate::output::Output;

/// A bridge, the defaults for names, the form of output.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) bridge: Bridge,
    pub(crate) out: Output,
    group: Option<DigKey>,
    project: Option<String>,
}

impl Session {
    /// A `token` takes precedence over the ones of the context.
    pub(crate) fn new(context: Context, token: Option<String>, out: Output) -> Result<Self> {
        let Some(url) = &context.url else {
            let text = "which bridge? Give --url, or make a context: bridgectl context set NAME --url URL";
            return Err(ended(2, text));
        };
        let mut settings = Settings::default();
        settings.user_agent = concat!("bridgectl/", env!("CARGO_PKG_VERSION")).to_owned();
        settings.credentials = credentials(token, &context);
        settings.roots = context.ca_file.as_deref().map(file).transpose()?;
        settings.identity = match (&context.cert_file, &context.key_file) {
            (Some(certificate), Some(key)) => Some([file(certificate)?, file(key)?].concat()),
            _ => None,
        };
        let bridge = Bridge::new(url, settings).with_context(|| format!("cannot use the bridge at {url}"))?;
        let group = context.group.as_deref().map(names::group).transpose().map_err(usage)?;
        let project = context.project.or_else(|| group.as_ref().map(|dig| dig.project.clone()));
        Ok(Self { bridge, out, group, project })
    }

    /// Returns the deployment intent group.
    pub(crate) fn group(&self) -> Result<&DigKey> {
        let missing = "which deployment intent group? Give --group project/app/version/group";
        self.group.as_ref().ok_or_else(|| ended(2, missing))
    }

    /// Returns the project.
    pub(crate) fn project(&self) -> Result<&str> {
        self.project.as_deref().ok_or_else(|| ended(2, "which project? Give --project"))
    }

    /// Returns the intent with this name.
    pub(crate) fn intent(&self, name: &str) -> Result<IntentKey> {
        names::intent(name, self.group.as_ref()).map_err(usage)
    }

    /// Returns the rule with this name.
    pub(crate) fn rule(&self, name: &str) -> Result<RuleName> {
        names::rule(name, self.project.as_deref()).map_err(usage)
    }

    /// Returns the scope that a text names, or by default that of the group, of the project, or everything.
    pub(crate) fn scope(&self, text: Option<&str>) -> String {
        match (text, &self.group, &self.project) {
            (Some(text), ..) => text.to_owned(),
            (None, Some(group), _) => path(group),
            (None, None, Some(project)) => project.clone(),
            (None, None, None) => "**".to_owned(),
        }
    }
}

/// Returns a group as it is written on the command line.
pub(crate) fn path(DigKey { project, composite_app, version, dig }: &DigKey) -> String {
    format!("{project}/{composite_app}/{version}/{dig}")
}

/// Returns an intent as it is written on the command line.
pub(crate) fn path_of(intent: &IntentKey) -> String {
    format!("{}/{}", path(&intent.dig), intent.name)
}

/// Returns the error of a wrong command line.
pub(crate) fn usage(text: String) -> anyhow::Error {
    ended(2, text)
}

/// Asks a person at the terminal whether to go on. Where there is none, it is for the caller to know.
pub(crate) fn confirm(yes: bool, question: &str) -> Result<()> {
    if yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    eprint!("{question} [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(ended(1, "nothing was done")),
    }
}

fn credentials(token: Option<String>, context: &Context) -> Credentials {
    match (token, context.token_command.is_empty(), &context.token_file) {
        (Some(token), ..) => Credentials::Token(token),
        (None, false, _) => Credentials::Command(context.token_command.clone()),
        (None, true, Some(file)) => Credentials::File(file.clone()),
        (None, true, None) => Credentials::None,
    }
}

fn file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
