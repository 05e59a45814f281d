//! Workflow clients by name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::__private::Answering;
use crate::StartContext;

/// A function annotated with `#[workflow_client]`, as [`clients!`](crate::clients) lists it.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    pub(crate) name: &'static str,
    /// Its path in the author's crate.
    pub(crate) function: &'static str,
    pub(crate) invoke: fn(StartContext) -> Answering,
}

impl Client {
    /// The name under which it is invoked.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// Two workflow clients have one name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{first}` and `{second}` are both the workflow client `{name}`: give one of them another `name = \"…\"`"
)]
pub struct DuplicateClient {
    name: &'static str,
    first: &'static str,
    second: &'static str,
}

/// The workflow clients of a server.
#[derive(Debug)]
pub(crate) struct Clients(BTreeMap<&'static str, Client>);

impl Clients {
    pub(crate) fn new(clients: impl IntoIterator<Item = Client>) -> Result<Self, DuplicateClient> {
        let mut by_name = BTreeMap::new();
        for client in clients {
            match by_name.entry(client.name) {
                Entry::Vacant(place) => {
                    place.insert(client);
                }
                Entry::Occupied(taken) => {
                    let first: &Client = taken.get();
                    return Err(DuplicateClient {
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

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}
