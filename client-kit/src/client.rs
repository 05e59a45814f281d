//! Workflow clients by name.

use std::any::type_name;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use heavy::heavy;
use serde_json::{Value, json};
use workflow_api::params::UnusableSchema;
use workflow_api::{Catalogue, CatalogueEntry, Declaration, Fault, TaskQueue, TemporalSpec, undeclared};

use crate::context::{Answering, Schemas, WorkflowClient};
use crate::{ClientError, StartContext, WorkflowStart};

/// A function annotated with `#[workflow_client]`, as [`clients!`](crate::clients) lists it.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) declaration: Option<&'static Declaration>,
    pub(crate) workflow: fn() -> Option<&'static str>,
    pub(crate) task_queue: fn() -> Option<TaskQueue>,
    /// Its path in the author's crate.
    pub(crate) function: &'static str,
    pub(crate) schemas: fn() -> Schemas,
    pub(crate) invoke: fn(StartContext) -> Answering,
}

/// Converts a function annotated with `#[workflow_client]` into a [`Client`], for `clients!`.
pub trait Listed: WorkflowClient {
    /// Returns the client.
    fn client() -> Client {
        Client {
            name: Self::NAME,
            summary: Self::SUMMARY,
            declaration: Self::declaration(),
            workflow: Self::workflow,
            task_queue: Self::task_queue,
            function: type_name::<Self>(),
            schemas: Self::schemas,
            invoke: Self::invoke,
        }
    }
}

impl<C: WorkflowClient> Listed for C {}

impl Client {
    /// The name under which it is invoked.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns its entry in the server's catalogue.
    #[must_use]
    pub fn describe(&self) -> CatalogueEntry {
        let entry = CatalogueEntry {
            name: self.name.to_owned(),
            summary: self.summary.to_owned(),
            workflow_type: (self.workflow)().unwrap_or_default().into(),
            task_queue: (self.task_queue)().unwrap_or_default(),
            params: params((self.schemas)()),
            idempotency_key: true,
            ..CatalogueEntry::default()
        };
        match self.declaration {
            Some(declaration) => entry.declaring(declaration),
            None => entry,
        }
    }

    /// Calls it as a server does, and returns what it would start. For tests of its parameters.
    ///
    /// # Errors
    /// The author's error, or the faults of the request ([`ClientError::faults`]): invalid parameters, and what differs
    /// from the declaration.
    pub async fn call(&self, context: StartContext) -> Result<WorkflowStart, ClientError> {
        if self.undeclared(context.spec()).is_empty() {
            return (self.invoke)(context).await;
        }
        // Those of the parameters as well, so that the caller has all of them.
        let (client, spec) = (*self, context.spec().clone());
        let check = move || client.describe().check(&spec).unwrap_or_else(|_| client.undeclared(&spec));
        Err(ClientError::invalid_spec(heavy(context.spec().size(), check).await))
    }

    fn undeclared(&self, spec: &TemporalSpec) -> Vec<Fault> {
        let queue = (self.task_queue)().unwrap_or_default();
        let read: Vec<_> = (self.schemas)().into_iter().map(|(activity, _)| activity).collect();
        undeclared(spec, &queue, self.declaration.map(|declaration| declaration.activities), &read)
    }
}

/// Why a workflow client cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClient {
    /// Two clients have the same name.
    #[error("`{first}` and `{second}` are both named `{name}`: change the `name = \"…\"` of one of them")]
    Duplicate {
        /// The name.
        name: &'static str,
        /// The function of the first client.
        first: &'static str,
        /// The function of the second client.
        second: &'static str,
    },
    /// The parameters of a client, or arguments of its workflow's messages, cannot be validated.
    #[error(
        "the workflow client `{name}` (`{function}`) cannot validate its parameters, or the arguments that it declares: \
         correct the attributes of their types"
    )]
    Schema {
        /// The name.
        name: &'static str,
        /// Its function.
        function: &'static str,
        /// Why the schema cannot be used.
        source: UnusableSchema,
    },
}

/// The workflow clients of a server.
#[derive(Debug)]
pub(crate) struct Clients(BTreeMap<&'static str, Client>);

impl Clients {
    pub(crate) fn new(clients: impl IntoIterator<Item = Client>) -> Result<Self, InvalidClient> {
        let mut by_name = BTreeMap::new();
        for client in clients {
            let mut params = (client.schemas)().into_iter();
            let sound = params.try_for_each(|(_, schema)| schema.usable());
            sound.and_then(|()| client.declaration.map_or(Ok(()), Declaration::usable)).map_err(
                |source| InvalidClient::Schema { name: client.name, function: client.function, source },
            )?;
            match by_name.entry(client.name) {
                Entry::Vacant(place) => {
                    place.insert(client);
                }
                Entry::Occupied(taken) => {
                    let first: &Client = taken.get();
                    return Err(InvalidClient::Duplicate {
                        name: client.name,
                        first: first.function,
                        second: client.function,
                    });
                }
            }
        }
        Ok(Self(by_name))
    }

    pub(crate) fn get(&self, name: &str) -> Option<Client> {
        self.0.get(name).copied()
    }

    /// Returns the server's catalogue.
    pub(crate) fn catalogue(&self) -> Catalogue {
        Catalogue { clients: self.0.values().map(Client::describe).collect() }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

/// Returns one schema for each activity. If several arguments have parameters of one activity, all their schemas apply.
fn params(schemas: Schemas) -> BTreeMap<String, Value> {
    let mut by_activity: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for (activity, schema) in schemas {
        let schema = schema.json();
        let of_activity = by_activity.entry(activity.to_owned()).or_default();
        if !of_activity.contains(&schema) {
            of_activity.push(schema);
        }
    }
    let one = |(activity, schemas): (String, Vec<&Value>)| match schemas.as_slice() {
        [schema] => (activity, (*schema).clone()),
        several => (activity, all_of(several)),
    };
    by_activity.into_iter().map(one).collect()
}

fn all_of(schemas: &[&Value]) -> Value {
    let mut definitions = serde_json::Map::new();
    let parts = schemas.iter().enumerate().map(|(index, schema)| {
        let (schema, own) = relocated(schema, &format!("{index}."), "#/$defs/");
        definitions.extend(own);
        schema
    });
    let parts: Vec<_> = parts.collect();
    json!({"allOf": parts, "$defs": definitions})
}

/// Returns the schema without its definitions, and the definitions, whose names get the prefix. References lead to
/// `place`.
pub(crate) fn relocated(
    schema: &Value,
    prefix: &str,
    place: &str,
) -> (Value, serde_json::Map<String, Value>) {
    let mut schema = schema.clone();
    let definitions = schema.as_object_mut().and_then(|schema| schema.remove("$defs")).unwrap_or_default();
    let to = format!("{place}{prefix}");
    point(&mut schema, &to);
    let Value::Object(definitions) = definitions else { return (schema, serde_json::Map::new()) };
    let moved = definitions.into_iter().map(|(name, mut definition)| {
        point(&mut definition, &to);
        (format!("{prefix}{name}"), definition)
    });
    (schema, moved.collect())
}

/// Makes the references in a schema lead to the new place of its definitions.
fn point(schema: &mut Value, to: &str) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(target) if name == "$ref" => {
                        let own = target.strip_prefix("#/$defs/").map(str::to_owned);
                        if let Some(own) = own {
                            *target = format!("{to}{own}");
                        }
                    }
                    other => point(other, to),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point(item, to)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
