//! The audit: events, seals and retention.

use std::collections::BTreeSet;
use std::time::Duration;

use audit_seals::Verifier;
use bridge_core::model::{Event, EventObject, EventOutcome, Stage, StartRecord};
use bridge_core::ports::{Begun, EventFilter, KeptEvent};
use harness::eventually;
use jiff::Timestamp;

use super::intents::created;
use super::{dig, starts};
use bridge_store::{Database, Fault, Report, SealKey, Verify, VerifyKeys};

/// Returns an event of this caller about an intent, so many seconds after 1970.
pub(crate) fn event(actor: &str, verb: &str, intent: &str, second: i64) -> Event {
    let at = Timestamp::from_second(second).unwrap();
    let mut event = Event::of_the_bridge(verb, EventObject::intent(&dig("dig1").intent(intent)), at);
    actor.clone_into(&mut event.actor.name);
    event
}

async fn all(store: &dyn Database) -> Vec<Event> {
    let kept = store.events(&EventFilter::default(), 1000).await.unwrap();
    kept.into_iter().map(|kept| kept.event).collect()
}

pub(crate) async fn events_are_found_by_each_filter_newest_first(store: &dyn Database) {
    let denied = Event { outcome: EventOutcome::Denied, ..event("bob\0", "cancel", "b", 30) };
    let written = [
        event("alice", "create", "a", 10),
        event("alice", "start", "a", 20),
        denied,
        event("alice", "start", "ab", 40),
        Event { object: EventObject::group(&dig("dig10")), ..event("eve", "create", "", 50) },
    ];
    for event in &written {
        store.record(event).await.unwrap();
    }
    let text = |text: &str| Some(text.to_owned());
    let at = |second| Timestamp::from_second(second).ok();
    let none = EventFilter::default;
    let cases: [(EventFilter, &[usize]); 12] = [
        (none(), &[4, 3, 2, 1, 0]),
        (EventFilter { actor: text("alice"), ..none() }, &[3, 1, 0]),
        (EventFilter { actor: text("bob\u{fffd}"), ..none() }, &[2]),
        (EventFilter { verb: text("start"), ..none() }, &[3, 1]),
        (EventFilter { outcome: Some(EventOutcome::Denied), ..none() }, &[2]),
        (EventFilter { object: text("proj1/capp1/v1/dig1/a"), ..none() }, &[1, 0]),
        (EventFilter { object: text("proj1/capp1/v1/dig1"), ..none() }, &[3, 2, 1, 0]),
        (EventFilter { object: text("proj1"), ..none() }, &[4, 3, 2, 1, 0]),
        (EventFilter { object: text("proj"), ..none() }, &[]),
        (EventFilter { since: at(20), until: at(40), ..none() }, &[2, 1]),
        (EventFilter { actor: text("alice"), verb: text("start"), since: at(30), ..none() }, &[3]),
        (EventFilter { actor: text("eve"), outcome: Some(EventOutcome::Denied), ..none() }, &[]),
    ];
    for (filter, expected) in cases {
        let found = store.events(&filter, 10).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|kept| kept.event).collect();
        let expected: Vec<_> = expected.iter().map(|index| written[*index].clone()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    let mut filter = none();
    let mut pages = Vec::new();
    loop {
        let page = store.events(&filter, 2).await.unwrap();
        let Some(KeptEvent { place, .. }) = page.last() else { break };
        filter.after = Some(*place);
        pages.extend(page.into_iter().map(|kept| kept.event));
    }
    assert!(pages.iter().eq(written.iter().rev()));
}

pub(crate) async fn an_event_is_written_with_its_change_or_not_at_all(store: &dyn Database) {
    let (key, change) = (dig("dig1").intent("a"), created("a"));
    let (first, second) = (event("alice", "create", "a", 1), event("bob", "create", "a", 2));
    assert!(store.add_revision(&key, &change, Some(&first)).await.unwrap());
    assert!(!store.add_revision(&key, &change, Some(&second)).await.unwrap());
    assert_eq!(all(store).await, [first]);
}

pub(crate) async fn the_events_of_a_start_are_written_whatever_becomes_of_it(store: &dyn Database) {
    let run = starts::keyed("key", "print");
    let [first, repeat, settled, late] = ["a", "b", "c", "d"].map(|actor| event(actor, "start", "a", 1));
    let begun = store.begin_start(&run, None, starts::LONG, Some(&first)).await.unwrap();
    let Begun::New(run) = begun else { panic!("{begun:?}") };
    let again = starts::keyed("key", "print");
    let known = store.begin_start(&again, None, starts::LONG, Some(&repeat)).await.unwrap();
    assert!(matches!(known, Begun::Known(_)), "{known:?}");
    let run = StartRecord { outcome: starts::started(None), ..run };
    assert!(store.settle(&run, Some(&settled)).await.unwrap());
    assert!(!store.settle(&run, Some(&late)).await.unwrap());
    assert_eq!(all(store).await, [late, settled, repeat, first]);
}

/// The longest time that a test waits.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Waits until the next events are sealed: on PostgreSQL, transactions of other tests may be open.
async fn sealed(store: &dyn Database, key: Option<&SealKey>, second: i64) {
    eventually(SOON, "the event is sealed", async || {
        store.seal(key, Timestamp::from_second(second).unwrap()).await.unwrap()
    })
    .await;
}

/// Seals what can be sealed, and returns the seals.
pub(crate) async fn seal(store: &dyn Database, key: Option<&SealKey>) -> Vec<bridge_store::Seal> {
    let mut seals = Vec::new();
    while let Some(seal) = store.seal(key, Timestamp::from_second(100).unwrap()).await.unwrap() {
        seals.push(seal);
    }
    seals
}

pub(crate) async fn seals_cover_all_events_and_are_chained(store: &dyn Database) {
    let verify = async |verify: &Verify| store.verify(verify).await.unwrap();
    assert_eq!(verify(&Verify::default()).await, Ok(Report::default()));
    let text = SealKey::generate().unwrap();
    let (key, keys) = (SealKey::read(text.as_bytes()).unwrap(), VerifyKeys::read(text.as_bytes()).unwrap());
    for second in 0..3 {
        let received = Event { stage: Stage::Received, ..event("alice", "start", "a", second) };
        store.record(&received).await.unwrap();
        sealed(store, Some(&key), 100).await;
    }
    assert!(seal(store, Some(&key)).await.is_empty());
    store.record(&event("alice", "start", "a", 9)).await.unwrap();
    let signed = Verify { keys: Some(keys), ..Verify::default() };
    let report = Report { seals: 3, events: 3, unsealed: 1, expired: 0, signed: 3 };
    assert_eq!(verify(&signed).await, Ok(report));
    let batches: BTreeSet<_> =
        store.events(&EventFilter::default(), 10).await.unwrap().into_iter().map(|kept| kept.batch).collect();
    assert_eq!(batches, BTreeSet::from([None, Some(1), Some(2), Some(3)]));
    let other = VerifyKeys::read(SealKey::generate().unwrap().as_bytes()).unwrap();
    let by_another = Verify { keys: Some(other), ..Verify::default() };
    assert_eq!(verify(&by_another).await, Err(Fault::Forged(1)));
}

pub(crate) async fn old_batches_are_deleted_and_their_seals_kept(store: &dyn Database) {
    let at = |second| Timestamp::from_second(second).unwrap();
    for second in [1, 2, 3] {
        store.record(&event("alice", "start", "a", second)).await.unwrap();
        sealed(store, None, second * 100).await;
    }
    assert_eq!(store.expire(at(250), at(400)).await.unwrap(), Some(2));
    assert_eq!(store.expire(at(250), at(400)).await.unwrap(), None);
    let left = all(store).await;
    let verbs: Vec<_> = left.iter().map(|event| (event.verb.as_str(), event.object.through_batch)).collect();
    assert_eq!(verbs, [("expire-audit", Some(2)), ("start", None)]);
    let report = |events, unsealed, seals| Report { seals, events, unsealed, expired: 2, signed: 0 };
    assert_eq!(store.verify(&Verify::default()).await.unwrap(), Ok(report(1, 1, 3)));
    sealed(store, None, 500).await;
    assert_eq!(store.verify(&Verify::default()).await.unwrap(), Ok(report(2, 0, 4)));
    // Whoever has the batches finds the same.
    let verify = Verify::default();
    let mut verifier = Verifier::new(&verify);
    for after in [0, 2] {
        for batch in store.batches(after, 2).await.unwrap() {
            batch.verify(&mut verifier).unwrap();
        }
    }
    assert_eq!(verifier.end(), Ok(report(2, 0, 4)));
    let mut changed = store.batches(3, 1).await.unwrap().remove(0);
    changed.events[0].document.push(' ');
    let fault = Fault::Changed { number: changed.events[0].number, batch: 4 };
    let mut verifier = Verifier::new(&verify);
    for batch in store.batches(0, 3).await.unwrap() {
        batch.verify(&mut verifier).unwrap();
    }
    assert_eq!(changed.verify(&mut verifier), Err(fault));
    let exported = store.export(i64::MIN, 10).await.unwrap();
    assert_eq!(exported.iter().map(|event| event.batch).collect::<Vec<_>>(), [Some(3), Some(4)]);
    assert!(exported[0].document.contains("\"verb\":\"start\""));
}
