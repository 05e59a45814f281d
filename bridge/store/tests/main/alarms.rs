//! Alarms, their notifications and the deliveries of these.

use std::time::Duration;

use bridge_core::model::{Alarm, AlarmObject, By, Event, ProbableCause, Raised, Step};
use bridge_core::ports::{
    AlarmChange, AlarmFilter, DeliveryFilter, EventFilter, KeptAlarm, KeptSubscription, Subscription,
    subscription_target,
};
use bridge_store::Database;
use harness::eventually;
use jiff::{SignedDuration, Timestamp};
use workflow_api::alarms::{AckState, AlarmAckState, NotificationType, PerceivedSeverity};

use super::audit::{SOON, event};
use super::dig;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn about(intent: &str) -> Raised {
    let object = AlarmObject::intent(&dig("dig1").intent(intent));
    Raised::new(object, ProbableCause::WorkflowFailed, "it failed")
}

fn by() -> By {
    By { user: "alice".to_owned(), system: "oss".to_owned() }
}

fn change_event() -> Event {
    event("bridge", "raise-alarm", "a", 1)
}

/// Writes a change with notifications to these targets.
async fn save(store: &dyn Database, before: Option<i64>, step: &Step, targets: &[&str]) -> bool {
    let targets: Vec<_> = targets.iter().map(|target| (*target).to_owned()).collect();
    let notifications: Vec<_> =
        step.notifications.iter().cloned().map(|one| (one, targets.clone())).collect();
    let event = change_event();
    let change =
        AlarmChange { before, alarm: &step.alarm, notifications: &notifications, event: Some(&event) };
    store.save_alarm(&change).await.unwrap()
}

async fn raised(store: &dyn Database, raised: &Raised, targets: &[&str]) -> KeptAlarm {
    let step = Alarm::raise_new(raised, at(10));
    assert!(save(store, None, &step, targets).await);
    store.alarm(&step.alarm.id).await.unwrap().unwrap()
}

async fn listed(store: &dyn Database, filter: &AlarmFilter) -> Vec<KeptAlarm> {
    store.alarms(filter, 100).await.unwrap()
}

async fn events(store: &dyn Database) -> usize {
    store.events(&EventFilter::default(), 100).await.unwrap().len()
}

pub(crate) async fn an_alarm_comes_back_as_it_was_kept(store: &dyn Database) {
    let object = AlarmObject::workflow(&dig("dig1").intent("a"), &"w,1=é".into());
    let raised = Raised { problem: "p".to_owned(), object, ..about("a") };
    let step = Alarm::raise_new(&raised, at(10));
    assert!(save(store, None, &step, &[]).await);
    let kept = store.alarm(&step.alarm.id).await.unwrap().unwrap();
    assert_eq!((&kept.alarm, kept.version), (&step.alarm, 1));
    assert!(kept.number > 0);
    let found = store.alarm_of(&raised.object, raised.cause, "p").await.unwrap();
    assert_eq!(found, Some(kept));
    assert_eq!(store.alarm_of(&raised.object, raised.cause, "").await.unwrap(), None);
    assert_eq!(store.alarm(&"absent\0".into()).await.unwrap(), None);
}

pub(crate) async fn a_condition_has_one_alarm_whoever_raises_it(store: &dyn Database) {
    let steps: Vec<_> = (0..8).map(|_| Alarm::raise_new(&about("a"), at(10))).collect();
    let saved = futures::future::join_all(steps.iter().map(|step| save(store, None, step, &["t"]))).await;
    assert_eq!(saved.into_iter().filter(|saved| *saved).count(), 1);
    assert_eq!(listed(store, &AlarmFilter::default()).await.len(), 1);
    assert_eq!(store.alarm_count().await.unwrap(), 1);
    assert_eq!(events(store).await, 1);
    assert_eq!(store.deliveries(&DeliveryFilter::default(), 10).await.unwrap().len(), 1);
}

pub(crate) async fn of_changes_of_an_alarm_at_once_one_is_written(store: &dyn Database) {
    let kept = raised(store, &about("a"), &[]).await;
    let step = kept.alarm.clear(SignedDuration::ZERO, at(20)).unwrap();
    let saves = (0..8).map(|_| save(store, Some(kept.version), &step, &["t"]));
    let saved = futures::future::join_all(saves).await;
    assert_eq!(saved.into_iter().filter(|saved| *saved).count(), 1);
    let now = store.alarm(&kept.alarm.id).await.unwrap().unwrap();
    assert_eq!((now.version, now.alarm.is_active()), (2, false));
    assert!(now.number > kept.number);
    assert_eq!(events(store).await, 2);
}

pub(crate) async fn an_alarm_that_is_over_leaves_and_makes_room_for_the_next(store: &dyn Database) {
    let kept = raised(store, &about("a"), &[]).await;
    let cleared = kept.alarm.clear(SignedDuration::ZERO, at(20)).unwrap();
    assert!(save(store, Some(1), &cleared, &[]).await);
    let over = cleared.alarm.acknowledge(AckState::Acknowledged, by(), at(30)).unwrap();
    assert!(over.alarm.is_over());
    assert!(save(store, Some(2), &over, &[]).await);
    assert_eq!(store.alarm(&kept.alarm.id).await.unwrap(), None);
    let next = raised(store, &about("a"), &[]).await;
    assert_ne!(next.alarm.id, kept.alarm.id);
}

pub(crate) async fn alarms_are_found_by_each_filter_newest_first(store: &dyn Database) {
    let a = raised(store, &about("a"), &[]).await;
    let critical = Raised { severity: Some(PerceivedSeverity::Critical), ..about("ab") };
    let ab = raised(store, &critical, &[]).await;
    let bridge = Raised::new(AlarmObject::bridge(), ProbableCause::TemporalUnavailable, "away");
    let bridge = raised(store, &bridge, &[]).await;
    let acknowledged = ab.alarm.acknowledge(AckState::Acknowledged, by(), at(20)).unwrap();
    assert!(save(store, Some(1), &acknowledged, &[]).await);
    let cleared = a.alarm.clear_by(by(), at(20)).unwrap();
    assert!(save(store, Some(1), &cleared, &[]).await);
    let (a, ab, bridge) = (a.alarm.id, ab.alarm.id, bridge.alarm.id);
    let state = |state| AlarmFilter { state: Some(state), ..AlarmFilter::default() };
    let base = |base: &str| AlarmFilter { base: Some(base.to_owned()), ..AlarmFilter::default() };
    let cases = [
        (AlarmFilter::default(), vec![&bridge, &ab, &a]),
        (state(AlarmAckState::All), vec![&bridge, &ab, &a]),
        (state(AlarmAckState::Active), vec![&bridge, &ab]),
        (state(AlarmAckState::ActiveAcknowledged), vec![&ab]),
        (state(AlarmAckState::ActiveUnacknowledged), vec![&bridge]),
        (state(AlarmAckState::ClearedUnacknowledged), vec![&a]),
        (state(AlarmAckState::Unacknowledged), vec![&bridge, &a]),
        (
            AlarmFilter { severity: Some(PerceivedSeverity::Critical), ..AlarmFilter::default() },
            vec![&bridge, &ab],
        ),
        (AlarmFilter { severity: Some(PerceivedSeverity::Cleared), ..AlarmFilter::default() }, vec![&a]),
        (AlarmFilter { cause: Some(ProbableCause::WorkflowFailed), ..AlarmFilter::default() }, vec![&ab, &a]),
        (base("EMCO=proj1"), vec![&ab, &a]),
        (base("EMCO=proj1,CompositeApp=capp1,Version=v1,DIG=dig1,Intent=a"), vec![&a]),
        (base("EMCO=proj"), vec![]),
        (AlarmFilter { after: Some(ab.clone()), ..AlarmFilter::default() }, vec![&a]),
    ];
    for (filter, expected) in cases {
        let found = listed(store, &filter).await;
        let found: Vec<_> = found.iter().map(|kept| &kept.alarm.id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

pub(crate) async fn alarms_are_due_when_their_hold_has_passed(store: &dyn Database) {
    let kept = raised(store, &about("a"), &[]).await;
    let waits = kept.alarm.clear(SignedDuration::from_secs(30), at(100)).unwrap();
    assert!(save(store, Some(1), &waits, &[]).await);
    assert_eq!(store.due_alarms(at(129), 10).await.unwrap(), []);
    let due = store.due_alarms(at(130), 10).await.unwrap();
    assert_eq!(due.iter().map(|kept| &kept.alarm).collect::<Vec<_>>(), [&waits.alarm]);
}

pub(crate) async fn notifications_come_in_order_and_are_forgotten_when_delivered(store: &dyn Database) {
    assert_eq!(store.notification_range().await.unwrap(), None);
    let kept = raised(store, &about("a"), &["t"]).await;
    let cleared = kept.alarm.clear(SignedDuration::ZERO, at(20)).unwrap();
    assert!(save(store, Some(1), &cleared, &[]).await);
    // On PostgreSQL, transactions of other tests may be open.
    let read = eventually(SOON, "both can be read", async || {
        let read = store.notifications(0, 10).await.unwrap();
        (read.len() == 2).then_some(read)
    })
    .await;
    let kinds: Vec<_> = read.iter().map(|kept| kept.notification.kind).collect();
    assert_eq!(kinds, [NotificationType::NewAlarm, NotificationType::ClearedAlarm]);
    assert_eq!(store.notifications(read[0].number, 10).await.unwrap(), read[1..]);
    assert_eq!(store.notification_range().await.unwrap(), Some((read[0].number, read[1].number)));
    // The first one is not delivered.
    assert_eq!(store.forget_notifications(at(1000)).await.unwrap(), 1);
    let taken = store.take_deliveries("t", 10, LONG).await.unwrap();
    assert!(store.delivered(&taken[0]).await.unwrap());
    assert_eq!(store.forget_notifications(at(1000)).await.unwrap(), 1);
}

pub(crate) async fn deliveries_about_an_alarm_come_one_after_the_other(store: &dyn Database) {
    let kept = raised(store, &about("a"), &["t", "u"]).await;
    let cleared = kept.alarm.clear(SignedDuration::ZERO, at(20)).unwrap();
    assert!(save(store, Some(1), &cleared, &["t", "u"]).await);
    raised(store, &about("b"), &["t"]).await;
    let mut due = store.due_targets().await.unwrap();
    due.sort();
    assert_eq!(due, ["t", "u"]);
    let taken = store.take_deliveries("t", 10, LONG).await.unwrap();
    let kinds: Vec<_> = taken.iter().map(|taken| taken.kept.notification.kind).collect();
    assert_eq!(kinds, [NotificationType::NewAlarm; 2]);
    assert_eq!(store.take_deliveries("t", 10, LONG).await.unwrap(), []);
    let first = taken.iter().find(|taken| taken.kept.notification.alarm.id == kept.alarm.id).unwrap();
    assert!(store.delivered(first).await.unwrap());
    assert!(!store.delivered(first).await.unwrap());
    let second = store.take_deliveries("t", 10, LONG).await.unwrap();
    let kinds: Vec<_> = second.iter().map(|taken| taken.kept.notification.kind).collect();
    assert_eq!(kinds, [NotificationType::ClearedAlarm]);
}

pub(crate) async fn a_delivery_is_leased_to_one_and_comes_back_after_the_lease(store: &dyn Database) {
    raised(store, &about("a"), &["t"]).await;
    let takes = futures::future::join_all((0..8).map(|_| store.take_deliveries("t", 10, LONG))).await;
    let taken: Vec<_> = takes.into_iter().flat_map(Result::unwrap).collect();
    let [leased] = taken.as_slice() else { panic!("{taken:?}") };
    assert!(store.put_off_delivery(leased, Duration::ZERO, "busy").await.unwrap());
    let first =
        eventually(SOON, "it is due", async || store.take_deliveries("t", 10, SHORT).await.unwrap().pop())
            .await;
    let again =
        eventually(SOON, "it comes back", async || store.take_deliveries("t", 10, LONG).await.unwrap().pop())
            .await;
    assert_eq!((leased.attempt, first.attempt, again.attempt), (1, 2, 3));
    // Whose lease has passed changes nothing.
    assert!(!store.delivered(&first).await.unwrap());
    assert!(!store.put_off_delivery(&first, SHORT, "late").await.unwrap());
    assert!(!store.bury_delivery(&first, "late").await.unwrap());
    assert!(store.put_off_delivery(&again, SHORT, "busy").await.unwrap());
    let third =
        eventually(SOON, "it comes back", async || store.take_deliveries("t", 10, LONG).await.unwrap().pop())
            .await;
    assert_eq!(third.attempt, 4);
    let listed = store.deliveries(&DeliveryFilter::default(), 10).await.unwrap();
    assert_eq!((listed[0].error.as_str(), listed[0].dead_at), ("busy", None));
}

pub(crate) async fn a_dead_letter_waits_for_somebody_and_so_does_what_follows(store: &dyn Database) {
    let kept = raised(store, &about("a"), &["t"]).await;
    let cleared = kept.alarm.clear(SignedDuration::ZERO, at(20)).unwrap();
    assert!(save(store, Some(1), &cleared, &["t"]).await);
    let take = async || store.take_deliveries("t", 10, LONG).await.unwrap().pop();
    let bury = async |error: &str| {
        let taken = take().await.unwrap();
        assert!(store.bury_delivery(&taken, error).await.unwrap());
        taken.number
    };
    let dead = bury("400").await;
    assert_eq!(take().await, None);
    let filter = DeliveryFilter { target: Some("t".to_owned()), dead: true, after: None };
    let letters = store.deliveries(&filter, 10).await.unwrap();
    assert_eq!(
        letters.iter().map(|one| (one.number, one.error.as_str())).collect::<Vec<_>>(),
        [(dead, "400")]
    );
    assert!(letters[0].dead_at.is_some());
    assert!(store.retry_delivery(dead, &change_event()).await.unwrap());
    assert_eq!(bury("401").await, dead);
    assert!(store.discard_delivery(dead, &change_event()).await.unwrap());
    assert!(!store.discard_delivery(dead, &change_event()).await.unwrap());
    let next = take().await.unwrap();
    assert_eq!(next.kept.notification.kind, NotificationType::ClearedAlarm);
    assert!(store.discard_delivery(next.number, &change_event()).await.unwrap());
    assert_eq!(events(store).await, 5);
}

pub(crate) async fn a_subscription_is_deleted_with_its_deliveries(store: &dyn Database) {
    let subscription = Subscription {
        consumer_reference: "http://oss/alarms".to_owned(),
        min_severity: Some(PerceivedSeverity::Major),
        ..Subscription::default()
    };
    let kept = KeptSubscription { id: "s1".to_owned(), by: "alice".to_owned(), at: at(5), subscription };
    store.add_subscription(&kept, &change_event()).await.unwrap();
    assert_eq!(store.subscriptions().await.unwrap(), std::slice::from_ref(&kept));
    let target = subscription_target("s1");
    raised(store, &about("a"), &[&target, "t"]).await;
    assert!(store.delete_subscription("s1", &target, &change_event()).await.unwrap());
    assert!(!store.delete_subscription("s1", &target, &change_event()).await.unwrap());
    assert_eq!(store.subscriptions().await.unwrap(), []);
    assert_eq!(store.due_targets().await.unwrap(), ["t"]);
    assert_eq!(events(store).await, 3);
    assert_eq!(store.drop_deliveries("t").await.unwrap(), 1);
    assert_eq!(store.due_targets().await.unwrap(), [""; 0]);
}
