//! emcoctl without emcoctl: its resource files, templates, verbs and routing (EMCO-API §5), against any EMCO.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use crate::documents::Document;
use crate::tls::install_tls_provider;
use crate::{TemplateError, render};

/// What emcoctl does with a folder of resource files. It goes on where EMCO refuses, as emcoctl does.
#[derive(Debug)]
pub struct Emcoctl {
    folder: PathBuf,
    sections: BTreeMap<String, Section>,
    http: reqwest::Client,
}

/// Where a service of EMCO is.
#[derive(Debug, Deserialize)]
struct Section {
    host: String,
    port: u16,
}

/// One request and what came back.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The verb.
    pub method: Method,
    /// The path after `/v2/`, with the query if there is one.
    pub anchor: String,
    /// The section of the configuration it went to.
    pub section: String,
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: String,
}

/// Why a file was not gone through: where emcoctl would stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmcoctlError {
    /// A file is not there, or cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not YAML of the right shape.
    #[error("{what} cannot be understood")]
    Yaml {
        /// Which file.
        what: String,
        /// Why.
        #[source]
        source: Box<serde_saphyr::Error>,
    },
    /// A resource file could not be filled in.
    #[error("{file} cannot be rendered")]
    Template {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: Box<TemplateError>,
    },
    /// An anchor begins with nothing that emcoctl knows.
    #[error("invalid base URL: {0}")]
    Anchor(String),
    /// The configuration does not say where a service is.
    #[error("no `{section}` in the configuration, which {anchor} is for")]
    Section {
        /// The section.
        section: &'static str,
        /// Who needs it.
        anchor: String,
    },
    /// The HTTP client could not be made.
    #[error("no HTTP client could be made")]
    Http(#[source] reqwest::Error),
    /// The network failed.
    #[error("{method} {anchor} could not be sent")]
    Send {
        /// The verb.
        method: Method,
        /// Where to.
        anchor: String,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
}

impl EmcoctlError {
    fn yaml(what: &str, error: serde_saphyr::Error) -> Self {
        Self::Yaml { what: what.to_owned(), source: Box::new(error) }
    }
}

impl Emcoctl {
    /// Works in a folder, as from its shell, by a configuration file's text.
    ///
    /// # Errors
    /// When the configuration cannot be understood.
    pub fn new(folder: impl Into<PathBuf>, config: &str) -> Result<Self, EmcoctlError> {
        let sections =
            serde_saphyr::from_str(config).map_err(|error| EmcoctlError::yaml("the configuration", error))?;
        install_tls_provider();
        // Plain HTTP is all that emcoctl speaks.
        let http =
            reqwest::Client::builder().tls_certs_only([]).no_proxy().build().map_err(EmcoctlError::Http)?;
        Ok(Self { folder: folder.into(), sections, http })
    }

    /// `emcoctl apply -f FILE -v VALUES`
    ///
    /// # Errors
    /// Where emcoctl would stop.
    pub async fn apply(&self, file: &str, values: &str) -> Result<Vec<Reply>, EmcoctlError> {
        let mut replies = Vec::new();
        for document in self.documents(file, values)? {
            replies.push(self.send(Method::POST, document.anchor().to_owned(), Some(&document)).await?);
        }
        Ok(replies)
    }

    /// `emcoctl update -f FILE -v VALUES`
    ///
    /// # Errors
    /// Where emcoctl would stop.
    pub async fn update(&self, file: &str, values: &str) -> Result<Vec<Reply>, EmcoctlError> {
        let mut replies = Vec::new();
        for document in self.documents(file, values)? {
            if !OPERATIONS.contains(&document.last_segment()) {
                replies.push(self.send(Method::PUT, document.place(), Some(&document)).await?);
            }
        }
        Ok(replies)
    }

    /// `emcoctl get -f FILE -v VALUES`
    ///
    /// # Errors
    /// Where emcoctl would stop.
    pub async fn get(&self, file: &str, values: &str) -> Result<Vec<Reply>, EmcoctlError> {
        let mut replies = Vec::new();
        for document in self.documents(file, values)? {
            if !OPERATIONS.contains(&document.last_segment()) && document.last_segment() != "stop" {
                replies.push(self.send(Method::GET, document.place(), None).await?);
            }
        }
        Ok(replies)
    }

    /// `emcoctl delete -f FILE -v VALUES`: from the last document to the first; what was instantiated is terminated.
    ///
    /// # Errors
    /// Where emcoctl would stop.
    pub async fn delete(&self, file: &str, values: &str) -> Result<Vec<Reply>, EmcoctlError> {
        let mut replies = Vec::new();
        for document in self.documents(file, values)?.iter().rev() {
            let last = document.last_segment();
            if matches!(last, "instantiate" | "apply") {
                let above = document.anchor().strip_suffix(last).unwrap_or_default();
                replies.push(self.send(Method::POST, format!("{above}terminate"), None).await?);
            } else if !matches!(last, "approve" | "status" | "migrate" | "update" | "rollback") {
                replies.push(self.send(Method::DELETE, document.place(), None).await?);
            }
        }
        Ok(replies)
    }

    /// `emcoctl get ANCHOR`
    ///
    /// # Errors
    /// Where emcoctl would stop.
    pub async fn get_anchor(&self, anchor: &str) -> Result<Reply, EmcoctlError> {
        self.send(Method::GET, anchor.to_owned(), None).await
    }

    /// `emcoctl delete ANCHOR`
    ///
    /// # Errors
    /// Where emcoctl would stop.
    pub async fn delete_anchor(&self, anchor: &str) -> Result<Reply, EmcoctlError> {
        self.send(Method::DELETE, anchor.to_owned(), None).await
    }

    fn documents(&self, file: &str, values: &str) -> Result<Vec<Document>, EmcoctlError> {
        let rendered = render(&self.text(file)?, &self.text(values)?)
            .map_err(|error| EmcoctlError::Template { file: file.to_owned(), source: Box::new(error) })?;
        serde_saphyr::from_multiple(&rendered).map_err(|error| EmcoctlError::yaml(file, error))
    }

    fn text(&self, file: &str) -> Result<String, EmcoctlError> {
        let path = self.folder.join(file);
        fs::read_to_string(&path).map_err(|source| EmcoctlError::Read { path, source })
    }

    fn part(&self, file: &str) -> Result<Part, EmcoctlError> {
        let path = self.folder.join(file);
        fs::read(&path).map(Part::bytes).map_err(|source| EmcoctlError::Read { path, source })
    }

    async fn send(
        &self,
        method: Method,
        anchor: String,
        document: Option<&Document>,
    ) -> Result<Reply, EmcoctlError> {
        let (name, Section { host, port }) = self.section(&anchor)?;
        let request = self.http.request(method.clone(), format!("http://{host}:{port}/v2/{anchor}"));
        let request = match document {
            Some(document) => match self.form(document)? {
                Some(form) => request.multipart(form),
                None => request.header(CONTENT_TYPE, "application/json").body(document.body()),
            },
            None if method == Method::GET && has_file(&anchor) => request.header(ACCEPT, "application/json"),
            None => request.header(CONTENT_TYPE, "application/json"),
        };
        let failed = |source| EmcoctlError::Send { method: method.clone(), anchor: anchor.clone(), source };
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let body = response.text().await.map_err(failed)?;
        Ok(Reply { method, anchor, section: name.to_owned(), status, body })
    }

    /// A document with files goes as a form.
    fn form(&self, document: &Document) -> Result<Option<Form>, EmcoctlError> {
        let form = Form::new().text("metadata", document.body());
        if let Some(file) = document.file() {
            return Ok(Some(form.part("file", self.part(file)?.file_name("filename"))));
        }
        if document.files().is_empty() {
            return Ok(None);
        }
        let attach = |form: Form, file: &String| {
            let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(form.part("files", self.part(file)?.file_name(name)))
        };
        document.files().iter().try_fold(form, attach).map(Some)
    }

    fn section(&self, anchor: &str) -> Result<(&'static str, &Section), EmcoctlError> {
        if let Some(ingress) = self.sections.get("ingress") {
            return Ok(("ingress", ingress));
        }
        let section = section_of(anchor).ok_or_else(|| EmcoctlError::Anchor(anchor.to_owned()))?;
        match self.sections.get(section) {
            Some(found) => Ok((section, found)),
            None => Err(EmcoctlError::Section { section, anchor: anchor.to_owned() }),
        }
    }
}

/// What the last segment of an anchor is where it is nothing to read or replace (EMCO-API §5.3).
const OPERATIONS: [&str; 7] =
    ["instantiate", "apply", "approve", "terminate", "migrate", "update", "rollback"];

/// Whether what an anchor names is read by `Accept`.
fn has_file(anchor: &str) -> bool {
    let collection = anchor.rsplit('/').nth(1).unwrap_or_default();
    matches!(collection, "apps" | "profiles" | "clusters" | "resources" | "customizations")
}

/// Whose an anchor is (EMCO-API §5.4).
fn section_of(anchor: &str) -> Option<&'static str> {
    let segments: Vec<&str> = anchor.split('/').collect();
    let at = |index: usize| segments.get(index).copied().unwrap_or_default();
    Some(match at(0) {
        "cluster-providers" if at(2) == "ca-certs" => "cacert",
        "cluster-providers" => match at(4) {
            "networks" | "provider-networks" | "apply" | "terminate" | "status" | "stop" => "ncm",
            _ => "clm",
        },
        "controllers" => "orchestrator",
        "clm-controllers" => "clm",
        "dtc-controllers" => "dtc",
        "projects" => match (at(2), at(7)) {
            ("logical-clouds", _) => "dcm",
            ("ca-certs", _) => "cacert",
            ("policy", _) => "policy",
            (_, "network-chains") => "sfc",
            (_, "sfc-clients") => "sfcclient",
            (_, "network-controller-intent") => "ovnaction",
            (_, "traffic-group-intents") => "dtc",
            (_, "generic-k8s-intents") => "gac",
            (_, "hpa-intents") => "hpaplacement",
            (_, "temporal-workflow-intents") => "workflowmgr",
            (_, "temporal-action-controller") => "tac",
            (_, "policy-intents") => "policy",
            _ => "orchestrator",
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_says_whose_it_is() {
        let dig = "projects/p/composite-apps/c/v1/deployment-intent-groups/d";
        for (anchor, section) in [
            ("controllers", "orchestrator"),
            ("cluster-providers/p/clusters/c/labels", "clm"),
            ("cluster-providers/p/clusters/c/networks", "ncm"),
            ("projects/p/logical-clouds/l/instantiate", "dcm"),
            (&format!("{dig}/intents"), "orchestrator"),
            (&format!("{dig}/generic-k8s-intents/g/resources"), "gac"),
            (&format!("{dig}/temporal-workflow-intents/i/start"), "workflowmgr"),
            (&format!("{dig}/temporal-workflow-intents?x=y"), "orchestrator"),
        ] {
            assert_eq!(section_of(anchor), Some(section), "{anchor}");
        }
        assert_eq!(section_of("policy/agents/a"), None);
    }
}
