//! `context`: which bridges there are, and which one is used.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::config::{self, Config, Global};
use crate::exit::ended;
use crate::login::Login;
use crate::output::{Listing, Output};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the contexts.
    List,
    /// Use a context from now on.
    Use { name: String },
    /// Make a context, or change it: with the global options, such as --url and --group. The first one is used from
    /// now on.
    Set { name: String },
    /// Delete a context.
    Delete { name: String },
    /// Print where the file with the contexts is.
    Path,
}

impl Command {
    pub(crate) fn run(self, global: Global) -> Result<()> {
        let path = global.config.map_or_else(config::default_path, Ok)?;
        let (mut config, out) = (Config::read(&path)?, Output(global.output));
        match self {
            Self::List => list(&config, out),
            Self::Use { name } => {
                known(&config, &name)?;
                config.current = Some(name.clone());
                config.write(&path)?;
                out.done(&name, &format!("{name} is used"))
            }
            Self::Set { name } => {
                let old = config.contexts.remove(&name);
                config.contexts.insert(name.clone(), global.own.or(old.unwrap_or_default()));
                config.current.get_or_insert_with(|| name.clone());
                config.write(&path)?;
                out.done(&name, &format!("{name} set"))
            }
            Self::Delete { name } => {
                known(&config, &name)?;
                config.contexts.remove(&name);
                config.current.take_if(|current| *current == name);
                config.write(&path)?;
                Login::forget(&path, &name)?;
                out.done(&name, &format!("{name} deleted"))
            }
            Self::Path => shown(&path),
        }
    }
}

fn shown(path: &Path) -> Result<()> {
    crate::output::line(&path.display().to_string())
}

fn known(config: &Config, name: &str) -> Result<()> {
    match config.contexts.contains_key(name) {
        true => Ok(()),
        false => Err(ended(3, format!("there is no context `{name}`"))),
    }
}

fn list(config: &Config, out: Output) -> Result<()> {
    let json = serde_json::to_string(&json!(config)).context("the contexts cannot be written as JSON")?;
    let row = |(name, context): (&String, &config::Context)| {
        let current = config.current.as_ref() == Some(name);
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        vec![
            name.clone(),
            if current { "*" } else { "" }.to_owned(),
            text(&context.url),
            text(&context.group),
            text(&context.project),
        ]
    };
    let rows = config.contexts.iter().map(row).collect();
    out.list(&Listing { json, header: &["NAME", "CURRENT", "URL", "GROUP", "PROJECT"], narrow: 5, rows })
}
