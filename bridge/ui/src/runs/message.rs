//! Signals, queries and updates: what their forms have in common.

use bridge_core::StatusRequest;
use workflow_api::{MessageKind, RawJson};

use super::place::RunPlace;
use crate::fields::Fields;
use crate::notice::Notice;
use crate::visit::Visit;

/// What was entered: the name, and the arguments as JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) args: String,
    /// Identifies what is sent: when the form is sent again, it is not sent twice.
    pub(crate) key: String,
    /// The names that the workflow client declares, to choose from.
    pub(crate) names: Vec<String>,
}

impl Message {
    pub(crate) fn of(form: &Fields) -> Self {
        let text = |name| form.text(name).to_owned();
        let key = form.some("key").map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        Self { name: text("name"), args: text("args"), key, names: Vec::new() }
    }

    /// Adds the names that the workflow client declares.
    pub(crate) async fn with_names(mut self, visit: &Visit, place: &RunPlace, kind: MessageKind) -> Self {
        let wanted = StatusRequest { declared: Some(kind), ..StatusRequest::default() };
        let report = visit.ui.app.workflows.status(&visit.request, &place.addressee(), &wanted).await;
        self.names = report.map(|report| report.declared).unwrap_or_default();
        self
    }

    /// Returns the arguments, in order.
    pub(crate) fn args(&self) -> Result<Vec<RawJson>, Notice> {
        if self.name.is_empty() {
            return Err(Notice::of_field("the name is missing"));
        }
        if self.args.is_empty() {
            return Ok(Vec::new());
        }
        serde_json::from_str(&self.args).map_err(|error| {
            let text = format!("the arguments are not a JSON array, such as [1, \"two\"]: {error}");
            Notice::of_field(&text)
        })
    }
}
