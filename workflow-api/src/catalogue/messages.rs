//! Checks what is to be sent to a workflow by the catalogue of its workflow client.

use std::collections::BTreeMap;

use super::{CatalogueEntry, MessageEntry};
use crate::params::{UnusableSchema, check_argument, each_once, unknown, usable};
use crate::{Fault, RawJson, bounded};

/// How many arguments of a message may have schemas.
const MOST_ARGUMENTS: usize = 100;
/// Names of signals and queries that Temporal's SDKs handle themselves begin with this.
const OF_TEMPORAL: &str = "__";

/// A kind of message to a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// A signal.
    Signal,
    /// An update.
    Update,
    /// A query.
    Query,
}

impl std::fmt::Display for MessageKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Signal => "signal",
            Self::Update => "update",
            Self::Query => "query",
        })
    }
}

impl MessageKind {
    fn plural(self) -> &'static str {
        match self {
            Self::Signal => "signals",
            Self::Update => "updates",
            Self::Query => "queries",
        }
    }

    /// The path of the name in the body of a request, below `$.spec`.
    fn name_path(self) -> &'static str {
        match self {
            Self::Signal | Self::Update => "$.name",
            Self::Query => "$.type",
        }
    }
}

impl CatalogueEntry {
    /// Returns the faults of a message for the client's workflow, by path below the spec of the request. There are none
    /// if the client declares no messages of this kind.
    ///
    /// # Errors
    /// When a schema of the message cannot be used.
    pub fn check_message(
        &self,
        kind: MessageKind,
        name: &str,
        args: &[RawJson],
    ) -> Result<Vec<Fault>, UnusableSchema> {
        let declared = self.messages(kind);
        let Some(declared) = declared.filter(|_| !name.starts_with(OF_TEMPORAL)) else {
            return Ok(Vec::new());
        };
        let Some(message) = declared.get(name) else {
            let names: Vec<_> = declared.keys().collect();
            let message = match names.as_slice() {
                [] => format!("is not known; the workflow has no {}", kind.plural()),
                names => unknown(name, names),
            };
            return Ok(vec![Fault::new(kind.name_path(), message)]);
        };
        let Some(schemas) = &message.args else { return Ok(Vec::new()) };
        if schemas.len() > MOST_ARGUMENTS {
            return Err(UnusableSchema::new(format!("there are more than {MOST_ARGUMENTS} of them")));
        }
        let mut faults = Vec::new();
        for (index, schema) in schemas.iter().enumerate() {
            let path = format!("$.args[{index}]");
            let found = check_argument(schema, args.get(index).map(RawJson::as_str), &path);
            faults.extend(found.map_err(|error| error.of(name))?);
        }
        if args.len() > schemas.len() {
            let path = format!("$.args[{}]", schemas.len());
            faults.push(Fault::new(path, format!("is one too many: the {kind} takes {}", schemas.len())));
        }
        Ok(bounded(each_once(faults)))
    }

    /// Checks that the schemas of all messages can be used.
    ///
    /// # Errors
    /// The first one that cannot.
    pub fn messages_usable(&self) -> Result<(), UnusableSchema> {
        let kinds = [MessageKind::Signal, MessageKind::Update, MessageKind::Query];
        for (name, message) in kinds.into_iter().filter_map(|kind| self.messages(kind)).flatten() {
            for schema in message.args.iter().flatten() {
                usable(schema).map_err(|error| error.of(name))?;
            }
        }
        Ok(())
    }

    /// Returns the messages of a kind, by name; `None` if the client does not declare them.
    #[must_use]
    pub fn messages(&self, kind: MessageKind) -> Option<&BTreeMap<String, MessageEntry>> {
        match kind {
            MessageKind::Signal => self.signals.as_ref(),
            MessageKind::Update => self.updates.as_ref(),
            MessageKind::Query => self.queries.as_ref(),
        }
    }
}
