//! Starts that an earlier bridge process left open.

use std::sync::Arc;
use std::time::Duration;

use bridge_core::model::{Outcome, StartId, StartKey, StartRecord};
use bridge_core::ports::EngineError;
use bridge_core::ports::{Begun, Terms};
use harness::{eventually, free_port};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use workflow_api::{WorkflowIntentSpec, WorkflowState};

use super::engine::{ScriptedEngine, of_another_start, outline};
use super::lost_answers::the_one_run;
use super::our_client::OurClient;
use super::{Api, SOON, ScriptedClient, header, sample_key, unique};

/// Records a start as a bridge leaves it that was killed this long ago, and returns its outcome after
/// recovery.
async fn settled(api: &Api, client_port: u16, workflow_id: &str, age: SignedDuration) -> Outcome {
    let run = StartRecord {
        id: StartId::new(),
        intent: sample_key(),
        number: 0,
        revision: 1,
        workflow_id: workflow_id.into(),
        requested_id: None,
        key: StartKey { text: unique("key"), fingerprint: None },
        started_by: String::new(),
        requested_at: Timestamp::now() - age,
        attempt: 0,
        outcome: Outcome::Starting,
    };
    let mut spec = WorkflowIntentSpec::default();
    spec.workflow_client.client_endpoint_name = "127.0.0.1".to_owned();
    spec.workflow_client.client_endpoint_port = client_port.into();
    spec.temporal.workflow_client_name = "migrate_workflowclient".to_owned();
    let terms = Terms { lease: Duration::ZERO, key_kept: Duration::ZERO };
    assert!(matches!(
        api.parts.store.begin_start(&run, Some(&Arc::new(spec)), terms, None).await.unwrap(),
        Begun::New(_)
    ));
    eventually(SOON, "the start is settled", async || {
        let outcome = api.run_of_sample().await.outcome;
        (outcome != Outcome::Starting).then_some(outcome)
    })
    .await
}

fn run_id(outcome: Outcome) -> String {
    match outcome {
        Outcome::Started { run_id: Some(run_id), .. } => run_id.into_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_start_that_temporal_took_is_settled_as_started() {
    let (api, temporal) = Api::on_temporal().await;
    let id = unique("recovered");
    let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
    let started = temporal.cli(&args).await.unwrap();
    let outcome = settled(&api, free_port(), &id, SignedDuration::from_secs(5)).await;
    assert_eq!(run_id(outcome), started["runId"].as_str().unwrap());
}

#[tokio::test]
async fn a_start_that_our_client_may_not_have_heard_of_is_made() {
    let (api, temporal) = Api::on_temporal().await;
    let client = OurClient::start(temporal.address()).await;
    let id = unique("made");
    let outcome = settled(&api, client.port, &id, SignedDuration::from_secs(1)).await;
    assert_eq!(run_id(outcome), the_one_run(temporal, &id).await);
}

#[tokio::test]
async fn a_start_that_our_client_made_is_known_by_its_key() {
    let (api, temporal) = Api::on_temporal().await;
    let client = OurClient::start(temporal.address()).await;
    let id = unique("known");
    api.create(client.port, &id).await;
    let started = api.start_under(&id, "").await;
    let run = header(&started, "run-id").to_owned();
    temporal.cli(&["workflow", "terminate", "--workflow-id", &id]).await.unwrap();
    // As if the outcome had not been recorded.
    let mut record = api.run_of_sample().await;
    let spec = Arc::new(api.intent_of_sample().await.spec.clone());
    record.outcome = Outcome::Starting;
    let other = Api::on(temporal.address(), &[]).await;
    let terms = Terms { lease: Duration::ZERO, key_kept: Duration::from_secs(3600) };
    other.parts.store.begin_start(&record, Some(&spec), terms, None).await.unwrap();
    let outcome = eventually(SOON, "the start is settled", async || {
        let outcome = other.run_of_sample().await.outcome;
        (outcome != Outcome::Starting).then_some(outcome)
    })
    .await;
    assert_eq!(run_id(outcome), run);
    assert_eq!(the_one_run(temporal, &id).await, run);
}

#[tokio::test]
async fn a_start_that_never_reached_temporal_becomes_not_started() {
    let (api, _) = Api::on_temporal().await;
    let outcome = settled(&api, free_port(), &unique("never"), SignedDuration::from_mins(5)).await;
    assert!(matches!(outcome, Outcome::NotStarted { .. }), "{outcome:?}");
}

/// The bridge ended after it had called the client, which now rejects the repeat.
#[tokio::test]
async fn a_rejected_repeat_settles_a_start_only_if_the_content_is_at_fault() {
    for (status, not_started) in [(429, false), (401, false), (503, false), (422, true)] {
        let status = StatusCode::from_u16(status).unwrap();
        let client = ScriptedClient::with_keys(move || async move { (status, [("Start-Outcome", "none")]) });
        let api = Api::on_engine_with(ScriptedEngine::empty(), &["--start-timeout", "1s"]).await;
        let outcome = settled(&api, client.await.port, "w", SignedDuration::from_secs(1)).await;
        match not_started {
            true => assert!(matches!(outcome, Outcome::NotStarted { .. }), "{status}: {outcome:?}"),
            false => assert!(matches!(outcome, Outcome::Unknown { .. }), "{status}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_start_of_long_ago_stays_unknown() {
    let (api, _) = Api::on_temporal().await;
    let outcome = settled(&api, free_port(), &unique("old"), SignedDuration::from_hours(48)).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_run_that_came_much_later_is_another_start() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    let outcome = settled(&api, free_port(), "w", SignedDuration::from_hours(1)).await;
    assert!(
        matches!(&outcome, Outcome::Unknown { reason, .. } if reason.contains("later run")),
        "{outcome:?}"
    );
}

/// Temporal knows a key only while its run is the latest: another call could start the workflow a second time.
#[tokio::test]
async fn our_client_is_not_called_after_a_later_run() {
    let client = ScriptedClient::with_keys(|| async { StatusCode::NO_CONTENT }).await;
    let engine = ScriptedEngine {
        outline: Box::new(|_| Ok(of_another_start(WorkflowState::Completed))),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    let outcome = settled(&api, client.port, "w", SignedDuration::from_secs(1)).await;
    assert!(
        matches!(&outcome, Outcome::Unknown { reason, .. } if reason.contains("later run")),
        "{outcome:?}"
    );
    assert!(client.asked().is_empty());
}

#[tokio::test]
async fn a_start_that_may_still_come_is_waited_for() {
    // Temporal has no run at first, then only an older one, then the right one.
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let engine = ScriptedEngine {
        outline: Box::new(move |run| {
            let mut found = outline(WorkflowState::Running);
            match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => {
                    return Err(EngineError::NoSuchWorkflow {
                        engine: String::new(),
                        workflow_id: run.workflow_id.clone(),
                        run_id: run.run_id.clone(),
                    });
                }
                1 => found.started = Some("2020-01-01T00:00:00Z".parse().unwrap()),
                _ => {}
            }
            Ok(found)
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    let outcome = settled(&api, free_port(), "w", SignedDuration::from_secs(1)).await;
    assert!(matches!(outcome, Outcome::Started { run_id: Some(_), .. }), "{outcome:?}");
}
