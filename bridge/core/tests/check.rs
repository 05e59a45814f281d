//! The check of an intent by its workflow client.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::ports::{Accepted, ClientError, Clients, Invocation};
use bridge_core::{Cause, ClientCheck};
use futures::poll;
use harness::all_turns;
use serde_json::json;
use workflow_api::{Catalogue, ClientEndpoint, TemporalSpec, WorkflowIntent, WorkflowParams};

/// Clients with a catalogue, which is there at once.
#[derive(Debug)]
struct Listed(Catalogue);

#[async_trait]
impl Clients for Listed {
    fn prepare(
        &self,
        _: &ClientEndpoint,
        _: &TemporalSpec,
        _: &str,
        _: &Cause,
    ) -> Result<Invocation, ClientError> {
        unreachable!("nothing is started")
    }

    async fn invoke(&self, _: &Invocation, _: Duration) -> Result<Accepted, ClientError> {
        unreachable!("nothing is started")
    }

    async fn takes_keys(&self, _: &Invocation, _: Duration) -> Result<bool, ClientError> {
        unreachable!("nothing is started")
    }

    async fn catalogue(&self, _: &ClientEndpoint, _: Duration) -> Result<Option<Catalogue>, ClientError> {
        Ok(Some(self.0.clone()))
    }
}

#[tokio::test]
async fn validation_does_not_hold_the_thread_that_responds() {
    let integers = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    let catalogue = json!({"clients": [{"name": "move", "params": {"all-activities": integers}}]});
    let clients = Listed(serde_json::from_value(catalogue).unwrap());
    let mut intent = WorkflowIntent::default();
    intent.spec.temporal.workflow_client_name = "move".to_owned();
    let texts = (0..10_000).map(|number| (format!("p{number}"), number.to_string())).collect();
    let params = &mut intent.spec.temporal.workflow_params.activity_params;
    params.insert(WorkflowParams::ALL_ACTIVITIES.to_owned(), texts);
    let intent = Arc::new(intent);
    let turns = all_turns().await;
    let mut check = pin!(ClientCheck::ask(&clients, &intent, Duration::ZERO));
    assert!(poll!(check.as_mut()).is_pending());
    drop(turns);
    assert_eq!(check.await, ClientCheck::Accepted);
}
