//! emcoctl's resource documents, applied as emcoctl applies them (EMCO-API §5.2, §5.3).

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::tls::install_tls_provider;
use crate::{TemplateError, archive};

/// Why documents could not be applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The template could not be filled in.
    #[error("the resource documents cannot be rendered")]
    Template(#[from] TemplateError),
    /// The text is not a YAML stream of resource documents.
    #[error("the resource documents cannot be read")]
    Yaml(#[source] serde_saphyr::Error),
    /// EMCO refused a document.
    #[error("document {number} (POST {anchor}) was answered with {status}: {text}")]
    Refused {
        /// Which document, from 1.
        number: usize,
        /// Its anchor.
        anchor: String,
        /// The status.
        status: StatusCode,
        /// The answer's text.
        text: String,
    },
    /// A document could not be sent.
    #[error("document {number} (POST {anchor}) could not be sent")]
    Send {
        /// Which document, from 1.
        number: usize,
        /// Its anchor.
        anchor: String,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// A file to stand for the document's own could not be made.
    #[error("no archive could be made for a document's file")]
    Archive(#[source] std::io::Error),
    /// The HTTP client could not be made.
    #[error("no HTTP client could be made")]
    Http(#[source] reqwest::Error),
}

/// A resource document. emcoctl drops other keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    resource_context: ResourceContext,
    #[serde(default)]
    metadata: Map<String, Value>,
    spec: Option<Value>,
    file: Option<String>,
    #[serde(default)]
    files: Vec<String>,
    cluster_label: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ResourceContext {
    anchor: String,
}

impl Document {
    pub(crate) fn anchor(&self) -> &str {
        &self.resource_context.anchor
    }

    pub(crate) fn last_segment(&self) -> &str {
        self.anchor().rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// The anchor of what the document makes, for everything but making it.
    pub(crate) fn place(&self) -> String {
        let name = self.metadata.get("name").and_then(Value::as_str).unwrap_or_default();
        let version = self.spec.as_ref().and_then(|spec| spec["compositeAppVersion"].as_str());
        let suffix = match (self.last_segment(), version) {
            ("labels", _) => self.cluster_label.clone().unwrap_or_default(),
            ("composite-apps", Some(version)) => format!("{name}/{version}"),
            _ => name.to_owned(),
        };
        match suffix.is_empty() {
            true => self.anchor().to_owned(),
            false => format!("{}/{suffix}", self.anchor()),
        }
    }

    /// The JSON that emcoctl makes of it; `metadata.name` is always there.
    pub(crate) fn body(&self) -> String {
        let mut metadata = self.metadata.clone();
        metadata.entry("name").or_insert_with(|| json!(""));
        let mut body = json!({ "metadata": metadata });
        if let Some(label) = &self.cluster_label {
            body["clusterLabel"] = json!(label);
        }
        if let Some(spec) = &self.spec {
            body["spec"] = spec.clone();
        }
        body.to_string()
    }

    /// What stands for the document's file.
    fn stand_in_file(&self) -> Result<Vec<u8>, LoadError> {
        if self.resource_context.anchor.ends_with("/clusters") {
            return Ok(Vec::new());
        }
        let name = self.metadata.get("name").and_then(Value::as_str).unwrap_or("app");
        let chart = format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n");
        let archive = if self.last_segment() == "profiles" {
            let manifest = "version: v1\ntype:\n  values: override_values.yaml\n";
            archive::small(&[("manifest.yaml", manifest), ("override_values.yaml", "")])
        } else {
            archive::small(&[(&format!("{name}/Chart.yaml"), &chart)])
        };
        archive.map_err(LoadError::Archive)
    }
}

pub(crate) async fn apply(base_url: &str, token: Option<&str>, documents: &str) -> Result<(), LoadError> {
    let documents: Vec<Document> = serde_saphyr::from_multiple(documents).map_err(LoadError::Yaml)?;
    install_tls_provider();
    // Plain HTTP to ourselves: no certificates to look for.
    let http = reqwest::Client::builder().tls_certs_only([]).build().map_err(LoadError::Http)?;
    for (index, document) in documents.iter().enumerate() {
        let anchor = &document.resource_context.anchor;
        let mut request = http.post(format!("{base_url}/v2/{anchor}"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request = if document.file.is_some() {
            let file = Part::bytes(document.stand_in_file()?).file_name("filename");
            request.multipart(Form::new().text("metadata", document.body()).part("file", file))
        } else {
            request.header(reqwest::header::CONTENT_TYPE, "application/json").body(document.body())
        };
        let number = index + 1;
        let failed = |source| LoadError::Send { number, anchor: anchor.clone(), source };
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            let text = response.text().await.map_err(failed)?.trim_end().to_owned();
            return Err(LoadError::Refused { number, anchor: anchor.clone(), status, text });
        }
    }
    Ok(())
}
