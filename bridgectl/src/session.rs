//! What commands share: the bridge, the defaults for names, the form of output.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context as _, Result};
use bridge_client::{Bridge, Credentials, DigKey, IntentKey, Settings};

use crate::config::{self, Config, Context, Global};
use crate::exit::ended;
use crate::files;
use crate::login::Login;
use crate::names::{self, RuleName};
use crate::output::Output;

/// A bearer token. There is no flag for it, because others can see the arguments of a process.
const TOKEN: &str = "BRIDGECTL_TOKEN";

/// A bridge, the defaults for names, the form of output.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) bridge: Bridge,
    pub(crate) out: Output,
    login: Option<Login>,
    group: Option<DigKey>,
    project: Option<String>,
}

impl Session {
    /// Finds out from the command line, the variables and the contexts which bridge it is.
    pub(crate) fn open(global: Global) -> Result<Self> {
        // A variable is a part of the command line here: clap has read it. A flag wins over this one, this one over
        // the file.
        let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty() && !global.own.has_token());
        // Who gives everything on the command line needs no file.
        let path = global.config.map_or_else(config::default_path, Ok);
        let (context, login) = match (path, global.own.url.is_some() && global.context.is_none()) {
            (_, true) => (global.own, None),
            (path, false) => {
                let path = path?;
                let config = Config::read(&path)?;
                let context = global.own.or(config.context(global.context.as_deref())?);
                let name = global.context.or(config.current);
                let login = name.map(|name| Login::of(&context, &path, &name)).transpose()?.flatten();
                (context, login)
            }
        };
        Self::new(context, token, login, Output(global.output))
    }

    /// A `token` takes precedence over the ones of the context, and those over its login.
    fn new(context: Context, token: Option<String>, login: Option<Login>, out: Output) -> Result<Self> {
        let Some(url) = &context.url else {
            let text = "which bridge? Give --url, or make a context: bridgectl context set NAME --url URL";
            return Err(ended(2, text));
        };
        let mut settings = Settings::default();
        settings.user_agent = concat!("bridgectl/", env!("CARGO_PKG_VERSION")).to_owned();
        settings.credentials = credentials(token, &context, login.as_ref());
        settings.roots = context.ca_file.as_deref().map(files::read).transpose()?;
        settings.identity = match (&context.cert_file, &context.key_file) {
            (Some(certificate), Some(key)) => Some([files::read(certificate)?, files::read(key)?].concat()),
            _ => None,
        };
        let bridge = Bridge::new(url, settings).with_context(|| format!("cannot use the bridge at {url}"))?;
        let group = context.group.as_deref().map(names::group).transpose().map_err(usage)?;
        let project = context.project.or_else(|| group.as_ref().map(|dig| dig.project.clone()));
        Ok(Self { bridge, out, login, group, project })
    }

    /// Returns the login of the context.
    pub(crate) fn login(&self) -> Result<&Login> {
        let missing = "where to log in? Give the context an issuer: \
                       bridgectl context set NAME --issuer URL --client-id ID";
        self.login.as_ref().ok_or_else(|| ended(2, missing))
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

fn credentials(token: Option<String>, context: &Context, login: Option<&Login>) -> Credentials {
    match (token, context.token_command.is_empty(), &context.token_file, login) {
        (Some(token), ..) => Credentials::Token(token),
        (None, false, ..) => Credentials::Command(context.token_command.clone()),
        (None, true, Some(file), _) => Credentials::File(file.clone()),
        // Who has a certificate need not log in.
        (None, true, None, Some(login)) if context.cert_file.is_none() => login.clone().credentials(),
        (None, true, None, _) => Credentials::None,
    }
}
