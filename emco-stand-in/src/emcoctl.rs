//! The commands of emcoctl (EMCO-API §5), against any EMCO, without the program `emcoctl`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use crate::documents::Document;
use crate::render;

/// Does what emcoctl does with a folder of resource files. As emcoctl does, it continues where EMCO refuses a
/// document.
#[derive(Debug)]
pub struct Emcoctl {
    /// `None`: a small archive, or an empty kubeconfig, stands for every file of a document.
    folder: Option<PathBuf>,
    /// The base URL of each service of EMCO.
    sections: BTreeMap<String, String>,
    http: reqwest::Client,
}

#[derive(Debug, Deserialize)]
struct Section {
    host: String,
    port: u16,
}

/// One request, and the response to it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The HTTP method of the request.
    pub method: Method,
    /// The path after `/v2/`, with the query if there is one.
    pub anchor: String,
    /// The section of the configuration that has the address.
    pub section: String,
    /// The status of the response.
    pub status: StatusCode,
    /// The body of the response.
    pub body: String,
}

impl Emcoctl {
    /// Works in a folder, with the text of a configuration file.
    ///
    /// # Errors
    /// Returns an error if the configuration is not valid.
    pub fn new(folder: impl Into<PathBuf>, config: &str) -> anyhow::Result<Self> {
        let sections: BTreeMap<String, Section> =
            serde_saphyr::from_str(config).context("the configuration is not valid")?;
        let url = |Section { host, port }| format!("http://{host}:{port}");
        let sections = sections.into_iter().map(|(name, section)| (name, url(section))).collect();
        Ok(Self { folder: Some(folder.into()), sections, http: client(HeaderMap::new())? })
    }

    /// Sends everything to one URL, with this token, and reads no files.
    pub(crate) fn without_files(url: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let token = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}"))).transpose()?;
        let headers = token.into_iter().map(|token| (AUTHORIZATION, token)).collect();
        let sections = BTreeMap::from([("ingress".to_owned(), url.to_owned())]);
        Ok(Self { folder: None, sections, http: client(headers)? })
    }

    /// Runs `emcoctl VERB -f FILE -v VALUES`. The verb is `apply`, `update`, `get` or `delete`.
    ///
    /// # Errors
    /// Returns an error where emcoctl would stop: the files cannot be used, or EMCO does not respond.
    pub async fn run(&self, verb: &str, file: &str, values: &str) -> anyhow::Result<Vec<Reply>> {
        let rendered =
            render(&self.text(file)?, &self.text(values)?).with_context(|| format!("{file} is not valid"))?;
        let mut documents: Vec<Document> =
            serde_saphyr::from_multiple(&rendered).with_context(|| format!("{file} is not valid"))?;
        if verb == "delete" {
            documents.reverse();
        }
        let mut replies = Vec::new();
        for document in &documents {
            let last = document.last_segment();
            let (method, anchor, body) = match verb {
                "apply" => (Method::POST, document.anchor().to_owned(), Some(document)),
                "update" if !OPERATIONS.contains(&last) => (Method::PUT, document.place(), Some(document)),
                "get" if !OPERATIONS.contains(&last) && last != "stop" => {
                    (Method::GET, document.place(), None)
                }
                // An instantiation is undone by a termination.
                "delete" if matches!(last, "instantiate" | "apply") => {
                    let above = document.anchor().strip_suffix(last).unwrap_or_default();
                    (Method::POST, format!("{above}terminate"), None)
                }
                "delete" if !matches!(last, "approve" | "status" | "migrate" | "update" | "rollback") => {
                    (Method::DELETE, document.place(), None)
                }
                "update" | "get" | "delete" => continue,
                other => bail!("emcoctl has no command `{other}`"),
            };
            replies.push(self.send(method, anchor, body).await?);
        }
        Ok(replies)
    }

    /// Applies documents, and stops at the first one that EMCO refuses.
    pub(crate) async fn load(&self, documents: &str) -> anyhow::Result<()> {
        let documents: Vec<Document> =
            serde_saphyr::from_multiple(documents).context("the resource documents are not valid")?;
        for (index, document) in documents.iter().enumerate() {
            let number = index + 1;
            let sent = self.send(Method::POST, document.anchor().to_owned(), Some(document)).await;
            let reply = sent.with_context(|| format!("document {number} could not be sent"))?;
            let (anchor, status, text) = (&reply.anchor, reply.status, reply.body.trim_end());
            ensure!(
                status.is_success(),
                "document {number} (POST {anchor}) was refused with {status}: {text}"
            );
        }
        Ok(())
    }

    /// Runs `emcoctl get ANCHOR`.
    ///
    /// # Errors
    /// Returns an error where emcoctl would stop: EMCO does not respond.
    pub async fn get_anchor(&self, anchor: &str) -> anyhow::Result<Reply> {
        self.send(Method::GET, anchor.to_owned(), None).await
    }

    /// Runs `emcoctl delete ANCHOR`.
    ///
    /// # Errors
    /// Returns an error where emcoctl would stop: EMCO does not respond.
    pub async fn delete_anchor(&self, anchor: &str) -> anyhow::Result<Reply> {
        self.send(Method::DELETE, anchor.to_owned(), None).await
    }

    fn text(&self, file: &str) -> anyhow::Result<String> {
        let path = self.folder.iter().collect::<PathBuf>().join(file);
        fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
    }

    async fn send(
        &self,
        method: Method,
        anchor: String,
        document: Option<&Document>,
    ) -> anyhow::Result<Reply> {
        let (name, url) = self.section(&anchor)?;
        let request = self.http.request(method.clone(), format!("{url}/v2/{anchor}"));
        let request = match document {
            Some(document) => match self.form(document)? {
                Some(form) => request.multipart(form),
                None => request.header(CONTENT_TYPE, "application/json").body(document.body()),
            },
            None if method == Method::GET && has_file(&anchor) => request.header(ACCEPT, "application/json"),
            None => request.header(CONTENT_TYPE, "application/json"),
        };
        let response =
            request.send().await.with_context(|| format!("{method} {anchor} could not be sent"))?;
        let status = response.status();
        let body =
            response.text().await.with_context(|| format!("the response to {method} {anchor} broke off"))?;
        Ok(Reply { method, anchor, section: name.to_owned(), status, body })
    }

    /// Returns the form of a document with files. Other documents go as JSON.
    fn form(&self, document: &Document) -> anyhow::Result<Option<Form>> {
        let mut form = Form::new().text("metadata", document.body());
        if let Some(file) = &document.file {
            return Ok(Some(form.part("file", self.part(document, file)?.file_name("filename"))));
        }
        for file in &document.files {
            let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
            form = form.part("files", self.part(document, file)?.file_name(name));
        }
        Ok((!document.files.is_empty()).then_some(form))
    }

    fn part(&self, document: &Document, file: &str) -> anyhow::Result<Part> {
        let Some(folder) = &self.folder else { return Ok(Part::bytes(document.stand_in_file()?)) };
        let path = folder.join(file);
        Ok(Part::bytes(fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?))
    }

    fn section(&self, anchor: &str) -> anyhow::Result<(&'static str, &str)> {
        if let Some(ingress) = self.sections.get("ingress") {
            return Ok(("ingress", ingress));
        }
        let section = section_of(anchor).with_context(|| format!("invalid base URL: {anchor}"))?;
        let found = self.sections.get(section);
        Ok((section, found.with_context(|| format!("the configuration has no `{section}`, for {anchor}"))?))
    }
}

/// Creates a client for plain HTTP, the only protocol of emcoctl.
fn client(headers: HeaderMap) -> reqwest::Result<reqwest::Client> {
    // The TLS library requires a provider, even for plain HTTP. One that was installed before serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only([]).no_proxy().default_headers(headers).build()
}

/// The last segments of anchors that cannot be read or replaced (EMCO-API §5.3).
const OPERATIONS: [&str; 7] =
    ["instantiate", "apply", "approve", "terminate", "migrate", "update", "rollback"];

/// Whether a GET of this anchor needs `Accept`.
fn has_file(anchor: &str) -> bool {
    let collection = anchor.rsplit('/').nth(1).unwrap_or_default();
    matches!(collection, "apps" | "profiles" | "clusters" | "resources" | "customizations")
}

/// Returns the service that an anchor belongs to (EMCO-API §5.4).
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
    fn an_anchor_determines_the_service() {
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
