//! What rules have seen.

use bridge_core::model::{DigKey, Facts, IntentKey, Observation, RunSeen, SubjectId};
use bridge_core::ports::{RuleStore, Store};
use futures::future::join_all;
use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use workflow_api::WorkflowState;

use super::starts::now;
use super::{dig, sqlite_file};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Returns the key of an intent of a project.
pub(super) fn of_project(project: &str, name: &str) -> IntentKey {
    DigKey { project: project.to_owned(), ..dig("dig1") }.intent(name)
}

pub(super) fn seen(project: &str, subject: &str, at: Timestamp) -> Observation {
    let facts = Facts { idle_since: Some(now()), ..Facts::default() };
    Observation { subject: SubjectId(subject.to_owned()), intent: of_project(project, "a"), at, facts }
}

pub(super) async fn all_seen(store: &dyn Store) -> Vec<Observation> {
    store.observations(None, at(0), None, 10_000).await.unwrap()
}

pub(super) async fn an_observation_comes_back_as_it_was_kept(store: &dyn Store) {
    store.observe(&[]).await.unwrap();
    let mut first = seen("proj1", "s", now());
    first.facts.run = Some(RunSeen {
        workflow_id: "w,1=é\u{0}".into(),
        state: Some(WorkflowState::Running),
        ..RunSeen::default()
    });
    first.facts.values.insert("q()/a".to_owned(), None);
    store.observe(std::slice::from_ref(&first)).await.unwrap();
    assert_eq!(all_seen(store).await, [first.clone()]);
    // At the same moment, the last one counts, also in one call.
    let second = Observation { facts: Facts::default(), ..first.clone() };
    store.observe(&[first.clone(), second.clone()]).await.unwrap();
    assert_eq!(all_seen(store).await, [second]);
    store.observe(std::slice::from_ref(&first)).await.unwrap();
    assert_eq!(all_seen(store).await, [first]);
}

pub(super) async fn observations_come_in_pages_of_a_project_or_of_all(store: &dyn Store) {
    let kept = [
        seen("proj2", "C", at(20)),
        seen("proj1", "a", at(10)),
        seen("proj1", "a", at(30)),
        seen("proj2", "b", at(20)),
        seen("proj1", "d", at(10)),
    ];
    let shuffled = [4, 2, 0, 3, 1].map(|place| kept[place].clone());
    store.observe(&shuffled).await.unwrap();
    assert_eq!(all_seen(store).await, kept);
    let listed = async |project: Option<&str>, since, after: Option<&Observation>, limit| {
        let after = after.map(|after| (&after.subject, after.at));
        store.observations(project, at(since), after, limit).await.unwrap()
    };
    assert_eq!(listed(None, 0, None, 2).await, kept[..2]);
    assert_eq!(listed(None, 0, Some(&kept[1]), 2).await, kept[2..4]);
    assert_eq!(listed(None, 0, Some(&kept[4]), 2).await, []);
    assert_eq!(listed(None, 20, None, 9).await, [&kept[..1], &kept[2..4]].concat());
    assert_eq!(listed(Some("proj1"), 0, None, 9).await, [&kept[1..3], &kept[4..]].concat());
    assert_eq!(listed(Some("proj1"), 0, Some(&kept[1]), 1).await, kept[2..3]);
    assert_eq!(listed(Some("proj1"), 30, None, 9).await, kept[2..3]);
    assert_eq!(listed(Some("proj"), 0, None, 9).await, []);
}

pub(super) async fn the_newest_observations_of_a_subject_stay(store: &dyn Store) {
    let many = |subject: &'static str, seconds: std::ops::RangeInclusive<i64>| {
        seconds.map(move |second| seen("proj1", subject, at(second)))
    };
    let times = async |subject: &str| -> Vec<i64> {
        let seen = all_seen(store).await.into_iter().filter(|one| one.subject.0 == subject);
        seen.map(|one| one.at.as_second()).collect()
    };
    store.observe(&many("a", 1..=500).chain(many("b", 1..=3)).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(times("a").await, (1..=500).collect::<Vec<_>>());
    store.observe(&many("a", 501..=503).chain(many("b", 4..=4)).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(times("a").await, (4..=503).collect::<Vec<_>>());
    // One that is older than all does not stay.
    store.observe(&many("a", 2..=2).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(times("a").await, (4..=503).collect::<Vec<_>>());
    assert_eq!(times("b").await, [1, 2, 3, 4]);
    store.observe(&many("c", 1..=1200).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(times("c").await, (701..=1200).collect::<Vec<_>>());
}

pub(super) async fn observations_at_once_are_all_kept(store: &dyn Store) {
    let looks: Vec<Vec<_>> = (0..8)
        .map(|look| {
            let subjects = (0..100).map(|subject| format!("s{}", (subject * 37 + look) % 100));
            subjects.map(|subject| seen("proj1", &subject, at(look))).collect()
        })
        .collect();
    for kept in join_all(looks.iter().map(|look| store.observe(look))).await {
        kept.unwrap();
    }
    assert_eq!(all_seen(store).await.len(), 800);
}

#[tokio::test]
async fn an_unreadable_observation_is_named() {
    let (store, directory) = sqlite_file().await;
    let options = SqliteConnectOptions::new().filename(directory.path().join("bridge.db"));
    let mut other = options.connect().await.unwrap();
    for (subject, intent, document, column) in
        [("a", "p/a/v/g/i", "{", "document"), ("b", "p/a/v/g", "{}", "intent")]
    {
        let row = "INSERT INTO rule_observations (subject, at, project, intent, document) VALUES ($1, 5, $1, $2, $3)";
        sqlx::query(row).bind(subject).bind(intent).bind(document).execute(&mut other).await.unwrap();
        let error = store.observations(Some(subject), at(0), None, 9).await.unwrap_err().to_string();
        let expected = format!("table `rule_observations`, column `{column}`, row `{subject} 5`");
        assert!(error.contains(&expected), "{error}");
    }
    other.close().await.unwrap();
}
