//! The gate before every use case.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bridge_core::access::{Access, Action, Audit, Decision, Gate, Resource};
use bridge_core::ports::ResetPoint;
use bridge_core::{
    Actor, Addressee, App, ChangeOptions, Correlation, FollowRequest, Listing, Parts, Pause, Proof,
    QueryOrder, Request, SignalOrder, StartOrder, StatusRequest, Stop, UpdateOrder,
};
use workflow_api::{RunReference, StartOverrides, WorkflowIntent};

use crate::api::{Api, sample_dig, sample_key};

/// Denies everything.
#[derive(Debug)]
struct Closed;

impl Gate for Closed {
    fn decide(&self, _: &Request, _: Action, _: &Resource<'_>) -> Result<(), String> {
        Err("the gate is closed".to_owned())
    }
}

/// Records the decisions.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<(Action, String, bool)>>);

#[async_trait]
impl Audit for Kept {
    async fn record(&self, decision: &Decision<'_>) {
        let actor = decision.request.actor.to_string();
        self.0.lock().unwrap().push((decision.action, actor, decision.denied.is_some()));
    }
}

#[tokio::test]
async fn a_closed_gate_denies_every_use_case_and_records_it_once() {
    let api = Api::new().await;
    let kept = Arc::new(Kept::default());
    let access = Access::new(Arc::new(Closed), kept.clone());
    let app = App::new(&Parts { access, ..api.parts().clone() });
    let request = Request {
        actor: Actor::new("alice", Proof::Token),
        correlation: Correlation::default(),
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
    };
    let (r, dig, key) = (&request, sample_dig(), sample_key());
    let to = Addressee { intent: key.clone(), run: RunReference::default() };
    let change = ChangeOptions::default();
    let intent = WorkflowIntent::default;
    let App { intents, starts, workflows, runs } = &app;
    // In the order of `Action::ALL`.
    let texts = [
        denied(intents.create(r, &dig, intent(), &change).await),
        denied(intents.put(r, &key, intent(), &change).await),
        denied(intents.roll_back(r, &key, "1", &change).await),
        denied(intents.delete(r, &key, &change).await),
        denied(intents.get(r, &key).await),
        denied(intents.list(r, &dig, &Listing::default()).await),
        denied(intents.check(r, &key).await),
        denied(intents.changes(r, &key, None, 1).await),
        denied(intents.revision(r, &key, "1").await),
        denied(starts.start(r, &key, StartOrder::default()).await),
        denied(starts.preview(r, &key, StartOverrides::default()).await),
        denied(runs.list(r, &key, None, 1).await),
        denied(runs.get(r, &key, "run").await),
        denied(workflows.status(r, &to, &StatusRequest::default()).await),
        denied(workflows.follow(r, &to, FollowRequest::default()).await.map(drop)),
        denied(workflows.cancel(r, &to, &Stop::default()).await),
        denied(workflows.terminate(r, &to, &Stop::default()).await),
        denied(workflows.pause(r, &to, Pause::default()).await),
        denied(workflows.unpause(r, &to, Pause::default()).await),
        denied(workflows.signal(r, &to, SignalOrder::default()).await),
        denied(workflows.query(r, &to, QueryOrder::default()).await),
        denied(workflows.update(r, &to, UpdateOrder::default()).await),
        denied(workflows.reset(r, &to, ResetPoint::FirstWorkflowTask, String::new()).await),
    ];
    for (action, text) in Action::ALL.iter().zip(&texts) {
        assert!(
            text.starts_with(&format!("alice is not permitted to {} ", action.word())),
            "{action:?}: {text}"
        );
        assert!(text.ends_with("the gate is closed"), "{text}");
    }
    let recorded = Action::ALL.map(|action| (action, "alice".to_owned(), true));
    assert_eq!(*kept.0.lock().unwrap(), recorded);
}

#[track_caller]
fn denied<T>(result: Result<T, impl std::error::Error>) -> String {
    match result {
        Ok(_) => panic!("it was let through"),
        Err(error) => error.to_string(),
    }
}
