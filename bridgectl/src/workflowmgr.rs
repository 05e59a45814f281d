//! Workflow intents of EMCO's workflowmgr, which the bridge replaces.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use bridge_client::DigKey;
use emco::{Client, Settings, Token};
use serde::Deserialize;

use crate::documents::{Document, What};
use crate::exit::ended;
use crate::files;
use crate::session::{self, path};

/// Where the intents are, and which of them to read.
#[derive(Debug, clap::Args)]
pub(crate) struct Workflowmgr {
    /// Read the intents of the workflowmgr at this URL.
    #[arg(long, value_name = "URL")]
    pub(crate) workflowmgr: Option<String>,
    /// The groups whose intents to read: project/app/version/group. With --emco, the beginning of it is enough, and
    /// without any, all groups are read.
    #[arg(value_name = "GROUP", requires = "workflowmgr")]
    groups: Vec<String>,
    /// Find the groups at EMCO's orchestrator at this URL.
    #[arg(long, value_name = "URL", requires = "workflowmgr")]
    emco: Option<String>,
    /// A file with the bearer token for both.
    #[arg(long, value_name = "FILE", requires = "workflowmgr")]
    emco_token_file: Option<PathBuf>,
    /// Certificates (PEM) to trust for both, in addition to the system's.
    #[arg(long, value_name = "FILE", requires = "workflowmgr")]
    emco_ca_file: Option<PathBuf>,
}

/// What is read of an intent.
#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

impl Workflowmgr {
    /// Reads the intents, in the order of their groups and names.
    pub(crate) async fn documents(&self) -> Result<Vec<Document>> {
        let url = self.workflowmgr.as_deref().unwrap_or_default();
        let client = self.client(url)?;
        let mut documents = Vec::new();
        for dig in self.digs().await? {
            let mut found = Vec::new();
            for json in client.workflow_intents(&dig).await? {
                let Named { metadata } = serde_json::from_str(json.get())
                    .with_context(|| format!("an intent of {} at {url} has no name", path(&dig)))?;
                let what = What::Intent(dig.intent(&metadata.name));
                found.push((
                    metadata.name,
                    Document { what, json: json.get().to_owned(), file: url.to_owned() },
                ));
            }
            found.sort_by(|(one, _), (other, _)| one.cmp(other));
            documents.extend(found.into_iter().map(|(_, document)| document));
        }
        Ok(documents)
    }

    /// Returns the groups, in order.
    async fn digs(&self) -> Result<Vec<DigKey>> {
        let Some(emco) = &self.emco else {
            if self.groups.is_empty() {
                return Err(ended(
                    2,
                    "which groups? Name them (project/app/version/group), or give --emco URL",
                ));
            }
            let named = self.groups.iter().map(|group| crate::names::group(group).map_err(session::usage));
            return named.collect();
        };
        let client = self.client(emco)?;
        let mut digs = Vec::new();
        for project in client.project_names().await? {
            for (app, version) in client.composite_apps(&project).await? {
                let of = DigKey::new(&project, app, version, "");
                let names = client.dig_names(&of).await?;
                digs.extend(names.into_iter().map(|dig| DigKey { dig, ..of.clone() }));
            }
        }
        digs.retain(|dig| self.groups.is_empty() || self.groups.iter().any(|begin| is_in(dig, begin)));
        digs.sort();
        Ok(digs)
    }

    fn client(&self, url: &str) -> Result<Client> {
        let roots = self.emco_ca_file.as_deref().map(files::read).transpose()?;
        let token = self.emco_token_file.clone().map(Token::file);
        let settings = Settings { roots, token, ..Settings::default() };
        Client::new(url, settings).with_context(|| format!("cannot use {url}"))
    }
}

/// Returns whether a group is the named one, or in the named project, app or version.
fn is_in(dig: &DigKey, begin: &str) -> bool {
    let path = path(dig);
    path.strip_prefix(begin.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_in_what_begins_its_path() {
        let dig = DigKey::new("proj1", "capp1", "v1", "dig1");
        for begin in ["proj1", "proj1/", "proj1/capp1", "proj1/capp1/v1/dig1"] {
            assert!(is_in(&dig, begin), "{begin}");
        }
        for begin in ["proj", "proj1/capp1/v1/dig", "proj2", "proj1/capp1/v1/dig1/more"] {
            assert!(!is_in(&dig, begin), "{begin}");
        }
    }
}
