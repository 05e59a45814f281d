//! The gate before every use case.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use audit_seals::Batch;
use bridge_core::access::{Access, Action, AuditOptions, Gate, Ground, Named, Resource, Visible};
use bridge_core::model::{AlarmId, By, DigKey, Event, EventOutcome, RuleKey, ScheduleKey, Source};
use bridge_core::ports::{
    AlarmFilter, Audit, DeliveryFilter, EventFilter, HistoryRequest, KeptEvent, ResetPoint, StoreError,
    Subscription,
};
use bridge_core::{
    Actor, Addressee, AlarmScope, App, ChangeOptions, Correlation, FollowRequest, IntentSearch, Listing,
    NamedSearch, Parts, Pause, Proof, QueryOrder, Request, RuleOptions, RunSearch, ScheduleOptions,
    SignalOrder, StartOrder, StatusRequest, Stop, UpdateOrder,
};
use workflow_api::alarms::AckState;
use workflow_api::{RunReference, Schedule, StartOverrides, WorkflowIntent, WorkflowRule};

use crate::api::{Api, sample_dig, sample_key};

/// Denies these actions, and lets all others pass.
#[derive(Debug)]
struct Denying(Vec<Action>);

impl Gate for Denying {
    fn decide(&self, _: &Request, action: Action, _: &Resource<'_>) -> Result<Ground, String> {
        if self.0.contains(&action) { Err("the gate is closed".to_owned()) } else { Ok(Ground::default()) }
    }

    fn may_name(&self, _: &Request, _: Action, _: &Resource<'_>, _: &Named<'_>) -> Result<Ground, String> {
        Ok(Ground::default())
    }

    fn visible(&self, _: &Request, _: &DigKey) -> Visible {
        Visible::All
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

    async fn batches(&self, _: i64, _: u32) -> Result<Vec<Batch>, StoreError> {
        unreachable!("the gate is closed")
    }
}

/// Calls each use case behind a gate. Returns the texts of the errors, in the order of `Action::ALL`; empty for a use
/// case that was not denied.
async fn denials(api: &Api, gate: Denying, kept: Arc<Kept>) -> [String; Action::ALL.len()] {
    let options = AuditOptions { denials: u32::MAX, ..AuditOptions::default() };
    let access = Access::new(Arc::new(gate), kept, options);
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
    let history = StatusRequest { history: Some(HistoryRequest::default()), ..StatusRequest::default() };
    let App {
        intents,
        starts,
        workflows,
        runs,
        rights: _,
        audits,
        schedules,
        rules,
        sessions: _,
        alarms,
        settings,
    } = &app;
    let nightly = ScheduleKey { intent: key.clone(), name: "nightly".to_owned() };
    let (s, schedule, how) = (&nightly, Schedule::default, ScheduleOptions::default());
    let span = (request.now, request.now);
    let late = &RuleKey::of("proj1", "late");
    let (rule, rule_options) = (WorkflowRule::default, RuleOptions::default());
    let (scope, alarm) = (&AlarmScope::Anywhere, &AlarmId::from("absent"));
    let subscription = Subscription { consumer_reference: "http://a".to_owned(), ..Subscription::default() };
    [
        denied(intents.create(r, &dig, intent(), &change).await),
        denied(intents.put(r, &key, intent(), &change).await),
        denied(intents.roll_back(r, &key, "1", &change).await),
        denied(intents.delete(r, &key, &change).await),
        denied(intents.get(r, &key).await),
        denied(intents.list(r, &dig, &Listing::default()).await),
        denied(intents.groups(r, None, None, None).await),
        denied(intents.search(r, &IntentSearch::default()).await),
        denied(intents.named(r, &NamedSearch::default()).await),
        denied(intents.check(r, &key, None).await),
        denied(intents.changes(r, &key, None, 1).await),
        denied(intents.revision(r, &key, "1").await),
        denied(starts.start(r, &key, StartOrder::default()).await),
        denied(starts.preview(r, &key, StartOverrides::default()).await),
        denied(runs.list(r, &key, None, 1).await),
        denied(runs.search(r, &RunSearch::default()).await),
        denied(runs.get(r, &key, "run").await),
        denied(workflows.status(r, &to, &StatusRequest::default()).await),
        denied(workflows.status(r, &to, &history).await),
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
        denied(audits.batches(r, 0, 1).await),
        denied(settings.read(r).await),
        denied(schedules.list(r, &key).await),
        denied(schedules.search(r, None).await),
        denied(schedules.get(r, s).await),
        denied(schedules.put(r, s, schedule(), &how).await),
        denied(schedules.delete(r, s, &how).await),
        denied(schedules.changes(r, s, None, 1).await),
        denied(schedules.revision(r, s, "1").await),
        denied(schedules.status(r, s).await),
        denied(schedules.times(r, s, None, span).await),
        denied(schedules.pause(r, s, String::new()).await),
        denied(schedules.resume(r, s, String::new()).await),
        denied(schedules.trigger(r, s, None).await),
        denied(schedules.backfill(r, s, span, None, None).await),
        denied(alarms.list(r, scope, &AlarmFilter::default(), None).await),
        denied(alarms.get(r, alarm).await),
        denied(alarms.count(r, scope, &AlarmFilter::default()).await),
        denied(alarms.follow(r, scope, None).await.map(drop)),
        denied(alarms.acknowledge(r, alarm, AckState::Acknowledged, By::default()).await),
        denied(alarms.clear_by_hand(r, alarm, By::default()).await),
        denied(alarms.comment(r, alarm, "text", By::default()).await),
        denied(alarms.subscriptions(r).await),
        denied(alarms.subscribe(r, subscription).await),
        denied(alarms.unsubscribe(r, "id").await),
        denied(alarms.deliveries(r, &DeliveryFilter::default(), 1).await),
        denied(alarms.retry_delivery(r, 1).await),
        denied(alarms.discard_delivery(r, 1).await),
        denied(rules.list(r, Some("proj1")).await),
        denied(rules.search(r, None).await),
        denied(rules.get(r, late).await),
        denied(rules.put(r, late, rule(), &rule_options).await),
        denied(rules.delete(r, late, &rule_options).await),
        denied(rules.changes(r, late, None, 1).await),
        denied(rules.revision(r, late, "1").await),
        denied(rules.decisions(r, late).await),
        denied(rules.rehearse(r, late, None).await),
    ]
}

fn denied<T>(result: Result<T, impl std::error::Error>) -> String {
    let text = result.err().map(|error| error.to_string()).unwrap_or_default();
    if text.contains("lacks the right") { text } else { String::new() }
}

fn is_about(text: &str, action: Action) -> bool {
    text.starts_with(&format!("alice lacks the right `{}` ", action.word()))
        && text.ends_with("the gate is closed")
}

#[tokio::test]
async fn a_closed_gate_denies_every_use_case_and_records_it_once() {
    let api = Api::new().await;
    let kept = Arc::new(Kept::default());
    let texts = Box::pin(denials(&api, Denying(Action::ALL.to_vec()), kept.clone())).await;
    // Before its history, the status itself is asked for.
    let asked = Action::ALL.map(|action| if action == Action::History { Action::Status } else { action });
    for (action, text) in asked.iter().zip(&texts) {
        assert!(is_about(text, *action), "{action:?}: {text}");
    }
    let recorded = asked.map(|action| (action.word().to_owned(), "alice".to_owned(), EventOutcome::Denied));
    assert_eq!(*kept.0.lock().unwrap(), recorded);
}

#[tokio::test]
async fn a_gate_that_denies_one_action_denies_its_use_case_and_no_other() {
    let api = Api::new().await;
    for closed in Action::ALL {
        let texts = Box::pin(denials(&api, Denying(vec![closed]), Arc::default())).await;
        for (action, text) in Action::ALL.iter().zip(&texts) {
            let also = [
                (Action::History, Action::Status),
                (Action::PutSchedule, Action::Start),
                (Action::PutRule, Action::Status),
            ];
            let needs_it = *action == closed || also.contains(&(*action, closed));
            assert_eq!(is_about(text, closed), needs_it, "{closed:?} closed, {action:?}: {text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn further_denials_within_a_minute_are_counted() {
    let kept = Arc::new(Counts::default());
    let options = AuditOptions { denials: 2, ..AuditOptions::default() };
    let access = Access::new(Arc::new(Denying(Action::ALL.to_vec())), kept.clone(), options);
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

    async fn batches(&self, _: i64, _: u32) -> Result<Vec<Batch>, StoreError> {
        unreachable!("the gate is closed")
    }
}
