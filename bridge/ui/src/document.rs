//! A document in a form: JSON or YAML, as it was typed, and what others have changed meanwhile.

use bridge_http::ApiError;
use serde_json::Value;
use workflow_api::FromJson;

use crate::diff::Line;
use crate::fields::Fields;
use crate::notice::Notice;

/// A document in a form.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) text: String,
    /// The revision that it was made from; empty for a new one.
    pub(crate) at: String,
    /// What others have changed since that revision.
    pub(crate) changes: Vec<Line>,
}

impl Document {
    /// Returns what was typed.
    pub(crate) fn of(form: &Fields) -> Self {
        let (text, at) = (form.exact("document").to_owned(), form.text("at").to_owned());
        Self { text, at, changes: Vec::new() }
    }

    /// Reads it as the body of a call is read.
    pub(crate) fn read<T: FromJson + Default>(&self) -> Result<T, Notice> {
        let typed = self.text.trim();
        // JSON stays as it is, so that faults are those of what was typed.
        let json = if typed.starts_with('{') { typed.to_owned() } else { from_yaml(typed)? };
        bridge_http::read_document(json.as_bytes()).map_err(|error: ApiError| error.into())
    }
}

fn from_yaml(text: &str) -> Result<String, Notice> {
    let value: Value = serde_saphyr::from_str(text)
        .map_err(|error| Notice::of_field(&format!("the document is neither JSON nor YAML: {error}")))?;
    Ok(value.to_string())
}
