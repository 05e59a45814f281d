//! What rules watch, have seen and have decided.

use bridge_core::model::{ChangeKind, Course, IntentKey, Outcome, RuleKey, StartId, StartRecord, SubjectId};
use bridge_core::ports::{KeptCourse, Store, StoreError};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use workflow_api::{DecisionState, WorkflowState};

use super::dig;
use super::intents::revision;
use super::observations::{all_seen, at, of_project, seen};
use super::starts::{LONG, begun, not_started, now, run, settled, started, unknown};

fn subject(id: &str) -> SubjectId {
    SubjectId(id.to_owned())
}

fn rule(project: Option<&str>, name: &str) -> RuleKey {
    RuleKey { project: project.map(str::to_owned), name: name.to_owned() }
}

pub(super) fn found_running() -> Outcome {
    Outcome::Started { run_id: Some("r".into()), already_running: true, at: now() }
}

/// Records a start of an intent with this outcome.
pub(super) async fn start(store: &dyn Store, intent: &str, outcome: Outcome) -> StartRecord {
    let start = begun(store, &run(intent), LONG).await;
    if outcome == Outcome::Starting { start } else { settled(store, start, outcome).await }
}

pub(super) async fn end(store: &dyn Store, start: &StartRecord, state: WorkflowState) {
    store.run_ended(start.id, state, now(), now()).await.unwrap();
}

/// Returns the IDs of the starts to watch, of all projects.
async fn watched(store: &dyn Store) -> Vec<StartId> {
    let watched = store.watched(None, Timestamp::MAX, None, 1000).await.unwrap();
    assert_eq!(store.watched(Some("proj1"), Timestamp::MAX, None, 1000).await.unwrap(), watched);
    watched.into_iter().map(|start| start.id).collect()
}

fn course(state: DecisionState) -> String {
    let mut course = Course::default();
    course.decision.state = state;
    serde_json::to_string(&course).unwrap()
}

pub(super) async fn intents_that_there_are_come_in_the_order_of_their_names(store: &dyn Store) {
    let keys = [("p", "a"), ("P", "z"), ("p", "B"), ("p-1", "a"), ("p", "gone"), ("q", "a")]
        .map(|(project, name)| of_project(project, name));
    for key in &keys {
        let created = revision(1, ChangeKind::Created, Some(&key.name));
        assert!(store.add_revision(key, &created, None).await.unwrap());
    }
    let [a, z, b, other, gone, last] = &keys;
    let mut replaced = revision(2, ChangeKind::Replaced, Some("a"));
    replaced.change.at = at(9);
    assert!(store.add_revision(a, &replaced, None).await.unwrap());
    assert!(store.add_revision(gone, &revision(2, ChangeKind::Deleted, None), None).await.unwrap());
    let listed = async |project: Option<&str>, after: Option<&IntentKey>, limit| {
        store.intents_in(project, after, limit).await.unwrap()
    };
    let expected = [(z, now()), (b, now()), (a, at(9)), (other, now()), (last, now())];
    let expected = expected.map(|(key, at)| (key.clone(), at));
    assert_eq!(listed(None, None, 9).await, expected);
    assert_eq!(listed(None, None, 2).await, expected[..2]);
    assert_eq!(listed(None, Some(b), 2).await, expected[2..4]);
    assert_eq!(listed(None, Some(gone), 9).await, expected[3..]);
    assert_eq!(listed(Some("p"), None, 9).await, expected[1..3]);
    assert_eq!(listed(Some("p"), Some(b), 9).await, expected[2..3]);
    assert_eq!(listed(Some("p"), Some(z), 9).await, expected[1..3]);
    assert_eq!(listed(Some("p"), Some(other), 9).await, []);
    assert_eq!(listed(Some("absent"), None, 9).await, []);
    // Its name is used again.
    assert!(store.add_revision(gone, &revision(3, ChangeKind::Created, Some("gone")), None).await.unwrap());
    assert_eq!(listed(Some("p"), Some(a), 9).await, [(gone.clone(), now())]);
}

pub(super) async fn starts_are_watched_that_may_have_led_to_a_workflow_of_their_own(store: &dyn Store) {
    let open = [
        start(store, "a", Outcome::Starting).await,
        start(store, "a", started(Some("r-1"))).await,
        start(store, "a", unknown()).await,
    ];
    start(store, "a", not_started()).await;
    start(store, "a", found_running()).await;
    let other = StartRecord { intent: of_project("proj2", "a"), ..run("a") };
    let other = begun(store, &other, LONG).await;
    let all: Vec<_> = open.iter().chain([&other]).cloned().collect();
    assert_eq!(store.watched(None, Timestamp::MAX, None, 9).await.unwrap(), all);
    assert_eq!(store.watched(Some("proj1"), Timestamp::MAX, None, 9).await.unwrap(), open);
    assert_eq!(store.watched(Some("proj2"), Timestamp::MAX, None, 9).await.unwrap(), [other]);
    assert_eq!(store.watched(Some("proj"), Timestamp::MAX, None, 9).await.unwrap(), []);
}

pub(super) async fn of_starts_that_have_ended_the_last_is_watched(store: &dyn Store) {
    let first = start(store, "a", started(None)).await;
    end(store, &first, WorkflowState::Completed).await;
    assert_eq!(watched(store).await, [first.id]);
    // Neither of these has led to a workflow of its own.
    start(store, "a", not_started()).await;
    start(store, "a", found_running()).await;
    let other = start(store, "b", started(None)).await;
    assert_eq!(watched(store).await, [first.id, other.id]);
    let second = start(store, "a", started(None)).await;
    assert_eq!(watched(store).await, [other.id, second.id]);
    let third = start(store, "a", started(None)).await;
    // Ends may be noted in another order.
    end(store, &third, WorkflowState::Failed).await;
    assert_eq!(watched(store).await, [other.id, second.id, third.id]);
    end(store, &second, WorkflowState::Failed).await;
    end(store, &other, WorkflowState::Other(99)).await;
    assert_eq!(watched(store).await, [other.id, third.id]);
    // Nobody has recorded this start.
    store.run_ended(StartId::new(), WorkflowState::Failed, now(), now()).await.unwrap();
    assert_eq!(watched(store).await, [other.id, third.id]);
}

pub(super) async fn ends_are_watched_until_each_rule_has_seen_them(store: &dyn Store) {
    let ago = |minutes: i64| now().checked_sub(SignedDuration::from_mins(minutes)).unwrap();
    let watched_since = async |since| -> Vec<i64> {
        let watched = store.watched(None, since, None, 9).await.unwrap();
        watched.into_iter().map(|start| start.number).collect()
    };
    for minutes in [90, 30, 0] {
        let start = start(store, "a", started(None)).await;
        store.run_ended(start.id, WorkflowState::Failed, at(10), ago(minutes)).await.unwrap();
    }
    assert_eq!(watched_since(ago(40)).await, [2, 3]);
    assert_eq!(watched_since(ago(20)).await, [3]);
    // After an hour, an end that a later start has superseded is seen by nobody.
    assert_eq!(watched_since(ago(100)).await, [2, 3]);
}

pub(super) async fn an_unknown_start_supersedes_none(store: &dyn Store) {
    let first = start(store, "a", started(None)).await;
    end(store, &first, WorkflowState::Completed).await;
    let second = start(store, "a", unknown()).await;
    assert_eq!(watched(store).await, [second.id]);
    end(store, &second, WorkflowState::Completed).await;
    assert_eq!(watched(store).await, [second.id]);
    // It turns out that it has failed.
    let (second, _) = store.take_over(second.id, LONG.lease).await.unwrap().unwrap();
    settled(store, second, not_started()).await;
    assert_eq!(watched(store).await, [first.id]);
}

pub(super) async fn starts_to_watch_come_in_pages_while_some_end(store: &dyn Store) {
    let mut starts = Vec::new();
    for _ in 0..6 {
        starts.push(start(store, "a", started(None)).await);
    }
    let page = async |after: Option<&StartRecord>| -> Vec<i64> {
        let after = after.map(|after| after.id);
        let page = store.watched(None, Timestamp::MAX, after, 2).await.unwrap();
        page.into_iter().map(|start| start.number).collect()
    };
    assert_eq!(page(None).await, [1, 2]);
    // One before the place, the place itself, and one after it.
    for place in [0, 1, 3] {
        end(store, &starts[place], WorkflowState::Completed).await;
    }
    assert_eq!(page(Some(&starts[1])).await, [3, 5]);
    end(store, &starts[5], WorkflowState::Completed).await;
    assert_eq!(page(Some(&starts[4])).await, [6]);
    assert_eq!(page(Some(&starts[5])).await, [0_i64; 0]);
    assert_eq!(page(None).await, [3, 5]);
}

pub(super) async fn a_start_that_is_begun_again_has_no_end(store: &dyn Store) {
    let first = start(store, "a", unknown()).await;
    let second = start(store, "a", started(None)).await;
    end(store, &first, WorkflowState::Failed).await;
    assert_eq!(watched(store).await, [second.id]);
    let (taken, _) = store.take_over(first.id, LONG.lease).await.unwrap().unwrap();
    let failed = settled(store, taken, not_started()).await;
    // A late note about a start that has led to nothing.
    end(store, &failed, WorkflowState::Failed).await;
    let again = store.begin_again(&failed, None, LONG.lease).await.unwrap().unwrap();
    assert_eq!(watched(store).await, [first.id, second.id]);
    settled(store, again, started(None)).await;
    assert_eq!(watched(store).await, [first.id, second.id]);
    assert_eq!(store.failures(&first.intent, at(0), 9).await.unwrap(), []);
}

pub(super) async fn failures_come_newest_first(store: &dyn Store) {
    let states = [
        (WorkflowState::Failed, 10),
        (WorkflowState::TimedOut, 30),
        (WorkflowState::Completed, 40),
        (WorkflowState::Canceled, 50),
        (WorkflowState::Failed, 20),
    ];
    for (state, second) in states {
        let start = start(store, "a", started(None)).await;
        store.run_ended(start.id, state, at(second), now()).await.unwrap();
        // The first end stands.
        store.run_ended(start.id, WorkflowState::Failed, at(60), now()).await.unwrap();
    }
    let other = start(store, "b", started(None)).await;
    store.run_ended(other.id, WorkflowState::Failed, at(25), now()).await.unwrap();
    let failures = async |since, limit| -> Vec<i64> {
        let failures = store.failures(&dig("dig1").intent("a"), at(since), limit).await.unwrap();
        failures.into_iter().map(Timestamp::as_second).collect()
    };
    assert_eq!(failures(0, 9).await, [30, 20, 10]);
    assert_eq!(failures(20, 9).await, [30, 20]);
    assert_eq!(failures(0, 1).await, [30]);
    assert_eq!(failures(31, 9).await, [0_i64; 0]);
}

pub(super) async fn a_course_comes_back_as_it_was_kept(store: &dyn Store) {
    let (rule, subject) = (rule(Some("proj1"), "r"), subject("s"));
    let save = async |before, json| store.save_course(&rule, &subject, before, json, at(10)).await.unwrap();
    let kept = async || store.courses(&rule, &SubjectId(String::new()), 9).await.unwrap();
    let (pending, fired) = (course(DecisionState::Pending), course(DecisionState::Fired));
    assert!(save(None, None).await);
    assert!(!save(Some(1), Some(&pending)).await);
    assert!(!save(Some(1), None).await);
    assert_eq!(kept().await, []);
    assert!(save(None, Some(&pending)).await);
    assert!(!save(None, Some(&fired)).await);
    assert!(!save(None, None).await);
    let [first] = kept().await.try_into().unwrap();
    // The caller counts along: a new course has version 1, and each change adds 1.
    assert_eq!((&first.subject, first.version, &first.json), (&subject, 1, &pending));
    assert!(save(Some(first.version), Some(&fired)).await);
    assert!(!save(Some(first.version), Some(&pending)).await);
    assert!(!save(Some(first.version), None).await);
    let [second] = kept().await.try_into().unwrap();
    assert_eq!(second, KeptCourse { version: 2, json: fired.clone(), ..first });
    assert!(save(Some(second.version), None).await);
    assert_eq!(kept().await, []);
    let unreadable =
        store.save_course(&rule, &subject, None, Some("{\"decision\":{\"state\":1}}"), at(10)).await;
    assert!(matches!(unreadable, Err(StoreError::Unavailable { .. })), "{unreadable:?}");
}

pub(super) async fn courses_of_a_rule_come_in_pages(store: &dyn Store) {
    let json = course(DecisionState::Pending);
    let of_all = rule(None, "r");
    for (rule, name) in [
        (&of_all, "b"),
        (&of_all, "C"),
        (&of_all, "a"),
        (&rule(Some("proj1"), "r"), "d"),
        (&rule(None, "other"), "e"),
    ] {
        assert!(store.save_course(rule, &subject(name), None, Some(&json), at(10)).await.unwrap());
    }
    let names = async |rule: &RuleKey, after: &str, limit| -> Vec<String> {
        let courses = store.courses(rule, &subject(after), limit).await.unwrap();
        courses.into_iter().map(|course| course.subject.0).collect()
    };
    assert_eq!(names(&of_all, "", 9).await, ["C", "a", "b"]);
    assert_eq!(names(&of_all, "", 2).await, ["C", "a"]);
    assert_eq!(names(&of_all, "a", 2).await, ["b"]);
    assert_eq!(names(&rule(Some("proj1"), "r"), "", 9).await, ["d"]);
}

pub(super) async fn of_changes_of_a_course_at_once_one_is_written(store: &dyn Store) {
    let (rule, subject) = (rule(Some("proj1"), "r"), subject("s"));
    let json = course(DecisionState::Fired);
    let save = async |before, json| {
        let saves = (0..8).map(|_| store.save_course(&rule, &subject, before, json, at(10)));
        join_all(saves).await.into_iter().filter(|saved| *saved.as_ref().unwrap()).count()
    };
    assert_eq!(save(None, Some(&*json)).await, 1);
    let version = async || store.courses(&rule, &SubjectId(String::new()), 9).await.unwrap()[0].version;
    assert_eq!(save(Some(version().await), Some(&*json)).await, 1);
    assert_eq!(save(Some(version().await), None).await, 1);
}

pub(super) async fn what_is_old_and_settled_is_forgotten(store: &dyn Store) {
    let old: Vec<_> = (0..2500).map(|number| seen("proj1", &format!("s{number}"), at(10))).collect();
    store.observe(&old).await.unwrap();
    let new = seen("proj1", "s1", at(20));
    store.observe(std::slice::from_ref(&new)).await.unwrap();
    let rule = rule(Some("proj1"), "r");
    let states = [
        ("cleared", DecisionState::Cleared),
        ("clearing", DecisionState::Clearing),
        ("fired", DecisionState::Fired),
        ("pending", DecisionState::Pending),
        ("quiet", DecisionState::Quiet),
    ];
    for (name, state) in states {
        let json = course(state);
        assert!(store.save_course(&rule, &subject(name), None, Some(&json), at(10)).await.unwrap());
        let late = subject(&format!("{name}-late"));
        assert!(store.save_course(&rule, &late, None, Some(&json), at(20)).await.unwrap());
    }
    // Each change counts, and the state after it.
    let cleared = course(DecisionState::Cleared);
    for (name, second) in [("fired", 15), ("quiet", 20)] {
        assert!(store.save_course(&rule, &subject(name), Some(1), Some(&cleared), at(second)).await.unwrap());
    }
    store.forget_rule_history(at(20)).await.unwrap();
    assert_eq!(all_seen(store).await, [new]);
    let courses = store.courses(&rule, &SubjectId(String::new()), 99).await.unwrap();
    let names: Vec<_> = courses.iter().map(|course| course.subject.0.as_str()).collect();
    let expected = [
        "cleared-late",
        "clearing",
        "clearing-late",
        "fired-late",
        "pending",
        "pending-late",
        "quiet",
        "quiet-late",
    ];
    assert_eq!(names, expected);
}
