//! The gate before every use case.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::access::{Access, Action, AuditOptions, Gate, Resource};
use bridge_core::model::{Event, EventOutcome, Source};
use bridge_core::ports::{Audit, EventFilter, KeptEvent, ResetPoint, StoreError};
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

/// Keeps the events.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<(String, String, EventOutcome)>>);

#[async_trait]
impl Audit for Kept {
    async fn record(&self, event: &Event) -> Result<(), StoreError> {
        self.0.lock().unwrap().push((event.verb.clone(), event.actor.name.clone(), event.outcome));
        Ok(())
    }

    async fn events(&self, _: &EventFilter, _: u32) -> Result<Vec<KeptEvent>, StoreError> {
        unreachable!("the gate is closed")
    }
}

#[tokio::test]
async fn a_closed_gate_denies_every_use_case_and_records_it_once() {
    let api = Api::new().await;
    let kept = Arc::new(Kept::default());
    let options = AuditOptions { denials: u32::MAX, ..AuditOptions::default() };
    let access = Access::new(Arc::new(Closed), kept.clone(), options);
    let app = App::new(&Parts { access, ..api.parts().clone() });
    let request = Request {
        actor: Actor::new("alice", Proof::Token),
        correlation: Correlation::default(),
        source: Source::default(),
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
    };
    let (r, dig, key) = (&request, sample_dig(), sample_key());
    let to = Addressee { intent: key.clone(), run: RunReference::default() };
    let change = ChangeOptions::default();
    let intent = WorkflowIntent::default;
    let App { intents, starts, workflows, runs, audits } = &app;
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
        denied(audits.list(r, &EventFilter::default(), 1).await),
    ];
    for (action, text) in Action::ALL.iter().zip(&texts) {
        assert!(
            text.starts_with(&format!("alice is not permitted to {} ", action.word())),
            "{action:?}: {text}"
        );
        assert!(text.ends_with("the gate is closed"), "{text}");
    }
    let recorded =
        Action::ALL.map(|action| (action.word().to_owned(), "alice".to_owned(), EventOutcome::Denied));
    assert_eq!(*kept.0.lock().unwrap(), recorded);
}

#[tokio::test(start_paused = true)]
async fn further_denials_within_a_minute_are_counted() {
    let kept = Arc::new(Counts::default());
    let options = AuditOptions { denials: 2, ..AuditOptions::default() };
    let access = Access::new(Arc::new(Closed), kept.clone(), options);
    let ask = async |name: &str| {
        let request = Request {
            actor: Actor::new(name, Proof::Token),
            correlation: Correlation::default(),
            source: Source::default(),
            now: "2026-01-02T03:04:05Z".parse().unwrap(),
        };
        access.authorize(&request, Action::ReadAudit, Resource::Bridge).await.unwrap_err();
    };
    for _ in 0..5 {
        ask("alice").await;
    }
    ask("bob").await;
    let counts = || std::mem::take(&mut *kept.0.lock().unwrap());
    assert_eq!(
        counts(),
        [("alice", 1), ("alice", 1), ("bob", 1)].map(|(name, count)| (name.to_owned(), count))
    );
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(counts(), [("alice".to_owned(), 3)]);
    ask("alice").await;
    assert_eq!(counts(), [("alice".to_owned(), 1)]);
}

/// Keeps the callers and the counts of events.
#[derive(Debug, Default)]
struct Counts(Mutex<Vec<(String, u64)>>);

#[async_trait]
impl Audit for Counts {
    async fn record(&self, event: &Event) -> Result<(), StoreError> {
        self.0.lock().unwrap().push((event.actor.name.clone(), event.count));
        Ok(())
    }

    async fn events(&self, _: &EventFilter, _: u32) -> Result<Vec<KeptEvent>, StoreError> {
        unreachable!("the gate is closed")
    }
}

#[track_caller]
fn denied<T>(result: Result<T, impl std::error::Error>) -> String {
    match result {
        Ok(_) => panic!("it was let through"),
        Err(error) => error.to_string(),
    }
}
