//! Every operation, on a real bridge: each answer fits its schema in the served document.

use std::collections::BTreeMap;

use bridge_client::model::{AlarmPatch, NewSubscription, StartAnswer};
use bridge_client::{Bridge, Condition, DigKey, Error, Raw, StatusCode};
use harness::eventually;
use serde_json::{Value, json};
use workflow_api::alarms::{AckState, AlarmComment};
use workflow_api::{CancelRequest, StartRequest, WorkflowIntent, WorkflowState};

use super::document::{methods, operations};
use super::scene::{SOON, Scene, Seen, call, dig, key};

#[tokio::test]
async fn every_answer_fits_its_schema() {
    let scene = Scene::new().await;
    let bridge = &scene.bridge;
    let document = bridge.serve().await.unwrap().value;
    assert_eq!(operations(&document), methods());
    let mut seen = Seen::new(document);
    the_process(bridge, &mut seen).await;
    intents(&scene, &mut seen).await;
    // What waits is delivered when an alarm comes.
    let subscribed = subscriptions(bridge, &mut seen).await;
    workflows(&scene, &mut seen).await;
    schedules(bridge, &mut seen).await;
    rules(bridge, &mut seen).await;
    alarms(bridge, &mut seen, &subscribed).await;
    call!(seen, bridge.list_events().query("object", "proj1/capp1").limit(5));
    let sealed = eventually(SOON, "events are sealed", async || {
        let batches = call!(seen, bridge.list_batches().limit(1)).value;
        batches.first().map(|first| first.seal.number)
    });
    assert_eq!(sealed.await, 1);
    call!(seen, bridge.delete_intent(&key("gate")));
    // It has no answer but a stream.
    seen.called.insert("alarm_events".to_owned());
    let all: std::collections::BTreeSet<_> = methods().into_iter().map(|(id, ..)| id).collect();
    assert_eq!(seen.called, all);
}

async fn the_process(bridge: &Bridge, seen: &mut Seen) {
    assert_eq!(call!(seen, bridge.live()).value.trim(), "alive");
    call!(seen, bridge.ready());
    assert!(call!(seen, bridge.measures()).value.contains("bridge_"));
    call!(seen, bridge.serve());
    assert_eq!(call!(seen, bridge.my_session()).value.kind, "anonymous");
    assert!(call!(seen, bridge.my_rights().query("scope", "**")).value.list().len() > 10);
    let one = call!(seen, bridge.my_rights().query("scope", "proj1").query("verb", "start"));
    assert!(one.value.list()[0].allowed);
}

async fn intents(scene: &Scene, seen: &mut Seen) {
    let (bridge, gate) = (&scene.bridge, key("gate"));
    let json = scene.intent("gate").to_string();
    call!(seen, bridge.create_intent(&dig(), Raw(&json)).dry_run().strict());
    let created = call!(seen, bridge.create_intent(&dig(), Raw(&json)));
    assert_eq!((created.status, created.etag()), (StatusCode::CREATED, Some("\"1\"")));
    let first: WorkflowIntent = call!(seen, bridge.get_intent(&gate)).value;
    let etag = Condition::UnlessMatch("\"1\"".to_owned());
    assert!(matches!(bridge.get_intent(&gate).condition(&etag).await, Err(Error::NotModified)));

    let current = Condition::IfMatch("\"1\"".to_owned());
    let mut intent = first.clone();
    intent.metadata.description = "another".to_owned();
    let replaced = call!(seen, bridge.put_intent(&gate, &intent).condition(&current));
    assert_eq!(replaced.etag(), Some("\"2\""));
    let lost = bridge.put_intent(&gate, &intent).condition(&current).await.unwrap_err();
    assert_eq!((lost.code(), lost.status()), (Some("condition_failed"), Some(412)));
    let odd = json!({"spec": {"unknown": 1}}).to_string();
    let refused = bridge.create_intent(&dig(), Raw(&odd)).condition(&Condition::IfAbsent).await.unwrap_err();
    assert!(!refused.problem().unwrap().faults.is_empty());

    call!(seen, bridge.put_intent(&key("another"), Raw(&scene.intent("another").to_string())));
    let page = call!(seen, bridge.list_intents(&dig()).limit(1));
    assert_eq!((page.value.len(), page.next().is_some()), (1, true));
    let all = bridge.list_intents(&dig()).limit(1).pages().all().await.unwrap();
    assert_eq!(all.iter().map(|intent| &intent.metadata.name).collect::<Vec<_>>(), ["another", "gate"]);

    let groups = call!(seen, bridge.list_groups().query("project", "proj1")).value;
    assert_eq!(groups.into_iter().map(DigKey::from).collect::<Vec<_>>(), [dig()]);

    assert_eq!(call!(seen, bridge.list_revisions(&gate)).value.len(), 2);
    let revision = call!(seen, bridge.get_revision(&gate, &1));
    assert_eq!(revision.value.intent.as_ref(), Some(&first));
    call!(seen, bridge.roll_back_intent(&gate, Raw(r#"{"spec":{"revision":1}}"#)));
    call!(seen, bridge.check_intent(&gate));
}

async fn workflows(scene: &Scene, seen: &mut Seen) {
    let (bridge, gate) = (&scene.bridge, key("gate"));
    let preview = call!(seen, bridge.start_intent(&gate, None::<&StartRequest>).dry_run());
    assert!(matches!(preview.value, Some(StartAnswer::Preview(_))), "{preview:?}");
    assert!(call!(seen, bridge.start_intent(&gate, None::<&StartRequest>)).value.is_none());
    let again = Raw(r#"{"spec":{"workflowID":"gate-2"}}"#);
    let started = call!(seen, bridge.start_intent(&gate, again).idempotency_key("k").representation());
    let Some(StartAnswer::Started(started)) = started.value else { panic!("{started:?}") };
    assert_eq!(started.workflow_id.as_str(), "gate-2");
    let replayed = call!(seen, bridge.start_intent(&gate, again).idempotency_key("k"));
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));

    let runs = call!(seen, bridge.list_runs(&gate)).value;
    assert_eq!((runs.len(), runs[0].number), (2, 2));
    assert_eq!(call!(seen, bridge.get_run(&gate, &runs[0].start_id)).value.workflow_id, started.workflow_id);
    let status = call!(seen, bridge.intent_status(&gate).query("getWfHistory", true));
    assert_eq!(status.value.workflow_state, Some(WorkflowState::Running));
    let waited =
        call!(seen, bridge.intent_status(&gate).wait_for_result(std::time::Duration::from_millis(50)));
    assert_eq!(waited.status, StatusCode::ACCEPTED);

    // More digits than a number of JavaScript has.
    let set = Raw(r#"{"spec":{"name":"set","args":[9007199254740993]}}"#);
    call!(seen, bridge.update_workflow(&gate, set));
    let query = Raw(r#"{"spec":{"type":"value"}}"#);
    assert_eq!(call!(seen, bridge.query_workflow(&gate, query)).value.result.as_str(), "9007199254740993");
    call!(seen, bridge.pause_workflow(&gate, None::<&_>).representation());
    call!(seen, bridge.unpause_workflow(&gate, None::<&_>));
    let reset = Raw(r#"{"spec":{"to":"FirstWorkflowTask","reason":"again"}}"#);
    assert_ne!(call!(seen, bridge.reset_workflow(&gate, reset)).value.run_id, started.run_id);

    let mut events = bridge.intent_status(&gate).events().await.unwrap();
    call!(
        seen,
        bridge.signal_workflow(&gate, Raw(r#"{"spec":{"name":"open","args":[7]}}"#)).representation()
    );
    let mut kinds = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        serde_json::from_str::<Value>(&event.data).unwrap();
        kinds.push(event.kind);
    }
    assert_eq!(kinds.last().map(String::as_str), Some("closed"), "{kinds:?}");
    let ended = call!(seen, bridge.intent_status(&gate).wait_for_result(SOON));
    assert_eq!(ended.value.workflow_state, Some(WorkflowState::Completed), "{}", ended.text());

    call!(seen, bridge.start_intent(&gate, Raw(r#"{"spec":{"workflowID":"gate-3"}}"#)));
    let cancel = CancelRequest::default();
    assert!(call!(seen, bridge.cancel_workflow(&gate, &cancel).wait(SOON)).value.unwrap().stopped);
    call!(seen, bridge.start_intent(&gate, Raw(r#"{"spec":{"workflowID":"gate-4"}}"#)));
    let terminate = Raw(r#"{"spec":{"reason":"enough"}}"#);
    call!(seen, bridge.terminate_workflow(&gate, terminate).representation());
}

async fn schedules(bridge: &Bridge, seen: &mut Seen) {
    let gate = key("gate");
    let spec = Raw(r#"{"spec":{"crons":["30 2 * * 1-5"],"start":{"workflowID":"gate-{{uuid}}"}}}"#);
    call!(seen, bridge.put_schedule(&gate, "nightly", spec).dry_run());
    let kept = call!(seen, bridge.put_schedule(&gate, "nightly", spec).condition(&Condition::IfAbsent));
    call!(seen, bridge.put_schedule(&gate, "nightly", &kept.value));
    let read = call!(seen, bridge.get_schedule(&gate, "nightly"));
    assert_eq!(read.value, kept.value);
    assert_eq!(call!(seen, bridge.list_schedules(&gate)).value.len(), 1);
    assert_eq!(call!(seen, bridge.list_schedule_revisions(&gate, "nightly")).value[0].action, "created");
    let revision = call!(seen, bridge.get_schedule_revision(&gate, "nightly", &1)).value;
    assert_eq!(revision.schedule, Some(kept.value));
    eventually(SOON, "Temporal has the schedule", async || bridge.schedule_status(&gate, "nightly").await)
        .await;
    call!(seen, bridge.schedule_status(&gate, "nightly"));
    assert_eq!(call!(seen, bridge.preview_schedule(&gate, "nightly").limit(3)).value.len(), 3);
    assert_eq!(call!(seen, bridge.preview_times(&gate, "nightly", spec).limit(2)).value.len(), 2);
    call!(seen, bridge.pause_schedule(&gate, "nightly", Raw(r#"{"spec":{"note":"holidays"}}"#)));
    call!(seen, bridge.resume_schedule(&gate, "nightly", None::<&_>));
    call!(seen, bridge.trigger_schedule(&gate, "nightly").idempotency_key("once"));
    let past = Raw(r#"{"spec":{"from":"2026-01-05T00:00:00Z","to":"2026-01-06T00:00:00Z"}}"#);
    call!(seen, bridge.backfill_schedule(&gate, "nightly", past));
    call!(seen, bridge.delete_schedule(&gate, "nightly"));
}

async fn rules(bridge: &Bridge, seen: &mut Seen) {
    let rule = r#"{"spec":{"when":{"state":["Terminated"]},"every":"10s","then":[{"alarm":{"probableCause":"workflowFailed"}}]}}"#;
    let rule = Raw(rule);
    let kept = call!(seen, bridge.put_rule("proj1", "ended", rule));
    assert_eq!(call!(seen, bridge.get_rule("proj1", "ended")).value, kept.value);
    call!(seen, bridge.put_rule("proj1", "ended", &kept.value).dry_run());
    assert_eq!(call!(seen, bridge.list_rules("proj1")).value.len(), 1);
    call!(seen, bridge.list_rule_revisions("proj1", "ended"));
    let revision = call!(seen, bridge.get_rule_revision("proj1", "ended", &1)).value;
    assert_eq!(revision.rule, Some(kept.value.clone()));
    call!(seen, bridge.rehearse_rule("proj1", "ended", None::<&_>));
    call!(seen, bridge.rehearse_rule("proj1", "other", Some(&kept.value)));

    call!(seen, bridge.put_rule_over_all("all", rule));
    call!(seen, bridge.get_rule_over_all("all"));
    call!(seen, bridge.list_rules_over_all());
    call!(seen, bridge.list_rule_revisions_over_all("all"));
    call!(seen, bridge.get_rule_revision_over_all("all", &1));
    call!(seen, bridge.rehearse_rule_over_all("all", None::<&_>));
    call!(seen, bridge.list_decisions_over_all("all"));
    call!(seen, bridge.delete_rule_over_all("all"));
}

async fn subscriptions(bridge: &Bridge, seen: &mut Seen) -> String {
    // Nobody listens there.
    let consumer = format!("http://127.0.0.1:{}/alarms", harness::free_port());
    let new = NewSubscription { consumer_reference: consumer, ..NewSubscription::default() };
    let made = call!(seen, bridge.create_subscription(&new)).value;
    assert_eq!(call!(seen, bridge.list_subscriptions()).value[0].id, made.id);
    made.id
}

async fn alarms(bridge: &Bridge, seen: &mut Seen, subscribed: &str) {
    let found = eventually(SOON, "the rule raises an alarm", async || {
        bridge.list_alarms().await.ok()?.value.into_iter().find_map(|alarm| alarm.alarm_id)
    });
    let alarm = found.await;
    call!(seen, bridge.list_decisions("proj1", "ended"));
    call!(seen, bridge.list_alarms().query("alarmAckState", "ALL_ACTIVE_ALARMS").limit(1));
    let mut events = bridge.alarm_events().events_after("0").await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().kind, "notifyNewAlarm");
    call!(seen, bridge.get_alarm(&alarm));
    call!(seen, bridge.count_alarms().query("scope", "proj1/capp1/v1/dig1"));
    let ack = AlarmPatch { ack_state: Some(AckState::Acknowledged), ..AlarmPatch::default() };
    assert_eq!(call!(seen, bridge.patch_alarm(&alarm, &ack)).value.ack_state, AckState::Acknowledged);
    let comment = AlarmComment { comment_text: "on my way".to_owned(), ..AlarmComment::default() };
    call!(seen, bridge.comment_alarm(&alarm, &comment));

    let deliveries = call!(seen, bridge.list_deliveries()).value;
    call!(seen, bridge.retry_delivery(&deliveries[0].id));
    call!(seen, bridge.discard_delivery(&deliveries[0].id));
    call!(seen, bridge.delete_subscription(subscribed));

    let by_alice = |state| AlarmPatch {
        ack_state: Some(state),
        ack_user_id: "alice".to_owned(),
        ..AlarmPatch::default()
    };
    assert!(call!(seen, bridge.mns_alarms()).value.contains_key(&alarm));
    call!(seen, bridge.mns_count());
    call!(seen, bridge.mns_patch_alarm(&alarm, &by_alice(AckState::Unacknowledged)));
    let several = BTreeMap::from([(alarm.clone(), by_alice(AckState::Acknowledged))]);
    call!(seen, bridge.mns_patch_alarms(&several));
    call!(seen, bridge.mns_comment(&alarm, &comment));
    let new = Raw(r#"{"consumerReference":"http://127.0.0.1:9/"}"#);
    let made = call!(seen, bridge.mns_subscribe(new));
    let id = made.location().and_then(|path| path.rsplit('/').next()).unwrap();
    call!(seen, bridge.mns_unsubscribe(id));
    call!(seen, bridge.delete_rule("proj1", "ended"));
}
