//! Limits the starts that are in progress at one workflow client, and for one workflow ID. A start beyond the
//! limits is refused before it is recorded, so that the others are completed in time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower::retry::budget::{Budget, TpsBudget};
use workflow_api::{ClientEndpoint, WorkflowId};

use crate::model::RUN_NUMBER;

const AT_A_CLIENT: Bounds = Bounds { in_progress: 64, waiting: 448 };
/// Temporal handles the calls about one workflow one after the other.
const OF_A_WORKFLOW: Bounds = Bounds { in_progress: 8, waiting: 120 };

/// The budget for repeated calls of a client: a share of the first calls in this time, and some each second.
const RETRIES_SHARE: f32 = 0.2;
const RETRIES_EACH_SECOND: u32 = 1;
const RETRIES_OVER: Duration = Duration::from_secs(10);

/// How many starts are in progress at the same time, and how many wait for their turn.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    in_progress: usize,
    waiting: usize,
}

/// The gates that starts pass. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Admission {
    clients: Gates,
    workflows: Gates,
}

/// The right to make a start, until it is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    client: Pass,
    _workflow: Option<Pass>,
}

impl Admission {
    /// Waits for the turn of a start, for at most this time. Returns `None` if too many others wait, or if
    /// the turn does not come.
    pub(super) async fn enter(
        &self,
        client: &ClientEndpoint,
        workflow_id: &WorkflowId,
        patience: Duration,
    ) -> Option<Admitted> {
        let enter = async {
            // Each start has a workflow ID of its own if the ID contains the number of the start.
            let workflow_id = workflow_id.as_str();
            let workflow = match workflow_id.contains(RUN_NUMBER) {
                true => None,
                false => Some(self.workflows.enter(workflow_id.to_owned(), OF_A_WORKFLOW).await?),
            };
            let ClientEndpoint { client_endpoint_name: host, client_endpoint_port: port } = client;
            let client = self.clients.enter(format!("{host}:{port}"), AT_A_CLIENT).await?;
            Some(Admitted { client, _workflow: workflow })
        };
        timeout(patience, enter).await.ok()?
    }
}

impl Admitted {
    /// Returns the budget for repeated calls of the client.
    pub(super) fn retries(&self) -> Retries {
        Retries(Some(Arc::clone(&self.client.gate)))
    }
}

/// Allows a client to be called again. Under overload, repeated calls would be most of the load.
#[derive(Debug, Clone)]
pub(super) struct Retries(Option<Arc<Gate>>);

impl Retries {
    /// Allows every repeated call, for starts that are recovered a few at a time.
    pub(super) const ALL: Self = Self(None);

    /// Counts a first call.
    pub(super) fn deposit(&self) {
        if let Some(gate) = &self.0 {
            gate.retries.deposit();
        }
    }

    /// Returns whether a repeated call is allowed.
    pub(super) fn withdraw(&self) -> bool {
        self.0.as_ref().is_none_or(|gate| gate.retries.withdraw())
    }
}

/// The gates that are in use, by name, each with the number of its passes.
#[derive(Debug, Clone, Default)]
struct Gates(Arc<Mutex<InUse>>);

type InUse = HashMap<String, (Arc<Gate>, usize)>;

#[derive(Debug)]
struct Gate {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    retries: TpsBudget,
}

impl Gate {
    fn new(bounds: Bounds) -> Self {
        Self {
            places: Arc::new(Semaphore::new(bounds.in_progress + bounds.waiting)),
            turns: Arc::new(Semaphore::new(bounds.in_progress)),
            retries: TpsBudget::new(RETRIES_OVER, RETRIES_EACH_SECOND, RETRIES_SHARE),
        }
    }
}

impl Gates {
    /// Waits for a turn at a gate. Returns `None` if too many others wait.
    async fn enter(&self, name: String, bounds: Bounds) -> Option<Pass> {
        let gate = {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (gate, passes) =
                gates.entry(name.clone()).or_insert_with(|| (Arc::new(Gate::new(bounds)), 0));
            *passes += 1;
            Arc::clone(gate)
        };
        let mut pass = Pass { gates: self.clone(), name, gate, permits: Vec::new() };
        pass.permits.push(Arc::clone(&pass.gate.places).try_acquire_owned().ok()?);
        pass.permits.push(Arc::clone(&pass.gate.turns).acquire_owned().await.ok()?);
        Some(pass)
    }
}

/// A place at a gate. The last pass removes the gate.
#[derive(Debug)]
struct Pass {
    gates: Gates,
    name: String,
    gate: Arc<Gate>,
    permits: Vec<OwnedSemaphorePermit>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut gates = self.gates.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, passes)) = gates.get_mut(&self.name) {
            *passes -= 1;
            if *passes == 0 {
                gates.remove(&self.name);
            }
        }
    }
}
